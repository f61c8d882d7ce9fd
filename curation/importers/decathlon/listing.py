"""What `dataset.json` says of a delivery: its cases with their files, its channels, and its labels.

The Decathlon lists pairs of images and masks; an image holds all channels. nnU-Net lists no files: each channel is a
file, `CASE_0000.nii.gz`, and the folders say which cases there are. What Cohortium exports in either layout comes back
with the masks of the test part, which neither list names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from curation.importers.cleaning import sidecars
from curation.importers.report import Reason
from curation.importers.staging import Staging
from curation.recipes import Recipe
from registry.bids import schema
from registry.bids.names import to_label
from registry.bids.walk import list_all
from registry.errors import InvalidInput

LIST = "dataset.json"
OF_EXPORTS = frozenset({"snapshot.json", "splits_final.json", "withdrawal.json"})
"""Files that describe an export beside `dataset.json`; they hold no image, and are read by nobody here."""

IGNORE = "ignore"
"""The label by which nnU-Net marks voxels that nobody judged."""

_CHANNEL = re.compile(r"(?P<case>.+)_(?P<channel>\d{4})(?P<ending>\.nii(\.gz)?)")


@dataclass(frozen=True)
class Case:
    """One case: its subject label without prefix, the files of its channels, and its mask, or None.

    Paths are relative to the source. A Decathlon image is one file that holds every channel.
    """

    subject: str
    images: tuple[str, ...]
    mask: str | None

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of the case, the mask last."""
        return (*self.images, self.mask) if self.mask else self.images


@dataclass(frozen=True)
class Delivery:
    """The content of `dataset.json`.

    Attributes:
        channels: BIDS suffix of each channel, with entities: `ce-gadolinium_T1w`.
        labels: label value to name.
        cases: sorted by their first image.
        notes: sentences about labels that need one.
    """

    name: str
    licence: str
    channels: tuple[str, ...]
    labels: Mapping[int, str]
    cases: tuple[Case, ...]
    notes: tuple[str, ...] = ()


def read_list(recipe: Recipe, source: Path) -> Delivery:
    """Read `dataset.json`.

    Raises:
        InvalidInput: it is missing, unreadable, or holds a modality the recipe has no BIDS name for.
    """
    if not (source / LIST).is_file():
        raise InvalidInput(f"There is no {LIST} in {source.name}.", "Name the folder that holds dataset.json.")
    raw = sidecars.read(source / LIST)
    present = frozenset(list_all(source))
    try:
        modality = raw["modality"] if "modality" in raw else raw["channel_names"]
        channels = tuple(_find_channel(recipe, modality[key]) for key in sorted(modality, key=int))
        labels, notes = _parse_labels(raw["labels"])
        is_nnunet = "training" not in raw and "channel_names" in raw
        cases = _group_channels(present) if is_nnunet else _list_pairs(raw, present)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"the key '{error.args[0]}' is absent" if isinstance(error, KeyError) else "a value is of another kind"
        raise InvalidInput(
            f"{LIST} does not describe a delivery: {what}.",
            "Expected tables under modality and labels, and a list of image and label paths under training; or "
            "nnU-Net's channel_names and labels.",
        ) from error
    ordered = tuple(sorted(cases, key=lambda case: case.images))
    return Delivery(str(raw.get("name", recipe.name)), str(raw.get("licence", "")), channels, labels, ordered, notes)


def _list_pairs(raw: Mapping[str, Any], present: frozenset[str]) -> list[Case]:
    """The cases that the list names; a test image has the mask beside it in `labelsTs`, if there is one."""
    pairs = {_require_relative(item["image"]): _require_relative(item["label"]) for item in raw["training"]}
    cases = [Case(_number(image), (image,), mask) for image, mask in pairs.items()]
    tests = [_require_relative(item if isinstance(item, str) else item["image"]) for item in raw.get("test", ())]
    for image in dict.fromkeys(tests):
        if image not in pairs:
            mask = f"labelsTs/{PurePosixPath(image).name}"
            cases.append(Case(_number(image), (image,), mask if mask in present else None))
    return cases


