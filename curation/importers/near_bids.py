"""Nearly valid BIDS: the recipe's rules translate the names, then the files pass as those of any BIDS dataset.

The rules, in `[options]` of a recipe: `subject_pattern` (groups `label` and `session`), `session` for subjects without
one, `suffixes`, `columns` of participants.tsv, `masks` (folder, ending, label, what) and `refuse` (ending, reason,
detail).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from curation.importers.bids import importer
from curation.importers.bids.import_state import BidsImportState
from curation.importers.bids.items import Item, ItemKind, sort_file, sort_name
from curation.importers.bids.rows import read_rows
from curation.importers.importer import Importer
from curation.importers.report import ImportReport, Reason
from curation.importers.staging import MaskSpec, RefusedError, Staging, open_nifti, read_mask
from curation.recipes import Recipe
from registry.bids.filenames import strip_extension
from registry.bids.names import BidsName, mask_name, parse
from registry.bids.walk import list_all
from registry.errors import InvalidInput
from registry.files.progress import Progress

_TEXTS = ("README", "CHANGES", "LICENSE", "CITATION")


@dataclass(frozen=True)
class _Mask:
    """A mask of the delivery: its path, the stem of its image, and the recipe's rule that matched it."""

    path: str
    image: str
    rule: Mapping[str, Any]


def stage(recipe: Recipe, source: Path, into: Path, progress: Progress) -> ImportReport:
    """Write the files whose names the rules can translate.

    Args:
        recipe: its `options` hold the rules.
        source: the delivery's folder.
        into: an empty folder.
        progress: called after each file.

    Raises:
        InvalidInput: the delivery has no subject folder.
    """
    if not any(path.name.startswith("sub-") for path in source.iterdir()):
        raise InvalidInput(f"{source.name} has no subject folders.", "Name the folder that holds sub-... folders.")
    tree = Staging(into, recipe)
    paths = list(list_all(source))
    items, masks = _sort(tree, paths)
    state = BidsImportState(source, tree, items)
    importer.bring(state, [item for item in items if _passes(state, item)], progress)
    for done, mask in enumerate(masks, start=1):
        _stage_mask(state, mask)
        progress(len(paths) - len(masks) + done, len(paths), "masks")
    _translate_people(state)
    return importer.finish(state)


def _sort(tree: Staging, paths: list[str]) -> tuple[list[Item], list[_Mask]]:
    items: list[Item] = []
    masks: list[_Mask] = []
    for path in paths:
        stem = PurePosixPath(path).name.partition(".")[0]
        refused = _find_rule(tree.recipe, "refuse", path, stem)
        rule = _find_rule(tree.recipe, "masks", path, stem)
        if refused:
            tree.refuse(path, Reason(refused["reason"]), refused["detail"])
        elif rule:
            image = stem.removesuffix(rule["ending"])
            masks.append(_Mask(path, image, rule))
        else:
            items.append(translate(tree.recipe, path))
    return items, masks


def _find_rule(recipe: Recipe, kind: str, path: str, stem: str) -> Mapping[str, Any] | None:
    for rule in recipe.options.get(kind, ()):
        if stem.endswith(rule["ending"]) and path.startswith(rule.get("folder", "")):
            matching: Mapping[str, Any] = rule
            return matching
    return None


def translate(recipe: Recipe, path: str) -> Item:
    """The item of a file, with its name corrected by the rules."""
    item = sort_file(path)
    name = parse(item.inner)
    if item.kind in (ItemKind.CLOSED, ItemKind.HEAD) or name is None or str(name.path) != item.inner:
        return item
    valid = _make_valid(recipe, name)
    again = sort_name(path, item.dataset, str(valid.path))
    return replace(again, inner=item.inner)


def _make_valid(recipe: Recipe, name: BidsName) -> BidsName:
    """The name with its session (hidden in the subject's label, or the default) and its suffix corrected."""
    label, session = subject_and_session(recipe, name.entities["sub"])
    entities = {"sub": label, **({"ses": session} if session and "ses" not in name.entities else {})}
    suffixes = recipe.options.get("suffixes", {})
    return name.replace(suffix=suffixes.get(name.suffix, name.suffix), **entities)


def subject_and_session(recipe: Recipe, label: str) -> tuple[str, str | None]:
    """Labels of subject and session that a delivered subject label holds; the default session, or None, without one."""
    default = recipe.options.get("session")
    match = re.fullmatch(recipe.options.get("subject_pattern", "(?!)"), label)
    return (match["label"], match["session"]) if match else (label, default)


def _passes(state: BidsImportState, item: Item) -> bool:
    """Whether a file is copied. The description and the participants are written anew, as they describe other names."""
    if item.kind is ItemKind.HEAD and not item.inner.startswith(_TEXTS):
        state.tree.used.append(item.path)
        return False
    return True


def _stage_mask(state: BidsImportState, mask: _Mask) -> None:
    if mask.path.endswith(".json"):
        state.tree.used.append(mask.path)
        return
    try:
        _write_mask(state, mask)
    except RefusedError as error:
        state.tree.refuse(mask.path, error.reason, error.detail)


def _write_mask(state: BidsImportState, mask: _Mask) -> None:
    recipe = state.tree.recipe
    name = parse(mask.image + ".nii.gz")
    wanted = _make_valid(recipe, name).stem if name else None
    image = next((placed for placed in state.images.values() if placed.name.stem == wanted), None)
    if image is None:
        raise RefusedError(Reason.NO_IMAGE_FOR_MASK, f"There is no usable image {mask.image}.")
    open_nifti(state.source / mask.path)
    sidecar = state.keep(state.read_json(f"{strip_extension(mask.path)}.json"))
    rater = recipe.raters[0].code if recipe.raters else "e01"
    what = {"Description": f"{mask.rule.get('what', mask.rule['label'])}, delivered as {mask.rule['ending'][1:]}."}
    fields = {"Type": "ROI", "Manual": True, "RaterID": rater, "Protocol": recipe.protocol, "Revision": 1}
    labels = recipe.labels or {0: "background", 1: "foreground"}
    spec = MaskSpec(f"derivatives/manual-{recipe.protocol}", labels, {**what, **sidecar, **fields})
    data = read_mask(state.source / mask.path, image.header, spec.labels)
    target = mask_name(image.name, desc=rater, label=mask.rule["label"])
    state.tree.mask(target, data, image, spec)
    state.kept.add(f"{spec.folder}/{target.path}")
    state.references[f"{spec.folder}/{target.path}"] = image


def _translate_people(state: BidsImportState) -> None:
    """Put the rows of the delivered table under the translated subjects and sessions."""
    renamed = state.tree.recipe.options.get("columns", {})
    state.participants = {}
    for delivered, row in read_rows(state, "participants.tsv", "participant_id").items():
        label, session = subject_and_session(state.tree.recipe, delivered.removeprefix("sub-"))
        subject = f"sub-{label}"
        named = {renamed.get(key, key): value for key, value in row.items()}
        state.participants.setdefault(subject, named)
        state.visits[f"{subject}/ses-{session}" if session else subject] = named


IMPORTER = Importer(stage)
