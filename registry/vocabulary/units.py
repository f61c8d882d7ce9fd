"""Units of a cohort: a person holds subjects, a subject holds sessions, a session holds images.

A unit is named by a person's id, `sub-A000`, `sub-A000/ses-M00` or the path of an image. What people decide about a
unit also holds for what lies inside it: of several decisions an exclusion takes the one about the widest unit, a
privacy verdict the one about the nearest.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

PERSON, SUBJECT, SESSION, IMAGE = KINDS = ("person", "subject", "session", "image")
"""The kinds of unit, the widest first."""


def find_kind(unit: str) -> str:
    """The kind of a unit, by the form of its name."""
    if unit.endswith((".nii.gz", ".nii")):
        return IMAGE
    if not unit.startswith("sub-"):
        return PERSON
    return SESSION if "/" in unit else SUBJECT


def list_holders(unit: str) -> tuple[str, ...]:
    """The unit, then its session and its subject, as far as its name holds them.

    An image of a derivative belongs to the session that its path names.
    """
    parts = unit.split("/")
    start = next((at for at, part in enumerate(parts) if part.startswith("sub-")), len(parts))
    levels = [part for part in parts[start : start + 2] if part.startswith(("sub-", "ses-"))]
    return tuple(dict.fromkeys([unit, *("/".join(levels[:count]) for count in range(len(levels), 0, -1))]))


def list_units(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The units that an image's row (`person_id`, `subject`, `session`, `path`) belongs to, the widest first."""
    return (row["person_id"], row["subject"], row["session"], row["path"])


def find_first(units: Iterable[str], decided: Container[str]) -> str | None:
    """The first of the units that somebody decided about; None where nobody did."""
    return next((unit for unit in units if unit in decided), None)
