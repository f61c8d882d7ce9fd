"""Nearly valid BIDS: names are translated by the recipe's rules, then the files pass as those of any BIDS dataset.

Rules, in `[options]` of a recipe: `subject_pattern` (groups `label` and `session`), `session` for subjects without
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
from curation.importers.bids.import_state import Run
from curation.importers.bids.items import Item, Kind, sort_file, sort_name
from curation.importers.bids.people import read_rows
from curation.importers.importer import Importer
from curation.importers.report import ImportReport, Reason
from curation.importers.staging import MaskSpec, RefusedError, Staging, open_nifti, read_mask
from curation.recipes import Recipe
from registry.bids.names import BidsName, mask_name, parse
from registry.bids.walk import list_all
from registry.errors import InvalidInput
from registry.files.progress import Progress

_TEXTS = ("README", "CHANGES", "LICENSE", "CITATION")


@dataclass(frozen=True)
class _Mask:
    """A file with one of the recipe's endings, and the rule it fell under."""

    path: str
    image: str
    rule: Mapping[str, Any]


def stage(recipe: Recipe, source: Path, into: Path, progress: Progress) -> ImportReport:
    """Write what the rules can translate.

    Raises:
        InvalidInput: there is not one subject folder.
    """
    if not any(path.name.startswith("sub-") for path in source.iterdir()):
        raise InvalidInput(f"{source.name} has no subject folders.", "Name the folder that holds sub-... folders.")
    tree = Staging(into, recipe)
    paths = list(list_all(source))
    items, masks = _sort(tree, paths)
    run = Run(source, tree, items)
    importer.bring(run, [item for item in items if _passes(run, item)], progress)
    for done, mask in enumerate(masks, start=1):
        _stage_mask(run, mask)
        progress(len(paths) - len(masks) + done, len(paths), "masks")
    _translate_people(run)
    return importer.finish(run)


def _sort(tree: Staging, paths: list[str]) -> tuple[list[Item], list[_Mask]]:
    items: list[Item] = []
    masks: list[_Mask] = []
    for path in paths:
        stem = PurePosixPath(path).name.partition(".")[0]
        refused = _rule(tree.recipe, "refuse", path, stem)
        rule = _rule(tree.recipe, "masks", path, stem)
        if refused:
            tree.refuse(path, Reason(refused["reason"]), refused["detail"])
        elif rule:
            image = stem.removesuffix(rule["ending"])
            masks.append(_Mask(path, image, rule))
        else:
            items.append(translate(tree.recipe, path))
    return items, masks


def _rule(recipe: Recipe, kind: str, path: str, stem: str) -> Mapping[str, Any] | None:
    for rule in recipe.options.get(kind, ()):
        if stem.endswith(rule["ending"]) and path.startswith(rule.get("folder", "")):
            found: Mapping[str, Any] = rule
            return found
    return None


def translate(recipe: Recipe, path: str) -> Item:
    """The item of a file, with the name it should have had."""
    item = sort_file(path)
    found = parse(item.inner)
    if item.kind in (Kind.CLOSED, Kind.HEAD) or found is None or str(found.path) != item.inner:
        return item
    valid = _valid(recipe, found)
    again = sort_name(path, item.dataset, str(valid.path))
    return replace(again, inner=item.inner)


def _valid(recipe: Recipe, found: BidsName) -> BidsName:
    """A name with its hidden session, its session by default, and its suffix set right."""
    label, session = subject_and_session(recipe, found.entities["sub"])
    entities = {"sub": label, **({"ses": session} if session and "ses" not in found.entities else {})}
    suffixes = recipe.options.get("suffixes", {})
    return found.replace(suffix=suffixes.get(found.suffix, found.suffix), **entities)


def subject_and_session(recipe: Recipe, label: str) -> tuple[str, str | None]:
    """The subject's and the session's label that a delivered subject label holds."""
    default = recipe.options.get("session")
    match = re.fullmatch(recipe.options.get("subject_pattern", "(?!)"), label)
    return (match["label"], match["session"]) if match else (label, default)


def _passes(run: Run, item: Item) -> bool:
    """Texts pass; the description and the participants are written anew, because they describe other names."""
    if item.kind is Kind.HEAD and not item.inner.startswith(_TEXTS):
        run.tree.used.append(item.path)
        return False
    return True


def _stage_mask(run: Run, mask: _Mask) -> None:
    if mask.path.endswith(".json"):
        run.tree.used.append(mask.path)
        return
    try:
        _write_mask(run, mask)
    except RefusedError as error:
        run.tree.refuse(mask.path, error.reason, error.detail)


def _write_mask(run: Run, mask: _Mask) -> None:
    recipe = run.tree.recipe
    found = parse(mask.image + ".nii.gz")
    wanted = _valid(recipe, found).stem if found else None
    image = next((placed for placed in run.images.values() if placed.name.stem == wanted), None)
    if image is None:
        raise RefusedError(Reason.NO_IMAGE_FOR_MASK, f"There is no usable image {mask.image}.")
    open_nifti(run.source / mask.path)
    stated = run.keep(run.read_json(mask.path.partition(".")[0] + ".json"))
    rater = recipe.raters[0].code if recipe.raters else "e01"
    what = {"Description": f"{mask.rule.get('what', mask.rule['label'])}, delivered as {mask.rule['ending'][1:]}."}
    fields = {"Type": "ROI", "Manual": True, "RaterID": rater, "Protocol": recipe.protocol, "Revision": 1}
    labels = recipe.labels or {0: "background", 1: "foreground"}
    spec = MaskSpec(f"derivatives/manual-{recipe.protocol}", labels, {**what, **stated, **fields})
    data = read_mask(run.source / mask.path, image.header, spec.labels)
    target = mask_name(image.name, desc=rater, label=mask.rule["label"])
    run.tree.mask(target, data, image, spec)
    run.kept.add(f"{spec.folder}/{target.path}")


def _translate_people(run: Run) -> None:
    """Rows of the delivered table under the subjects and sessions they became."""
    renamed = run.tree.recipe.options.get("columns", {})
    run.participants = {}
    for stated, row in read_rows(run, "participants.tsv", "participant_id").items():
        label, session = subject_and_session(run.tree.recipe, stated.removeprefix("sub-"))
        subject = f"sub-{label}"
        named = {renamed.get(key, key): value for key, value in row.items()}
        run.participants.setdefault(subject, named)
        run.visits[f"{subject}/ses-{session}" if session else subject] = named


IMPORTER = Importer(stage)
