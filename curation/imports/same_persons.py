"""Which dataset brought a subject: `sub-01` of two datasets is two persons until somebody says that it is one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from curation import importers
from curation.recipes import Recipe
from registry.errors import InvalidInput
from registry.files.canonical import sha256_file
from registry.index.facts import subject_of
from registry.store import Registry
from registry.tables import Event, File

DATASET = "dataset"
"""Under this key the event of an import names the dataset; empty where the delivery does not say."""

_SHOWN = 3


def dataset_of(recipe: Recipe, tree: Path) -> str:
    """The name in the staged description; empty where only the recipe for any BIDS dataset gave it one."""
    place = tree / "dataset_description.json"
    name = json.loads(place.read_text(encoding="utf-8")).get("Name") if place.is_file() else ""
    return "" if name == recipe.title and recipe.importer == recipe.name == "bids" else str(name or "")


def require_same(registry: Registry, recipe: Recipe, tree: Path) -> None:
    """Refuse a staged tree whose subjects the registry holds from another dataset.

    It is the same dataset when an import by the same recipe under the same name brought the subject, or when one of
    the subject's images is there already, byte by byte. Nothing is asked where a plan says whom each series is of.

    Raises:
        InvalidInput: names the first subjects and the dataset that brought them.
    """
    if importers.find(recipe).propose:
        return
    staged = _staged(tree)
    known = _known(registry, staged)
    own, brought = (recipe.name, dataset_of(recipe, tree)), _brought(registry, known)
    others = {
        subject: by
        for subject, by in brought.items()
        if not any(_is_one(own, other) for other in by) and not _repeats(registry, tree, staged[subject])
    }
    if others:
        raise _refusal(others)


def _staged(tree: Path) -> dict[str, list[str]]:
    """Images by subject."""
    found: dict[str, list[str]] = {}
    for path in sorted(place.relative_to(tree).as_posix() for place in tree.rglob("*.nii.gz")):
        if subject := subject_of(path):
            found.setdefault(subject, []).append(path)
    return found


def _known(registry: Registry, subjects: Iterable[str]) -> set[str]:
    with registry.reading() as database:
        asked = select(File.subject_id).where(col(File.subject_id).in_(sorted(subjects))).distinct()
        return {str(subject) for subject in database.exec(asked)}


def _brought(registry: Registry, subjects: set[str]) -> dict[str, set[tuple[str, str | None]]]:
    """Recipe and dataset of each import that brought files of these subjects; None where it did not say which."""
    found: dict[str, set[tuple[str, str | None]]] = {}
    if not subjects:
        return found
    with registry.reading() as database:
        for payload in database.exec(select(Event.payload).where(Event.kind == "import")):
            for subject in _subjects(payload) & subjects if "recipe" in payload else ():
                found.setdefault(subject, set()).add((str(payload["recipe"]), payload.get(DATASET)))
    return found


def _subjects(payload: Mapping[str, Any]) -> set[str]:
    return {subject for path in payload.get("files", ()) if (subject := subject_of(path))}


def _is_one(own: tuple[str, str], other: tuple[str, str | None]) -> bool:
    """An import of before datasets were named may be any dataset of its recipe."""
    return own[0] == other[0] and (other[1] is None or own[1] == other[1] != "")


def _repeats(registry: Registry, tree: Path, images: Sequence[str]) -> bool:
    """Whether one of a subject's staged images is in the registry, the same bytes under the same name."""
    with registry.reading() as database:
        held = dict(database.exec(select(File.path, File.sha256).where(col(File.path).in_(images))).all())
    return any(sha256_file(tree / path) == checksum for path, checksum in held.items())


def _refusal(others: Mapping[str, set[tuple[str, str | None]]]) -> InvalidInput:
    shown = sorted(others)[:_SHOWN]
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    recipe, dataset = min(others[shown[0]], key=str)
    named = f"'{dataset}'" if dataset else "another dataset"
    return InvalidInput(
        f"The registry holds {', '.join(shown)}{more} from {named} (recipe {recipe}): nothing says that these are the "
        "same persons.",
        "If they are, import with --same-persons. If not, give this delivery's subjects other labels.",
    )
