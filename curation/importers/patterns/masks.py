"""Masks by pattern: each is checked against its image, its values are translated, and its rater's code is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.importers.patterns.import_state import PatternImportState, Place
from curation.importers.patterns.language import Match, fill
from curation.importers.patterns.rules import MaskRule
from curation.importers.report import Reason
from curation.importers.staging import MaskSpec, Placed, RefusedError, open_nifti, read_mask
from registry.bids import places
from registry.bids.names import BidsName, mask_name, to_label
from registry.files.volumes import Array


def stage_mask(state: PatternImportState, item: Match, rule: MaskRule) -> None:
    """Write one mask into the tree.

    Args:
        state: the import, with every image in it.
        item: the mask's file.
        rule: of its kind.

    Raises:
        RefusedError: its image is not there or has another grid, values lie outside the label set, or the
            rater is unknown.
    """
    place = state.place(item.holes)
    session = to_label(stated) if (stated := fill(rule.session, place.holes)) else place.session
    rater = "" if rule.desc else _find_rater(state, rule, place)
    open_nifti(state.source / item.path)
    images = [state.images[key] for channel in rule.on if (key := place.key(channel, session)) in state.images]
    image, data = _read_on_grid(state, item, rule, images)
    spec = spec_of(state, rule, rater)
    sources = [
        state.images[key] for other in rule.sources if (key := _key_in_session(image, state, other)) in state.images
    ]
    if sources:
        spec = MaskSpec(spec.folder, spec.labels, {**spec.fields, "Sources": [places.uri(it.path) for it in sources]})
    name = _build_name(image, rule, rater or rule.desc)
    state.tree.mask(name, data, image, spec)
    if rule.seg:
        state.segmentations[spec.folder, f"seg-{rule.seg}_desc-{rater or rule.desc}_dseg"] = spec


def spec_of(state: PatternImportState, rule: MaskRule, rater: str) -> MaskSpec:
    """The derivative, label set and sidecar fields of the masks of a rule.

    Args:
        state: the import.
        rule: of one kind of masks.
        rater: the rater's code; empty for a consensus.
    """
    protocol = rule.protocol or state.tree.recipe.protocol
    fields: dict[str, Any] = {"Description": f"{rule.what}, delivered.", "Type": "ROI", "Protocol": protocol}
    if rater:
        fields |= {"Manual": True, "RaterID": rater, "Revision": 1}
    elif state.tree.recipe.consensus:
        fields["Description"] = f"{rule.what}, delivered; {state.tree.recipe.consensus}."
    folder = f"derivatives/{'manual' if rater else 'consensus'}-{to_label(protocol).lower()}"
    return MaskSpec(folder, rule.labels or state.tree.recipe.labels, fields)


def _find_rater(state: PatternImportState, rule: MaskRule, place: Place) -> str:
    code = fill(rule.rater, place.holes)
    if code not in {rater.code for rater in state.tree.recipe.raters}:
        raise RefusedError(Reason.NOT_LISTED, f"The recipe has no rater '{code}'.")
    return code


def _key_in_session(image: Placed, state: PatternImportState, session: str) -> Any:
    own = next(key for key, placed in state.images.items() if placed is image)
    return own[0], session, *own[2:]


def _read_on_grid(state: PatternImportState, item: Match, rule: MaskRule, images: list[Placed]) -> tuple[Placed, Array]:
    """The first image on the mask's grid, and the mask's translated values."""
    if not images:
        raise RefusedError(Reason.MASK_WITHOUT_IMAGE, f"There is no usable {' or '.join(rule.on)} it was drawn on.")
    labels = rule.labels or state.tree.recipe.labels
    first: RefusedError | None = None
    for image in images:
        try:
            data = read_mask(state.source / item.path, image.header, delivered_labels(labels, rule.remap))
            return image, remap(data, rule.remap)
        except RefusedError as error:
            if error.reason is not Reason.OTHER_GRID:
                raise
            first = first or error
    assert first is not None
    raise first


def delivered_labels(labels: Mapping[int, str], remap: Mapping[int, int]) -> dict[int, str]:
    """The label set as the delivery writes it, without values that only the translation gives."""
    kept = {value: name for value, name in labels.items() if value not in remap.values()}
    return kept | {old: labels[new] for old, new in remap.items()}


def remap(data: Array, remap: Mapping[int, int]) -> Array:
    """The data with all values translated at once, so that `{1 = 2, 2 = 1}` swaps."""
    result = data.copy()
    for old, new in remap.items():
        result[data == old] = new
    return result


def _build_name(image: Placed, rule: MaskRule, desc: str) -> BidsName:
    more = {"space": image.name.entities["space"]} if "space" in image.name.entities else {}
    if rule.seg:
        return mask_name(image.name, desc=desc, label=None, suffix="dseg", seg=rule.seg, **more)
    return mask_name(image.name, desc=desc, label=rule.label, **more)


def label_tables(state: PatternImportState) -> None:
    """Write the label names of segmentations, once per derivative and rater."""
    for (_, stem), spec in sorted(state.segmentations.items()):
        state.tree.label_table(stem, spec)
