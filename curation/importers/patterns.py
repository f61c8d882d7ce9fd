"""The layout patterns of recipes: a path with holes, `patient{patient}/study{study}_{channel}.nii.gz`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_HOLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Match:
    """A file of the delivery: its path, the kind whose pattern it fits, and what fills the holes."""

    path: str
    kind: str
    holes: Mapping[str, str]


def match(path: str, layout: Mapping[str, str]) -> Match | None:
    """The first pattern of a recipe's layout that the whole path fits; a hole takes no `/`."""
    for kind, pattern in layout.items():
        if found := re.fullmatch(_expression(pattern), path):
            return Match(path, kind, found.groupdict())
    return None


def sort_by_kind(paths: Iterable[str], layout: Mapping[str, str]) -> tuple[dict[str, list[Match]], list[str]]:
    """Files by kind, and the paths that no pattern fits."""
    kinds: dict[str, list[Match]] = {kind: [] for kind in layout}
    strange: list[str] = []
    for path in paths:
        if found := match(path, layout):
            kinds[found.kind].append(found)
        else:
            strange.append(path)
    return kinds, strange


def _expression(pattern: str) -> str:
    pieces = _HOLE.split(pattern)
    fixed = [re.escape(piece) for piece in pieces[::2]]
    holes = [f"(?P<{name}>[^/]+?)" for name in pieces[1::2]]
    return "".join(part for pair in zip(fixed, [*holes, ""], strict=True) for part in pair)
