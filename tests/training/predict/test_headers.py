"""Predictions lie on their image for every program, and no channel is made of zeros without a word."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from registry.errors import InvalidInput
from registry.files.geometry import spacing
from registry.files.volumes import Volume, load
from tests.support.nifti_headers import Header, itk_affine, put
from tests.training.conftest import FLAIR_AFFINE, T1W_AFFINE, Cohort, make_sample
from training.data.channels import require_content
from training.data.preprocessing import grid_of
from training.data.samples import load_case, source_of
from training.predict.folder import PredictionReport, predict
from training.spec import Config

HEADERS = {
    "both": Header(),
    "qonly": Header(codes=(1, 0)),
    "sonly": Header(codes=(0, 2)),
    "shifted": Header(codes=(1, 2), shift_mm=25),
    "shiftedaligned": Header(codes=(2, 1), shift_mm=25),
    "edges": Header(codes=(0, 1), edges=(3, 3, 3)),
}


@pytest.fixture(scope="module")
def voxels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The channels of one image."""
    folder = tmp_path_factory.mktemp("image")
    sample = make_sample(folder, 41, "test")
    return {channel: load(folder / ref.path).data for channel, ref in sample.images.items()}


def run(finished: Path, folder: Path) -> tuple[PredictionReport, dict[str, str]]:
    report = predict(finished, folder / "in", folder / "out")
    return report, {item.path.partition("_")[0]: item.reason for item in report.refused}


def test_a_prediction_is_in_place_for_nibabel_and_for_simpleitk(
    finished: Path, voxels: dict[str, Any], tmp_path: Path
) -> None:
    for name, header in HEADERS.items():
        put(tmp_path / f"in/{name}_FLAIR.nii.gz", voxels["FLAIR"], FLAIR_AFFINE, header)
        put(tmp_path / f"in/{name}_T1w.nii.gz", voxels["T1w"], T1W_AFFINE, header)
    for channel, affine in (("FLAIR", FLAIR_AFFINE), ("T1w", T1W_AFFINE)):
        i_mm, j_mm, k_mm = spacing(affine)
        mirrored = Header(codes=(1, 0), edges=(i_mm, -j_mm, k_mm))
        put(tmp_path / f"in/mirrored_{channel}.nii.gz", voxels[channel], affine, mirrored)
        put(tmp_path / f"in/silent_{channel}.nii", voxels["FLAIR"], FLAIR_AFFINE, Header(codes=(0, 0)))
    report, refused = run(finished, tmp_path)
    assert refused == {}
    assert len(report.written) == 8
    for name in report.written:
        image, made = nibabel.load(tmp_path / "in" / name), nibabel.load(tmp_path / "out" / name)
        np.testing.assert_allclose(made.affine, image.affine, atol=1e-4)
        np.testing.assert_allclose(itk_affine(tmp_path / "out" / name), itk_affine(tmp_path / "in" / name), atol=1e-4)
    silent = nibabel.load(tmp_path / "out/silent_FLAIR.nii").header
    assert (int(silent["qform_code"]), int(silent["sform_code"])) == (0, 0), "nothing is stated that the image did not"
    said = "\n".join(report.notes)
    assert "silent_FLAIR.nii: neither qform nor sform is set" in said
    header = "qform, sform and voxel edges (pixdim) of"
    assert f"shifted_FLAIR.nii.gz: {header} shifted_T1w.nii.gz place it up to 25 mm apart; the sform" in said
    assert f"edges_FLAIR.nii.gz: {header} edges_T1w.nii.gz place it up to" in said
    assert re.search(r"mirrored_T1w.nii.gz place it up to [\d.]+ mm apart; the qform was used", said)
    assert "of both_" not in said


def far(affine: Any, by_mm: float, axis: int = 0) -> Any:
    moved = np.array(affine)
    moved[axis, 3] += by_mm
    return moved


BAD: dict[str, tuple[Any, str]] = {
    "elsewhere": (lambda data, path: put(path, data, far(T1W_AFFINE, 400)), "does not overlap"),
    "zero": (lambda data, path: put(path, data * 0, T1W_AFFINE), "nothing but zeros"),
    "nan": (lambda data, path: put(path, np.full_like(data, np.nan), T1W_AFFINE), "no number at all"),
    "unstated": (lambda data, path: put(path, data, T1W_AFFINE, Header(codes=(0, 0))), "does not say where it lies"),
    "air": (
        lambda data, path: put(path, np.pad(data, ((0, 90), (0, 0), (0, 0))), far(T1W_AFFINE, -180)),
        "nothing but zeros where the image lies",
    ),
}


def test_a_channel_that_shows_nothing_is_refused_with_its_reason(
    finished: Path, voxels: dict[str, Any], tmp_path: Path
) -> None:
    for name, (write, _) in BAD.items():
        put(tmp_path / f"in/{name}_FLAIR.nii.gz", voxels["FLAIR"], FLAIR_AFFINE)
        write(voxels["T1w"].astype(np.float32), tmp_path / f"in/{name}_T1w.nii.gz")
    put(tmp_path / "in/half_FLAIR.nii.gz", voxels["FLAIR"], FLAIR_AFFINE)
    put(tmp_path / "in/half_T1w.nii.gz", voxels["T1w"], far(T1W_AFFINE, 25))
    report, refused = run(finished, tmp_path)
    assert set(refused) == set(BAD)
    for name, (_, sentence) in BAD.items():
        assert sentence in refused[name], refused[name]
        assert "_T1w.nii.gz" in refused[name]
    assert report.written == ("half_FLAIR.nii.gz",)
    assert any("half_T1w.nii.gz covers" in note and "sees 0" in note for note in report.notes)


def test_training_refuses_a_sample_with_such_a_channel(tiny: Config, cohort: Cohort, tmp_path: Path) -> None:
    sample = make_sample(tmp_path, 7, "train")
    volume = load(tmp_path / sample.images["T1w"].path)
    put(tmp_path / sample.images["T1w"].path, volume.data, far(volume.affine_ras, 400))
    source = source_of(tiny, cohort.manifest, tmp_path)
    with pytest.raises(InvalidInput, match=rf"The T1w of {sample.sample} does not overlap"):
        load_case(replace(source, verify=False), sample)


def test_channels_that_cover_the_image_are_used_without_a_word() -> None:
    image = Volume(np.ones((6, 6, 6), np.float32), np.eye(4))
    larger = Volume(np.ones((12, 12, 12), np.float32), far(np.eye(4), -2))
    assert require_content(["FLAIR", "T1w"], [image, larger], grid_of(image)) == []
