"""The layout of the Medical Segmentation Decathlon: `dataset.json`, `imagesTr`, `labelsTr`, `imagesTs`.

Files that `dataset.json` lists belong to the cohort. Files that it does not list, and listed files that are absent, are
refused with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from curation.importers.cleaning import sidecars
from curation.importers.importer import Importer
from curation.importers.report import ImportReport, Reason
from curation.importers.staging import (
    MaskSpec,
    Placed,
    RefusedError,
    Staging,
    channel_name,
    open_nifti,
    read_mask,
    require_file,
)
from curation.recipes import Recipe
from registry.bids.names import mask_name, to_label
from registry.bids.walk import list_all
from registry.errors import InvalidInput
from registry.files import volumes
from registry.files.progress import Progress

LIST = "dataset.json"


@dataclass(frozen=True)
class Delivery:
    """The content of `dataset.json`.

    Attributes:
        channels: BIDS suffix of each channel, with entities: `ce-gadolinium_T1w`.
        labels: label value to name.
        pairs: image path to mask path, relative to the source; test images have None.
    """

    name: str
    licence: str
    channels: tuple[str, ...]
    labels: Mapping[int, str]
    pairs: Mapping[str, str | None]


def stage(recipe: Recipe, source: Path, into: Path, progress: Progress) -> ImportReport:
    """Write the delivery as BIDS: images in the raw root, masks in `derivatives/manual-<protocol>`.

    Args:
        recipe: its empty fields are filled from `dataset.json`.
        source: the delivery's folder.
        into: an empty folder.
        progress: called after each image.

    Raises:
        InvalidInput: no `dataset.json`, one that lacks a key, or a modality without a BIDS name.
    """
    delivery = read_list(recipe, source)
    recipe = _complete_recipe(recipe, delivery)
    tree = Staging(into, recipe)
    refuse_odd_files(tree, source, delivery)
    protocol = to_label(recipe.protocol).lower()
    rater = recipe.raters[0].code if recipe.raters else "e01"
    fields = {
        "Description": f"{recipe.protocol} label map",
        "Manual": True,
        "RaterID": rater,
        "Protocol": recipe.protocol,
        "Revision": 1,
    }
    spec = MaskSpec(f"derivatives/manual-{protocol}", delivery.labels, fields)
    tree.titles[spec.folder] = f"manual {recipe.protocol} masks"
    for done, (image, mask) in enumerate(sorted(delivery.pairs.items()), start=1):
        _stage_one(tree, source, (image, mask), delivery, spec)
        progress(done, len(delivery.pairs), "images")
    if spec.folder in tree.links:
        tree.label_table(f"seg-{protocol}_desc-{rater}_dseg", spec)
    return tree.finish()


def read_list(recipe: Recipe, source: Path) -> Delivery:
    """Read `dataset.json`.

    Raises:
        InvalidInput: it is missing, unreadable, or holds a modality the recipe has no BIDS name for.
    """
    if not (source / LIST).is_file():
        raise InvalidInput(f"There is no {LIST} in {source.name}.", "Name the folder that holds dataset.json.")
    raw = sidecars.read(source / LIST)
    try:
        modality = raw["modality"] if "modality" in raw else raw["channel_names"]
        channels = tuple(_find_channel(recipe, modality[key]) for key in sorted(modality, key=int))
        labels = _parse_labels(raw["labels"])
        pairs: dict[str, str | None] = {
            _require_relative(item["image"]): _require_relative(item["label"]) for item in raw["training"]
        }
        tests = [_require_relative(item if isinstance(item, str) else item["image"]) for item in raw.get("test", ())]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"the key '{error.args[0]}' is absent" if isinstance(error, KeyError) else "a value is of another kind"
        raise InvalidInput(
            f"{LIST} does not describe a delivery: {what}.",
            "Expected tables under modality and labels, and a list of image and label paths under training.",
        ) from error
    pairs |= {image: None for image in tests if image not in pairs}
    return Delivery(str(raw.get("name", recipe.name)), str(raw.get("licence", "")), channels, labels, pairs)


def refuse_odd_files(tree: Staging, source: Path, delivery: Delivery) -> None:
    """Refuse the files that `dataset.json` does not list; for images and masks the sentence names their partner.

    Args:
        tree: gets the refusals.
        source: the delivery's folder.
        delivery: the content of `dataset.json`.
    """
    listed = {LIST, *delivery.pairs, *(mask for mask in delivery.pairs.values() if mask)}
    present = set(list_all(source))
    for path in sorted(present - listed):
        tree.refuse(path, *_find_reason(PurePosixPath(path), present))
    tree.used.append(LIST)


def _find_reason(path: PurePosixPath, present: set[str]) -> tuple[Reason, str]:
    images = path.parts[0].startswith("images")
    partner = f"{'labelsTr' if images else 'imagesTr'}/{path.name}"
    if len(path.parts) != 2 or path.name.startswith(".") or not path.name.endswith((".nii.gz", ".nii")):
        return Reason.UNKNOWN_KIND, "Neither an image nor a mask of this layout."
    if partner in present:
        return Reason.NOT_LISTED, f"{LIST} does not list it."
    if images:
        return Reason.IMAGE_WITHOUT_MASK, f"There is no {partner}, and {LIST} does not list the image."
    return Reason.MASK_WITHOUT_IMAGE, f"There is no {partner}, and {LIST} does not list the mask."


class _PairRefusedError(Exception):
    """One file of a pair cannot be used, so neither is imported."""

    def __init__(self, path: str, why: RefusedError) -> None:
        super().__init__(why.detail)
        self.path, self.why = path, why


def _stage_one(tree: Staging, source: Path, pair: tuple[str, str | None], delivery: Delivery, spec: MaskSpec) -> None:
    """Stage an image and its mask, or refuse both."""
    subject = _subject_label(tree.recipe, pair[0])
    try:
        if f"sub-{subject}" in tree.participants:
            raise _PairRefusedError(pair[0], RefusedError(Reason.DUPLICATE, f"sub-{subject} is another file already."))
        channels, labels = _read_pair(source, pair, len(delivery.channels), spec)
    except _PairRefusedError as error:
        _refuse_pair(tree, source, pair, error)
        return
    tree.person(f"sub-{subject}")
    named = zip(delivery.channels, channels, strict=True)
    placed = [tree.image(channel_name(channel, sub=subject), data, {}) for channel, data in named]
    if labels is not None:
        _stage_mask(tree, placed[0], labels, spec)


def _read_pair(
    source: Path, pair: tuple[str, str | None], channels: int, spec: MaskSpec
) -> tuple[list[bytes], volumes.Array | None]:
    """The clean bytes of each channel, and the checked labels; None where the image has no mask by design."""
    path = pair[0]
    try:
        for path in filter(None, pair):
            if not os.path.lexists(source / path):
                raise RefusedError(Reason.LISTED_BUT_ABSENT, f"{LIST} lists it, but there is no such file.")
            require_file(source / path)
        path = pair[0]
        images = _read_channels(source / path, channels)
        if pair[1] is None:
            return images, None
        path = pair[1]
        return images, read_mask(source / path, volumes.read_header(source / pair[0]), spec.labels)
    except RefusedError as error:
        raise _PairRefusedError(path, error) from error


def _refuse_pair(tree: Staging, source: Path, pair: tuple[str, str | None], error: _PairRefusedError) -> None:
    image, mask = pair
    tree.refuse(error.path, error.why.reason, error.why.detail)
    other = mask if error.path == image else image
    if other is None:
        return
    if not os.path.lexists(source / other):
        tree.refuse(other, Reason.LISTED_BUT_ABSENT, f"{LIST} lists it, but there is no such file.")
    elif other == image:
        tree.refuse(other, Reason.IMAGE_WITHOUT_MASK, "Its mask was refused or is absent.")
    else:
        tree.refuse(other, Reason.MASK_WITHOUT_IMAGE, "Its image was refused or is absent.")


def _stage_mask(tree: Staging, image: Placed, labels: volumes.Array, spec: MaskSpec) -> None:
    rater = str(spec.fields["RaterID"])
    segmentation = spec.folder.rpartition("-")[2]
    masked = mask_name(image.name, desc=rater, label=None, suffix="dseg", seg=segmentation)
    tree.mask(masked, labels, image, spec)


def _read_channels(path: Path, channels: int) -> list[bytes]:
    """The clean bytes of each channel of an image."""
    image = open_nifti(path)
    if image.channels != channels:
        raise RefusedError(Reason.NOT_LISTED, f"It holds {image.channels} channels, {LIST} names {channels}.")
    return [image.channel(index).encode() for index in range(channels)] if image.dim[0] > 3 else [image.encode()]


def _subject_label(recipe: Recipe, image: str) -> str:
    stem = PurePosixPath(image).name.partition(".")[0]
    return recipe.subject_prefix + to_label(stem.rpartition("_")[2])


def _complete_recipe(recipe: Recipe, delivery: Delivery) -> Recipe:
    """The recipe, with its empty fields filled from the delivery."""
    word = to_label(delivery.name)
    return replace(
        recipe,
        title=recipe.title if recipe.subject_prefix else delivery.name,
        licence=recipe.licence or delivery.licence,
        subject_prefix=recipe.subject_prefix or word[:3].upper(),
        protocol=recipe.protocol or word.lower(),
    )


def _find_channel(recipe: Recipe, modality: Any) -> str:
    known = {key.lower(): value for key, value in recipe.channels.items()}
    if str(modality).lower() not in known:
        raise InvalidInput(
            f"{LIST} names the modality '{modality}', which has no BIDS suffix here.",
            f"Known: {', '.join(known)}. Add it to [channels] of the recipe.",
        )
    return known[str(modality).lower()]


def _parse_labels(raw: Mapping[str, Any]) -> dict[int, str]:
    """Label value to name; nnU-Net writes the table as name to value."""
    if all(str(key).isdigit() for key in raw):
        return {int(key): str(value) for key, value in raw.items()}
    return {int(value): str(key) for key, value in raw.items()}


def _require_relative(path: str) -> str:
    parts = [part for part in PurePosixPath(path).parts if part != "."]
    if ".." in parts or PurePosixPath(path).is_absolute():
        raise ValueError(f"{path} leads out of the delivery")
    return "/".join(parts)


IMPORTER = Importer(stage)
