"""A mirrored head among others is suspected, and nobody else is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from curation.checks import Cohort, judge
from curation.checks.measures import asymmetry
from curation.checks.measures.read import Measured, read
from curation.persons.fingerprints import of_volume
from registry.files.volumes import Volume, load
from tests.support.cohorts import heads

FLIPPED = "sub-B101/ses-M12/anat/sub-B101_ses-M12_FLAIR.nii.gz"
SIDES = {"L": "R", "R": "L"}


def flip(measured: Measured) -> Measured:
    """What a mirrored image measures: only the sign of what is asymmetric is another one."""
    assert measured.asymmetry is not None
    return replace(measured, asymmetry=replace(measured.asymmetry, values=-measured.asymmetry.values))


def mirrored(volume: Volume) -> Volume:
    """The voxels in the opposite order from left to right; the header says nothing of it."""
    axis = next(n for n, code in enumerate(nibabel.aff2axcodes(volume.affine_ras)) if code in SIDES)
    return Volume(np.flip(volume.data, axis), volume.affine_ras)


def suspected(cohort: Cohort) -> dict[str, str]:
    return {item.unit: item.message for item in judge(cohort) if item.code == "maybe-mirrored"}


def test_the_demo_cohort_has_no_finding(demo: Cohort) -> None:
    assert [item.model_dump() for item in judge(demo)] == []


def test_an_image_and_its_mirror_image_disagree(demo: Cohort) -> None:
    for shot in demo.shots[:3]:
        assert shot.measured is not None
        assert asymmetry.agreement(shot.measured.asymmetry, shot.measured.asymmetry) == pytest.approx(1)
        assert asymmetry.agreement(shot.measured.asymmetry, flip(shot.measured).asymmetry) == pytest.approx(-1)


def test_a_flipped_brain_in_the_demo_cohort_is_found_and_it_alone(demo: Cohort, demo_root: Path) -> None:
    """The voxels themselves are mirrored here, so the whole way from file to finding is shown."""
    volume = mirrored(load(demo_root / FLIPPED))
    odd = asymmetry.of(of_volume(volume))
    shots = [
        replace(shot, measured=replace(shot.measured, asymmetry=odd))
        if shot.path == FLIPPED and shot.measured
        else shot
        for shot in demo.shots
    ]
    found = suspected(Cohort(shots))
    assert set(found) == {FLIPPED}
    assert "suspicion" in found[FLIPPED]


@pytest.mark.parametrize("index", range(8))
def test_whichever_image_is_flipped_is_the_one_that_is_found(demo: Cohort, index: int) -> None:
    shots = list(demo.shots)
    shots[index] = replace(shots[index], measured=flip(shots[index].measured or Measured()))
    assert set(suspected(Cohort(shots))) == {shots[index].path}


def test_of_two_images_that_contradict_each_other_both_are_named(demo: Cohort) -> None:
    pair = [shot for shot in demo.shots if shot.subject == "sub-B101" and shot.channel == "FLAIR"]
    pair[1] = replace(pair[1], measured=flip(pair[1].measured or Measured()))
    found = suspected(Cohort(pair))
    assert set(found) == {shot.path for shot in pair}
    assert all("or the other one" in message for message in found.values())


def test_a_lone_image_is_compared_with_the_mean_of_others(demo: Cohort) -> None:
    """Twelve subjects made of one: one image each, so only the mean can tell."""
    base = [shot for shot in demo.shots if shot.subject == "sub-B101"]
    alike = [
        replace(
            base[n % 2],
            path=f"sub-{n}/x",
            subject=f"sub-{n}",
            session=f"sub-{n}",
            channel="FLAIR",
            site="s",
            sha256=str(n),
        )
        for n in range(12)
    ]
    assert suspected(Cohort(alike)) == {}
    alike[5] = replace(alike[5], measured=flip(alike[5].measured or Measured()))
    assert set(suspected(Cohort(alike))) == {"sub-5/x"}


@pytest.mark.realdata
@pytest.mark.parametrize("patient", ["patient01", "patient03"])
def test_real_heads_at_two_studies_agree_and_a_mirrored_one_is_suspected(realdata: Path, patient: str) -> None:
    shots = [
        replace(heads.of_file(place, 1), path=f"sub-A001/{study}", session=f"sub-A001/{study}", measured=read(place))
        for study in ("study1", "study2")
        if (place := realdata / f"open_ms/longitudinal/{patient}/{study}_FLAIR.nii.gz")
    ]
    assert [item.code for item in judge(Cohort(shots))] == []
    shots[1] = replace(shots[1], measured=flip(shots[1].measured or Measured()))
    assert set(suspected(Cohort(shots))) == {"sub-A001/study1", "sub-A001/study2"}


@pytest.mark.realdata
def test_real_hippocampi_have_no_finding_about_one_of_them(realdata: Path) -> None:
    """Sixty of them: three kinds of intensities in one channel, said once; nothing else."""
    places = sorted((realdata / "msd_hippocampus/imagesTr").glob("hippocampus*.nii.gz"))[:60]
    found = judge(Cohort([heads.of_file(place, number) for number, place in enumerate(places)]))
    assert {item.unit for item in found} <= {"T1w"}
    assert all("several kinds of images" in item.message for item in found)


@pytest.mark.realdata
def test_real_spinal_cords_have_no_finding_but_what_their_headers_state(realdata: Path) -> None:
    """Five acquisitions of four centres, two runs each: two images have forms 0.052 mm apart, two others 0.044 mm.

    The limit is 0.05 mm, as in `validate`, which reads the same headers.
    """
    places = sorted((realdata / "gm_challenge").glob("sub-*/anat/*_T2starw.nii.gz"))
    names = [place.name.split("_")[0] for place in places]
    shots = [
        replace(heads.of_file(place, 0), subject=name, session=name, site=name, path=place.name, channel="T2starw")
        for place, name in zip(places, names, strict=True)
    ]
    assert len(shots) == 10
    found = [(item.code, item.unit) for item in judge(Cohort(shots))]
    runs = [place.name for place in places if place.name.startswith("sub-10062Ses1_")]
    assert found == [("forms-disagree", name) for name in runs]
