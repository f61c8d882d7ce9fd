"""Count what a cohort holds, for the overview page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from registry.catalog import Catalog
from registry.catalog.completeness import gaps as find_gaps
from registry.vocabulary.display import NOT_STATED

Row = dict[str, Any]
Sites = Sequence[str]

STATES = ("no session", "no image", "image", "read", "consensus")
"""States of one subject, session and channel, from nothing to a consensus of several readings."""

SHOWN = ("none", "missing", "image", "read", "consensus")
"""States of a cell that is drawn: `missing` where an image is expected, `none` where it is not."""

OTHERS = 2
"""The overview calls nothing missing in a group with fewer other subjects."""

_HEADLINE = """SELECT
    (SELECT count(DISTINCT person_id) FROM sessions WHERE {here}) AS persons,
    (SELECT count(DISTINCT subject) FROM sessions WHERE {here}) AS subjects,
    (SELECT count(*) FROM sessions WHERE {here}) AS sessions,
    (SELECT count(*) FROM images WHERE {here}) AS images,
    (SELECT count(DISTINCT m.rater) FROM masks m JOIN images i ON i.path = m.image WHERE {here}) AS raters,
    (SELECT count(*) FROM masks m JOIN images i ON i.path = m.image WHERE {here}) AS masks,
    (SELECT count(*) FROM consensus c JOIN images i ON i.path = c.image WHERE {here}) AS consensus,
    (SELECT count(*) FROM lesions l JOIN images i ON i.path = l.image WHERE {here}) AS lesions"""

_CELLS = """WITH visit AS (SELECT subject, session, coalesce(site, 'not stated') AS site,
        coalesce(source, 'not stated') AS source, days_from_baseline AS day,
        CASE WHEN contains(session, '/') THEN split_part(session, '/', 2) ELSE '' END AS label
        FROM sessions WHERE {here}),
    shown AS (SELECT subject, session, channel, count(*) AS images, sum(n_readings) AS readings,
        sum(n_consensus) AS consensus FROM images WHERE {here} GROUP BY ALL),
    grid AS (SELECT * FROM (SELECT subject, any_value(source) AS source, arg_min(site, label) AS home
        FROM visit GROUP BY subject),
        (SELECT DISTINCT label FROM visit), (SELECT DISTINCT channel FROM shown))
    SELECT g.subject, g.label AS session, g.channel, coalesce(v.site, g.home) AS site, g.source, v.day,
        coalesce(s.images, 0)::INT AS images, coalesce(s.readings, 0)::INT AS readings,
        coalesce(s.consensus, 0)::INT AS consensus,
        CASE WHEN v.session IS NULL THEN 'no session' WHEN s.images IS NULL THEN 'no image'
            WHEN s.consensus > 0 THEN 'consensus' WHEN s.readings > 0 THEN 'read' ELSE 'image' END AS state
    FROM grid g LEFT JOIN visit v ON v.subject = g.subject AND v.label = g.label
    LEFT JOIN shown s ON s.session = v.session AND s.channel = g.channel
    ORDER BY g.subject, g.label, g.channel"""


def sites(catalog: Catalog) -> list[str]:
    """Centres by name; `not stated` comes last where sessions have none."""
    rows = catalog.rows("""SELECT DISTINCT coalesce(site, 'not stated') AS site FROM sessions
        ORDER BY site = 'not stated', site""")
    return [row["site"] for row in rows]


def names(catalog: Catalog) -> dict[str, list[str]]:
    """Every name of `site`, `scanner`, `class` and `channel` in the registry: each gets a colour."""
    rows = catalog.rows("""SELECT DISTINCT 'site' AS kind, site AS name FROM sessions
        UNION SELECT 'scanner', scanner FROM sessions UNION SELECT 'class', class FROM sessions
        UNION SELECT 'channel', channel FROM images ORDER BY ALL""")
    return {
        kind: [row["name"] for row in rows if row["kind"] == kind and row["name"]]
        for kind in ("site", "scanner", "class", "channel")
    }


def count_unmeasured(catalog: Catalog, chosen: Sites = ()) -> dict[str, int]:
    """Protocol to the number of its masks, consensus and not empty, whose lesions were not measured; above zero."""
    rows = _ask(
        catalog,
        """SELECT c.protocol, count(*) AS masks FROM consensus c JOIN images i ON i.path = c.image
        WHERE contains(c.path, '_mask.nii') AND c.n_voxels IS DISTINCT FROM 0
        AND c.image NOT IN (SELECT image FROM lesions) AND {here} GROUP BY ALL ORDER BY ALL""",
        chosen,
    )
    return {row["protocol"]: row["masks"] for row in rows}


def headline(catalog: Catalog, chosen: Sites = ()) -> dict[str, int]:
    """Counts of persons, subjects, sessions, images, raters, masks (readings), consensus masks and lesions.

    Args:
        catalog: the registry's views.
        chosen: only these centres; empty means all. Every function here takes it so.
    """
    return _ask(catalog, _HEADLINE, chosen)[0]


def images_by_site(catalog: Catalog, chosen: Sites = ()) -> list[Row]:
    """Rows `site, channel, images`."""
    return _ask(
        catalog,
        """SELECT coalesce(site, 'not stated') AS site, channel, count(*) AS images
        FROM images WHERE {here} GROUP BY ALL ORDER BY ALL""",
        chosen,
    )


def sessions_by_site(catalog: Catalog, chosen: Sites = ()) -> list[Row]:
    """Rows `site, scanner, sessions`."""
    return _ask(
        catalog,
        """SELECT coalesce(site, 'not stated') AS site, coalesce(scanner, 'not stated') AS scanner,
        count(*) AS sessions FROM sessions WHERE {here} GROUP BY ALL ORDER BY ALL""",
        chosen,
    )


def subjects_by_class(catalog: Catalog, chosen: Sites = ()) -> list[Row]:
    """Rows `class, status, subjects`."""
    return _ask(
        catalog,
        """SELECT coalesce(class, 'not stated') AS class,
        coalesce(replace(radiological_status, '_', ' '), 'not stated') AS status, count(DISTINCT subject) AS subjects
        FROM sessions WHERE {here} GROUP BY ALL ORDER BY ALL""",
        chosen,
    )


def visit_days(catalog: Catalog, chosen: Sites = ()) -> list[Row]:
    """Rows `subject, site, day` of the sessions whose day after baseline is known."""
    return _ask(
        catalog,
        """SELECT subject, coalesce(site, 'not stated') AS site, days_from_baseline AS day
        FROM sessions WHERE days_from_baseline IS NOT NULL AND {here} ORDER BY ALL""",
        chosen,
    )


def completeness(catalog: Catalog, chosen: Sites = ()) -> list[Row]:
    """One row a subject, session label and channel: `images`, `readings`, `consensus` and one of `STATES`.

    Its `site` is that of the visit, or of the subject's first visit where this one is not there; its `source` is the
    data set that brought the subject.
    """
    return _ask(catalog, _CELLS, chosen)


def gaps(cells: Sequence[Row]) -> list[Row]:
    """Rows `subject, session, channel, site, missing` of what is missing in the rows of `completeness`.

    `missing` is `session`, `image`, `reading` or `consensus`. Each is expected where at least two thirds of the other
    subjects of the same site and source data set have it, and there are `OTHERS` others or more; see
    `registry.catalog.completeness.gaps`.
    """
    return find_gaps(cells, OTHERS)


def squares(cells: Sequence[Row], missing: Sequence[Row]) -> dict[str, list[Row]]:
    """Site to the cells to draw, each with `shown`, one of `SHOWN`; columns that are empty at a site are left out.

    Args:
        cells: rows of `completeness`.
        missing: the rows of `gaps` for these cells.
    """
    lacking = {(gap["subject"], gap["session"], gap["channel"]) for gap in missing if gap["missing"] in _ABSENT}
    sites: dict[str, list[Row]] = {}
    for cell in cells:
        sites.setdefault(cell["site"], []).append({**cell, "shown": _find_shown(cell, lacking)})
    order = sorted(sites, key=lambda site: (site == NOT_STATED, site))
    return {site: _drop_empty_columns(sites[site]) for site in order}


_ABSENT = ("session", "image")


def _find_shown(cell: Row, lacking: set[tuple[str, str, str | None]]) -> str:
    if cell["state"] not in ("no session", "no image"):
        return str(cell["state"])
    whole = (cell["subject"], cell["session"], None)
    return "missing" if whole in lacking or (*whole[:2], cell["channel"]) in lacking else "none"


def _drop_empty_columns(rows: Sequence[Row]) -> list[Row]:
    """The rows without columns that have no image at all, and so without those where none is expected."""
    there = {(row["session"], row["channel"]) for row in rows if row["images"]}
    return [row for row in rows if (row["session"], row["channel"]) in there]


def _ask(catalog: Catalog, sql: str, chosen: Sites) -> list[Row]:
    if not chosen:
        return catalog.rows(sql.format(here="true"))
    quoted = ", ".join("'" + site.replace("'", "''") + "'" for site in chosen)
    return catalog.rows(sql.format(here=f"coalesce(site, 'not stated') IN ({quoted})"))
