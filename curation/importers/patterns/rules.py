"""The rules of a recipe for the importer `patterns`: its `[options]`, read and checked before any file is opened.

A *template* is a text with holes, `"{center}{number}"`, or a list of such texts of which the first complete one counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from curation.importers.patterns.language import holes_of
from curation.recipes import Recipe, make_error
from registry.errors import InvalidInput
from registry.files.settings import Settings, read_settings

Template = str | list[str]

ROLES = ("image", "mask", "table", "skip")
"""The roles of kinds of the layout; a kind's role is the word before the first `_` of its name."""


@dataclass(frozen=True)
class TableRule(Settings):
    """A table whose rows fill more holes.

    Attributes:
        key: the column that names a row.
        of: template of the same name in a file's holes; numbers are compared as numbers.
        required: a file that the table does not name is refused, because nothing else names its subject.
    """

    key: str
    of: Template
    required: bool = False


@dataclass(frozen=True)
class MaskRule(Settings):
    """The masks of one kind.

    Attributes:
        kind: the kind of the layout.
        on: BIDS channels of the image that it was drawn on; the first image on the mask's grid counts.
        rater: template of the rater's code, for readings.
        desc: set for a delivered consensus: its name in files, which puts the mask below `consensus-<protocol>`.
        label: BIDS label of what a binary mask shows.
        seg: name of a segmentation with several labels, instead of `label`.
        labels: label value to name where this kind differs from the recipe.
        remap: value in the delivery to value in the tree, as `{4 = 3}`.
        session: template of the session whose image carries the mask.
        sources: sessions whose images the rater saw beside that one.
        protocol: where it differs from the recipe's.
    """

    kind: str
    on: tuple[str, ...]
    rater: Template = "e01"
    desc: str = ""
    label: str | None = None
    seg: str | None = None
    labels: Mapping[int, str] = field(default_factory=dict)
    remap: Mapping[int, int] = field(default_factory=dict)
    session: Template = ""
    sources: tuple[str, ...] = ()
    protocol: str = ""
    what: str = "Delivered mask"


@dataclass(frozen=True)
class PatternRules(Settings):
    """How the files of a layout become subjects, sessions, images and masks.

    Attributes:
        subject: template; two deliveries' names that give one label are refused, not merged.
        session: template; empty for a dataset without sessions.
        person: template of the human being, where one person is several subjects or is known from another cohort.
        channel: template of the delivery's name of a modality, looked up in the recipe's `channels`.
        site: template of the key of the recipe's `sites`; a key that is not there is the site's name itself.
        entities: BIDS entity to template, for `run`, `acq`, `chunk`, `space`, `desc`.
        participants, sessions: column to template.
        values: column to the meaning of each of the delivery's values; a value without one becomes missing.
        images: derivative that holds the images where the delivery's are not raw; empty for the raw root.
        image_fields: sidecar fields of every image.
        bidsignore: patterns for files that BIDS has no name for; only in a derivative.
        complete: channels that every session should have; gaps are noted.
        skip: kind `skip_...` to the sentence why it stays outside.
    """

    subject: Template
    session: Template = ""
    person: Template = ""
    channel: Template = "{channel}"
    site: Template = "{site}"
    entities: Mapping[str, Template] = field(default_factory=dict)
    participants: Mapping[str, Template] = field(default_factory=dict)
    sessions: Mapping[str, Template] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    images: str = ""
    image_fields: Mapping[str, Any] = field(default_factory=dict)
    bidsignore: tuple[str, ...] = ()
    complete: tuple[str, ...] = ()
    skip: Mapping[str, str] = field(default_factory=dict)
    table: TableRule | None = None
    masks: tuple[MaskRule, ...] = ()


def read(recipe: Recipe) -> PatternRules:
    """The rules in a recipe's options.

    Raises:
        InvalidInput: an unknown or missing key, a pattern that cannot be read, or a kind without its rule.
    """
    rules = read_settings(PatternRules, recipe.options, "options", partial(make_error, recipe.name))
    for kind, pattern in recipe.layout.items():
        try:
            holes_of(pattern)
        except (ValueError, re.error) as error:
            raise _make_error(recipe, f"the pattern of '{kind}' in [layout] cannot be read ({error})") from error
    _check_kinds(recipe, rules)
    return rules


def _check_kinds(recipe: Recipe, rules: PatternRules) -> None:
    for kind in recipe.layout:
        if role_of(kind) not in ROLES:
            raise _make_error(recipe, f"the kind '{kind}' of [layout] starts with none of {', '.join(ROLES)}")
    wanted = {
        "mask": {rule.kind for rule in rules.masks},
        "skip": set(rules.skip),
        "table": {kind for kind in recipe.layout if role_of(kind) == "table"} if rules.table else set(),
    }
    for role, ruled in wanted.items():
        kinds = {kind for kind in recipe.layout if role_of(kind) == role}
        if odd := sorted(kinds ^ ruled):
            raise _make_error(recipe, f"the kind '{odd[0]}' must be in [layout] and have a rule in [options]")
    if rules.bidsignore and not rules.images:
        raise _make_error(recipe, "files that BIDS has no name for belong in a derivative: set `images`")


def role_of(kind: str) -> str:
    """The role of a kind of the layout: `mask` for `mask_expert`."""
    return kind.partition("_")[0]


def _make_error(recipe: Recipe, what: str) -> InvalidInput:
    return make_error(recipe.name, f"{what}.", "")