def _group_channels(present: Iterable[str]) -> list[Case]:
    """The cases of nnU-Net's folders: images by case, and the mask of the same name."""
    held = frozenset(present)
    images: dict[tuple[str, str, str], list[str]] = {}
    for path in sorted(held):
        folder, _, filename = path.rpartition("/")
        found = _CHANNEL.fullmatch(filename)
        if folder in ("imagesTr", "imagesTs") and found and not filename.startswith("."):
            images.setdefault((folder, found["case"], found["ending"]), []).append(path)
    masks = {key: f"labels{key[0][-2:]}/{key[1]}{key[2]}" for key in images}
    return [
        Case(to_label(key[1]), tuple(paths), masks[key] if masks[key] in held or key[0] == "imagesTr" else None)
        for key, paths in images.items()
    ]


def refuse_odd_files(tree: Staging, source: Path, delivery: Delivery) -> None:
    """Refuse the files that belong to no case; for images and masks the sentence names their partner.

    Args:
        tree: gets the refusals.
        source: the delivery's folder.
        delivery: the content of `dataset.json`.
    """
    listed = {LIST, *(path for case in delivery.cases for path in case.files)}
    present = set(list_all(source))
    for path in sorted(present - listed):
        if path in OF_EXPORTS:
            tree.used.append(path)
        else:
            tree.refuse(path, *_find_reason(PurePosixPath(path), present))
    tree.used.append(LIST)


def _find_reason(path: PurePosixPath, present: set[str]) -> tuple[Reason, str]:
    images = path.parts[0].startswith("images")
    part = "Ts" if path.parts[0].endswith("Ts") else "Tr"
    partner = f"{'labels' if images else 'images'}{part}/{path.name}"
    if len(path.parts) != 2 or path.name.startswith(".") or not path.name.endswith((".nii.gz", ".nii")):
        return Reason.UNKNOWN_KIND, "Neither an image nor a mask of this layout."
    if partner in present:
        return Reason.NOT_LISTED, f"{LIST} does not list it."
    if images:
        return Reason.IMAGE_WITHOUT_MASK, f"There is no {partner}, and {LIST} does not list the image."
    return Reason.MASK_WITHOUT_IMAGE, f"There is no {partner}, and {LIST} does not list the mask."


def _number(image: str) -> str:
    """The subject's label in a file name: what follows the last `_`."""
    return to_label(PurePosixPath(image).name.partition(".")[0].rpartition("_")[2])


def _find_channel(recipe: Recipe, modality: Any) -> str:
    """The BIDS suffix, with entities, of a modality: as the recipe translates it, or where it is one already."""
    known = {key.lower(): value for key, value in recipe.channels.items()}
    if str(modality).lower() in known:
        return known[str(modality).lower()]
    if re.fullmatch(r"(ce-[A-Za-z0-9]+_)?[A-Za-z0-9]+", str(modality)):
        suffix = str(modality).rpartition("_")[2]
        if suffix in schema.read().suffixes["anat"]:
            return str(modality)
    raise InvalidInput(
        f"{LIST} names the modality '{modality}', which has no BIDS suffix here.",
        f"Known: {', '.join(known)}, and BIDS suffixes such as T2starw. Add it to [channels] of the recipe.",
    )


def _parse_labels(raw: Mapping[str, Any]) -> tuple[dict[int, str], tuple[str, ...]]:
    """Label value to name, and notes; nnU-Net writes the table as name to value, or to the values of a region."""
    if all(str(key).isdigit() for key in raw):
        return {int(key): str(value) for key, value in raw.items()}, ()
    holders: dict[int, list[str]] = {}
    for name, values in raw.items():
        for value in values if isinstance(values, list) else [values]:
            holders.setdefault(int(value), []).append(str(name))
    labels = {value: " and ".join(names) for value, names in sorted(holders.items())}
    notes = []
    if any(isinstance(values, list) for values in raw.values()):
        named = "; ".join(f"{value} is {name}" for value, name in labels.items())
        notes.append(f"{LIST} describes regions, which overlap. A voxel's value says in which it lies: {named}.")
    if IGNORE in holders.get(max(holders), ()):
        notes.append(
            f"Label {max(holders)} is '{IGNORE}': voxels that nobody judged. It is kept as a label like any other."
        )
    return labels, tuple(notes)


def _require_relative(path: str) -> str:
    parts = [part for part in PurePosixPath(path).parts if part != "."]
    if ".." in parts or PurePosixPath(path).is_absolute():
        raise ValueError(f"{path} leads out of the delivery")
    return "/".join(parts)
