"""The Decathlon layout: what `dataset.json` lists comes in, everything odd is named with its reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import ImportReport, stage
from registry.errors import InvalidInput
from registry.files.canonical import read_tsv


def run(source: Path, into: Path) -> ImportReport:
    return stage(recipes.load("decathlon"), source, into)


def reasons(report: ImportReport) -> dict[str, str]:
    return {item.path: item.reason for item in report.refused}


def test_voxels_and_labels_are_those_of_the_delivery(tmp_path: Path) -> None:
    source, into = twins.decathlon(tmp_path / "delivery"), tmp_path / "into"
    report = run(source, into)
    assert reasons(report) == {
        "imagesTr/thing_007.nii.gz": "image-without-mask",
        "labelsTr/thing_009.nii.gz": "mask-without-image",
    }
    image, dtype, affine = twins.stored(into / "sub-THI001/anat/sub-THI001_T1w.nii.gz")
    np.testing.assert_array_equal(image, twins.voxels(1))
    assert dtype == np.int16
    np.testing.assert_array_equal(affine, twins.AFFINE)
    manual = into / "derivatives/manual-thing"
    name = "sub-THI001/anat/sub-THI001_space-T1w_seg-thing_desc-e01_dseg.nii.gz"
    np.testing.assert_array_equal(twins.stored(manual / name)[0], twins.blob(1, 2))
    table = [("1", "front"), ("2", "back")]
    assert [(row["index"], row["name"]) for row in read_tsv(manual / "seg-thing_desc-e01_dseg.tsv")] == table


def test_channels_become_one_image_each(tmp_path: Path) -> None:
    source = twins.decathlon(tmp_path / "delivery", ("FLAIR", "T1w", "t1gd", "T2w"))
    report = run(source, tmp_path / "into")
    assert report.kept["images"] == 12
    names = sorted(path.name for path in (tmp_path / "into/sub-THI002/anat").iterdir())
    assert names == [
        "sub-THI002_FLAIR.nii.gz",
        "sub-THI002_T1w.nii.gz",
        "sub-THI002_T2w.nii.gz",
        "sub-THI002_ce-gadolinium_T1w.nii.gz",
    ]
    delivered = twins.voxels(2, (*twins.SHAPE, 4))
    kept = twins.stored(tmp_path / "into/sub-THI002/anat/sub-THI002_ce-gadolinium_T1w.nii.gz")[0]
    np.testing.assert_array_equal(kept, delivered[..., 2])
    assert twins.validator_errors(tmp_path / "into") == []


def _cut(root: Path) -> None:
    path = root / "imagesTr/thing_001.nii.gz"
    path.write_bytes(path.read_bytes()[:-60])


def _shift(root: Path) -> None:
    twins.put(root / "labelsTr/thing_001.nii.gz", twins.blob(1), twins.AFFINE + 0.01 * np.eye(4)[:, [3, 0, 1, 2]])


BAD: dict[str, tuple[Callable[[Path], object], dict[str, str]]] = {
    "no nifti": (
        lambda root: twins.write(root / "imagesTr/thing_001.nii.gz", "hello"),
        {"imagesTr/thing_001.nii.gz": "not-nifti", "labelsTr/thing_001.nii.gz": "mask-without-image"},
    ),
    "truncated": (
        _cut,
        {"imagesTr/thing_001.nii.gz": "not-nifti", "labelsTr/thing_001.nii.gz": "mask-without-image"},
    ),
    "pointer": (
        lambda root: twins.write(root / "imagesTr/thing_001.nii.gz", "version https://git-lfs.github.com/spec/v1\n"),
        {"imagesTr/thing_001.nii.gz": "not-fetched", "labelsTr/thing_001.nii.gz": "mask-without-image"},
    ),
    "other shape": (
        lambda root: twins.put(root / "labelsTr/thing_001.nii.gz", twins.blob(1, shape=(6, 7, 6))),
        {"labelsTr/thing_001.nii.gz": "other-grid", "imagesTr/thing_001.nii.gz": "image-without-mask"},
    ),
    "shifted": (
        _shift,
        {"labelsTr/thing_001.nii.gz": "other-grid", "imagesTr/thing_001.nii.gz": "image-without-mask"},
    ),
    "unknown label": (
        lambda root: twins.put(root / "labelsTr/thing_001.nii.gz", twins.blob(1, 5)),
        {"labelsTr/thing_001.nii.gz": "label-values", "imagesTr/thing_001.nii.gz": "image-without-mask"},
    ),
    "fractions": (
        lambda root: twins.put(root / "labelsTr/thing_001.nii.gz", twins.blob(1) * np.float32(0.4)),
        {"labelsTr/thing_001.nii.gz": "label-values", "imagesTr/thing_001.nii.gz": "image-without-mask"},
    ),
    "absent": (
        lambda root: (root / "labelsTr/thing_001.nii.gz").unlink(),
        {"labelsTr/thing_001.nii.gz": "listed-but-absent", "imagesTr/thing_001.nii.gz": "image-without-mask"},
    ),
    "unlisted pair": (
        lambda root: twins.put(root / "labelsTr/thing_007.nii.gz", twins.blob(1)),
        {"imagesTr/thing_007.nii.gz": "not-listed", "labelsTr/thing_007.nii.gz": "not-listed"},
    ),
    "hidden": (
        lambda root: twins.write(root / "imagesTr/._thing_001.nii.gz", "x"),
        {"imagesTr/._thing_001.nii.gz": "unknown-kind"},
    ),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_one_bad_file_is_refused_with_its_partner_and_the_rest_comes_in(tmp_path: Path, case: str) -> None:
    source = twins.decathlon(tmp_path / "delivery")
    spoil, expected = BAD[case]
    spoil(source)
    report = run(source, tmp_path / "into")
    assert expected.items() <= reasons(report).items()
    assert (
        report.kept["masks"] == report.kept["images"] == (2 if "001" in next(iter(expected)) else 3) or case == "hidden"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modality": {"0": "CT"}}, "modality 'CT'"),
        ({"training": [{"image": "../../x.nii.gz", "label": "y.nii.gz"}]}, "does not describe"),
        ({"labels": None}, "does not describe"),
        ({"training": "none"}, "does not describe"),
    ],
)
def test_a_list_that_says_too_little_stops_the_import(tmp_path: Path, change: dict[str, object], message: str) -> None:
    source = twins.decathlon(tmp_path / "delivery")
    stated = json.loads((source / "dataset.json").read_text())
    twins.write_json(source / "dataset.json", {**stated, **change})
    with pytest.raises(InvalidInput, match=message):
        run(source, tmp_path / "into")
    assert not any((tmp_path / "into").iterdir())


def test_an_unreadable_list_stops_the_import(tmp_path: Path) -> None:
    source = twins.decathlon(tmp_path / "delivery")
    (source / "dataset.json").write_bytes(b"{\xff")
    with pytest.raises(InvalidInput, match="not readable JSON"):
        run(source, tmp_path / "into")
