"""A prediction never depends on how the axes of its image are stored, whatever version trained the run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from registry.errors import InvalidInput
from registry.files.volumes import Volume, load, load_labels, save
from tests.support.storages import STORAGES, store, undo
from tests.training.conftest import FLAIR_AFFINE, make_sample
from training.predict.folder import predict
from training.record import run_record


def _inputs(folder: Path) -> Path:
    """One head in all its storages; the two channels of an image are stored in different ways."""
    sample = make_sample(folder / "new", 41, "test")
    volumes = {channel: load(folder / "new" / ref.path) for channel, ref in sample.images.items()}
    for number, storage in enumerate(STORAGES):
        for channel, how in (("FLAIR", storage), ("T1w", STORAGES[-1 - number])):
            stored = store(volumes[channel], how)
            save(folder / "in" / f"{number:02d}_{channel}.nii.gz", stored.data, stored.affine_ras)
    return folder / "in"


def _undone(folder: Path) -> list[np.ndarray]:
    """The label maps in the order of storages, each as it is in the first storage."""
    maps = [load_labels(path) for path in sorted(folder.glob("*.nii.gz"))]
    return [undo(Volume(found.data, found.affine_ras), how) for found, how in zip(maps, STORAGES, strict=True)]


def _of_before(finished: Path, tmp_path: Path) -> Path:
    """The run as an older version left it: trained on images as they were stored, without a word about it."""
    run = tmp_path / "tinyrun"
    shutil.copytree(finished, run)
    config = run / "config.toml"
    config.write_text(config.read_text().replace('orientation = "LSA"', 'orientation = "keep"'))
    return run


def test_all_storages_of_one_head_get_one_prediction(finished: Path, tmp_path: Path) -> None:
    inputs = _inputs(tmp_path)
    report = predict(finished, inputs, tmp_path / "out")
    assert (len(report.written), report.orientation) == (48, "LSA")
    assert len(report.notes) == 48, "each T1w covers a part of its FLAIR, and nothing else is odd"
    assert all("sees 0" in note for note in report.notes)
    found = _undone(tmp_path / "out")
    assert 0 < found[0].mean() < 1
    assert all(np.array_equal(one, found[0]) for one in found)
    old = predict(_of_before(finished, tmp_path / "old"), inputs, tmp_path / "again")
    assert old.orientation == "LSA"
    assert "stored as LSA (4), so images are turned to LSA" in old.text()
    assert all(np.array_equal(one, found[0]) for one in _undone(tmp_path / "again"))


def test_an_older_run_that_saw_several_storages_follows_the_most_frequent(finished: Path, tmp_path: Path) -> None:
    run = _of_before(finished, tmp_path)
    entry = run_record.read(run)["predictions"][0]
    path = run / "derivatives/prediction-tinyrun" / entry["path"]
    stored = store(load_labels(path), STORAGES[5])
    path.unlink()
    save(path, stored.data, stored.affine_ras)
    sample = make_sample(tmp_path / "new", 41, "test")
    for channel, ref in sample.images.items():
        (tmp_path / "in").mkdir(exist_ok=True)
        shutil.copy(tmp_path / "new" / ref.path, tmp_path / "in" / f"a_{channel}.nii.gz")
    note, _ = predict(run, tmp_path / "in", tmp_path / "out").notes
    assert "LSA (3), " in note
    assert note.endswith("images are turned to LSA.")


def test_an_older_run_of_which_nothing_shows_the_orientation_is_refused(finished: Path, tmp_path: Path) -> None:
    run = _of_before(finished, tmp_path)
    shutil.rmtree(run / "derivatives")
    save(tmp_path / "in" / "a_FLAIR.nii.gz", np.zeros((8, 8, 8), np.float32), FLAIR_AFFINE)
    shutil.copy(tmp_path / "in" / "a_FLAIR.nii.gz", tmp_path / "in" / "a_T1w.nii.gz")
    with pytest.raises(InvalidInput, match="none of its predictions is here") as caught:
        predict(run, tmp_path / "in", tmp_path / "out")
    assert "Fetch derivatives/prediction-tinyrun" in caught.value.hint


def test_a_clone_reads_the_orientation_from_the_published_predictions(finished: Path, tmp_path: Path) -> None:
    run = _of_before(finished, tmp_path / "code/registry/runs")
    shutil.move(run / "derivatives", tmp_path / "derivatives")
    save(tmp_path / "in" / "a_FLAIR.nii.gz", np.ones((8, 8, 8), np.float32), FLAIR_AFFINE)
    shutil.copy(tmp_path / "in" / "a_FLAIR.nii.gz", tmp_path / "in" / "a_T1w.nii.gz")
    report = predict(run, tmp_path / "in", tmp_path / "out")
    assert json.loads(json.dumps(report.to_json()))["orientation"] == "LSA"
