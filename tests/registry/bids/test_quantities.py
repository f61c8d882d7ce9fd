"""Numbers of sidecars: what BIDS' unit can be is taken, what another unit or kind gives is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.bids import quantities, schema
from registry.vocabulary.bounds import BOUNDS

SECONDS = {"EchoTime": (0.001, 0.5), "RepetitionTime": (0.1, 20), "InversionTime": (0.05, 10)}


@pytest.mark.parametrize("tesla", [0.064, 0.3, 1.5, 2.89362, 3, 7, 11.7, 21])
def test_fields_of_scanners_are_taken_and_gauss_is_not(tesla: float) -> None:
    assert quantities.read_quantity({"MagneticFieldStrength": tesla}, "MagneticFieldStrength") == tesla
    assert quantities.read_quantity({"MagneticFieldStrength": tesla * 10_000}, "MagneticFieldStrength") is None


@pytest.mark.parametrize("field", SECONDS)
@given(part=st.floats(0, 1))
def test_seconds_are_taken_and_the_same_in_milliseconds_is_not(field: str, part: float) -> None:
    low, high = SECONDS[field]
    seconds = low + part * (high - low)
    assert quantities.fits(field, seconds)
    if field != "EchoTime" or seconds > 0.001:
        assert not quantities.fits(field, seconds * 1000)


@pytest.mark.parametrize("value", ["3T", "", "nan", "inf", [3], [], {}, None, True, 0, -3, 10**400, float("nan")])
def test_what_is_no_field_strength_is_none(value: Any) -> None:
    assert quantities.read_quantity({"MagneticFieldStrength": value}, "MagneticFieldStrength") is None


def test_a_number_written_as_text_is_the_number() -> None:
    assert quantities.read_quantity({"MagneticFieldStrength": "1.494"}, "MagneticFieldStrength") == 1.494


def test_our_bounds_are_within_those_of_the_standard() -> None:
    numbers = schema.read().numbers
    for field, largest in ((field, bound.most) for field, bound in BOUNDS.items()):
        assert largest <= numbers[field].get("maximum", largest)
        assert numbers[field].get("unit", "T") in ("s", "T", "degree")


def test_shapes_are_those_of_the_standard() -> None:
    assert quantities.may_be("MagneticFieldStrength", "one")
    assert not quantities.may_be("MagneticFieldStrength", "list")
    assert quantities.may_be("SliceTiming", "list")
    assert not quantities.may_be("SliceTiming", "one")
    assert all(quantities.may_be("FlipAngle", shape) for shape in ("one", "list"))
