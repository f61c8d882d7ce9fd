"""The layouts of the Medical Segmentation Decathlon and of nnU-Net: `dataset.json`, `imagesTr`, `labelsTr`, `imagesTs`.

Files of the cases that `dataset.json` describes belong to the cohort. Files of no case, and listed files that are
absent, are refused with the reason.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from curation.importers.decathlon.listing import LIST, Case, Delivery, read_list, refuse_odd_files
from curation.importers.importer import Importer
from curation.importers.report import ImportReport, Reason
from curation.importers.staging import (
    MaskSpec,
    Placed,
    RefusedError,
    Staging,
    channel_name,
    read_mask,
    require_file,
)
from curation.recipes import Recipe
from registry.bids.names import mask_name, to_label
from registry.files import volumes
from registry.files.progress import Progress


def stage(recipe: Recipe, source: Path, into: Path, progress: Progress) -> ImportReport:
    """Write the delivery as BIDS: images in the raw root, masks in `derivatives/manual-<protocol>`.

    Args:
        recipe: its empty fields are filled from `dataset.json`.
        source: the delivery's folder.
        into: an empty folder.
        progress: called after each case.

    Raises:
        InvalidInput: no `dataset.json`, one that lacks a key, or a modality without a BIDS name.
    """
    delivery = read_list(recipe, source)
    recipe = _complete_recipe(recipe, delivery)
    tree = Staging(into, recipe)
    tree.notes += delivery.notes
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
    for done, case in enumerate(delivery.cases, start=1):
        _stage_one(tree, source, case, delivery, spec)
        progress(done, len(delivery.cases), "images")
    if spec.folder in tree.links:
        tree.label_table(f"seg-{protocol}_desc-{rater}_dseg", spec)
    return tree.finish()


class _CaseRefusedError(Exception):
    """One file of a case cannot be used, so none of them is imported."""

    def __init__(self, path: str, why: RefusedError) -> None:
        super().__init__(why.detail)
        self.path, self.why = path, why


def _stage_one(tree: Staging, source: Path, case: Case, delivery: Delivery, spec: MaskSpec) -> None:
    """Stage the images of a case and its mask, or refuse all of them."""
    subject = tree.recipe.subject_prefix + case.subject
    try:
        if f"sub-{subject}" in tree.participants:
            why = RefusedError(Reason.DUPLICATE, f"sub-{subject} is another file already.")
            raise _CaseRefusedError(case.images[0], why)
        channels, labels = _read_case(tree, source, case, spec, len(delivery.channels))
    except _CaseRefusedError as error:
        _refuse_case(tree, source, case, error)
        return
    tree.person(f"sub-{subject}")
    named = zip(delivery.channels, channels, strict=True)
    placed = [tree.image(channel_name(channel, sub=subject), data, {}) for channel, data in named]
    if labels is not None:
        _stage_mask(tree, placed[0], labels, spec)


def _read_case(
    tree: Staging, source: Path, case: Case, spec: MaskSpec, channels: int
) -> tuple[list[bytes], volumes.Array | None]:
    """The clean bytes of each channel, and the checked labels; None where the case has no mask by design."""
    path = case.images[0]
    try:
        for path in case.files:
            if not os.path.lexists(source / path):
                raise RefusedError(Reason.LISTED_BUT_ABSENT, f"{LIST} lists it, but there is no such file.")
            require_file(source / path)
        path = case.images[0]
        if len(case.images) == 1:
            images = _read_channels(tree, source, path, channels)
        else:
            _require_count(len(case.images), channels)
            images = []
            for path in case.images:
                images += _read_channels(tree, source, path, 1)
        if case.mask is None:
            return images, None
        path = case.mask
        return images, read_mask(source / path, volumes.read_header(source / case.images[0]), spec.labels)
    except RefusedError as error:
        raise _CaseRefusedError(path, error) from error


def _refuse_case(tree: Staging, source: Path, case: Case, error: _CaseRefusedError) -> None:
    tree.refuse(error.path, error.why.reason, error.why.detail)
    for other in case.files:
        if other == error.path:
            continue
        if not os.path.lexists(source / other):
            tree.refuse(other, Reason.LISTED_BUT_ABSENT, f"{LIST} lists it, but there is no such file.")
        elif other == case.mask:
            tree.refuse(other, Reason.MASK_WITHOUT_IMAGE, "Its image was refused or is absent.")
        elif error.path == case.mask:
            tree.refuse(other, Reason.IMAGE_WITHOUT_MASK, "Its mask was refused or is absent.")
        else:
            tree.refuse(other, error.why.reason, f"Another channel of the case was refused: {error.path}.")


def _stage_mask(tree: Staging, image: Placed, labels: volumes.Array, spec: MaskSpec) -> None:
    rater = str(spec.fields["RaterID"])
    segmentation = spec.folder.rpartition("-")[2]
    masked = mask_name(image.name, desc=rater, label=None, suffix="dseg", seg=segmentation)
    tree.mask(masked, labels, image, spec)


def _read_channels(tree: Staging, source: Path, path: str, channels: int) -> list[bytes]:
    """The clean bytes of each channel of an image."""
    image = tree.open_image(source, path)
    _require_count(image.channels, channels)
    return [image.channel(index).encode() for index in range(channels)] if image.dim[0] > 3 else [image.encode()]


def _require_count(found: int, channels: int) -> None:
    if found != channels:
        raise RefusedError(Reason.NOT_LISTED, f"It holds {found} channels, {LIST} names {channels}.")


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


IMPORTER = Importer(stage)
