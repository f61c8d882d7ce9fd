"""Moving between grids is exact where voxels coincide, and preprocessing can be undone."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from registry.files.volumes import Volume
from training.data.preprocessing import normalise, prepare, prepare_target, preprocessing_id, restore
from training.data.resampling import Grid, between, coinciding, move
from training.spec import Preprocessing

LPS = np.array([[-1.5, 0, 0, 30], [0, -2.0, 0, 40], [0, 0, 3.0, -10], [0, 0, 0, 1]])


def turned(degrees: float) -> np.ndarray:
    a = np.deg2rad(degrees)
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    return affine


@given(st.permutations([0, 1, 2]), st.tuples(*[st.booleans()] * 3), st.tuples(*[st.integers(-3, 3)] * 3))
@settings(max_examples=30, deadline=None)
def test_reorienting_cropping_and_padding_copy_voxels(
    order: list[int], flips: tuple[bool, ...], shift: tuple[int, ...]
) -> None:
    data = torch.arange(1.0, 4 * 5 * 6 + 1).reshape(1, 4, 5, 6)
    source, turn = Grid((4, 5, 6), LPS), np.zeros((4, 4))
    shape = tuple(source.shape[axis] for axis in order)
    for axis, (old, flip) in enumerate(zip(order, flips, strict=True)):
        turn[old, axis], turn[old, 3] = (-1 if flip else 1), (source.shape[old] - 1 if flip else 0)
    turn[:3, 3] += shift
    turn[3, 3] = 1
    target = Grid((shape[0], shape[1], shape[2]), LPS @ turn)
    moved = move(data, source, target)
    back = move(moved, target, source)
    assert set(moved.unique().tolist()) <= {0.0, *data.unique().tolist()}
    assert torch.equal(back[back != 0], data[back != 0])
    if not any(shift):
        assert torch.equal(back, data)


def test_other_voxels_are_blended_as_scipy_does() -> None:
    data = np.random.default_rng(0).normal(size=(9, 8, 7)).astype(np.float32)
    source, target = Grid((9, 8, 7), turned(0)), Grid((6, 6, 6), turned(20) @ np.diag([1.1, 1.2, 1.0, 1.0]))
    matrix = between(source, target)
    found = move(torch.from_numpy(data)[None], source, target)[0].numpy()
    expected = ndimage.affine_transform(
        data, matrix[:3, :3], matrix[:3, 3], target.shape, order=1, mode="grid-constant"
    )
    assert np.abs(found - expected).max() < 1e-4
    assert coinciding(matrix, target.shape) is None


@pytest.mark.parametrize("affine", [np.eye(4), LPS, turned(25)], ids=["unit", "LPS", "oblique"])
@pytest.mark.parametrize(
    "steps",
    [
        Preprocessing(orientation="keep"),
        Preprocessing(orientation="RAS"),
        Preprocessing(orientation="keep", crop="nonzero", margin_voxels=1),
        Preprocessing(orientation="RAS", crop="nonzero"),
    ],
    ids=["plain", "RAS", "crop", "RAS and crop"],
)
def test_labels_return_to_their_own_grid_unchanged(steps: Preprocessing, affine: np.ndarray) -> None:
    labels = np.zeros((10, 11, 12), dtype=np.uint8)
    labels[3:6, 2:7, 4:9], labels[5, 5, 5] = 1, 2
    image = np.zeros(labels.shape, dtype=np.float32)
    image[2:8, 1:9, 3:10] = 5.0
    native = Grid((10, 11, 12), affine)
    _, grid = prepare(steps, [Volume(image, affine)], native)
    target = prepare_target(labels, native, grid, 3)
    one_hot = torch.nn.functional.one_hot(target.long(), 3).permute(3, 0, 1, 2).float()
    assert np.array_equal(restore(one_hot, grid, native), labels)


def test_another_spacing_keeps_a_label_map_nearly_the_same() -> None:
    labels = np.zeros((20, 20, 20), dtype=np.uint8)
    labels[5:15, 6:14, 4:16] = 1
    native, image = Grid((20, 20, 20), LPS), np.ones((20, 20, 20), dtype=np.float32)
    _, grid = prepare(Preprocessing(spacing_mm=(1.0, 1.0, 1.0)), [Volume(image, LPS)], native)
    assert grid.shape == (30, 40, 60)
    target = prepare_target(labels, native, grid, 2)
    back = restore(torch.nn.functional.one_hot(target.long(), 2).permute(3, 0, 1, 2).float(), grid, native)
    assert 2 * (back & labels).sum() / (back.sum() + labels.sum()) > 0.95


def test_channels_on_other_grids_arrive_on_the_targets_grid() -> None:
    """A ramp in millimetres has the same value at the same place, whatever grid it was stored on."""

    def ramp(shape: tuple[int, int, int], affine: np.ndarray) -> Volume:
        index = np.stack([*np.meshgrid(*map(np.arange, shape), indexing="ij"), np.ones(shape)], axis=-1)
        return Volume((index @ affine.T)[..., 0].astype(np.float32), affine)

    native = Grid((6, 6, 6), np.diag([2.0, 2.0, 2.0, 1.0]))
    image, grid = prepare(
        Preprocessing(normalise="none"), [ramp((6, 6, 6), native.affine_ras), ramp((20, 20, 20), np.eye(4))], native
    )
    assert grid == native
    assert (image[0] - image[1]).abs().max() < 1e-3


def test_normalising_treats_background_nan_and_constants_as_stated() -> None:
    channel = torch.zeros(4, 4, 4)
    channel[1:3] = torch.linspace(1, 9, 32).reshape(2, 4, 4)
    scaled = normalise(channel, "zscore-nonzero")
    assert scaled[channel != 0].mean().abs() < 1e-5
    assert (scaled[channel == 0] == 0).all()
    assert (normalise(torch.full((3, 3, 3), 7.0), "zscore") == 0).all()
    percentile = normalise(channel, "percentile")
    assert (percentile.min(), percentile.max()) == (0, 1)
    broken = np.full((4, 4, 4), np.nan, dtype=np.float32)
    image, _ = prepare(Preprocessing(), [Volume(broken, np.eye(4))], Grid((4, 4, 4), np.eye(4)))
    assert torch.isfinite(image).all()


def test_preprocessing_has_the_same_id_in_every_version_and_another_for_other_steps() -> None:
    """Records of earlier runs hold this id: SHA-256 of the steps as JSON with sorted keys and no spaces."""
    stated = (
        b'{"crop":"none","margin_voxels":0,"normalise":"zscore","orientation":"keep","spacing_mm":null,"version":1}'
    )
    before = Preprocessing(orientation="keep")
    assert preprocessing_id(before) == hashlib.sha256(stated).hexdigest()
    changes: list[dict[str, Any]] = [
        {"crop": "nonzero"},
        {"margin_voxels": 1},
        {"normalise": "none"},
        {"orientation": "LAS"},
        {"spacing_mm": (1.0, 1.0, 1.0)},
    ]
    ids = {preprocessing_id(Preprocessing(**change)) for change in changes}
    assert len(ids - {preprocessing_id(Preprocessing())}) == len(changes)
