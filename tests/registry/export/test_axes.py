"""Layouts for programs that learn from arrays as they are stored: one data set has one order of axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from registry.export import decathlon, nnunet
from registry.export.bundle import Bundle, Options
from registry.files.canonical import sha256_file
from registry.files.volumes import Volume, save
from registry.manifests import TRAIN, FileRef, Manifest, Sample, Truth
from registry.snapshots.content import Contents
from tests.support.nnunet_rules import find_faults
from tests.support.storages import STORAGES, store

CHANNELS = ("FLAIR", "T1w")
AFFINE = np.array([[0, 0, 2.0, -9], [-1.0, 0, 0, 4], [0, 3.0, 0, 7], [0, 0, 0, 1]])


def _bundle(folder: Path, storages: Any) -> Bundle:
    """One head for each of the storages; the files of a sample are stored in three different ways."""
    random = np.random.default_rng(0)
    volumes = {name: Volume(random.integers(0, 99, (3, 4, 5)).astype(np.int16), AFFINE) for name in CHANNELS}
    volumes["mask"] = Volume((volumes["FLAIR"].data > 50).astype(np.uint8), AFFINE)
    samples, places = [], {}
    for number, storage in enumerate(storages):
        for name, how in (("mask", storage), ("FLAIR", STORAGES[-1 - number]), ("T1w", STORAGES[(number + 9) % 48])):
            stored, path = store(volumes[name], how), f"{number:02d}_{name}.nii.gz"
            save(folder / path, stored.data, stored.affine_ras)
            places[path] = folder / path
        refs = {name: _ref(folder, f"{number:02d}_{name}.nii.gz") for name in volumes}
        mask = Truth(*vars(refs.pop("mask")).values(), "expert", "e01", "p", refs["FLAIR"].path, {"1": "L"}, TRAIN)
        samples.append(Sample(f"s{number:02d}", f"P{number}", "sub-1", None, None, None, None, "train", refs, (mask,)))
    query = {"name": "all", "version": 1, "sql": "", "sha256": ""}
    manifest = Manifest(query, None, {}, CHANNELS, {"0": "background", "1": "lesion"}, tuple(samples))
    return Bundle(None, manifest, Contents(places, (), (), ()), folder / "out", Options())  # type: ignore[arg-type]


def _ref(folder: Path, path: str) -> FileRef:
    return FileRef(path, sha256_file(folder / path), (folder / path).stat().st_size)


def _read(folder: Path, pattern: str) -> list[tuple[bytes, Any]]:
    """What a program sees that reads with SimpleITK: the array, and where it lies."""
    images = [SimpleITK.ReadImage(path) for path in sorted(folder.glob(pattern))]
    return [
        (SimpleITK.GetArrayFromImage(image).tobytes(), (image.GetDirection(), image.GetOrigin(), image.GetSpacing()))
        for image in images
    ]


@pytest.mark.parametrize("layout", [nnunet, decathlon])
def test_heads_in_all_storages_leave_as_one_array(layout: Any, tmp_path: Path) -> None:
    bundle = _bundle(tmp_path, STORAGES)
    layout.write(bundle)
    patterns = (
        ["labelsTr/*", "imagesTr/*_0000*", "imagesTr/*_0001*"] if layout is nnunet else ["labelsTr/*", "imagesTr/*"]
    )
    for pattern in patterns:
        found = _read(tmp_path / "out", pattern)
        assert len(found) == 48
        assert {array for array, _ in found} == {found[0][0]}
        for _, place in found:
            for numbers, first in zip(place, found[0][1], strict=True):
                np.testing.assert_allclose(numbers, first, atol=1e-5)
    assert any("were turned to RAS" in note for note in bundle.notes)
    assert layout is decathlon or find_faults(tmp_path / "out") == []


def test_masks_that_are_all_stored_alike_leave_as_they_are_and_channels_follow(tmp_path: Path) -> None:
    bundle = _bundle(tmp_path, [STORAGES[11]] * 3)
    nnunet.write(bundle)
    for number in range(3):
        mask = tmp_path / "out" / "labelsTr" / f"s{number:02d}.nii.gz"
        assert sha256_file(mask) == sha256_file(tmp_path / f"{number:02d}_mask.nii.gz")
        directions = {
            SimpleITK.ReadImage(path).GetDirection() for path in (tmp_path / "out").glob(f"imagesTr/s{number:02d}_*")
        }
        assert directions == {SimpleITK.ReadImage(mask).GetDirection()}
    assert not any("turned" in note for note in bundle.notes)
