"""Values of DICOM elements as plain Python; absent, empty and unreadable elements are treated alike.

The functions take datasets as pydicom returns them, without importing it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any


def text(dataset: Any, keyword: str) -> str:
    """The value as text without padding; empty without a value."""
    value = _value(dataset, keyword)
    return "" if value is None else str(value).replace("\0", "").strip()


def words(dataset: Any, keyword: str) -> tuple[str, ...]:
    """The values of a multi-valued element as texts; empty without a value."""
    value = _value(dataset, keyword)
    if value is None or isinstance(value, str):
        return tuple(filter(None, str(value or "").strip().split("\\")))
    return tuple(str(item).strip() for item in value if str(item).strip())


def number(dataset: Any, keyword: str, default: float = 0.0) -> float:
    """The first value as a finite number.

    Args:
        dataset: of pydicom, or None.
        keyword: of the element.
        default: returned if there is no value, or one that is not a finite number.
    """
    return next(iter(numbers(dataset, keyword)), default)


def whole(dataset: Any, keyword: str) -> int:
    """The first value as a whole number, else 0."""
    return int(number(dataset, keyword))


def numbers(dataset: Any, keyword: str) -> tuple[float, ...]:
    """Every value as a number; empty if one of them is not a finite number."""
    value = _value(dataset, keyword)
    many = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]
    try:
        found = tuple(float(item) for item in many)
    except (TypeError, ValueError):
        return ()
    return found if all(math.isfinite(item) for item in found) else ()


def count_digits(dataset: Any, keyword: str) -> tuple[int, int]:
    """The most decimals, and the most significant digits, in which a header writes the numbers of an element."""
    value = _value(dataset, keyword)
    many = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]
    try:
        parts = [Decimal(str(getattr(item, "original_string", item)).strip()).as_tuple() for item in many]
    except ArithmeticError:
        return 0, 0
    decimals = max((-part.exponent for part in parts if isinstance(part.exponent, int)), default=0)
    return max(decimals, 0), max((len(part.digits) for part in parts), default=0)


def first(dataset: Any, keyword: str) -> Any:
    """The first item of a sequence, or None."""
    value = _value(dataset, keyword)
    many = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else ()
    return next(iter(many), None)


def private(dataset: Any, group: int, element: int) -> Any:
    """The value of the private element (`group`, `element`); None if it is absent or unreadable.

    Args:
        dataset: of pydicom.
        group: 16-bit number.
        element: 16-bit number.
    """
    try:
        item = dataset.get((group, element))
        return None if item is None else item.value
    except Exception:  # noqa: BLE001 # an unreadable value is as good as none
        return None


def _value(dataset: Any, keyword: str) -> Any:
    if dataset is None:
        return None
    try:
        return dataset.get(keyword)
    except Exception:  # noqa: BLE001 # pydicom decodes on access, and damaged values raise errors of many kinds
        return None
