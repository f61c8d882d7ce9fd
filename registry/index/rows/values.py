"""Turn values of sidecars and tables into those that columns can hold; a value that does not fit becomes None."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def number(value: Any) -> float | None:
    """A finite number, or None."""
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def whole(value: Any) -> int | None:
    """A whole number, rounded towards zero, or None."""
    finite = number(value)
    return None if finite is None else int(finite)


def text(value: Any) -> str | None:
    """A text, or None for a missing value, a list or an object."""
    return None if value is None or isinstance(value, list | dict) else str(value)


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one."""
    return dict(value) if isinstance(value, Mapping) else {}
