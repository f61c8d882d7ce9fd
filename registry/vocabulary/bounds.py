"""Bounds of the numbers of an acquisition: beyond them a number was stated in another unit, or by mistake."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.vocabulary.field_strength import LARGEST_T


@dataclass(frozen=True)
class Bound:
    """The largest number of a field, in the unit of BIDS; the smallest is above zero.

    Attributes:
        most: the largest number that any acquisition has, and at most a thousandth of what another unit would give.
        unit: the unit's name, in the plural.
        other: the unit in which such numbers are usually stated when they are too large.
        many: BIDS also allows a list, such as one number for each echo.
        zero: it may be 0, as the time of the first slice is.
    """

    most: float
    unit: str
    other: str
    many: bool = False
    zero: bool = False


_MS = "milliseconds"
BOUNDS: Mapping[str, Bound] = {
    "MagneticFieldStrength": Bound(LARGEST_T, "tesla", "gauss or millitesla"),
    "EchoTime": Bound(1.0, "seconds", _MS, many=True),
    "EchoTime1": Bound(1.0, "seconds", _MS),
    "EchoTime2": Bound(1.0, "seconds", _MS),
    "RepetitionTime": Bound(30.0, "seconds", _MS),
    "RepetitionTimeExcitation": Bound(30.0, "seconds", _MS),
    "RepetitionTimePreparation": Bound(30.0, "seconds", _MS, many=True),
    "InversionTime": Bound(15.0, "seconds", _MS),
    "MixingTime": Bound(10.0, "seconds", _MS),
    "LabelingDuration": Bound(60.0, "seconds", _MS, many=True, zero=True),
    "PostLabelingDelay": Bound(60.0, "seconds", _MS, many=True, zero=True),
    "TotalReadoutTime": Bound(5.0, "seconds", _MS),
    "EffectiveEchoSpacing": Bound(0.1, "seconds", _MS),
    "DwellTime": Bound(0.01, "seconds", "microseconds"),
    "SliceTiming": Bound(60.0, "seconds", _MS, many=True, zero=True),
    "FlipAngle": Bound(360.0, "degrees", "tenths of a degree", many=True),
}
"""Field of a sidecar to its bound. Echo and repetition times that are short in milliseconds stay below the bounds of
seconds: one of the two usually shows which unit was meant."""


def find_fault(field: str, value: Any) -> str | None:
    """What is wrong with the number of a field, as the rest of a sentence; None where it can be right.

    Args:
        field: the key in a sidecar; a field without bounds is never wrong.
        value: as the sidecar states it; None is an absent value, which is not looked at.
    """
    bound = BOUNDS.get(field)
    if bound is None or value is None:
        return None
    values = value if bound.many and isinstance(value, list) else [value]
    return next((fault for one in values if (fault := _find_fault(field, bound, one))), None)


def _find_fault(field: str, bound: Bound, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"states {field} as {value!r:.40}, which is no number of {bound.unit}"
    if not math.isfinite(value) or value < 0 or (value == 0 and not bound.zero):
        return f"states {field} as {value:g} {bound.unit}, which no acquisition has"
    if value > bound.most:
        return f"states {field} as {value:g} {bound.unit}, more than any scanner: was it {bound.other}?"
    return None
