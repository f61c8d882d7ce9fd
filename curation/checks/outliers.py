"""Queries of the page Outliers: measured channels, values by site, and the facts about one unit."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from curation.checks.check import Peers
from curation.checks.measures.numbers import Measure
from curation.checks.rules import peers
from registry.catalog import Catalog

Row = dict[str, Any]

_UNIT = """SELECT i.path, i.sha256, i.channel, i.subject, i.session, coalesce(i.site, 'not stated') AS site, i.scanner,
    i.n_i, i.n_j, i.n_k, i.n_t, i.spacing_i_mm, i.spacing_j_mm, i.spacing_k_mm, m.problem
    FROM images i LEFT JOIN measures m USING (path) WHERE i.path = ?"""
_STATES = "SELECT unit, state, code = ? AS own FROM findings WHERE image IS NOT NULL AND state <> 'outdated'"


@dataclass(frozen=True)
class Coverage:
    """Numbers of images, of images measured as they are now, and of findings by state."""

    images: int
    measured: int
    states: dict[str, int]

    @property
    def checked(self) -> bool:
        """Whether any measure or finding of a run still holds."""
        return bool(self.measured or self.states)


def coverage(catalog: Catalog) -> Coverage:
    """The numbers on the badges of the page."""
    states = {row["state"]: row["n"] for row in catalog.rows("SELECT state, count(*) AS n FROM findings GROUP BY ALL")}
    return Coverage(
        catalog.value("SELECT count(*) FROM images"), catalog.value("SELECT count(*) FROM measures"), states
    )


def channels(catalog: Catalog) -> list[str]:
    """Measured channels, the most frequent first."""
    rows = catalog.rows("SELECT channel FROM measures GROUP BY 1 ORDER BY count(*) DESC, 1")
    return [row["channel"] for row in rows]


def values(catalog: Catalog, channel: str, measure: Measure) -> list[Row]:
    """A row for each image of a channel: `path, subject, session, site, value, peers, median, score, state`.

    `peers` is its group, to which `median` and `score` refer. `state` is `open` or `acknowledged` for a finding about
    this measure, `other` for an open finding about something else, else `ordinary`.

    Args:
        catalog: the registry's views.
        channel: channel of the images.
        measure: the measure; images without a value are left out.
    """
    rows = catalog.rows(
        f"""SELECT path, subject, session, site, {measure.name} AS value FROM measures
        WHERE channel = ? AND {measure.name} IS NOT NULL ORDER BY site, path""",
        [channel],
    )
    own: dict[str, str] = {}
    other: set[str] = set()
    for row in catalog.rows(_STATES, [measure.code]):
        if row["own"]:
            own[row["unit"]] = row["state"]
        elif row["state"] == "open":
            other.add(row["unit"])
    states = {row["path"]: own.get(row["path"], "other" if row["path"] in other else "ordinary") for row in rows}
    return [{**row, "state": states[row["path"]]} for row in _compare(rows, channel)]


def _compare(rows: list[Row], channel: str) -> list[Row]:
    """The rows with `peers`, `median` and `score`, one group after another."""
    groups: dict[Peers, list[Row]] = defaultdict(list)
    for row in rows:
        groups[Peers.of(row["path"], row["site"], channel)].append(row)
    found: list[Row] = []
    for who, known in groups.items():
        group = peers.group({row["path"]: row["value"] for row in known})
        scores, median = (group.scores, group.median) if group else ({}, None)
        found += [{**row, "peers": who, "median": median, "score": scores.get(row["path"])} for row in known]
    return found


def image(catalog: Catalog, unit: str) -> Row | None:
    """The facts about an image; None where the unit is a visit or a channel."""
    return next(iter(catalog.rows(_UNIT, [unit])), None)


def typical(catalog: Catalog, path: str, measure: Measure) -> Row | None:
    """The ordinary image of the same group whose measure is nearest to the median; None where there is none.

    Args:
        catalog: the registry's views.
        path: path of the image to compare, which is never returned.
        measure: the measure.
    """
    own = image(catalog, path)
    who = Peers.of(path, own["site"], own["channel"]) if own else None
    rows = [row for row in values(catalog, who.channel, measure) if row["peers"] == who] if who else []
    others = [row for row in rows if row["path"] != path and row["state"] == "ordinary" and row["median"]]
    nearest = min(others, key=lambda row: (abs(row["value"] - row["median"]), row["path"]), default=None)
    return image(catalog, nearest["path"]) if nearest else None
