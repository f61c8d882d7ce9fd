"""A fingerprint knows a head again, on another scanner and in another pose, and tells two heads apart."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from curation.persons import fingerprints
from curation.persons.fingerprints import ALIKE, RANKED, compare, correlation, nearest, of_file
from registry.errors import InvalidInput
from registry.files.volumes import load, save


def image(root: Path, subject: str, session: str = "M00", suffix: str = "FLAIR") -> Path:
    return root / f"sub-{subject}/ses-{session}/anat/sub-{subject}_ses-{session}_{suffix}.nii.gz"


@pytest.mark.parametrize("suffix", ["FLAIR", "T1w"])
def test_one_head_at_two_centres_is_alike_and_another_head_is_not(heads: Path, suffix: str) -> None:
    first, again, other = (of_file(image(heads, subject, suffix=suffix)) for subject in ("A001", "B101", "B002"))
    assert compare(first, again) >= ALIKE + 0.05
    assert compare(first, other) < ALIKE
    assert compare(again, other) < ALIKE


def test_pairs_worth_aligning_hold_the_same_head(heads: Path) -> None:
    prints = [of_file(image(heads, subject)) for subject in ("B002", "A001", "B101")]
    assert (1, 2) in set(nearest(prints, np.ones((3, 3), dtype=bool), most=1))
    assert list(nearest(prints, np.zeros((3, 3), dtype=bool))) == []


def test_brightness_resampling_and_storage_order_do_not_count(heads: Path, tmp_path: Path) -> None:
    volume = load(image(heads, "A001"))
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = volume.data.shape[0] - 1
    changed = (volume.data[::-1].astype(np.float32) * 3.5 + 200).transpose(2, 0, 1)
    affine = volume.affine_ras @ flip @ np.eye(4)[[1, 2, 0, 3]]
    save(tmp_path / "changed.nii.gz", changed, affine)
    assert correlation(of_file(image(heads, "A001")), of_file(tmp_path / "changed.nii.gz")) > 0.98


def test_a_head_is_known_again_after_a_nod(heads: Path, tmp_path: Path) -> None:
    volume = load(image(heads, "A001"))
    turn = np.radians(14)
    nod = np.array(
        [[1, 0, 0, 4], [0, np.cos(turn), -np.sin(turn), 9], [0, np.sin(turn), np.cos(turn), -6], [0, 0, 0, 1]]
    )
    save(tmp_path / "nodded.nii.gz", volume.data, nod @ volume.affine_ras)
    before, after = of_file(image(heads, "A001")), of_file(tmp_path / "nodded.nii.gz")
    assert compare(before, after) > 0.93 > correlation(before, after)


@pytest.mark.parametrize("shape", [(4, 4, 4), (30, 30, 30)])
def test_an_image_too_small_to_tell_is_like_nothing(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    save(tmp_path / "small.nii.gz", np.random.default_rng(0).random(shape, dtype=np.float32), np.eye(4))
    small = of_file(tmp_path / "small.nii.gz")
    assert correlation(small, small) == 0
    assert compare(small, small) == 0


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_an_image_that_shows_nothing_is_like_nothing(tmp_path: Path, value: float) -> None:
    save(tmp_path / "flat.nii.gz", np.full((40, 40, 40), value, np.float32), np.diag([4.0, 4, 4, 1]))
    flat = of_file(tmp_path / "flat.nii.gz")
    assert compare(flat, flat) == 0


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.nii.gz").write_text("no image")
    with pytest.raises(InvalidInput, match="not a NIfTI image"):
        of_file(tmp_path / "text.nii.gz")


@pytest.mark.realdata
def test_real_necks_of_one_person_are_alike_and_others_are_not(realdata: Path) -> None:
    paths = sorted((realdata / "gm_challenge").glob("sub-*/anat/*run-1_T2starw.nii.gz"))
    prints = {path.name.split("_")[0]: of_file(path) for path in paths}
    for a, b in combinations(prints, 2):
        same = {a, b} == {"sub-10062Ses1", "sub-10062Ses2"}
        assert (compare(prints[a], prints[b]) >= ALIKE) == same, (a, b)


@pytest.mark.realdata
@pytest.mark.parametrize("suffix", ["FLAIR", "T2W", "T1W"])
def test_real_brains_of_one_patient_years_apart_are_alike(realdata: Path, suffix: str) -> None:
    folder = realdata / "open_ms" / "longitudinal"
    paths = {(path.parent.name, path.name): of_file(path) for path in sorted(folder.glob(f"*/study*_{suffix}.nii.gz"))}
    assert len(paths) >= 3
    for a, b in combinations(paths, 2):
        assert (compare(paths[a], paths[b]) >= ALIKE) == (a[0] == b[0]), (a, b)
        if a[0] == b[0]:
            assert correlation(paths[a], paths[b]) >= RANKED


def test_the_version_is_part_of_the_cache(heads: Path) -> None:
    """Numbers that change a fingerprint are listed here: raise VERSION with them."""
    made = of_file(image(heads, "A001"))
    assert (fingerprints.VERSION, made.values.shape, fingerprints.STEP_MM) == ("1", (32, 32, 32), 6.0)
