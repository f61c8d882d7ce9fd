"""The layout patterns of recipes: a path with holes, `**/patient{patient}/study{study}_{channel:T1|T2}.nii[.gz]`.

`{name}` is a hole that takes no `/`; `{name:regex}` takes what the expression takes; a hole named twice must hold the
same text twice; `[...]` may be absent; `**/` stands for any folders, also for none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

_TOKEN = re.compile(r"\{(?P<hole>\w+)(?::(?P<regex>[^{}]+))?\}|(?P<folders>\*\*/)|(?P<bracket>[\[\]])|(?P<text>.)")
_FILLED = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Match:
    """A file of the delivery: its path, the kind whose pattern it fits, and the text in each hole."""

    path: str
    kind: str
    holes: Mapping[str, str]


def match(path: str, layout: Mapping[str, str]) -> Match | None:
    """The match with the first pattern of a recipe's layout that the whole path fits, or None."""
    for kind, pattern in layout.items():
        if found := _compile(pattern).fullmatch(path):
            return Match(path, kind, {name: text for name, text in found.groupdict().items() if text is not None})
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


def holes_of(pattern: str) -> set[str]:
    """Names of a pattern's holes.

    Raises:
        re.error: the pattern cannot be read.
    """
    return set(_compile(pattern).groupindex)


def fill(templates: str | Sequence[str], holes: Mapping[str, str]) -> str:
    """The first template of which every hole has a text, with these texts filled in; `""` if there is none."""
    for template in [templates] if isinstance(templates, str) else templates:
        if all(holes.get(name) for name in _FILLED.findall(template)):
            return _FILLED.sub(lambda found: holes[found[1]], template)
    return ""


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    seen: set[str] = set()
    return re.compile("".join(_translate_token(token, seen) for token in _TOKEN.finditer(pattern)))


def _translate_token(token: re.Match[str], seen: set[str]) -> str:
    if hole := token["hole"]:
        if hole in seen:
            return f"(?P={hole})"
        seen.add(hole)
        return f"(?P<{hole}>{token['regex'] or '[^/]+?'})"
    if token["folders"]:
        return "(?:.*/)?"
    if token["bracket"]:
        return "(?:" if token["bracket"] == "[" else ")?"
    return re.escape(token["text"])
