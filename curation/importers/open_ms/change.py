"""A patient with two studies: raw images, the same images on the common grid, and the lesion change mask there."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.importers.open_ms import itk
from curation.importers.patterns.language import Match
from curation.importers.report import Reason
from curation.importers.staging import MaskSpec, Placed, RefusedError, Staging, read_mask
from registry.bids import places
from registry.bids.names import name
from registry.errors import InvalidInput
from registry.files import volumes
from registry.files.canonical import sha256_file

COMMON = "derivatives/common-openms"
CHANGE = "derivatives/consensus-mschange"
_LAST = "2"


@dataclass(frozen=True)
class Patient:
    """One patient: subject label without `sub-`, files, and row of the demographics table (empty where unknown)."""

    subject: str
    files: list[Match]
    row: Mapping[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> list[Match]:
        """The files of one kind."""
        return [item for item in self.files if item.kind == kind]

    def one(self, kind: str, **holes: str) -> Match | None:
        """The first file of a kind whose holes hold these texts, or None."""
        return next((item for item in self.of(kind) if holes.items() <= item.holes.items()), None)

    def columns(self, *keys: str) -> dict[str, Any]:
        """Columns of the patient's row, None where unknown."""
        return {key: self.row.get(key) for key in keys}


class Repeats:
    """Tells whether a file is the same, byte by byte, as one before; the public repository holds masks twice.

    A repeated file counts as used, so that the report does not call it refused.
    """

    def __init__(self, tree: Staging, source: Path) -> None:
        self._tree, self._source, self._seen = tree, source, set[str]()

    def __call__(self, item: Match) -> bool:
        """Whether an equal file came before."""
        path = self._source / item.path
        checksum = sha256_file(path) if path.is_file() else item.path
        if checksum in self._seen:
            self._tree.used.append(item.path)
            return True
        self._seen.add(checksum)
        return False


def stage_patient(tree: Staging, source: Path, patient: Patient) -> None:
    """Write the raw images, and on the common grid the resampled images, the brain mask and the change mask.

    Args:
        tree: gets the files and the refusals.
        source: the delivery's folder.
        patient: whose files to write.
    """
    tree.titles |= {COMMON: "images on the grid common to both studies", CHANGE: "consensus lesion change masks"}
    raw: dict[tuple[str, str], Placed] = {}
    for item in patient.of("image"):
        try:
            raw[item.holes["study"], item.holes["channel"]] = _stage_raw(tree, source, patient, item)
        except RefusedError as error:
            tree.refuse(item.path, error.reason, error.detail)
    if raw:
        _describe(tree, patient, sorted({study for study, _ in raw}))
    common = _resample_all(tree, source, patient, raw)
    _stage_masks(tree, source, patient, common)
    _account_transforms(tree, patient, raw)


def _stage_raw(tree: Staging, source: Path, patient: Patient, item: Match) -> Placed:
    suffix = tree.recipe.channels.get(item.holes["channel"])
    if suffix is None:
        raise RefusedError(Reason.UNKNOWN_KIND, f"The recipe has no BIDS suffix for {item.holes['channel']}.")
    image = name(suffix, sub=patient.subject, ses=f"0{item.holes['study']}")
    return tree.image(image, tree.open_image(source, item.path).encode(), {})


def _describe(tree: Staging, patient: Patient, studies: list[str]) -> None:
    subject, site = f"sub-{patient.subject}", tree.recipe.sites.get("longitudinal")
    age = {"age": patient.row.get("patient_age_at_first_study")}
    tree.person(subject, **age, **patient.columns("sex", "ms_type"))
    where = {"site": site.name, "scanner": site.scanner} if site else {}
    days = {"1": 0, _LAST: patient.row.get("days_between_studies")}
    tree.sessions[subject] = {f"ses-0{study}": {"days_from_baseline": days.get(study), **where} for study in studies}


