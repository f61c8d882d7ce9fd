"""What a network sees, and what it is scored by, never depends on how the axes of a file are stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import ConfigError
from registry.files.geometry import turn_grid
from registry.files.volumes import Volume, lay_on, save
from registry.manifests import Sample
from tests.support.affines import affines
from tests.support.storages import STORAGES, store, undo
from tests.training.conftest import Cohort, make_manifest, make_sample, ref, truth
from training.data.orientation import settle
from training.data.preprocessing import grid_of, prepare, prepare_target, restore
from training.data.samples import Source, load_case, source_of
from training.evaluation.profiles.default import DEFAULT
from training.evaluation.table import ScoredSample, image_rows
from training.run import train
from training.spec import Config, Preprocessing, loads

SHAPE = (6, 5, 4)
DIAGONAL = np.array([[1, -2, 0, 0], [1, 2, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1.0]])
"""Two axes exactly between two directions."""

STEPS = (
    Preprocessing(),
    Preprocessing(crop="nonzero", margin_voxels=1, normalise="zscore-nonzero"),
    Preprocessing(orientation="PIR", spacing_mm=(1.5, 2.0, 2.5)),
)


def head(affine: np.ndarray[Any, Any]) -> tuple[Volume, Volume]:
    """An image that is unlike each of its mirror images, and two structures in it."""
    random = np.random.default_rng(4)
    image, labels = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.uint8)
    image[1:5, 1:, :3] = random.normal(50, 9, (4, 4, 3))
    labels[1:3, 1:3, :2], labels[3:5, 2:4, 1:] = 1, 2
    return Volume(image, affine), Volume(labels, affine)


@given(affine=st.one_of(affines(), st.just(DIAGONAL)), steps=st.sampled_from(STEPS))
@settings(max_examples=20, deadline=None)
def test_every_storage_gives_the_network_the_same_input(affine: Any, steps: Preprocessing) -> None:
    image, labels = head(affine)
    native = grid_of(labels)
    first, grid = prepare(steps, [image], native)
    truth = prepare_target(labels.data, native, grid, 3)
    for storage in STORAGES:
        stored_image, stored_labels = store(image, storage), store(labels, storage)
        found, own = prepare(steps, [stored_image], grid_of(stored_labels))
        assert own.shape == grid.shape
        np.testing.assert_allclose(own.affine_ras, grid.affine_ras, atol=1e-6 * np.abs(affine).max())
        np.testing.assert_allclose(found, first, atol=1e-3)
        same = prepare_target(stored_labels.data, grid_of(stored_labels), own, 3) == truth
        assert same.float().mean() > (0.97 if steps.spacing_mm else 0.999), "equal shares may fall either way"


@given(affine=st.one_of(affines(), st.just(DIAGONAL)))
@settings(max_examples=10, deadline=None)
def test_what_a_network_says_comes_back_in_the_storage_of_its_image(affine: Any) -> None:
    _, labels = head(affine)
    for storage in STORAGES:
        stored = store(labels, storage)
        _, grid = prepare(Preprocessing(), [stored], grid_of(stored))
        truth = prepare_target(stored.data, grid_of(stored), grid, 3)
        shares = torch.nn.functional.one_hot(truth.long(), 3).permute(3, 0, 1, 2).float()
        assert np.array_equal(undo(Volume(restore(shares, grid, grid_of(stored)), affine), storage), labels.data)


def test_samples_are_read_alike_from_every_storage_of_each_file(tmp_path: Path) -> None:
    """The image in one storage, the mask in another one."""
    cases = [
        load_case(_source(tmp_path), _stored_sample(tmp_path, number, STORAGES[number], STORAGES[-1 - number]))
        for number in range(48)
    ]
    for case in cases[1:]:
        assert torch.equal(case.image, cases[0].image)
        assert torch.equal(case.target, cases[0].target)
    assert cases[0].target.max() == 2


def _source(root: Path) -> Source:
    return Source(root, ("T1w",), (1, 2), Preprocessing(normalise="none"))


def _stored_sample(root: Path, number: int, image_storage: Any, mask_storage: Any) -> Sample:
    image, labels = head(np.diag([1.0, 2.0, 3.0, 1.0]))
    names = f"{number}_T1w.nii.gz", f"{number}_dseg.nii.gz"
    for name, volume, storage in zip(names, (image, labels), (image_storage, mask_storage), strict=True):
        stored = store(volume, storage)
        save(root / name, stored.data, stored.affine_ras)
    mask = truth(root, names[1], names[0], "majority")
    return Sample(str(number), "P1", "sub-1", None, None, None, None, "train", {"T1w": ref(root, names[0])}, (mask,))


def test_scores_are_the_same_for_every_storage_of_reference_and_prediction() -> None:
    _, reference = head(np.diag([1.0, 2.0, 3.0, 1.0]))
    predicted = Volume(np.roll(reference.data, 1, axis=0), reference.affine_ras)
    sample = Sample("s", "P1", "sub-1", None, None, None, None, "test", {})
    scored = ScoredSample("model", sample, {"1": "a", "2": "b"})

    def rows(one: Any, other: Any) -> Any:
        return image_rows(DEFAULT, scored, store(reference, one), store(predicted, other), (1, 2))[0]

    first = rows(STORAGES[0], STORAGES[0])
    assert 0 < first[0]["dice"] < 1
    for number, storage in enumerate(STORAGES):
        for found in (rows(STORAGES[0], storage), rows(storage, STORAGES[-1 - number])):
            for row, expected in zip(found, first, strict=True):
                assert {
                    key: value if isinstance(value, str) else pytest.approx(value) for key, value in row.items()
                } == expected


@given(affine=affines())
@settings(max_examples=20, deadline=None)
def test_a_grid_with_other_voxels_is_told_from_a_turned_one(affine: Any) -> None:
    image, _ = head(affine)
    for storage in STORAGES[::7]:
        stored = store(image, storage)
        laid = lay_on(stored, SHAPE, affine)
        assert laid is not None
        assert np.array_equal(laid.data, image.data)
        moved = affine.copy()
        moved[:3, 3] += 0.5 * affine[:3, 0]
        assert lay_on(stored, SHAPE, moved) is None
        assert lay_on(stored, (6, 5, 3), affine) is None
    assert turn_grid(SHAPE, affine)[0] == turn_grid(stored.data.shape, stored.affine_ras)[0]


def test_a_run_writes_the_one_orientation_of_its_training_masks_down(finished: Path) -> None:
    """The tiny cohort's masks run to the left, up, and to the front."""
    assert 'orientation = "LSA"' in (finished / "config.toml").read_text()
    assert '"orientation": "LSA"' in (finished / "run.json").read_text()


