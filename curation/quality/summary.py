"""What the quality check has found so far, for people and for scripts."""

from __future__ import annotations

from typing import Any

from registry.catalog import Catalog
from registry.vocabulary.verdicts import ARTIFACTS, Verdict

Row = dict[str, Any]

_SAYS = {"accept": "accepted it", "reject": "rejected it", "flag": "flagged it", "later": "put it off"}

COLUMNS = ("image", "rater", "verdict", "artifacts", "comment", "judged_at", "stale")


def list_verdicts(catalog: Catalog, rater: str | None = None, verdict: str | None = None) -> list[Row]:
    """Verdicts as they stand, by image and rater; those on an image that was replaced since are `stale`."""
    return catalog.rows(
        f"""SELECT {", ".join(COLUMNS)} FROM quality
        WHERE rater = coalesce($1, rater) AND verdict = coalesce($2, verdict) ORDER BY image, rater""",
        [rater, verdict],
    )


def summary(catalog: Catalog) -> Row:
    """Counts: images and how they stand, verdicts of each rater, artifacts, images on which raters differ."""
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
    """What each rater says about one image, in words: `e01 rejected it (motion), before it was replaced`."""
    rows = catalog.rows("SELECT rater, verdict, artifacts, stale FROM quality WHERE image = $1 ORDER BY rater", [image])
    return [_said(row) for row in rows]


def _said(row: Row) -> str:
    titles = [item.title.lower() for item in ARTIFACTS if item.code in (row["artifacts"] or "").split(",")]
    named = f" ({', '.join(titles)})" if titles else ""
    return f"{row['rater']} {_SAYS[row['verdict']]}{named}{', before it was replaced' if row['stale'] else ''}"
