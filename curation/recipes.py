"""Recipes: the known facts about a source cohort, written down before any of its files is opened.

A recipe is a TOML file in `datasets/`, or one of the user's own, and holds no code. Start at `load`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from registry.errors import InvalidInput, NotFound
from registry.files.settings import Settings, read_settings

ENDING = ".toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

FOLDER = Path(__file__).resolve().parents[1] / "datasets"


@dataclass(frozen=True)
class Rater(Settings):
    """One rater as files name them: a code, never a person's name."""

    code: str
    role: str = "expert"
    description: str = ""


@dataclass(frozen=True)
class Site(Settings):
    """The centre and the scanner of a part of the cohort; None for an unknown scanner."""

    name: str
    scanner: str | None = None


@dataclass(frozen=True)
class Recipe(Settings):
    """A source cohort.

    Attributes:
        name: the recipe's name, the file name without `.toml`.
        importer: the importer that reads this layout.
        licence: an SPDX-like name or a sentence; it travels with every snapshot.
        access: the way to get the data.
        citation: reference with year and DOI where there is one.
        authors: names for BIDS' field `Authors`.
        subject_prefix: put before the delivery's own subject key; empty keeps the key.
        protocol: name of the annotation protocol, the part after `manual-` in folder names.
        class_label: the class used for training (`class` in the file).
        layout: patterns of the delivery, by kind of file.
        channels: the delivery's name of a modality to its BIDS suffix, with entities: `ce-gadolinium_T1w`.
        labels: label value to name, `0` is the background.
        raters: the raters of the delivered masks.
        consensus: how the delivered consensus was made, or None.
        sites: key of a part of the cohort to its site.
        traps: sentences about errors and oddities in the delivered files.
        expected: counts of a complete delivery, by the keys of `ImportReport.kept`.
        options: settings that only this recipe's importer knows.
    """

    name: str
    title: str
    importer: str
    licence: str = ""
    access: str = ""
    citation: str = ""
    authors: tuple[str, ...] = ()
    subject_prefix: str = ""
    protocol: str = ""
    class_label: Annotated[str | None, Field(alias="class")] = None
    diagnosis: str | None = None
    radiological_status: str | None = None
    species: str = "homo sapiens"
    layout: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)
    raters: tuple[Rater, ...] = ()
    consensus: str | None = None
    sites: Mapping[str, Site] = field(default_factory=dict)
    traps: tuple[str, ...] = ()
    expected: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


def known(folder: Path = FOLDER) -> list[str]:
    """Names of all recipes, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load(name: str, folder: Path = FOLDER) -> Recipe:
    """The recipe of that name.

    Args:
        name: the name of a recipe that comes with Cohortium; or the path of a file that ends in `.toml`.
        folder: where the named ones are.

    Raises:
        NotFound: no such recipe; the hint names the known ones.
        InvalidInput: the file is not TOML, lacks a key, holds an unknown one or a value of the wrong kind; or a file of
            the user's own takes the name of one that comes with Cohortium.
    """
    if name.endswith(ENDING):
        return _load_own(Path(name), folder)
    if name not in known(folder):
        raise NotFound(
            f"There is no recipe '{name}'.",
            f"Known recipes: {', '.join(known(folder))}. A file's name ends in {ENDING}.",
        )
    return read_settings(Recipe, folder / f"{name}.toml", error=partial(make_error, name))


def _load_own(path: Path, folder: Path) -> Recipe:
    """The recipe in a file of the user's own."""
    if not path.is_file():
        raise NotFound(f"There is no recipe at {path}.", "Name a TOML file, or a recipe of: cohortium recipes")
    recipe = read_settings(Recipe, path, error=partial(make_error, path.name))
    if not _NAME.fullmatch(recipe.name):
        raise make_error(
            path.name,
            f"the name '{recipe.name}' cannot name reports.",
            "Use small letters, digits and -, such as my-ms.",
        )
    if recipe.name in known(folder) and path.resolve() != (folder / f"{recipe.name}{ENDING}").resolve():
        raise make_error(
            path.name,
            f"it calls itself '{recipe.name}', which is a recipe that comes with Cohortium.",
            "Give it a name of its own: reports and events would mix the two.",
        )
    return recipe


def make_error(name: str, message: str, hint: str) -> InvalidInput:
    """An error about a recipe.

    Args:
        name: the recipe's name.
        message: what is wrong, a sentence.
        hint: what to do, a sentence; empty for none. The page of recipes is named after it.
    """
    return InvalidInput(
        f"The recipe '{name}': {message}", f"{hint} docs/recipes.md says how a recipe is written.".lstrip()
    )
