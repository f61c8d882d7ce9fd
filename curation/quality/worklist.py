"""The worklist of a rater in the quality check: the images that wait, always in the order of their paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import col, func, select

from registry.catalog import Catalog
from registry.files.canonical import utc
from registry.store import Registry
from registry.tables import QualityVerdict
from registry.vocabulary.display import format_scan, format_visit

MOST = 2000
"""The most images of one worklist: as many as a person looks at before making a new one."""


class Show(StrEnum):
    """The choice of images for a worklist."""

    UNSEEN = "unseen"
    """Not yet judged by this rater; a verdict on an image that was replaced since does not count."""
    LATER = "later"
    """Put off by this rater."""
    FLAGGED = "flagged"
    """Flagged by anybody."""
    ALL = "all"
    """Every image."""


_WHERE = {
    Show.UNSEEN: "m.verdict IS NULL",
    Show.LATER: "m.verdict = 'later'",
    Show.FLAGGED: "f.flags IS NOT NULL",
    Show.ALL: "true",
}

_NO_COPY = """(i.dataset = 'raw' OR NOT EXISTS (FROM images r
    WHERE r.session = i.session AND r.channel = i.channel AND r.dataset = 'raw'))"""


@dataclass(frozen=True)
class SweepImage:
    """One image of a worklist.

    Attributes:
        title: subject, visit, channel and other entities, in words.
        facts: site, scanner, field strength and grid, in words.
        notes: who flagged it and what they wrote; empty where nobody did.
    """

    image: str
    sha256: str
    subject: str
    channel: str
    title: str
    facts: str
    notes: str


@dataclass(frozen=True)
class Worklist:
    """The first `MOST` chosen images, sorted by path; `total` counts all that were chosen."""

    cases: tuple[SweepImage, ...]
    total: int


def worklist(
    catalog: Catalog,
    rater: str,
    show: Show = Show.UNSEEN,
    sites: Sequence[str] = (),
    channels: Sequence[str] = (),
    copies: bool = False,
) -> Worklist:
    """The three-dimensional images for a rater to look at.

    Args:
        catalog: the registry's views.
        rater: code of the rater.
        show: which images.
        sites: only these sites; empty means all.
        channels: only these channels; empty means all.
        copies: whether to include copies, which are images of a derivative dataset whose visit has a raw image of the
            same channel. Images that were put off or flagged are included even where they are copies.
    """
    copied = copies or show in (Show.LATER, Show.FLAGGED)
    rows = catalog.rows(
        f"""SELECT i.*, f.flags, count(*) OVER () AS total FROM images i
        LEFT JOIN (SELECT image, verdict FROM quality WHERE rater = $1 AND NOT stale) m ON m.image = i.path
        LEFT JOIN (SELECT image, string_agg(concat_ws(': ', rater, artifacts, comment), ' · ' ORDER BY rater) AS flags
            FROM quality WHERE verdict = 'flag' AND NOT stale GROUP BY image) f ON f.image = i.path
        WHERE i.n_t = 1 AND {_WHERE[show]} AND ({copied} OR {_NO_COPY})
            AND (len($2) = 0 OR list_contains($2, coalesce(i.site, 'not stated')))
            AND (len($3) = 0 OR list_contains($3, i.channel))
        ORDER BY i.path LIMIT {MOST}""",
        [rater, list(sites), list(channels)],
    )
    return Worklist(tuple(map(_build_image, rows)), rows[0]["total"] if rows else 0)


def channels(catalog: Catalog) -> list[str]:
    """Channels of the three-dimensional images, sorted."""
    return [row["channel"] for row in catalog.rows("SELECT DISTINCT channel FROM images WHERE n_t = 1 ORDER BY 1")]


def of_rater(registry: Registry, rater: str) -> Sequence[QualityVerdict]:
    """One rater's verdicts as they stand, sorted by image; quick, because no catalog is filled."""
    with registry.reading() as database:
        wanted = select(QualityVerdict).where(QualityVerdict.rater_id == rater)
        return database.exec(wanted.order_by(col(QualityVerdict.image_path))).all()


def done_since(registry: Registry, rater: str, since: datetime) -> int:
    """Number of images that a rater has judged, counted from the verdicts that stand.

    Args:
        registry: the registry.
        rater: code of the rater.
        since: count verdicts from this time on; with a time zone.
    """
    wanted = select(func.count()).where(QualityVerdict.rater_id == rater, col(QualityVerdict.at) >= utc(since))
    with registry.reading() as database:
        return database.exec(wanted).one()


_ENTITIES = ("acq", "space", "run", "task", "rec", "dir", "echo", "flip", "inv", "mt", "part")
"""Entities that tell images of one channel and visit apart."""


def _build_image(row: dict[str, Any]) -> SweepImage:
    words = [row["subject"], format_visit(str(row["session"]).partition("/")[2]), row["channel"]]
    words += [f"{key} {row[key]}" for key in _ENTITIES if row[key]]
    words += [row["dataset"].removeprefix("derivatives/")] if row["dataset"] != "raw" else []
    field_t = row["nominal_field_t"] or row["field_strength_t"]
    field = f"{field_t:g} T" if field_t else None
    grid = format_scan(
        (row["n_i"], row["n_j"], row["n_k"]), (row["spacing_i_mm"], row["spacing_j_mm"], row["spacing_k_mm"])
    )
    facts = [row["site"] or "site not stated", row["scanner"], row["model_name"], field, grid]
    return SweepImage(
        row["path"],
        row["sha256"],
        row["subject"],
        row["channel"],
        " · ".join(words),
        " · ".join(item for item in facts if item),
        row["flags"] or "",
    )
