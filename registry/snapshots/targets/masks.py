"""The masks that a target may be made of, as rows: current readings and consensus masks, never stale ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache

from registry.catalog import Catalog
from registry.snapshots.targets.labels import Mask
from registry.snapshots.targets.policy import ANY, TargetPolicy

_EXPERTS = """SELECT path, image_path AS image, 'expert' AS role,
    rater_id AS source, protocol, sha256, size, label, labels
    FROM t_mask WHERE NOT stale ORDER BY path"""
_CONSENSUS = """SELECT path, image_path AS image, 'consensus' AS role,
    CASE WHEN method = 'delivered' THEN "desc" ELSE method END AS source, protocol, sha256, size, label, labels
    FROM t_consensus_mask WHERE suffix <> 'probseg' AND NOT stale ORDER BY path"""
_PATHS = "SELECT path FROM {query}"


@cache
def _parse(text: str) -> Mapping[str, str]:
    """A table of labels; a registry has few different ones."""
    labels: Mapping[str, str] = json.loads(text)
    return labels


def list_masks(catalog: Catalog, images: Iterable[str], protocol: str | None = None) -> list[Mask]:
    """Consensus masks, then experts' masks, of some images.

    Args:
        catalog: the registry's views.
        images: their paths.
        protocol: only masks of this protocol.
    """
    wanted = set(images)
    rows = [row for sql in (_CONSENSUS, _EXPERTS) for row in catalog.rows(sql) if row["image"] in wanted]
    return [{**row, "labels": _parse(row["labels"])} for row in rows if protocol in (None, row["protocol"])]


def list_masks_of_query(catalog: Catalog, sql: str, protocol: str | None = None) -> list[Mask]:
    """As `list_masks`, of the images of a query.

    Raises:
        QueryError: the query fails.
    """
    paths = [str(row["path"]) for row in catalog.rows(_PATHS.format(query=catalog.subquery(sql)))]
    return list_masks(catalog, paths, protocol)


def take(masks: Iterable[Mask], policy: TargetPolicy) -> list[Mask]:
    """The masks that could be the truth under a policy: of its recipes, and of the raters that it may choose."""
    sources: dict[str, set[str]] = {"consensus": set(), "expert": set()}
    for kind, source in policy.order:
        if kind in sources:
            sources[kind].add(source)
        else:  # a draw and a share are of all raters
            sources["expert"].add(ANY)
    return [mask for mask in masks if sources[mask["role"]] & {ANY, mask["source"]}]
