"""The real deliveries at hand: counts, reasons, voxels, and the official validator's verdict."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import ImportReport, stage
from registry.files import volumes

pytestmark = pytest.mark.realdata

FOLDERS = {
    "msd-hippocampus": "msd_hippocampus",
    "open-ms": "open_ms",
    "gm-challenge": "gm_challenge",
    "spine-generic": "spine_generic_sample",
}
Delivery = tuple[str, Path, Path, ImportReport]


@pytest.fixture(scope="module")
def staged(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Delivery]:
    """Stage a delivery by its recipe's name, each once."""

    @cache
    def once(name: str) -> Delivery:
        source, into = realdata / FOLDERS[name], tmp_path_factory.mktemp("into")
        return name, source, into, stage(recipes.load(name), source, into)

    return once


@pytest.fixture(params=sorted(FOLDERS))
def delivery(request: pytest.FixtureRequest, staged: Callable[[str], Delivery]) -> Delivery:
    return staged(request.param)


def test_counts_are_those_the_recipe_expects(delivery: Delivery) -> None:
    name, _, _, report = delivery
    assert recipes.load(name).expected.items() <= report.kept.items()
    assert not [note for note in report.notes if note.startswith("Expected")]


def test_the_official_validator_finds_no_error(delivery: Delivery) -> None:
    assert twins.validator_errors(delivery[2]) == []


def test_every_file_is_kept_used_or_refused(delivery: Delivery) -> None:
    _, source, into, report = delivery
    outside = {item.path for item in report.refused} | set(report.used)
    images = {path.relative_to(source).as_posix() for path in source.rglob("*.nii.gz")}
    kept = sum(1 for path in into.rglob("*.nii.gz") if "resampled" not in path.name)
    assert len(images - outside) == kept


def test_hippocampus_names_its_three_odd_files_and_keeps_every_voxel(staged: Callable[[str], Delivery]) -> None:
    _, source, into, report = staged("msd-hippocampus")
    assert {item.path: item.reason for item in report.refused} == {
        "imagesTr/hippocampus_118.nii.gz": "image-without-mask",
        "labelsTr/hippocampus_010.nii.gz": "mask-without-image",
        "labelsTr/hippocampus_281.nii.gz": "mask-without-image",
    }
    for image in sorted(into.glob("sub-*/anat/*_T1w.nii.gz"))[::20]:
        number = image.name[7:10]
        before = twins.stored(source / f"imagesTr/hippocampus_{number}.nii.gz")
        for left, right in zip(before, twins.stored(image), strict=True):
            np.testing.assert_array_equal(left, right)
        mask = next(into.glob(f"derivatives/*/sub-HIP{number}/anat/*_dseg.nii.gz"))
        np.testing.assert_array_equal(
            twins.stored(source / f"labelsTr/hippocampus_{number}.nii.gz")[0], twins.stored(mask)[0]
        )


def test_both_studies_of_a_patient_agree_on_the_common_grid(staged: Callable[[str], Delivery]) -> None:
    """The other direction of the transforms gives a correlation below zero."""
    _, source, into, _ = staged("open-ms")
    for patient, least in (("01", 0.9), ("03", 0.7)):
        brain = volumes.load(source / f"longitudinal/patient{patient}/common_space_brainmask.nii.gz").data > 0
        found = sorted((into / f"derivatives/common-openms/sub-OMSL{patient}").rglob("*_FLAIR.nii.gz"))
        first, second = (volumes.load(path).data[brain].astype(float) for path in found)
        assert np.corrcoef(first, second)[0, 1] > least
