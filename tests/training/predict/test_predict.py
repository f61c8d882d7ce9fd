"""Predictions lie on the grid of what they were predicted for, under a name that says so."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from registry.bids.names import parse
from registry.errors import IntegrityError, InvalidInput, NotFound, UsageError
from registry.files.canonical import sha256_file
from registry.files.geometry import require_same_grid
from registry.files.volumes import load_labels, read_header, save
from tests.training.conftest import FLAIR_AFFINE, Cohort, make_manifest, make_sample
from training.data.input_files import find
from training.data.samples import Source
from training.predict import derivatives
from training.predict.derivatives import Derivative
from training.predict.folder import predict
from training.predict.snapshot import predict_parts
from training.record import run_record


def test_every_held_out_sample_has_a_prediction_on_its_own_grid(finished: Path, cohort: Cohort) -> None:
    record, folder = run_record.read(finished), derivatives.folder_of(finished, "tinyrun")
    samples = {s.sample: s for s in cohort.manifest.samples}
    assert {e["sample"] for e in record["predictions"]} == {s.sample for s in samples.values() if s.part != "train"}
    for entry in record["predictions"]:
        path, target = folder / entry["path"], samples[entry["sample"]].target
        assert target is not None
        mask = load_labels(path)
        require_same_grid(path.name, mask.data.shape, mask.affine_ras, read_header(cohort.root / target.image))
        name = parse(entry["path"])
        assert name is not None
        assert (name.entities["space"], name.entities["label"], name.entities["desc"]) == ("FLAIR", "L", "tinyrun")
        assert (name.suffix, str(name.path)) == ("mask", entry["path"])
        sidecar = json.loads((folder / name.sidecar.path).read_text())
        assert sidecar["SHA256"] == sha256_file(path) == entry["sha256"]
        assert sidecar["SpatialReference"] == f"bids:raw:{target.image}"
        assert sidecar["Manual"] is False


def test_the_derivative_links_to_the_raw_root(finished: Path, cohort: Cohort) -> None:
    folder = derivatives.folder_of(finished, "tinyrun")
    links = json.loads((folder / "dataset_description.json").read_text())["DatasetLinks"]
    assert (folder / links["raw"].removeprefix("file:")).resolve() == cohort.root.resolve()


@pytest.mark.parametrize("labels", [{"0": "background", "1": "lesion"}, {"0": "background", "1": "a", "4": "b"}])
def test_the_official_validator_finds_no_error(labels: dict[str, str], cohort: Cohort, tmp_path: Path) -> None:
    into = Derivative(tmp_path / "prediction-r1", cohort.root, "r1", labels, "mslesion")
    derivatives.describe(into)
    for sample in cohort.manifest.part("test"):
        assert sample.target is not None
        data = np.zeros((16, 10, 16), dtype=np.uint8)
        data[4:7, 4:7, 4:7] = max(int(value) for value in labels)
        derivatives.publish(into, sample, sample.target, data)
    validator = Path(sys.executable).parent / "bids-validator-deno"
    words = [str(validator), "--format", "json", str(into.folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []


def test_a_folder_is_predicted_and_bad_files_are_listed(finished: Path, tmp_path: Path) -> None:
    sample = make_sample(tmp_path / "new", 41, "test")
    source, inputs = tmp_path / "new", tmp_path / "in"
    for case in ("a", "deep/b"):
        for channel in ("FLAIR", "T1w"):
            (inputs / case).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / sample.images[channel].path, inputs / f"{case}_{channel}.nii.gz")
    for number, channel in enumerate(("FLAIR", "T1w")):
        shutil.copy(source / sample.images[channel].path, inputs / f"c_{number:04d}.nii.gz")
    (inputs / "bad_FLAIR.nii.gz").write_bytes(b"this is no image")
    shutil.copy(inputs / "a_T1w.nii.gz", inputs / "bad_T1w.nii.gz")
    shutil.copy(inputs / "a_T1w.nii.gz", inputs / "lonely_T1w.nii.gz")
    save(inputs / "four_FLAIR.nii.gz", np.zeros((8, 8, 8, 3), dtype=np.float32), FLAIR_AFFINE)
    shutil.copy(inputs / "a_T1w.nii.gz", inputs / "four_T1w.nii.gz")
    (inputs / "notes.txt").write_text("not an image")
    report = predict(finished, inputs, tmp_path / "out")
    assert set(report.written) == {"a_FLAIR.nii.gz", "deep/b_FLAIR.nii.gz", "c_0000.nii.gz"}
    reasons = {item.path: item.reason for item in report.refused}
    assert set(reasons) == {"bad_FLAIR.nii.gz", "lonely_T1w.nii.gz", "four_FLAIR.nii.gz"}
    assert "not a NIfTI image" in reasons["bad_FLAIR.nii.gz"]
    assert "its FLAIR image is missing" in reasons["lonely_T1w.nii.gz"]
    assert "4 dimensions" in reasons["four_FLAIR.nii.gz"]
    labels = load_labels(tmp_path / "out" / "deep/b_FLAIR.nii.gz")
    require_same_grid("b", labels.data.shape, labels.affine_ras, read_header(inputs / "deep/b_FLAIR.nii.gz"))
    assert set(np.unique(labels.data)) <= {0, 1}
    with pytest.raises(UsageError, match="3 label maps exist already"):
        predict(finished, inputs, tmp_path / "out")


def test_what_predict_refuses(finished: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match=r"holds no \.nii"):
        predict(finished, tmp_path / "empty", tmp_path / "out")
    with pytest.raises(NotFound, match="no folder 'absent'"):
        predict(finished, tmp_path / "absent", tmp_path / "out")
    with pytest.raises(UsageError, match="inside the input folder"):
        predict(finished, tmp_path, tmp_path / "out")
    with pytest.raises(NotFound, match="not a training run"):
        predict(tmp_path, tmp_path / "empty", tmp_path / "out")
    broken = tmp_path / "run"
    shutil.copytree(finished, broken)
    (broken / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(IntegrityError, match="missing or was changed"):
        predict(broken, tmp_path / "empty", tmp_path / "out")


def test_one_channel_takes_every_file_under_its_own_name(tmp_path: Path) -> None:
    for name in ("x.nii", "y.nii.gz", "sub/z_0000.nii.gz", ".hidden.nii"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found, refused = find(tmp_path, ["T1w"], "T1w")
    assert [str(item.name) for item in found] == ["sub/z_0000.nii.gz", "x.nii", "y.nii.gz"]
    assert refused == []


def test_a_prediction_for_a_path_that_is_not_bids_gets_a_bids_name(tmp_path: Path) -> None:
    sample = make_sample(tmp_path, 3, "test")
    assert sample.target is not None
    target = type(sample.target)(**{**sample.target.__dict__, "path": "x/y.nii.gz", "image": "x/z.nii.gz"})
    into = Derivative(tmp_path, tmp_path, "r1", make_manifest([sample]).labels, "mslesion")
    name = derivatives.prediction_name(into, sample, target)
    assert str(name.path) == "sub-03/ses-M00/anat/sub-03_ses-M00_space-image_label-L_desc-r1_mask.nii.gz"


def test_two_images_of_one_session_never_share_a_prediction(tmp_path: Path) -> None:
    """Raw and in a space, with and without magnetisation transfer: each sample of a one-channel cohort has its own."""
    sample = make_sample(tmp_path, 3, "test")
    assert sample.target is not None
    into = Derivative(tmp_path, tmp_path, "r1", make_manifest([sample]).labels, "mslesion")
    names = ("FLAIR", "flip-1_mt-on_MTS", "flip-1_mt-off_MTS", "inv-1_MP2RAGE", "inv-2_MP2RAGE", "space-MNI_FLAIR")
    images = [f"sub-03/ses-M00/anat/sub-03_ses-M00_{name}.nii.gz" for name in names]
    paths = {derivatives.prediction_name(into, sample, replace(sample.target, image=image)).path for image in images}
    assert len(paths) == len(images)


def test_samples_that_would_share_a_prediction_are_refused_by_name(tmp_path: Path) -> None:
    first = make_sample(tmp_path, 3, "test")
    assert first.target is not None
    second = replace(first, sample="of another derivative")
    source = Source(tmp_path, ("FLAIR",), (1,), None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="predictions of sub-03_ses-M00 and of another derivative would share"):
        predict_parts(None, source, None, (tmp_path / "r1", make_manifest([first, second])), [first, second])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("named", "path", "label"),
    [
        ("lesion", "label-L_desc-e01_mask", "L"),
        ("GM", "label-GM_desc-e01_mask", "GM"),
        ("cord+GM", "label-cord_desc-e01_mask", "cordGM"),
        ("Anterior", "seg-ms_desc-e01_dseg", "Anterior"),
    ],
)
def test_a_prediction_is_named_by_what_its_class_shows(named: str, path: str, label: str, tmp_path: Path) -> None:
    sample = make_sample(tmp_path, 3, "test")
    assert sample.target
    place = f"derivatives/manual-ms/sub-03/ses-M00/anat/sub-03_ses-M00_space-FLAIR_{path}.nii.gz"
    into = Derivative(tmp_path, tmp_path, "r1", {"0": "background", "1": named}, "mslesion")
    found = derivatives.prediction_name(into, sample, replace(sample.target, path=place))
    assert found.entities["label"] == label
