"""Masks by pattern: each is checked against its image, its values are translated, and its rater gets a code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curation.importers.patterns.import_state import Place, Run
from curation.importers.patterns.language import Match, fill
from curation.importers.patterns.rules import MaskRule
from curation.importers.report import Reason
from curation.importers.staging import MaskSpec, Placed, RefusedError, open_nifti, read_mask
from registry.bids import places
from registry.bids.names import BidsName, mask_name, to_label
from registry.files.volumes import Array


def stage_mask(run: Run, item: Match, rule: MaskRule) -> None:
    """Bring one mask into the tree.

    Raises:
        RefusedError: no such image, no image on its grid, values outside the label set, or an unknown rater.
    """
    place = run.place(item.holes)
    session = to_label(stated) if (stated := fill(rule.session, place.holes)) else place.session
    rater = "" if rule.desc else _rater(run, rule, place)
    open_nifti(run.source / item.path)
    image, data = _on_its_image(run, item, rule, list(_images(run, rule, place, session)))
    spec = spec_of(run, rule, rater)
    sources = [run.images[key] for other in rule.sources if (key := _key(image, run, other)) in run.images]
    if sources:
        spec = MaskSpec(spec.folder, spec.labels, {**spec.fields, "Sources": [places.uri(it.path) for it in sources]})
    name = _name(image, rule, rater or rule.desc)
    run.tree.mask(name, data, image, spec)
    if rule.seg:
        run.segmentations[spec.folder, f"seg-{rule.seg}_desc-{rater or rule.desc}_dseg"] = spec


def spec_of(run: Run, rule: MaskRule, rater: str) -> MaskSpec:
    """Where masks of a rule go, and what their sidecars say."""
    protocol = rule.protocol or run.tree.recipe.protocol
    fields: dict[str, Any] = {"Description": f"{rule.what}, delivered.", "Type": "ROI", "Protocol": protocol}
    if rater:
        fields |= {"Manual": True, "RaterID": rater, "Revision": 1}
    elif run.tree.recipe.consensus:
        fields["Description"] = f"{rule.what}, delivered; {run.tree.recipe.consensus}."
    folder = f"derivatives/{'manual' if rater else 'consensus'}-{to_label(protocol).lower()}"
    return MaskSpec(folder, rule.labels or run.tree.recipe.labels, fields)


def _rater(run: Run, rule: MaskRule, place: Place) -> str:
    code = fill(rule.rater, place.holes)
    if code not in {rater.code for rater in run.tree.recipe.raters}:
        raise RefusedError(Reason.NOT_LISTED, f"The recipe has no rater '{code}'.")
    return code


def _images(run: Run, rule: MaskRule, place: Place, session: str) -> Iterator[Placed]:
    for channel in rule.on:
        if (key := place.key(channel, session)) in run.images:
            yield run.images[key]


def _key(image: Placed, run: Run, session: str) -> Any:
    own = next(key for key, placed in run.images.items() if placed is image)
    return own[0], session, *own[2:]


def _on_its_image(run: Run, item: Match, rule: MaskRule, images: list[Placed]) -> tuple[Placed, Array]:
    """The first image on the mask's grid, and the mask's translated values."""
    if not images:
        raise RefusedError(Reason.MASK_WITHOUT_IMAGE, f"There is no usable {' or '.join(rule.on)} it was drawn on.")
    labels = rule.labels or run.tree.recipe.labels
    first: RefusedError | None = None
    for image in images:
        try:
            data = read_mask(run.source / item.path, image.header, delivered_labels(labels, rule.remap))
            return image, remap(data, rule.remap)
        except RefusedError as error:
            if error.reason is not Reason.OTHER_GRID:
                raise
            first = first or error
    assert first is not None
    raise first


def delivered_labels(labels: Mapping[int, str], remap: Mapping[int, int]) -> dict[int, str]:
    """The label set as the delivery writes it; a value that only the translation may give is not in it."""
    kept = {value: name for value, name in labels.items() if value not in remap.values()}
    return kept | {old: labels[new] for old, new in remap.items()}


def remap(data: Array, remap: Mapping[int, int]) -> Array:
    """Values translated all at once, so that `{1 = 2, 2 = 1}` swaps."""
    result = data.copy()
    for old, new in remap.items():
        result[data == old] = new
    return result


def _name(image: Placed, rule: MaskRule, desc: str) -> BidsName:
    more = {"space": image.name.entities["space"]} if "space" in image.name.entities else {}
    if rule.seg:
        return mask_name(image.name, desc=desc, label=None, suffix="dseg", seg=rule.seg, **more)
    return mask_name(image.name, desc=desc, label=rule.label, **more)


def label_tables(run: Run) -> None:
    """The label names of segmentations, once per derivative and rater."""
    for (_, stem), spec in sorted(run.segmentations.items()):
        run.tree.label_table(stem, spec)
