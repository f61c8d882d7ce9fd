"""Summaries of the quality check, for people and for scripts."""

from __future__ import annotations

from typing import Any

from registry.catalog import Catalog
from registry.vocabulary.verdicts import ARTIFACTS, Verdict

Row = dict[str, Any]

_VERBS = {"accept": "accepted it", "reject": "rejected it", "flag": "flagged it", "later": "put it off"}

COLUMNS = ("image", "rater", "verdict", "artifacts", "comment", "judged_at", "stale")


def list_verdicts(catalog: Catalog, rater: str | None = None, verdict: str | None = None) -> list[Row]:
    """Rows of `COLUMNS`, sorted by image and rater; a verdict on an image that was replaced since is `stale`.

    Args:
        catalog: the registry's views.
        rater: list only the verdicts of this rater.
        verdict: list only this verdict: accept, reject, later or flag.
    """
    return catalog.rows(
        f"""SELECT {", ".join(COLUMNS)} FROM quality
        WHERE rater = coalesce($1, rater) AND verdict = coalesce($2, verdict) ORDER BY image, rater""",
        [rater, verdict],
    )


def summary(catalog: Catalog) -> Row:
    """Counts of images by verdict, verdicts by rater, images by artifact, and images on which raters differ."""
    kinds = ", ".join(f"count(*) FILTER (quality = '{kind}') AS {kind}" for kind in Verdict)
    per_rater = ", ".join(f"count(*) FILTER (verdict = '{kind}' AND NOT stale) AS {kind}" for kind in Verdict)
    images = catalog.rows(f"SELECT count(*) AS images, count(quality) AS judged, {kinds} FROM images")[0]
    raters = catalog.rows(f"""SELECT rater, {per_rater}, count(*) FILTER (stale) AS stale
        FROM quality GROUP BY rater ORDER BY rater""")
    found = catalog.rows("""SELECT artifact, count(DISTINCT image) AS images FROM
        (SELECT image, unnest(string_split(artifacts, ',')) AS artifact FROM quality WHERE NOT stale)
        GROUP BY artifact ORDER BY images DESC, artifact""")
    differ = catalog.value("""SELECT count(*) FROM (SELECT image FROM quality WHERE NOT stale
        GROUP BY image HAVING count(DISTINCT verdict) > 1)""")
    return {**images, "differ": differ, "raters": raters, "artifacts": found}


def of_image(catalog: Catalog, image: str) -> list[str]:
    """A phrase for each verdict on one image: `e01 rejected it (motion), before it was replaced`."""
    rows = catalog.rows("SELECT rater, verdict, artifacts, stale FROM quality WHERE image = $1 ORDER BY rater", [image])
    return [_format_verdict(row) for row in rows]


def _format_verdict(row: Row) -> str:
    titles = [item.title.lower() for item in ARTIFACTS if item.code in (row["artifacts"] or "").split(",")]
    named = f" ({', '.join(titles)})" if titles else ""
    return f"{row['rater']} {_VERBS[row['verdict']]}{named}{', before it was replaced' if row['stale'] else ''}"
