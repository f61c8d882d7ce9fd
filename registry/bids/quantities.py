"""Numbers of sidecars within the bounds of their units: milliseconds are no seconds, and gauss is no tesla.

The standard states few upper bounds; ours are those of `registry.vocabulary.bounds`.
"""

from __future__ import annotations

import math
from typing import Any

from registry.bids import schema
from registry.vocabulary.bounds import BOUNDS

_ABOVE_ZERO = frozenset({"MagneticFieldStrength"})


def fits(field: str, value: float) -> bool:
    """Whether a number can be a value of a field of BIDS; a field without bounds takes every finite number."""
    stated = schema.read().numbers.get(field, {})
    low = stated.get("minimum", -math.inf)
    above = stated.get("exclusiveMinimum", 0 if field in _ABOVE_ZERO else -math.inf)
    high = min(stated.get("maximum", math.inf), BOUNDS[field].most if field in BOUNDS else math.inf)
    return math.isfinite(value) and low <= value <= high and value > above


def may_be(field: str, shape: str) -> bool:
    """Whether BIDS gives a field this shape: `one` number or a `list`."""
    return schema.read().numbers[field]["shape"] in (shape, "either")


def read_quantity(fields: Any, field: str) -> float | None:
    """One number of a sidecar, also written as text; None where it is absent, a list, a word or out of bounds."""
    value = fields.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if fits(field, number) else None
