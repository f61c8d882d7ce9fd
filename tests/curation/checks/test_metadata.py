"""A number that no acquisition has is a finding, in words that say which unit it may be."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.checks import Cohort, Shot
from curation.checks.rules.metadata import implausible
from registry.vocabulary.bounds import BOUNDS, find_fault

SOUND = {"MagneticFieldStrength": 3, "EchoTime": 0.1, "RepetitionTime": 9, "InversionTime": 2.5, "FlipAngle": 120}


def shot(number: int, **fields: Any) -> Shot:
    path = f"sub-{number:02}/anat/sub-{number:02}_FLAIR.nii.gz"
    one = Shot(path, str(number), f"sub-{number:02}", f"sub-{number:02}", "A", "FLAIR", "FLAIR", (1, 1, 1), (9, 9, 9))
    return replace(one, sidecar={**SOUND, **fields})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"MagneticFieldStrength": 30000}, "MagneticFieldStrength as 30000 tesla, .* was it gauss or millitesla"),
        ({"MagneticFieldStrength": 3000}, "MagneticFieldStrength as 3000 tesla"),
        ({"MagneticFieldStrength": "3T"}, "MagneticFieldStrength as '3T', which is no number of tesla"),
        ({"MagneticFieldStrength": "3"}, "which is no number of tesla"),
        ({"MagneticFieldStrength": [3]}, r"as \[3\], which is no number"),
        ({"MagneticFieldStrength": 0}, "as 0 tesla, which no acquisition has"),
        ({"MagneticFieldStrength": True}, "which is no number"),
        ({"EchoTime": 100}, "EchoTime as 100 seconds, .* was it milliseconds"),
        ({"EchoTime": [0.01, 20]}, "EchoTime as 20 seconds"),
        ({"RepetitionTime": 9000}, "RepetitionTime as 9000 seconds"),
        ({"InversionTime": 2500}, "InversionTime as 2500 seconds"),
        ({"FlipAngle": 1200}, "FlipAngle as 1200 degrees"),
        ({"FlipAngle": -5}, "which no acquisition has"),
    ],
)
def test_one_image_with_an_impossible_number_is_named(fields: dict[str, Any], said: str) -> None:
    (hit,) = implausible(Cohort([*(shot(number) for number in range(3)), shot(7, **fields)]))
    assert hit.unit == shot(7).path
    assert re.search(said, hit.message)


def test_a_channel_that_is_wrong_as_a_whole_is_one_finding() -> None:
    (hit,) = implausible(Cohort([shot(number, EchoTime=100, RepetitionTime=9000) for number in range(5)]))
    assert (hit.unit, hit.channel) == ("FLAIR", "FLAIR")
    assert "each of 5 images" in hit.message
    assert "EchoTime" in hit.message
    assert "RepetitionTime" in hit.message


def test_sound_sidecars_and_absent_fields_are_no_finding() -> None:
    sound = [shot(1), shot(2, EchoTime=[0.01, 0.02], FlipAngle=[5, 25]), replace(shot(3), sidecar={})]
    assert list(implausible(Cohort([*sound, shot(4, MagneticFieldStrength=2.89362), shot(5, EchoTime=None)]))) == []


@given(st.sampled_from(sorted(BOUNDS)), st.floats(1e-4, 1))
def test_a_thousandfold_of_a_usual_number_is_beyond_its_bound(field: str, share: float) -> None:
    """The larger half of what each field can be is found when it is stated in thousandths."""
    usual = BOUNDS[field].most * share
    assert find_fault(field, usual) is None
    assert find_fault(field, usual * 1000) is not None or share <= 1e-3
