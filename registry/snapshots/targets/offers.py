"""Offers: the targets, protocols and structures for which a registry has masks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from registry.catalog import Catalog
from registry.snapshots.targets.labels import structures
from registry.snapshots.targets.masks import list_masks_of_query
from registry.snapshots.targets.policy import DEFAULT_SEED, TargetPolicy, in_words

_METHODS = """SELECT DISTINCT CASE WHEN method = 'delivered' THEN "desc" ELSE method END AS source
    FROM t_consensus_mask WHERE suffix <> 'probseg' ORDER BY source"""
_RATERS = "SELECT DISTINCT rater FROM masks ORDER BY rater"
_PROTOCOLS = "SELECT DISTINCT protocol FROM masks UNION SELECT DISTINCT protocol FROM consensus ORDER BY protocol"
_OF_QUERY = """SELECT protocol FROM (
        SELECT image_path, protocol FROM t_mask WHERE NOT stale
        UNION ALL SELECT image_path, protocol FROM t_consensus_mask WHERE suffix <> 'probseg' AND NOT stale)
    WHERE image_path IN (SELECT path FROM {query}) GROUP BY protocol ORDER BY count(*) DESC, protocol"""


@dataclass(frozen=True)
class Offers:
    """Policies that can be chosen.

    Attributes:
        words: each word that `--target` accepts to its meaning, the usual words first.
        protocols: the protocols of all masks.
    """

    words: dict[str, str]
    protocols: tuple[str, ...]


def list_offers(catalog: Catalog, seed: int = int(DEFAULT_SEED)) -> Offers:
    """Targets for which the registry has a mask; `consensus` and `expert` are always listed."""
    methods = [f"consensus:{row['source']}" for row in catalog.rows(_METHODS)]
    raters = [f"expert:{row['rater']}" for row in catalog.rows(_RATERS)]
    words = ["consensus", "expert", *methods, *raters, f"random-expert:{seed}", "soft"]
    protocols = tuple(row["protocol"] for row in catalog.rows(_PROTOCOLS))
    return Offers({word: in_words(word) for word in words}, protocols)


def list_protocols(catalog: Catalog, sql: str) -> tuple[str, ...]:
    """Protocols of the masks of a query's images, the most frequent first; empty where no image has a mask.

    Raises:
        QueryError: the query fails.
    """
    return tuple(row["protocol"] for row in catalog.rows(_OF_QUERY.format(query=catalog.subquery(sql))))


def list_labels(catalog: Catalog, sql: str, protocol: str | None = None) -> tuple[str, ...]:
    """Structures that the masks of a query's images show, the most frequent first.

    Args:
        catalog: the registry's views.
        sql: the query.
        protocol: only masks of this protocol.

    Raises:
        QueryError: the query fails.
    """
    masks = list_masks_of_query(catalog, sql, protocol)
    counts = Counter(name for mask in masks for name in structures(mask).values())
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def choose_usual(catalog: Catalog, sql: str) -> TargetPolicy:
    """The policy that takes the consensus, else the only expert: of the most frequent protocol, and structure.

    Raises:
        QueryError: the query fails.
    """
    found = list_protocols(catalog, sql)
    protocol = found[0] if len(found) > 1 else None
    usual = TargetPolicy(protocol=protocol)
    if show_the_same(catalog, sql, protocol):
        return usual
    return replace(usual, classes=((list_labels(catalog, sql, protocol)[0],),))


def show_the_same(catalog: Catalog, sql: str, protocol: str | None = None) -> bool:
    """Whether all masks of a query's images show the same structures, so that none need be chosen.

    Args:
        catalog: the registry's views.
        sql: the query.
        protocol: only masks of this protocol.

    Raises:
        QueryError: the query fails.
    """
    return len({frozenset(structures(mask).values()) for mask in list_masks_of_query(catalog, sql, protocol)}) < 2
