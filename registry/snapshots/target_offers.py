"""Which masks a cohort could take as its truth: what a target policy may name here, each with words."""

from __future__ import annotations

from dataclasses import dataclass

from registry.catalog import Catalog
from registry.snapshots.targets import DEFAULT_SEED, TargetPolicy, in_words

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
    """What can be chosen.

    Attributes:
        words: as `--target` takes them, the usual ones first, with what each means.
        protocols: of all masks.
    """

    words: dict[str, str]
    protocols: tuple[str, ...]


def offered(catalog: Catalog, seed: int = int(DEFAULT_SEED)) -> Offers:
    """Targets that some mask of the registry can serve; `consensus` and `expert` always."""
    methods = [f"consensus:{row['source']}" for row in catalog.rows(_METHODS)]
    raters = [f"expert:{row['rater']}" for row in catalog.rows(_RATERS)]
    words = ["consensus", "expert", *methods, *raters, f"random-expert:{seed}", "soft"]
    protocols = tuple(row["protocol"] for row in catalog.rows(_PROTOCOLS))
    return Offers({word: in_words(word) for word in words}, protocols)


def protocols(catalog: Catalog, sql: str) -> tuple[str, ...]:
    """Protocols of the masks of a query's images, that of most masks first; empty where no image has a mask.

    Raises:
        QueryError: the query fails.
    """
    return tuple(row["protocol"] for row in catalog.rows(_OF_QUERY.format(query=catalog.subquery(sql))))


def usual(catalog: Catalog, sql: str) -> TargetPolicy:
    """The consensus, else the only expert; where masks follow several protocols, of that which most of them follow.

    Raises:
        QueryError: the query fails.
    """
    found = protocols(catalog, sql)
    return TargetPolicy(protocol=found[0] if len(found) > 1 else None)
