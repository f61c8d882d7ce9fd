"""Which masks a cohort could take as its truth: what a target policy may name here, each with words."""

from __future__ import annotations

from dataclasses import dataclass

from registry.catalog import Catalog
from registry.targets import DEFAULT_SEED, in_words

_METHODS = """SELECT DISTINCT CASE WHEN method = 'delivered' THEN "desc" ELSE method END AS source
    FROM t_consensus_mask WHERE suffix <> 'probseg' ORDER BY source"""
_RATERS = "SELECT DISTINCT rater FROM masks ORDER BY rater"
_PROTOCOLS = "SELECT DISTINCT protocol FROM masks UNION SELECT DISTINCT protocol FROM consensus ORDER BY protocol"


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
