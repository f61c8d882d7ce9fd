"""Target policies: which mask is the truth of a sample, and which policies a registry's masks allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.catalog import Catalog
from registry.errors import UsageError
from registry.files.canonical import sha256_bytes

ANY = "*"
DEFAULT_SEED = "2026"
KINDS = ("consensus", "expert", "random-expert", "soft")

_WORDS = {
    "consensus": ("the consensus {}", "the consensus (majority, where there are several)"),
    "expert": ("the mask of {}", "the only rater's mask, where one alone read it"),
    "random-expert": ("one rater's mask, drawn by seed {}", ""),
    "soft": ("", "the share of raters at each voxel"),
}
"""Words for each kind with a source, and without one."""

_METHODS = """SELECT DISTINCT CASE WHEN method = 'delivered' THEN "desc" ELSE method END AS source
    FROM t_consensus_mask WHERE suffix <> 'probseg' ORDER BY source"""
_RATERS = "SELECT DISTINCT rater FROM masks ORDER BY rater"
_PROTOCOLS = "SELECT DISTINCT protocol FROM masks UNION SELECT DISTINCT protocol FROM consensus ORDER BY protocol"
_OF_QUERY = """SELECT protocol FROM (
        SELECT image_path, protocol FROM t_mask WHERE NOT stale
        UNION ALL SELECT image_path, protocol FROM t_consensus_mask WHERE suffix <> 'probseg' AND NOT stale)
    WHERE image_path IN (SELECT path FROM {query}) GROUP BY protocol ORDER BY count(*) DESC, protocol"""

Mask = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """The masks that a policy takes for one sample.

    Attributes:
        mask: the one mask that is the truth; None where the truth is the share of raters per voxel (`soft`).
        readings: expert masks of the sample. For `soft` they share one image's grid and are the truth together.
    """

    mask: Mask | None
    readings: tuple[Mask, ...]


@dataclass(frozen=True)
class TargetPolicy:
    """Where the truth comes from; the first match wins.

    Attributes:
        order: pairs of a kind and a source.
            `consensus`, recipe or `*`: `majority` comes first, then the first by path.
            `expert`, rater's code or `*`: `*` matches only where exactly one expert read the image, because choosing
            between experts is a decision.
            `random-expert`, seed: one expert per sample, drawn by the seed.
            `soft`, `*`: all readings of one image, at least two.
        protocol: only masks of this protocol count; None allows the only protocol there is.
    """

    order: tuple[tuple[str, str], ...] = (("consensus", ANY), ("expert", ANY))
    protocol: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The form stored in a manifest."""
        return {"order": [{"kind": kind, "source": source} for kind, source in self.order], "protocol": self.protocol}

    @property
    def takes_consensus(self) -> bool:
        """Whether a consensus may be the truth."""
        return any(kind == "consensus" for kind, _ in self.order)

    def choose(self, masks: Sequence[Mask]) -> Choice | None:
        """The truth of a sample; None where the policy finds no mask or cannot decide between several.

        Args:
            masks: the masks of one sample, each with `kind`, `source`, `image` and `path`.
        """
        for kind, source in self.order:
            if choice := _CHOOSERS[kind](masks, source):
                return choice
        return None


def parse_policy(words: Sequence[str], protocol: str | None = None) -> TargetPolicy:
    """The policy from words such as `consensus:majority`, `expert:e01`, `random-expert:7` and `soft`, in order.

    Raises:
        UsageError: a kind does not exist, a seed is not a whole number, or `soft` has a source.
    """
    if not words:
        return TargetPolicy(protocol=protocol)
    return TargetPolicy(tuple(_parse(word) for word in words), protocol)


def in_words(word: str) -> str:
    """Words for what a policy word such as `expert:e01` takes: `the mask of e01`.

    Raises:
        UsageError: as `parse_policy`.
    """
    kind, source = _parse(word)
    return _WORDS[kind][source == ANY].format(source)


def _parse(word: str) -> tuple[str, str]:
    kind, _, source = word.partition(":")
    if kind not in KINDS or (kind == "soft" and source not in ("", ANY)):
        raise UsageError(
            f"'{word}' is not a target.",
            "Use consensus:RECIPE, expert:CODE, random-expert:SEED or soft, in order of preference.",
        )
    if kind == "random-expert":
        source = source or DEFAULT_SEED
        if not source.isascii() or not source.isdecimal():
            raise UsageError(f"'{source}' is not a seed.", "Use a whole number, for example random-expert:7")
        return kind, str(int(source))
    return kind, source or ANY


def _experts(masks: Sequence[Mask]) -> tuple[Mask, ...]:
    return tuple(mask for mask in masks if mask["kind"] == "expert")


def _consensus(masks: Sequence[Mask], source: str) -> Choice | None:
    found = [mask for mask in masks if mask["kind"] == "consensus" and source in (ANY, mask["source"])]
    best = min(found, key=lambda mask: (mask["source"] != "majority", mask["path"]), default=None)
    return Choice(best, _experts(masks)) if best else None


def _expert(masks: Sequence[Mask], source: str) -> Choice | None:
    found = [mask for mask in _experts(masks) if source in (ANY, mask["source"])]
    return Choice(found[0], _experts(masks)) if len(found) == 1 else None


def _random_expert(masks: Sequence[Mask], seed: str) -> Choice | None:
    """The mask with the smallest seeded hash, so a further rater changes a draw only to that rater's mask."""
    drawn = min(_experts(masks), key=lambda mask: (_hash(seed, mask), mask["path"]), default=None)
    return Choice(drawn, _experts(masks)) if drawn else None


def _hash(seed: str, mask: Mask) -> str:
    return sha256_bytes(f"{seed}|{mask['image']}|{mask['source']}".encode())


def _soft(masks: Sequence[Mask], _: str) -> Choice | None:
    """The readings of the image that most raters read; of several such images the first by path."""
    experts = _experts(masks)
    images = sorted({str(mask["image"]) for mask in experts})
    groups = [tuple(mask for mask in experts if mask["image"] == image) for image in images]
    largest = max(groups, key=len, default=())
    return Choice(None, largest) if len(largest) > 1 else None


_CHOOSERS: Mapping[str, Callable[[Sequence[Mask], str], Choice | None]] = {
    "consensus": _consensus,
    "expert": _expert,
    "random-expert": _random_expert,
    "soft": _soft,
}


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


def choose_usual(catalog: Catalog, sql: str) -> TargetPolicy:
    """The policy that takes the consensus, else the only expert, from the most frequent protocol of several.

    Raises:
        QueryError: the query fails.
    """
    found = list_protocols(catalog, sql)
    return TargetPolicy(protocol=found[0] if len(found) > 1 else None)