def test_keep_is_refused_where_training_masks_are_stored_in_several_ways(
    cohort: Cohort, tiny: Config, tmp_path: Path
) -> None:
    samples = [_stored_sample(tmp_path, number, STORAGES[0], STORAGES[number % 2]) for number in range(3)]
    manifest = replace(make_manifest(samples), channels=("T1w",), labels={"0": "background", "1": "a", "2": "b"})
    with pytest.raises(ConfigError, match=r"stored in 2 ways: RAS \(2\), RAI \(1\)") as caught:
        train(tiny, manifest, tmp_path, tmp_path / "run")
    assert "Leave recipe.orientation out" in caught.value.hint
    assert not (tmp_path / "run").exists()
    turned = replace(tiny, recipe=Preprocessing())
    assert settle(turned, manifest, source_of(turned, manifest, tmp_path)) == turned


@pytest.mark.parametrize("codes", ["RRA", "XYZ", "ras", "RA", ""])
def test_an_orientation_that_names_no_three_axes_is_refused(codes: str) -> None:
    with pytest.raises(ConfigError, match=rf"recipe.orientation is '{codes}'"):
        loads(f'name = "x"\n[model]\nname = "UNet"\n[recipe]\norientation = "{codes}"\n[training]\nepochs = 1\n')


def test_images_are_turned_to_ras_where_nothing_is_said(tmp_path: Path) -> None:
    assert loads('name = "x"\n[model]\nname = "UNet"\n[training]\nepochs = 1\n').recipe.orientation == "RAS"
    assert make_sample(tmp_path, 1, "train").target
