"""Units by the form of their names, and which decision about them counts."""

from __future__ import annotations

import pytest

from registry.vocabulary.units import KINDS, find_first, find_kind, list_holders, list_units

IMAGE = "sub-A000/ses-M00/anat/sub-A000_ses-M00_FLAIR.nii.gz"


@pytest.mark.parametrize(
    ("unit", "kind", "holders"),
    [
        ("P001", "person", ("P001",)),
        ("sub-A000", "subject", ("sub-A000",)),
        ("sub-A000/ses-M00", "session", ("sub-A000/ses-M00", "sub-A000")),
        (IMAGE, "image", (IMAGE, "sub-A000/ses-M00", "sub-A000")),
        (f"derivatives/mni/{IMAGE}", "image", (f"derivatives/mni/{IMAGE}", "sub-A000/ses-M00", "sub-A000")),
        ("sub-01/anat/sub-01_T1w.nii", "image", ("sub-01/anat/sub-01_T1w.nii", "sub-01")),
    ],
)
def test_a_name_says_what_a_unit_is_and_what_holds_it(unit: str, kind: str, holders: tuple[str, ...]) -> None:
    assert find_kind(unit) == kind
    assert list_holders(unit) == holders


def test_the_widest_decision_comes_first() -> None:
    """An image of an excluded person is excluded as that person's, whatever was said about the image itself."""
    row = {"person_id": "P001", "subject": "sub-A000", "session": "sub-A000/ses-M00", "path": IMAGE}
    assert [find_kind(unit) for unit in list_units(row)] == list(KINDS)
    assert find_first(list_units(row), {IMAGE, "P001"}) == "P001"
    assert find_first(list_units(row), {IMAGE}) == IMAGE
    assert find_first(list_units(row), {"sub-A001"}) is None
