"""Count who is in which part: the persons of a split, or the samples and persons of a snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from registry.catalog import Catalog
from registry.manifests import PARTS, Manifest
from registry.tables import Split
from registry.vocabulary.display import NOT_STATED

Row = dict[str, Any]

_SPLIT = """WITH home AS (SELECT person_id, string_agg(DISTINCT coalesce(site, 'not stated'), ' + ' ORDER BY
        coalesce(site, 'not stated')) AS site, string_agg(DISTINCT coalesce(class, 'not stated'), ' + ' ORDER BY
        coalesce(class, 'not stated')) AS class FROM sessions GROUP BY person_id)
    SELECT s.part, coalesce(h.site, 'not stated') AS site, coalesce(h.class, 'not stated') AS class,
        count(DISTINCT s.person_id) AS persons
    FROM splits s LEFT JOIN home h USING (person_id) WHERE s.split = ? AND s.version = ? GROUP BY ALL ORDER BY ALL"""


def of_split(catalog: Catalog, split: Split) -> list[Row]:
    """Rows `part, site, class, persons`; several sites of one person are joined by ` + ` and count as one site."""
    rows = catalog.rows(_SPLIT, [split.name, split.version])
    return sorted(rows, key=lambda row: (_part_order(row["part"]), row["site"], row["class"]))


def of_snapshot(manifest: Manifest) -> list[Row]:
    """Rows `part, site, class, samples, persons`; without a split every sample has the part `all`."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for sample in manifest.samples:
        key = (sample.part or "all", sample.site or NOT_STATED, sample.class_label or NOT_STATED)
        groups[key].append(sample.person)
    ordered = sorted(groups.items(), key=lambda item: (_part_order(item[0][0]), item[0]))
    return [
        {"part": part, "site": site, "class": label, "samples": len(persons), "persons": len(set(persons))}
        for (part, site, label), persons in ordered
    ]


def absent(rows: Sequence[Row], by: str) -> list[tuple[str, str]]:
    """Pairs of a value and a part that lacks it, though another part holds it.

    Args:
        rows: as `of_split` or `of_snapshot` returns them.
        by: the column, `site` or `class`; `not stated` does not count as a value.
    """
    held = {(str(row[by]), str(row["part"])) for row in rows}
    values = sorted({value for value, _ in held} - {NOT_STATED})
    known = sorted({part for _, part in held}, key=_part_order)
    return [(value, part) for value in values for part in known if (value, part) not in held]


def _part_order(part: str) -> int:
    return PARTS.index(part) if part in PARTS else len(PARTS)
