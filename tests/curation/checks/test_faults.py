"""Each check finds the fault that was planted in one of ten sound heads, there alone, and nothing in the sound ones."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from scipy import ndimage

from curation.checks import CHECKS, Cohort, Shot, judge
from curation.checks.measures.read import Measured, read
from registry.files.volumes import read_header
from tests.support.cohorts import heads

FOUND = 4
"""Which of the ten is spoiled."""

Spoil = Callable[[np.ndarray[Any, Any]], Any]


def codes(shots: list[Shot]) -> dict[str, set[str]]:
    """Unit to the codes that were found."""
    found: dict[str, set[str]] = {}
    for finding in judge(Cohort(shots)):
        found.setdefault(finding.unit, set()).add(finding.code)
    return found


def test_sound_heads_have_no_finding(sound: list[Shot]) -> None:
    assert codes(sound) == {}


def _cut_off(data: np.ndarray[Any, Any]) -> Any:
    return np.minimum(data, 380)


def _nan(data: np.ndarray[Any, Any]) -> Any:
    spoiled = data.astype(np.float32)
    spoiled[20, 20, 10:14] = np.nan
    return spoiled


def _below_zero(data: np.ndarray[Any, Any]) -> Any:
    spoiled = data.copy()
    spoiled[:3, :3, :3] = -5
    return spoiled


def _half(data: np.ndarray[Any, Any]) -> Any:
    spoiled = data.copy()
    spoiled[..., :18] = 0
    return spoiled


def _noisy(data: np.ndarray[Any, Any]) -> Any:
    return np.abs(data + np.random.default_rng(0).normal(0, 60, data.shape)).astype(np.int16)


def _shrunk(data: np.ndarray[Any, Any]) -> Any:
    return np.where(ndimage.binary_erosion(data > 100, None, 5), data, 3)


FAULTS: dict[str, tuple[str, Spoil]] = {
    "all zero": ("image-empty", np.zeros_like),
    "one value": ("image-constant", lambda data: np.full_like(data, 7)),
    "NaN": ("values-not-finite", _nan),
    "three grey levels": ("values-few", lambda data: data // 250 * 250),
    "bright values cut off": ("values-saturated", _cut_off),
    "negative values": ("values-negative", _below_zero),
    "half of the slices lost": ("slices-empty", _half),
    "a small field of view": ("extent-unlike", lambda data: data[:, 14:34]),
    "moved out of view": ("content-at-border", lambda data: ndimage.shift(data, (0, 7, 0), order=0)),
    "ten times as bright": ("outlier-foreground-mean", lambda data: data * 10),
    "noise": ("outlier-noise", _noisy),
    "blurred": ("outlier-sharpness", lambda data: ndimage.gaussian_filter(data.astype(np.float32), 2.5)),
    "half as large": ("outlier-foreground-ml", _shrunk),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_in_its_image_alone(sound: list[Shot], tmp_path: Path, fault: str) -> None:
    code, spoil = FAULTS[fault]
    spoiled = heads.shot(tmp_path, FOUND, spoil(heads.head(FOUND)))
    found = codes([*sound[:FOUND], spoiled, *sound[FOUND + 1 :]])
    assert set(found) == {spoiled.path}
    assert code in found[spoiled.path]


def test_equal_voxels_in_other_bytes_are_named_in_both_files(sound: list[Shot], tmp_path: Path) -> None:
    flipped = np.array(heads.AFFINE)
    flipped[0, 0], flipped[0, 3] = -4, -78 + 4 * 39
    copy = heads.shot(tmp_path, 77, heads.head(2)[::-1].astype(np.float32), flipped)
    found = codes([*sound, copy])
    assert found == {sound[2].path: {"same-voxels"}, copy.path: {"same-voxels"}}
    assert codes([*sound, replace(sound[2], path="sub-A078/anat/sub-A078_T1w.nii.gz")]) == {}, (
        "equal bytes: leak checks"
    )


def _brain(shot: Shot) -> Shot:
    """Its brain, cut out and brighter, in another space, as a derivative keeps it beside the image."""
    numbers = {**(shot.measured or Measured()).numbers, "voxels_sha256": f"brain of {shot.path}"}
    numbers |= {"foreground_mean": numbers["foreground_mean"] * 10, "extent_a_mm": numbers["extent_a_mm"] * 2}
    path = f"derivatives/brains/{shot.path.replace('_T1w', '_space-MNI152NLin6Asym_desc-brain_T1w')}"
    return replace(shot, path=path, sha256=f"brain of {shot.path}", measured=Measured(None, numbers))


@pytest.mark.parametrize("brains", [3, 10])
def test_what_was_derived_is_compared_with_its_like_and_changes_nothing_for_raw_images(
    sound: list[Shot], tmp_path: Path, brains: int
) -> None:
    noisy = heads.shot(tmp_path, FOUND, _noisy(heads.head(FOUND)))
    shots = [*sound[:FOUND], noisy, *sound[FOUND + 1 :]]
    assert codes([*shots, *map(_brain, sound[:brains])]) == codes(shots)


def test_a_derivative_unlike_its_like_is_found(sound: list[Shot]) -> None:
    odd = replace(_brain(_brain(sound[0])), path=_brain(sound[0]).path)  # as bright as no other
    found = codes([*sound, odd, *map(_brain, sound[1:])])
    assert set(found) == {odd.path}
    assert found[odd.path] == {"outlier-foreground-mean", "extent-unlike"}


def test_empty_images_are_no_copies_of_each_other(sound: list[Shot], tmp_path: Path) -> None:
    empties = [heads.shot(tmp_path, number, np.zeros(heads.SHAPE)) for number in (80, 81)]
    assert codes([*sound, *empties]) == {shot.path: {"image-empty"} for shot in empties}


def test_forms_that_disagree_are_found(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(heads.head(0), heads.AFFINE)
    moved = heads.AFFINE.copy()
    moved[0, 3] += 10
    image.set_qform(moved, code=1)
    image.set_sform(heads.AFFINE, code=1)
    nibabel.save(image, tmp_path / "two.nii.gz")
    assert codes([heads.of_file(tmp_path / "two.nii.gz", 0)]) == {"sub-A000/anat/two.nii.gz": {"forms-disagree"}}


def _flip_byte(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def _dimensions(data: bytes, *dim: int) -> bytes:
    raw = bytearray(gzip.decompress(data))
    raw[40 : 40 + 2 * len(dim)] = np.array(dim, "<i2").tobytes()
    return bytes(raw)


DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip ends early": ("a.nii.gz", lambda data: data[: len(data) // 2]),
    "gzip's last bytes are missing": ("a.nii.gz", lambda data: data[:-5]),
    "gzip's checksum is wrong": ("a.nii.gz", lambda data: _flip_byte(data, len(data) - 8)),
    "a byte in the middle": ("a.nii.gz", lambda data: _flip_byte(data, len(data) // 2)),
    "fewer voxels than the header declares": ("a.nii.gz", lambda data: gzip.compress(gzip.decompress(data)[:-1000])),
    "fewer voxels, not compressed": ("a.nii", lambda data: gzip.decompress(data)[:-1000]),
    "text": ("a.nii.gz", lambda data: b"hello"),
    "nothing": ("a.nii.gz", lambda data: b""),
    "a header alone": ("a.nii", lambda data: gzip.decompress(data)[:352]),
    "terabytes declared": ("a.nii", lambda data: _dimensions(data, 3, 32767, 32767, 32767)),
    "a negative length": ("a.nii", lambda data: _dimensions(data, 3, -5)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_a_finding_and_no_exception(sound: list[Shot], tmp_path: Path, damage: str) -> None:
    name, spoil = DAMAGE[damage]
    heads.shot(tmp_path, 5)
    place = tmp_path / name
    place.write_bytes(spoil((tmp_path / "sub-A005_T1w.nii.gz").read_bytes()))
    measured = read(place)
    assert measured.problem
    assert str(tmp_path) not in measured.problem
    found = codes([*sound[:5], replace(sound[5], measured=measured), *sound[6:]])
    assert found == {sound[5].path: {"image-unreadable"}}


@pytest.mark.parametrize("seed", range(25))
def test_whatever_is_in_the_header_reading_ends_with_an_answer(tmp_path: Path, seed: int) -> None:
    """Bytes of the header are drawn anew: measured, or a problem in words; never an exception, never more memory."""
    rng = np.random.default_rng(seed)
    heads.shot(tmp_path, 1)
    raw = bytearray(gzip.decompress((tmp_path / "sub-A001_T1w.nii.gz").read_bytes()))
    for at in rng.integers(0, 348, rng.integers(1, 12)):
        raw[at] = rng.integers(0, 256)
    place = tmp_path / "wild.nii"
    place.write_bytes(bytes(raw))
    measured = read(place)
    assert measured.problem or measured.numbers["voxels_sha256"]


def test_errors_are_what_nothing_may_be_trained_on() -> None:
    severe = {check.code for check in CHECKS if check.severity == "error"}
    assert severe == {"image-unreadable", "image-empty", "image-constant"}


def test_a_sidecar_that_lacks_fields_is_named_with_them_and_a_whole_channel_once(sound: list[Shot]) -> None:
    less = replace(sound[1], sidecar={"Manufacturer": "Acme", "MagneticFieldStrength": 3, "EchoTime": 0.003})
    (finding,) = judge(Cohort([sound[0], less, *sound[2:]]))
    assert (finding.code, finding.unit) == ("sidecar-incomplete", less.path)
    assert "RepetitionTime" in finding.message
    assert "EchoTime" not in finding.message
    (finding,) = judge(Cohort([replace(shot, sidecar={}) for shot in sound]))
    assert (finding.unit, finding.channel, finding.sha256) == ("T1w", "T1w", None)
    assert all(name in finding.message for name in ("all 10 images", "Manufacturer", "RepetitionTime and EchoTime"))


def _cells(missing: set[tuple[str, str, str]], subjects: int = 8) -> list[dict[str, Any]]:
    """Rows of the overview; a missing visit has no channel."""
    return [
        {
            "subject": subject,
            "session": visit,
            "channel": channel,
            "images": 1,
            "readings": 0,
            "consensus": 0,
            **_state((subject, visit, "") in missing, (subject, visit, channel) in missing),
        }
        for subject in (f"sub-{n}" for n in range(subjects))
        for visit in ("ses-M00", "ses-M12")
        for channel in ("FLAIR", "T1w")
    ]


def _state(no_visit: bool, no_image: bool) -> dict[str, str | None]:
    if no_visit:
        return {"site": "siteA", "source": "one", "state": "no session"}
    return {"site": "siteA", "source": "one", "state": "no image" if no_image else "image"}


def test_a_visit_and_a_channel_that_most_have_are_missed() -> None:
    found = judge(Cohort([], _cells({("sub-3", "ses-M12", ""), ("sub-5", "ses-M00", "T1w")})))
    assert [(item.code, item.unit, item.channel) for item in found] == [
        ("session-missing", "sub-3/ses-M12", None),
        ("channel-missing", "sub-5/ses-M00", "T1w"),
    ]
    assert {(item.subject_id, item.site_id) for item in found} == {("sub-3", "siteA"), ("sub-5", "siteA")}


def test_most_of_the_slices_of_a_lone_image_are_empty(tmp_path: Path) -> None:
    """With nobody to compare with, half is the limit."""
    for kept, expected in ((20, {}), (8, {"sub-A001/anat/sub-A001_T1w.nii.gz": {"slices-empty"}})):
        data = heads.head(1)
        data[..., kept:] = 0
        assert codes([heads.shot(tmp_path, 1, data)]) == expected


def test_what_half_of_the_subjects_lack_is_not_missed() -> None:
    assert judge(Cohort([], _cells({(f"sub-{n}", "ses-M12", "") for n in range(4)}))) == []
    assert judge(Cohort([], _cells({(f"sub-{n}", "ses-M12", "T1w") for n in range(4)}))) == []
    assert judge(Cohort([], _cells({("sub-0", "ses-M12", "")}, subjects=2))) == []


def test_the_header_of_a_sound_head_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = heads.shot(tmp_path, 3)
    assert made.shape == heads.SHAPE == read_header(tmp_path / "sub-A003_T1w.nii.gz").shape


def test_a_phase_image_is_no_odd_magnitude(sound: list[Shot]) -> None:
    """Negative values are ordinary in it; one alone has too few peers to be judged."""
    phases = [
        replace(
            shot,
            path=shot.path.replace("_T1w", "_part-phase_T1w"),
            measured=replace(shot.measured, numbers={**shot.measured.numbers, "minimum": -3.1, "negative_share": 0.5}),
        )
        for shot in sound[:1]
        if shot.measured
    ]
    assert len({shot.peers for shot in (*sound, *phases)}) == 2
    found = {finding.code for finding in judge(Cohort([*sound, *phases])) if "part-phase" in finding.unit}
    assert "values-negative" not in found
