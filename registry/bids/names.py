"""Parse and build BIDS file names: a bijection between a path and its entities.

Entities stand in the order of the standard (`registry.bids.schema`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from registry.bids import schema
from registry.errors import InvalidInput

ENTITY_ORDER = tuple(schema.read().entities)
"""Short entity keys in the order BIDS wants them in a name."""

IMAGE_ENTITIES = ("acq", "ce", "rec", "run", "echo", "inv", "part")
"""Entities of a raw image by which a delivered mask without a sidecar finds it."""

_COPIED = {
    "anat": ("task", "acq", "ce", "rec", "run", "echo", "part", "chunk"),
    "func": ("task", "acq", "ce", "rec", "dir", "run", "echo", "part", "chunk"),
    "dwi": ("acq", "rec", "dir", "run", "part", "chunk"),
}
"""Data type to the entities that BIDS allows in the name of a mask and that say how its image was acquired."""

_ACQUIRED = tuple(
    entity
    for entity in ENTITY_ORDER
    if entity not in ("sub", "ses", "space", "split", "res", "den", "label", "desc", "seg", "tpl", "cohort", "atlas")
)
"""Entities that say how an image was acquired."""

DATATYPES = frozenset(schema.read().datatypes)

_KEYS = frozenset(ENTITY_ORDER)
_LABEL = re.compile(r"[A-Za-z0-9+]+")
_SUFFIX = re.compile(r"[A-Za-z0-9]+")
_EXTENSION = re.compile(r"(\.[A-Za-z0-9]+)+")
_PART = re.compile(r"([a-zA-Z]+)-([A-Za-z0-9+]+)")


@dataclass(frozen=True)
class BidsName:
    """A parsed BIDS path, relative to the dataset that holds it.

    Attributes:
        entities: short key to label, without `sub-` style prefixes inside the value.
        suffix: `FLAIR`, `mask`, `dseg`, ...
        extension: with its dot, `.nii.gz`, `.json`, `.tsv`.
        datatype: `anat`, ... or empty for files above a datatype folder.
    """

    entities: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""
    extension: str = ".nii.gz"
    datatype: str = "anat"

    @property
    def subject(self) -> str:
        """The participant id with its prefix, `sub-A000`."""
        return f"sub-{self.entities['sub']}"

    @property
    def session(self) -> str | None:
        """The session id with its prefix, `ses-M00`, or None."""
        return f"ses-{self.entities['ses']}" if "ses" in self.entities else None

    @property
    def session_key(self) -> str:
        """`sub-A000/ses-M00`, or `sub-A000` where the dataset has no sessions."""
        return f"{self.subject}/{self.session}" if self.session else self.subject

    @property
    def channel(self) -> str:
        """The suffix with the contrast agent, `FLAIR` or `ce-gadolinium_T1w`: what an image shows."""
        contrast = self.entities.get("ce")
        return f"ce-{contrast}_{self.suffix}" if contrast else self.suffix

    @property
    def stem(self) -> str:
        """The name without its extension."""
        parts = [f"{key}-{self.entities[key]}" for key in ENTITY_ORDER if key in self.entities]
        return "_".join([*parts, self.suffix])

    @property
    def path(self) -> PurePosixPath:
        """The path in its dataset, `sub-A000/ses-M00/anat/sub-A000_ses-M00_FLAIR.nii.gz`."""
        folder = PurePosixPath(self.session_key) / self.datatype
        return folder / f"{self.stem}{self.extension}"

    def replace(self, *, suffix: str | None = None, extension: str | None = None, **entities: str) -> BidsName:
        """A copy with other entities, suffix or extension.

        Args:
            suffix: None keeps it.
            extension: with its dot; None keeps it.
            entities: short key to label; the other entities stay.
        """
        return BidsName(
            {**self.entities, **entities},
            self.suffix if suffix is None else suffix,
            self.extension if extension is None else extension,
            self.datatype,
        )

    @property
    def sidecar(self) -> BidsName:
        """The name of its JSON sidecar."""
        return self.replace(extension=".json")


def to_label(text: str) -> str:
    """A valid BIDS label: ASCII letters and digits of `text`, in order.

    Raises:
        InvalidInput: nothing is left.
    """
    kept = "".join(re.findall(r"[A-Za-z0-9]+", text))
    if not kept:
        raise InvalidInput(
            f"'{text}' holds no letter or digit, so it cannot become a BIDS label.",
            "Give the item a name with at least one letter or digit.",
        )
    return kept


def name(suffix: str, *, extension: str = ".nii.gz", datatype: str = "anat", **entities: str | None) -> BidsName:
    """Build a name from entities.

    Args:
        suffix: `FLAIR`, `mask`, ...
        extension: with its dot.
        datatype: a folder of BIDS, or empty.
        entities: short key to label; None leaves the entity out, `sub` is needed.

    Raises:
        InvalidInput: an unknown entity, no `sub`, or a word that BIDS does not allow.
    """
    kept = {key: value for key, value in entities.items() if value is not None}
    if "sub" not in kept:
        raise InvalidInput("A BIDS name needs the entity 'sub'.", "Name the subject of the file.")
    if not _SUFFIX.fullmatch(suffix):
        raise InvalidInput(f"'{suffix}' is not a BIDS suffix.", "Suffixes hold letters and digits only.")
    if not _EXTENSION.fullmatch(extension):
        raise InvalidInput(f"'{extension}' is not an extension.", "Expected one such as .nii.gz or .json.")
    if datatype and datatype not in DATATYPES:
        raise InvalidInput(f"'{datatype}' is not a BIDS datatype.", f"Known: {', '.join(sorted(DATATYPES))}.")
    for key, value in kept.items():
        if key not in _KEYS:
            raise InvalidInput(f"'{key}' is not a BIDS entity.", f"Known entities: {', '.join(ENTITY_ORDER)}.")
        if not _LABEL.fullmatch(value):
            raise InvalidInput(f"'{value}' is not a BIDS label for '{key}'.", "Labels hold letters and digits only.")
    return BidsName(kept, suffix, extension, datatype)


def parse(path: str | PurePosixPath) -> BidsName | None:
    """The entities of a path relative to its dataset, or None if the name is not BIDS.

    `parse(name.path) == name` holds for every name that `name()` builds.
    """
    folder, _, filename = str(path).rpartition("/")
    stem, dot, extension = filename.partition(".")
    *parts, suffix = stem.split("_")
    matches = [_PART.fullmatch(part) for part in parts]
    entities = {match[1]: match[2] for match in matches if match}
    if not all(matches) or len(entities) != len(parts) or not set(entities) <= _KEYS:
        return None
    if "sub" not in entities or not _SUFFIX.fullmatch(suffix):
        return None
    datatype = folder.rpartition("/")[2]
    return BidsName(entities, suffix, dot + extension, datatype if datatype in DATATYPES else "")


def mask_entities(image: BidsName) -> dict[str, str]:
    """The entities of a mask drawn on an image, `space` among them: no two images of a dataset share them all.

    Most are the image's own. `space` names the grid: the image's suffix, after the space of a derivative, before the
    entities that BIDS does not allow in names of masks: `space-MTSflip1mton`, `space-MNI152NLin6AsymFLAIR`.
    """
    copied = _COPIED.get(image.datatype, _COPIED["anat"])
    held = image.entities
    kept = {key: held[key] for key in ("sub", "ses", *copied) if key in held}
    folded = "".join(f"{key}{held[key]}" for key in _ACQUIRED if key in held and key not in kept)
    return {**kept, "space": f"{held.get('space', '')}{image.suffix}{folded}"}


def mask_name(image: BidsName, *, desc: str, label: str | None = "L", suffix: str = "mask", **more: str) -> BidsName:
    """The name of a mask drawn on an image: `mask_entities`, then `label` and `desc`.

    Args:
        image: name of the image.
        desc: label of `desc`.
        label: label of `label`; None leaves it out.
        suffix: `mask`, `dseg` or `probseg`.
        more: further entities; `space` replaces that of the image.
    """
    extra = {"label": label} if label else {}
    return BidsName({**mask_entities(image), **more, **extra, "desc": desc}, suffix, ".nii.gz", image.datatype)
