"""Structures: what the values of a mask show, and the masks of one rater that show the wanted structures together.

Cord and grey matter of one image are two structures, often in two files by one rater. Who drew a mask and what it shows
are two things: files of one rater are never counted as two raters, and files of two structures never as one class.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.errors import UsageError
from registry.vocabulary.display import format_number

Mask = Mapping[str, Any]
"""A row of a mask: `role`, `source`, `protocol`, `image`, `path`, `sha256`, `size`, `suffix`, `label`, `labels`."""

Classes = tuple[tuple[str, ...], ...]
"""The structures of class 1, 2, ...; none where each mask is the target as it is."""


@dataclass(frozen=True)
class Reading:
    """The masks in which one rater, or one consensus, shows all wanted structures of one image."""

    masks: tuple[Mask, ...]

    @property
    def role(self) -> str:
        """`consensus` or `expert`."""
        return str(self.masks[0]["role"])

    @property
    def source(self) -> str:
        """The rater's code, or the consensus recipe."""
        return str(self.masks[0]["source"])

    @property
    def image(self) -> str:
        """Path of the image."""
        return str(self.masks[0]["image"])

    @property
    def path(self) -> str:
        """Path of the first mask; readings are sorted by it."""
        return str(self.masks[0]["path"])


def parse_labels(words: Iterable[str]) -> Classes:
    """Classes from words such as `cord` (one structure) or `cord+GM` (several as one region), in order.

    Raises:
        UsageError: a word without a name, or one that occurs twice.
    """
    classes = tuple(tuple(name.strip() for name in word.split("+")) for word in words)
    if wrong := next((names for names in classes if "" in names or classes.count(names) > 1), None):
        raise UsageError(
            f"'{'+'.join(wrong)}' is not a label, or is named twice.",
            "Name a structure (GM), or several that are one class (cord+GM); repeat --label for further classes.",
        )
    return classes


def structures(mask: Mask) -> dict[str, str]:
    """Value to structure of one mask: its BIDS label where the mask shows one thing, else the names in its table."""
    names = {str(value): str(name) for value, name in mask["labels"].items() if str(value) != "0"}
    if mask["label"] and len(names) == 1:
        return dict.fromkeys(names, str(mask["label"]))
    return names


def settle(masks: Sequence[Mask], classes: Classes) -> Classes:
    """The classes with structures named as the masks name them; none where all masks show the same.

    Args:
        masks: the masks that a target may be made of.
        classes: the wanted ones, in any case, or by the name in a table of labels. None asks for what the masks show.

    Raises:
        UsageError: no mask shows a wanted structure, or the masks show different ones and none was chosen.
    """
    counts = Counter(name for mask in masks for name in set(structures(mask).values()))
    words = _list_words(masks)
    shown = ", ".join(f"{name} ({format_number(count)})" for name, count in sorted(counts.items()))
    if classes:
        return tuple(tuple(_find(name, words, shown) for name in names) for names in classes)
    if len({frozenset(structures(mask).values()) for mask in masks}) > 1:
        first, second, *_ = sorted(counts) if len(counts) > 1 else [*counts, *counts]
        raise UsageError(
            f"The masks show {len(counts)} structures, not all of them in every mask: {shown}.",
            f"Choose: --label {first} for one, --label {first} --label {second} for a class each (where two overlap "
            f"the later one counts), --label {first}+{second} for both as one class.",
        )
    return ()


def _list_words(masks: Sequence[Mask]) -> dict[str, set[str]]:
    """Every word for a structure, in small letters, to the structures that it may mean: `l` and `lesion` to `L`."""
    words: dict[str, set[str]] = defaultdict(set)
    for mask in masks:
        for value, name in structures(mask).items():
            words[name.casefold()].add(name)
            words[str(mask["labels"][value]).casefold()].add(name)
    return words


def _find(name: str, words: Mapping[str, set[str]], shown: str) -> str:
    found = words.get(name.casefold(), set())
    if name in found or len(found) == 1:
        return name if name in found else next(iter(found))
    raise UsageError(f"No mask of these images shows '{name}'.", f"Structures of their masks: {shown or 'none'}.")


def list_readings(masks: Iterable[Mask], classes: Classes) -> list[Reading]:
    """The readings that show every structure of the classes, sorted by path.

    Without classes each mask is a reading. A mask that shows all wanted structures is one, too; else the masks of one
    rater, or of one recipe, make one together, where each structure is in exactly one of them.

    Args:
        masks: of one sample.
        classes: settled.
    """
    wanted = {name for names in classes for name in names}
    groups: dict[tuple[str, str, str], list[Mask]] = defaultdict(list)
    for mask in sorted(masks, key=lambda mask: str(mask["path"]).encode()):
        groups[str(mask["role"]), str(mask["source"]), str(mask["image"])].append(mask)
    found = [reading for group in groups.values() for reading in _complete(group, wanted)]
    return sorted(found, key=lambda reading: reading.path.encode())


def _complete(group: Sequence[Mask], wanted: set[str]) -> Iterator[Reading]:
    shows = [(mask, wanted & set(structures(mask).values())) for mask in group]
    whole = [mask for mask, names in shows if names == wanted]
    if whole:
        yield from (Reading((mask,)) for mask in whole)
    elif sorted(name for _, names in shows for name in names) == sorted(wanted):
        yield Reading(tuple(mask for mask, names in shows if names))
