"""Values of DICOM elements as plain Python, whatever the header holds: absent, empty and unreadable are one thing.

Works on datasets as pydicom gives them, without importing it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


def text(dataset: Any, keyword: str) -> str:
    """The value as text without padding; empty where there is none."""
    value = _value(dataset, keyword)
    return "" if value is None else str(value).replace("\0", "").strip()


def words(dataset: Any, keyword: str) -> tuple[str, ...]:
    """A multi-valued element as texts."""
    value = _value(dataset, keyword)
    if value is None or isinstance(value, str):
        return tuple(filter(None, str(value or "").strip().split("\\")))
    return tuple(str(item).strip() for item in value if str(item).strip())


def number(dataset: Any, keyword: str, default: float = 0.0) -> float:
    """The first value as a finite number, else `default`."""
    return next(iter(numbers(dataset, keyword)), default)


def whole(dataset: Any, keyword: str) -> int:
    """The first value as a whole number, else 0."""
    return int(number(dataset, keyword))


def numbers(dataset: Any, keyword: str) -> tuple[float, ...]:
    """Every value as a number; empty where one of them is none or not finite."""
    value = _value(dataset, keyword)
    many = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]
    try:
        found = tuple(float(item) for item in many)
    except (TypeError, ValueError):
        return ()
    return found if all(math.isfinite(item) for item in found) else ()


def first(dataset: Any, keyword: str) -> Any:
    """The first item of a sequence, or None."""
    value = _value(dataset, keyword)
    many = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else ()
    return next(iter(many), None)


def private(dataset: Any, group: int, element: int) -> Any:
    """The value of a private element, or None."""
    try:
        found = dataset.get((group, element))
        return None if found is None else found.value
    except Exception:  # noqa: BLE001 # an unreadable value is as good as none
        return None


def _value(dataset: Any, keyword: str) -> Any:
    if dataset is None:
        return None
    try:
        return dataset.get(keyword)
    except Exception:  # noqa: BLE001 # pydicom decodes on access, and damaged values raise errors of many kinds
        return None
