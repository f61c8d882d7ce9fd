"""Recipes: what is known about one source cohort before any of its files is opened.

A recipe is a TOML file in `datasets/`; it holds facts, never code. Start at `load`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from registry.errors import InvalidInput, NotFound

FOLDER = Path(__file__).resolve().parents[1] / "datasets"


@dataclass(frozen=True)
class Rater:
    """One rater as files name them: a code, never a person's name."""

    code: str
    role: str = "expert"
    description: str = ""


@dataclass(frozen=True)
class Site:
    """Where and on what a part of the cohort was scanned."""

    name: str
    scanner: str | None = None


@dataclass(frozen=True)
class Recipe:
    """A source cohort.

    Attributes:
        name: the recipe's name, the file name without `.toml`.
        importer: the importer that reads this layout.
        licence: an SPDX-like name or a sentence; it travels with every snapshot.
        access: how one gets the data.
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
        traps: what misleads whoever trusts the files as they are.
        expected: counts of a complete delivery, by the keys of `ImportReport.kept`.
        options: settings only this recipe's importer knows.
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
    class_label: str | None = None
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

    Raises:
        NotFound: no such recipe; the hint names those there are.
        InvalidInput: the file is not TOML, lacks a key or holds an unknown one.
    """
    if name not in known(folder):
        raise NotFound(f"There is no recipe '{name}'.", f"Known recipes: {', '.join(known(folder))}.")
    path = folder / f"{name}.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"datasets/{path.name} is not readable TOML ({error}).", "Mend the file.") from error
    return _recipe(path.name, raw)


def _recipe(file: str, raw: dict[str, Any]) -> Recipe:
    values = {"class_label" if key == "class" else key: value for key, value in raw.items()}
    allowed = {"class" if f.name == "class_label" else f.name for f in fields(Recipe)}
    if unknown := sorted(set(raw) - allowed):
        raise InvalidInput(
            f"datasets/{file} has the unknown key '{unknown[0]}'.", f"Known keys: {', '.join(sorted(allowed))}."
        )
    try:
        values["labels"] = {int(value): str(name) for value, name in raw.get("labels", {}).items()}
        values["raters"] = tuple(Rater(**item) for item in raw.get("raters", ()))
        values["sites"] = {key: Site(**item) for key, item in raw.get("sites", {}).items()}
        values["authors"] = tuple(raw.get("authors", ()))
        values["traps"] = tuple(raw.get("traps", ()))
        return Recipe(**values)
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"datasets/{file} does not describe a recipe ({error}).", "Compare it with datasets/msd-hippocampus.toml."
        ) from error