def _resample_all(
    tree: Staging, source: Path, patient: Patient, raw: Mapping[tuple[str, str], Placed]
) -> dict[tuple[str, str], Placed]:
    """Every raw image resampled to the grid of the change mask, by (study, channel); empty without a mask."""
    change = patient.one("change")
    try:
        grid = volumes.read_header(source / change.path) if change else None
    except InvalidInput:
        grid = None  # the mask itself is refused where it is read
    if grid is None:
        return {}
    common: dict[tuple[str, str], Placed] = {}
    for key in sorted(raw, key=lambda key: (key[0], key[1] != "FLAIR", key[1])):
        try:
            common[key] = _resample(tree, source, _Move(patient, key, raw[key], grid))
        except (RefusedError, InvalidInput) as error:
            tree.notes.append(f"{raw[key].path} stays on its own grid only: {error}")
    return common


@dataclass(frozen=True)
class _Move:
    """An image to be resampled: the patient, (study, channel), the raw image, and the target grid."""

    patient: Patient
    key: tuple[str, str]
    image: Placed
    grid: volumes.Header


def _resample(tree: Staging, source: Path, move: _Move) -> Placed:
    study, channel = move.key
    used = [move.patient.one("to_common", study=study)]
    if channel != "FLAIR":
        used.append(move.patient.one("to_flair", study=study, channel=channel))
    transforms = [item for item in used if item is not None]
    if len(transforms) < len(used):
        raise RefusedError(Reason.TRANSFORM_WITHOUT_IMAGE, "a transform is missing.")
    to_input = itk.read_affine(source / transforms[0].path)
    for item in transforms[1:]:
        to_input = itk.read_affine(source / item.path) @ to_input  # common -> FLAIR -> this channel
    moving = volumes.load(tree.root / move.image.path)
    data = itk.resample(moving, move.grid.shape, move.grid.affine_ras, to_input)
    target = move.image.name.replace(space="common", desc="resampled")
    first = target.replace(suffix="FLAIR", ses="01")
    fields = {
        "Description": "Raw image on the grid common to both studies, along the delivered transforms.",
        "SkullStripped": False,
        "Sources": [places.uri(move.image.path)],
        "SourcesSHA256": [move.image.sha256],
        "SpatialReference": places.uri(f"{COMMON}/{first.path}"),
        "Parameters": {"Interpolation": "linear", "Transforms": [Path(item.path).name for item in transforms]},
    }
    tree.links.setdefault(COMMON, set()).add(f"{COMMON}/{first.path}")
    return tree.image(target, volumes.encode(data, move.grid.affine_ras), fields, COMMON)


def _stage_masks(tree: Staging, source: Path, patient: Patient, common: Mapping[tuple[str, str], Placed]) -> None:
    image = common.get((_LAST, "FLAIR"))
    flairs = [places.uri(common[key].path) for key in sorted(common) if key[1] == "FLAIR"]
    change = {
        "Description": "Lesion change between the two studies, consensus, delivered.",
        "Type": "Lesion",
        "Manual": True,
        "Protocol": "mschange",
        "Sources": flairs,
    }
    brain = {"Description": "Brain on the common grid, delivered.", "Type": "Brain", "Manual": False}
    specs = {
        "change": MaskSpec(CHANGE, tree.recipe.labels, change),
        "brain": MaskSpec(COMMON, {0: "background", 1: "brain"}, brain),
    }
    entities = {"change": {"label": "L", "desc": "consensus"}, "brain": {"desc": "brain"}}
    for kind, spec in specs.items():
        for item in itertools.filterfalse(Repeats(tree, source), patient.of(kind)):
            try:
                if image is None:
                    raise RefusedError(Reason.MASK_WITHOUT_IMAGE, "No FLAIR of the second study lies on its grid.")
                data = read_mask(source / item.path, image.header, spec.labels)
                target = name("mask", sub=patient.subject, ses=f"0{_LAST}", space="common", **entities[kind])
                tree.mask(target, data, image, spec)
            except RefusedError as error:
                tree.refuse(item.path, error.reason, error.detail)


def _account_transforms(tree: Staging, patient: Patient, raw: Mapping[tuple[str, str], Placed]) -> None:
    for item in (*patient.of("to_common"), *patient.of("to_flair")):
        key = (item.holes["study"], item.holes.get("channel", "FLAIR"))
        if key in raw:
            tree.used.append(item.path)
        else:
            image = f"study{key[0]}_{key[1]}.nii.gz"
            tree.refuse(item.path, Reason.TRANSFORM_WITHOUT_IMAGE, f"There is no usable {image}.")
