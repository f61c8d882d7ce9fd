"""The dataset that brought a subject: `sub-01` of two datasets is two persons unless somebody says that it is one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sqlmodel import col, select

from curation import importers
from curation.recipes import Recipe
from registry.bids import places
from registry.catalog.sources import DATASET
from registry.errors import InvalidInput
from registry.files.canonical import sha256_file
from registry.store import Registry
from registry.tables import Event, File

_SHOWN = 3


def dataset_of(recipe: Recipe, tree: Path) -> str:
    """The dataset's name in the staged description; empty if it is only the title of the recipe `bids`."""
    path = tree / "dataset_description.json"
    name = json.loads(path.read_text(encoding="utf-8")).get("Name") if path.is_file() else ""
    return "" if name == recipe.title and recipe.importer == recipe.name == "bids" else str(name or "")


def require_same(registry: Registry, recipe: Recipe, tree: Path) -> None:
    """Refuse a staged tree whose subjects the registry holds from another dataset.

    It is the same dataset if an import by the same recipe under the same name brought the subject, or if the registry
    holds one of the subject's images byte by byte. Deliveries with a plan are not checked: it names each person.

    Args:
        registry: the registry.
        recipe: of the delivery.
        tree: the staged tree.

    Raises:
        InvalidInput: names the first subjects and the dataset that brought them.
    """
    if importers.find(recipe).propose:
        return
    staged = _list_images(tree)
    known = _find_known(registry, staged)
    own, brought = (recipe.name, dataset_of(recipe, tree)), _find_imports(registry, known)
    others = {
        subject: by
        for subject, by in brought.items()
        if not any(_is_same_dataset(own, other) for other in by) and not _holds_one(registry, tree, staged[subject])
    }
    if others:
        raise _make_error(others)


def _list_images(tree: Path) -> dict[str, list[str]]:
    """Subject to the paths of its staged images."""
    images: dict[str, list[str]] = {}
    for path in sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*.nii.gz")):
        if subject := places.subject_of(path):
            images.setdefault(subject, []).append(path)
    return images


def _find_known(registry: Registry, subjects: Iterable[str]) -> set[str]:
    with registry.reading() as database:
        statement = select(File.subject_id).where(col(File.subject_id).in_(sorted(subjects))).distinct()
        return {str(subject) for subject in database.exec(statement)}


def _find_imports(registry: Registry, subjects: set[str]) -> dict[str, set[tuple[str, str | None]]]:
    """Subject to recipe and dataset of each import that brought its files; None for an event without a dataset."""
    imports: dict[str, set[tuple[str, str | None]]] = {}
    if not subjects:
        return imports
    with registry.reading() as database:
        for payload in database.exec(select(Event.payload).where(Event.kind == "import")):
            if "recipe" not in payload:
                continue
            for subject in subjects & {places.subject_of(path) for path in payload.get("files", ())}:
                imports.setdefault(subject, set()).add((str(payload["recipe"]), payload.get(DATASET)))
    return imports


def _is_same_dataset(own: tuple[str, str], other: tuple[str, str | None]) -> bool:
    """Whether two imports are of one dataset; an old event without a dataset may be any dataset of its recipe."""
    return own[0] == other[0] and (other[1] is None or own[1] == other[1] != "")


def _holds_one(registry: Registry, tree: Path, images: Sequence[str]) -> bool:
    """Whether the registry holds one of these staged images: the same bytes under the same path."""
    with registry.reading() as database:
        held = dict(database.exec(select(File.path, File.sha256).where(col(File.path).in_(images))).all())
    return any(sha256_file(tree / path) == checksum for path, checksum in held.items())


def _make_error(others: Mapping[str, set[tuple[str, str | None]]]) -> InvalidInput:
    shown = sorted(others)[:_SHOWN]
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    recipe, dataset = min(others[shown[0]], key=str)
    named = f"'{dataset}'" if dataset else "another dataset"
    return InvalidInput(
        f"The registry holds {', '.join(shown)}{more} from {named} (recipe {recipe}): nothing says that these are the "
        "same persons.",
        "If they are, import with --same-persons. If not, give this delivery's subjects other labels.",
    )
