"""Target policy: which mask is the truth of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.errors import UsageError

ANY = "*"


@dataclass(frozen=True)
class TargetPolicy:
    """Where the truth comes from, first match wins.

    Attributes:
        order: (kind, source) pairs; kind is `consensus` or `expert`, source a recipe, a rater's code or `*`.
            `expert:*` matches only where exactly one expert read the image: choosing between experts is a decision.
        protocol: only masks of this protocol; None takes the only one there is.
    """

    order: tuple[tuple[str, str], ...] = (("consensus", ANY), ("expert", ANY))
    protocol: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The form stored in a manifest."""
        return {"order": [{"kind": kind, "source": source} for kind, source in self.order], "protocol": self.protocol}

    def choose(self, masks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The mask that is the truth, or None where the policy finds none or cannot decide.

        Args:
            masks: the masks of one image, each with `kind`, `source` and `path`.
        """
        for kind, source in self.order:
            found = [mask for mask in masks if mask["kind"] == kind and source in (ANY, mask["source"])]
            if len(found) == 1:
                return found[0]
            if found and kind == "consensus":
                return min(found, key=lambda mask: (mask["source"] != "majority", mask["path"]))
        return None


def parse_policy(words: Sequence[str], protocol: str | None = None) -> TargetPolicy:
    """A policy from words such as `consensus:majority` and `expert:e01`, in the order of preference.

    Raises:
        UsageError: a kind that does not exist.
    """
    if not words:
        return TargetPolicy(protocol=protocol)
    order = []
    for word in words:
        kind, _, source = word.partition(":")
        if kind not in ("consensus", "expert"):
            raise UsageError(f"'{word}' is no target.", "Use consensus:RECIPE or expert:CODE, in order of preference.")
        order.append((kind, source or ANY))
    return TargetPolicy(tuple(order), protocol)
