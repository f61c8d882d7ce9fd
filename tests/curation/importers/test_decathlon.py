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


def nnunet(root: Path) -> Path:
    """Two cases with two channels each, one of them in the test part with its mask, and a test image without one."""
    for folder, case in (("Tr", "case_a1"), ("Ts", "case_b2"), ("Ts", "case_c3")):
        for channel in range(2):
            twins.put(root / f"images{folder}/{case}_{channel:04}.nii.gz", twins.voxels(channel + ord(case[-2])))
        if case != "case_c3":
            twins.put(root / f"labels{folder}/{case}.nii.gz", twins.blob(1, 2))
    labels = {"background": 0, "front": 1, "back": 2}
    channels = {"0": "FLAIR", "1": "T1w"}
    stated = {"channel_names": channels, "labels": labels, "numTraining": 1, "file_ending": ".nii.gz", "name": "Thing"}
    twins.write_json(root / "dataset.json", stated)
    return root


def test_the_folders_of_nnunet_come_in_without_a_list(tmp_path: Path) -> None:
    report = run(nnunet(tmp_path / "delivery"), tmp_path / "into")
    assert report.kept == {"subjects": 3, "sessions": 3, "images": 6, "masks": 2, "consensus": 0}
    assert report.refused == ()
    names = sorted(path.name for path in (tmp_path / "into").glob("sub-*/anat/*.nii.gz"))
    assert names[:2] == ["sub-THIcasea1_FLAIR.nii.gz", "sub-THIcasea1_T1w.nii.gz"]
    np.testing.assert_array_equal(twins.stored(tmp_path / f"into/sub-THIcasea1/anat/{names[1]}")[0], twins.voxels(98))
    assert twins.validator_errors(tmp_path / "into") == []


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (
            lambda root: (root / "imagesTr/case_a1_0001.nii.gz").unlink(),
            {"imagesTr/case_a1_0000.nii.gz": "not-listed", "labelsTr/case_a1.nii.gz": "mask-without-image"},
        ),
        (
            lambda root: twins.write(root / "imagesTr/case_a1_0001.nii.gz", "hello"),
            {
                "imagesTr/case_a1_0000.nii.gz": "not-nifti",
                "imagesTr/case_a1_0001.nii.gz": "not-nifti",
                "labelsTr/case_a1.nii.gz": "mask-without-image",
            },
        ),
        (
            lambda root: (root / "labelsTr/case_a1.nii.gz").unlink(),
            {"imagesTr/case_a1_0000.nii.gz": "image-without-mask", "labelsTr/case_a1.nii.gz": "listed-but-absent"},
        ),
        (
            lambda root: twins.write(root / "imagesTr/._case_a1_0000.nii.gz", "x"),
            {"imagesTr/._case_a1_0000.nii.gz": "unknown-kind"},
        ),
    ],
)
def test_a_case_of_nnunet_comes_in_whole_or_not_at_all(
    tmp_path: Path, spoil: Callable[[Path], object], expected: dict[str, str]
) -> None:
    source = nnunet(tmp_path / "delivery")
    spoil(source)
    report = run(source, tmp_path / "into")
    assert expected.items() <= reasons(report).items()
    assert report.kept["subjects"] == (3 if "unknown-kind" in expected.values() else 2)


def test_masks_of_the_test_part_come_in_beside_images_that_have_none(tmp_path: Path) -> None:
    source = twins.decathlon(tmp_path / "delivery")
    for number in (11, 12):
        twins.put(source / f"imagesTs/thing_{number:03}.nii.gz", twins.voxels(number))
    twins.put(source / "labelsTs/thing_011.nii.gz", twins.blob(1, 2))
    twins.put(source / "labelsTs/thing_013.nii.gz", twins.blob(1, 2))
    stated = json.loads((source / "dataset.json").read_text())
    tests = ["./imagesTs/thing_011.nii.gz", "./imagesTs/thing_012.nii.gz"]
    twins.write_json(source / "dataset.json", {**stated, "test": tests})
    report = run(source, tmp_path / "into")
    assert (report.kept["images"], report.kept["masks"]) == (5, 4)
    assert reasons(report)["labelsTs/thing_013.nii.gz"] == "mask-without-image"


@pytest.mark.parametrize(
    ("labels", "meant", "note"),
    [
        ({"background": 0, "front": 1, "back": 2}, {"1": "front", "2": "back"}, None),
        ({"background": 0, "whole": [1, 2], "core": [2]}, {"1": "whole", "2": "whole and core"}, "regions"),
        ({"background": 0, "front": 1, "ignore": 2}, {"1": "front", "2": "ignore"}, "nobody judged"),
    ],
)
def test_labels_as_nnunet_writes_them_keep_their_meaning(
    tmp_path: Path, labels: dict[str, object], meant: dict[str, str], note: str | None
) -> None:
    source = twins.decathlon(tmp_path / "delivery")
    stated = json.loads((source / "dataset.json").read_text())
    twins.write_json(source / "dataset.json", {**stated, "labels": labels})
    report = run(source, tmp_path / "into")
    table = tmp_path / "into/derivatives/manual-thing/seg-thing_desc-e01_dseg.tsv"
    assert {row["index"]: row["name"] for row in read_tsv(table)} == meant
    assert bool(note) == any(note in said for said in report.notes if note)


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
