"""Every import says where its images' places are not clear, and which lengths it converted, whatever the importer."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from curation.checks import run
from curation.imports.delivery import check_delivery, import_delivery
from registry.maintenance.creation import create
from registry.maintenance.validation import validate
from registry.store import Registry

SHAPE = (12, 14, 10)
AFFINE = np.array([[-2.0, 0, 0, 12], [0, 2, 0, -14], [0, 0, 3, -15], [0, 0, 0, 1]])
AWAY = AFFINE + np.array([[0, 0, 0, 400], *[[0] * 4] * 3])


def put(path: Path, affine: np.ndarray = AFFINE, *, codes: tuple[int, int] = (1, 1), unit: str = "mm") -> None:
    """An image with these codes of sform and qform, its lengths written in a unit."""
    length = {"mm": 1.0, "meter": 0.001, "micron": 1000.0}[unit]
    stated = np.diag([length, length, length, 1]) @ affine
    data = np.random.default_rng(sum(map(ord, path.name))).integers(0, 900, SHAPE).astype(np.int16)
    image = nibabel.Nifti1Image(data, stated)
    image.set_sform(stated if codes[0] else None, code=codes[0])
    image.set_qform(stated if codes[1] else None, code=codes[1])
    image.header.set_xyzt_units(unit)
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(image, path)


def bids(root: Path) -> Path:
    root.mkdir()
    (root / "dataset_description.json").write_text(json.dumps({"Name": "Places", "BIDSVersion": "1.9.0"}))
    (root / "README").write_text("Generated images for a test of where images lie.\n")
    return root


def name(subject: str, channel: str) -> str:
    return f"sub-{subject}/anat/sub-{subject}_{channel}.nii.gz"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return create(tmp_path / "registry", "Cohort")


def deliver(root: Path) -> Path:
    """One subject of each kind, beside sound ones."""
    source = bids(root)
    for subject in ("01", "02", "03", "04", "05"):
        put(source / name(subject, "FLAIR"))
    put(source / name("01", "T1w"))
    put(source / name("02", "T1w"), codes=(0, 0))
    put(source / name("03", "T1w"), AWAY)
    put(source / name("04", "T1w"), unit="meter")
    put(source / name("05", "T1w"), unit="micron")
    return source


def test_an_import_a_rehearsal_the_checks_and_validate_name_the_same(tmp_path: Path, registry: Registry) -> None:
    source = deliver(tmp_path / "source")
    tried = check_delivery(registry, "bids", source).report.notes
    notes = import_delivery(registry, "bids", source).notes
    assert notes == tried
    (missing,) = [note for note in notes if note.startswith("forms-missing (1)")]
    assert name("02", "T1w") in missing
    (apart,) = [note for note in notes if note.startswith("images-apart (2)")]
    assert name("03", "T1w") in apart
    assert name("03", "FLAIR") in apart
    assert f"Lengths converted to mm: 1 image stated in metres ({name('04', 'T1w')})." in notes
    assert f"Lengths converted to mm: 1 image stated in micrometres ({name('05', 'T1w')})." in notes
    wanted = {
        ("forms-missing", name("02", "T1w")),
        ("images-apart", name("03", "T1w")),
        ("images-apart", name("03", "FLAIR")),
    }
    codes = {code for code, _ in wanted} | {"forms-disagree"}
    assert {(item.code, item.unit) for item in run(registry).findings if item.code in codes} == wanted
    said = [(item.code, item.path) for item in validate(registry, bids=False).findings if item.code in codes]
    assert sorted(said) == sorted(wanted)  # once each, although the checks found them too
    for subject in ("04", "05"):
        held = nibabel.load(registry.root / name(subject, "T1w"))
        assert held.header.get_xyzt_units()[0] == "mm"
        assert np.allclose(held.affine, AFFINE, atol=1e-5)


def test_an_image_is_compared_with_those_that_another_delivery_brought(tmp_path: Path, registry: Registry) -> None:
    first, second = bids(tmp_path / "first"), bids(tmp_path / "second")
    put(first / name("01", "FLAIR"))
    put(first / name("01", "T2w"))
    assert not [note for note in import_delivery(registry, "bids", first).notes if "-apart" in note]
    put(second / name("01", "T1w"), AWAY)
    options = {"same_persons": True}
    (note,) = [n for n in import_delivery(registry, "bids", second, None, options).notes if "-apart" in n]
    assert note.startswith(f"images-apart (1): {name('01', 'T1w')} does not overlap with")


@pytest.mark.parametrize(("moved_mm", "named"), [(0.02, False), (0.3, True), (25, True)])
def test_forms_that_disagree_have_one_limit_everywhere(
    tmp_path: Path, registry: Registry, moved_mm: float, named: bool
) -> None:
    """A header's single precision is no disagreement; a third of a millimetre is, though it is less than a voxel."""
    source = bids(tmp_path / "source")
    put(source / name("01", "T1w"))
    image = nibabel.load(source / name("01", "T1w"))
    other = AFFINE.copy()
    other[1, 3] += moved_mm
    image = nibabel.Nifti1Image(np.asarray(image.dataobj), AFFINE)
    image.set_sform(AFFINE, code=1)
    image.set_qform(other, code=1)
    nibabel.save(image, source / name("01", "T1w"))
    notes = import_delivery(registry, "bids", source).notes
    found = [
        any(note.startswith("forms-disagree (1)") for note in notes),
        "forms-disagree" in {item.code for item in run(registry).findings},
        "forms-disagree" in {item.code for item in validate(registry, bids=False).findings},
    ]
    assert found == [named] * 3


def test_channels_of_a_decathlon_list_are_looked_at_too(tmp_path: Path, registry: Registry) -> None:
    source = tmp_path / "Task01_Places"
    for number, affine, codes, unit in ((0, AFFINE, (1, 1), "meter"), (1, AFFINE, (0, 0), "mm")):
        put(source / f"imagesTr/case_00{number}.nii.gz", affine, codes=codes, unit=unit)
        label = nibabel.load(source / f"imagesTr/case_00{number}.nii.gz")
        (source / "labelsTr").mkdir(exist_ok=True)
        mask = nibabel.Nifti1Image((np.asarray(label.dataobj) > 800).astype(np.uint8), label.affine, label.header)
        mask.set_data_dtype(np.uint8)
        nibabel.save(mask, source / f"labelsTr/case_00{number}.nii.gz")
    listed = [{"image": f"./imagesTr/case_00{n}.nii.gz", "label": f"./labelsTr/case_00{n}.nii.gz"} for n in (0, 1)]
    (source / "dataset.json").write_text(
        json.dumps(
            {
                "name": "Places",
                "modality": {"0": "T1w"},
                "labels": {"0": "background", "1": "lesion"},
                "training": listed,
                "test": [],
                "numTraining": 2,
                "numTest": 0,
            }
        )
    )
    notes = import_delivery(registry, "decathlon", source).notes
    assert "Lengths converted to mm: 1 image stated in metres (imagesTr/case_000.nii.gz)." in notes
    assert any(note.startswith("forms-missing (1): ") for note in notes)
