"""The open MS data of Ljubljana: patients with two studies and a change mask, and patients in MNI space."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from curation.importers.importer import Importer
from curation.importers.open_ms.change import Patient, Repeats, stage_patient
from curation.importers.patterns.language import Match, sort_by_kind
from curation.importers.report import ImportReport, Reason
from curation.importers.staging import (
    MaskSpec,
    Placed,
    RefusedError,
    Staging,
    channel_name,
    read_mask,
)
from curation.recipes import Recipe
from registry.bids.names import name
from registry.bids.walk import list_all
from registry.errors import InvalidInput
from registry.files.progress import Progress

MNI = "derivatives/mni-openms"
LESION = "derivatives/consensus-mslesion"
SPACE = "MNI152NLin6Asym"
_MISSING = frozenset({"", "n/a", "na"})


def stage(recipe: Recipe, source: Path, into: Path, progress: Progress) -> ImportReport:
    """Write both parts; each patient becomes one subject.

    Args:
        recipe: with the layout of both parts.
        source: the folder that holds `longitudinal/` and `cross_sectional/`, of the public repository or of its sample.
        into: an empty folder.
        progress: called after each patient.

    Raises:
        InvalidInput: nothing in the folder fits the recipe's layout, or a table cannot be read.
    """
    paths = list(list_all(source))
    if any(path.split("/")[1:2] == ["raw"] for path in paths):
        recipe = replace(recipe, expected=recipe.options.get("published", {}))
    tree = Staging(into, recipe)
    kinds, strange = sort_by_kind(tree.readable(source, paths), recipe.layout)
    if not any(kinds[kind] for kind in ("image", "mni_image", "raw_image", "unpaired")):
        raise InvalidInput(
            f"{source.name} holds no patients of open-ms.",
            "Name the folder that holds longitudinal/ and cross_sectional/.",
        )
    tree.titles |= {MNI: "images in MNI space", LESION: "consensus lesion masks"}
    patients = _group_by_patient(kinds, ("image", "change", "brain", "to_common", "to_flair"))
    crossing = _group_by_patient(kinds, ("mni_image", "mni_mask", "raw_image", "raw_mask", "unpaired"))
    people = _read_people(tree, source, kinds["demographics"])
    for done, (key, files) in enumerate(patients.items(), start=1):
        stage_patient(tree, source, Patient(f"OMSL{key}", files, people.get(int(key), {})))
        progress(done, len(patients) + len(crossing), "patients")
    people = _read_people(tree, source, kinds["patient_info"])
    for done, (key, files) in enumerate(crossing.items(), start=len(patients) + 1):
        _stage_crossing(tree, source, Patient(f"OMSX{key}", files, people.get(int(key), {})))
        progress(done, len(patients) + len(crossing), "patients")
    _refuse_rest(tree, kinds, strange)
    return tree.finish()


def _group_by_patient(kinds: dict[str, list[Match]], wanted: tuple[str, ...]) -> dict[str, list[Match]]:
    files = [item for kind in wanted for item in kinds[kind] if item.holes["patient"].isdigit()]
    files.sort(key=lambda item: item.holes.get("folder") == "coregistered")  # of files held twice, the raw folder's
    keys = sorted({item.holes["patient"] for item in files})
    return {key: [item for item in files if item.holes["patient"] == key] for key in keys}


def _stage_crossing(tree: Staging, source: Path, patient: Patient) -> None:
    """Write one session, as far as it is there: the raw images, those in MNI space, and the consensus mask on both."""
    subject, recipe = patient.subject, tree.recipe
    site = recipe.sites.get("cross_sectional")
    images = {
        kind: _stage_images(tree, source, subject, patient.of(f"{kind}_image"), where)
        for kind, where in (("mni", _MNI_PLACE), ("raw", _RAW_PLACE))
    }
    masks = {"mni": patient.of("mni_mask"), "raw": [*patient.of("raw_mask"), *patient.of("unpaired")]}
    for kind, found in masks.items():
        for item in itertools.filterfalse(Repeats(tree, source), found):
            try:
                _stage_mask(tree, source, item, images[kind].get("FLAIR"))
            except RefusedError as error:
                tree.refuse(item.path, error.reason, error.detail)
    if any(images.values()):
        tree.person(f"sub-{subject}", **patient.columns("age", "sex", "ms_type", "edss"))
        where = {"site": site.name, "scanner": site.scanner} if site else {}
        tree.sessions[f"sub-{subject}"] = {"ses-01": {"days_from_baseline": 0, **where}}


@dataclass(frozen=True)
class _ImagePlace:
    """Where images of one kind go: the derivative (empty for the raw root), entities, and sidecar fields."""

    folder: str = ""
    entities: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


_RAW_PLACE = _ImagePlace()
_MNI_PLACE = _ImagePlace(
    MNI,
    {"space": SPACE, "desc": "preproc"},
    {
        "Description": "Delivered preprocessed: bias-corrected, brain extracted, resampled to MNI space.",
        "SkullStripped": True,
    },
)


def _stage_images(
    tree: Staging, source: Path, subject: str, items: Iterable[Match], where: _ImagePlace
) -> dict[str, Placed]:
    """The images of one kind that could be written, by the delivery's name of their channel."""
    placed: dict[str, Placed] = {}
    for item in items:
        stated = item.holes["channel"]
        try:
            channel = tree.recipe.channels.get(stated)
            if channel is None:
                raise RefusedError(Reason.UNKNOWN_KIND, f"The recipe has no BIDS suffix for {stated}.")
            image = channel_name(channel, sub=subject, ses="01", **where.entities)
            data = tree.open_image(source, item.path).encode()
            placed[stated] = tree.image(image, data, where.fields, where.folder)
        except RefusedError as error:
            tree.refuse(item.path, error.reason, error.detail)
    return placed


