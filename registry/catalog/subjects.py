"""One subject for its page: person, visits, images, and the lesions and masks on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.catalog import Catalog
from registry.errors import NotFound

Row = dict[str, Any]


@dataclass(frozen=True)
class Who:
    """A subject and its person. None is unknown; `others` are further subjects of the same person."""

    subject: str
    person: str
    sex: str | None
    age: float | None
    class_label: str | None
    diagnosis: str | None
    status: str | None
    others: tuple[str, ...]


@dataclass(frozen=True)
class Visit:
    """One session. `label` is `ses-M00`, or empty where the subject has no sessions."""

    key: str
    label: str
    day: int | None
    site: str | None
    scanner: str | None


@dataclass(frozen=True)
class Scan:
    """One image of a visit.

    Attributes:
        title: the channel, with the labels that tell it from the visit's other images.
        read: whether it has readings or a consensus.
        spacing_mm: voxel edges along i, j, k.
        field_strength_t: the magnet's rated strength, or the stated one where that is absurd; None where unknown.
    """

    path: str
    title: str
    channel: str
    read: bool
    sha256: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    model_name: str | None
    field_strength_t: float | None


def list_subjects(catalog: Catalog) -> list[str]:
    """Every subject, by name."""
    return [row["subject"] for row in catalog.rows("SELECT subject FROM subjects ORDER BY subject")]


def who(catalog: Catalog, subject: str) -> Who:
    """The facts about one subject.

    Raises:
        NotFound: no such subject.
    """
    rows = catalog.rows("SELECT * FROM subjects WHERE subject = ?", [subject])
    if not rows:
        raise NotFound(f"There is no subject '{subject}' in this registry.", "List them with: cohortium completeness")
    row = rows[0]
    same = catalog.rows("SELECT subject FROM subjects WHERE person_id = ? ORDER BY 1", [row["person_id"]])
    others = tuple(item["subject"] for item in same if item["subject"] != subject)
    return Who(
        subject,
        row["person_id"],
        row["sex"],
        row["age"],
        row["class"],
        row["diagnosis"],
        row["radiological_status"],
        others,
    )


def visits(catalog: Catalog, subject: str) -> list[Visit]:
    """Sessions of a subject by time; those without a day come last."""
    rows = catalog.rows(
        """SELECT session, days_from_baseline AS day, site, scanner FROM sessions WHERE subject = ?
        ORDER BY days_from_baseline NULLS LAST, session""",
        [subject],
    )
    return [
        Visit(row["session"], row["session"].partition("/")[2], row["day"], row["site"], row["scanner"]) for row in rows
    ]


def scans(catalog: Catalog, visit: Visit) -> list[Scan]:
    """The three-dimensional images of a visit by channel, raw images before those computed from them."""
    rows = catalog.rows(
        """SELECT * FROM images WHERE session = ? AND n_t = 1
        ORDER BY channel, dataset <> 'raw', path""",
        [visit.key],
    )
    return [_scan(row, rows) for row in rows]


def _short(row: Row) -> str:
    """The channel with its labels, `FLAIR · common`, `MEGRE · echo 2`; a raw image has no space."""
    named = (f"{entity} {row[entity]}" for entity in _NAMED if row[entity])
    return " · ".join([row["channel"], *(row[entity] for entity in _PLAIN if row[entity]), *named])


_PLAIN = ("acq", "space", "task", "rec", "part")
"""Entities whose labels say what they are."""

_NAMED = ("run", "dir", "echo", "flip", "inv", "mt")
"""Entities whose labels need their name."""


def _title(row: Row, rows: Sequence[Row]) -> str:
    same = [other for other in rows if other["channel"] == row["channel"]]
    if len(same) == 1:
        return str(row["channel"])
    short, dataset = _short(row), row["dataset"].removeprefix("derivatives/")
    alone = row["dataset"] == "raw" or sum(_short(other) == short for other in same) == 1
    return short if alone else f"{short} · {dataset}"


def _scan(row: Row, rows: Sequence[Row]) -> Scan:
    return Scan(
        row["path"],
        _title(row, rows),
        row["channel"],
        row["n_readings"] + row["n_consensus"] > 0,
        row["sha256"],
        (row["n_i"], row["n_j"], row["n_k"]),
        (row["spacing_i_mm"], row["spacing_j_mm"], row["spacing_k_mm"]),
        row["model_name"],
        row["nominal_field_t"] or row["field_strength_t"],
    )


def lesions(catalog: Catalog, images: Sequence[str]) -> list[Row]:
    """Lesions in these images, largest first: `lesion, visibility, volume_mm3, x_mm, y_mm, z_mm` (RAS)."""
    return catalog.rows(
        """SELECT lesion_id AS lesion, visibility, volume_mm3, x_mm, y_mm, z_mm FROM lesions
        WHERE list_contains(?, image) ORDER BY volume_mm3 DESC NULLS LAST, lesion_id""",
        [list(images)],
    )


def burden(catalog: Catalog, subject: str) -> list[Row]:
    """Marked volume by rater, structure and visit: `day, session, rater, structure, volume_ml`.

    The consensus counts as a rater, and a label map of several structures as one that is called `all`: its volume is
    that of all voxels that are not background. Of several images of a visit the one with the largest volume counts.
    """
    return catalog.rows(
        """WITH drawn AS (
            SELECT session, rater, label, volume_mm3 FROM masks WHERE subject = $1 AND NOT stale
            UNION ALL SELECT session, 'consensus' AS rater, label, volume_mm3 FROM consensus
                WHERE subject = $1 AND NOT stale)
        SELECT v.days_from_baseline AS day, d.session, d.rater, coalesce(d.label, 'all') AS structure,
            max(d.volume_mm3) / 1000 AS volume_ml
        FROM drawn d JOIN sessions v USING (session) GROUP BY ALL ORDER BY day, d.session, d.rater, structure""",
        [subject],
    )


def raters(catalog: Catalog) -> list[str]:
    """Every rater's code in order. A rater's position here decides the colour, so it is the same on each page."""
    return [row["rater"] for row in catalog.rows("SELECT DISTINCT rater FROM masks ORDER BY 1")]


def several(catalog: Catalog) -> list[Row]:
    """Persons who are more than one subject: rows `person_id, subjects, sessions, images, sites`, by person."""
    return catalog.rows("""SELECT s.person_id, list(DISTINCT s.subject ORDER BY s.subject) AS subjects,
            count(*) AS sessions, sum(s.n_images)::INT AS images,
            list(DISTINCT s.site ORDER BY s.site) FILTER (s.site IS NOT NULL) AS sites
        FROM sessions s GROUP BY s.person_id HAVING count(DISTINCT s.subject) > 1 ORDER BY s.person_id""")