def _stage_mask(tree: Staging, source: Path, item: Match, image: Placed | None) -> None:
    if image is None:
        raise RefusedError(Reason.MASK_WITHOUT_IMAGE, "The patient's FLAIR of its grid is absent or was refused.")
    fields = {"Description": "Consensus of three raters, delivered.", "Type": "Lesion", "Manual": True}
    spec = MaskSpec(LESION, tree.recipe.labels, {**fields, "Protocol": "mslesion"})
    space = image.name.entities.get("space", "FLAIR")
    entities = {"sub": image.name.entities["sub"], "ses": "01", "space": space, "label": "L", "desc": "consensus"}
    tree.mask(name("mask", **entities), read_mask(source / item.path, image.header, spec.labels), image, spec)


def _refuse_rest(tree: Staging, kinds: dict[str, list[Match]], strange: list[str]) -> None:
    for item in (item for found in kinds.values() for item in found):
        if not item.holes.get("patient", "0").isdigit():
            tree.refuse(item.path, Reason.UNKNOWN_KIND, "Its patient has no number.")
    for item in kinds["copy"]:
        tree.refuse(item.path, Reason.NOT_CARRIED, "A co-registered copy: the raw image is imported instead.")
    for path in strange:
        tree.refuse(path, Reason.UNKNOWN_KIND, "The recipe's layout has no such file.")
    known = ("licence", "about", "demographics", "patient_info")
    tree.used += [item.path for kind in known for item in kinds[kind]]


def _read_people(tree: Staging, source: Path, tables: list[Match]) -> dict[int, dict[str, Any]]:
    """Rows of a demographics table by patient number; empty, N/A and NA are missing."""
    rows: dict[int, dict[str, Any]] = {}
    for item in tables:
        try:
            with (source / item.path).open(encoding="utf-8-sig", newline="") as stream:
                for row in csv.DictReader(stream):
                    rows[int(row["patient_id"])] = {key: _clean_cell(value) for key, value in row.items()}
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"{item.path} is not a table of patients ({error!r}).",
                "Expected the column patient_id with whole numbers.",
            ) from error
    if not rows:
        tree.notes.append("No table of patients: ages, sexes and intervals are unknown.")
    return rows


def _clean_cell(text: str | None) -> str | None:
    return None if text is None or text.strip().lower() in _MISSING else text.strip()


IMPORTER = Importer(stage)
