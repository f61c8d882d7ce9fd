"""Whether one Patient ID can be one person: what its headers say of name, birth, sex, age and weight."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from itertools import combinations

from curation.dicom.read.identities import is_placeholder
from curation.dicom.read.instances import Instance, Origin

_YEARS_APART = 1.5
"""Ages are whole years and study dates are often shifted by some months: births this far apart are still one."""
_AGE_LIMIT = 10
"""Without study dates, two ages further apart than this are asked about: few studies follow people for longer."""
_WEIGHT_RATIO = 1.6
"""Few people change their weight by more; children who grow are asked about, and a person says yes."""


def find_conflicts(instances: Iterable[Instance]) -> list[str]:
    """Words for what differs more than one person can: `names`, `birth dates`, `sexes`, `ages`, `weights`."""
    many = list(instances)
    texts = {
        "names": {_plain_name(item.patient.name) for item in many if not is_placeholder(item.patient.name)},
        "birth dates": {item.patient.birth_date for item in many if item.patient.birth_date},
        "sexes": {item.patient.sex.upper() for item in many if item.patient.sex.upper() in ("F", "M")},
    }
    found = [word for word, values in texts.items() if len(values) > 1]
    origins = list(
        {(item.origin.study_date, item.origin.age, item.origin.weight_kg): item.origin for item in many}.values()
    )
    pairs = list(combinations(origins, 2))
    if any(_ages_differ(one, other) for one, other in pairs):
        found.append("ages")
    if any(_weights_differ(one.weight_kg, other.weight_kg) for one, other in pairs):
        found.append("weights")
    return found


def _plain_name(name: str) -> str:
    return " ".join(re.sub(r"[\^_,\s]+", " ", name.casefold()).split())


def _ages_differ(one: Origin, other: Origin) -> bool:
    if one.age is None or other.age is None:
        return False
    days = [_read_day(origin.study_date) for origin in (one, other)]
    if days[0] is None or days[1] is None:
        return abs(one.age - other.age) > _AGE_LIMIT
    born = [day - age * 365.25 for day, age in zip((days[0], days[1]), (one.age, other.age), strict=True)]
    return abs(born[0] - born[1]) > _YEARS_APART * 365.25


def _weights_differ(one: float, other: float) -> bool:
    return min(one, other) > 0 and max(one, other) > _WEIGHT_RATIO * min(one, other)


def _read_day(text: str) -> int | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal() if len(text) == 8 else None
    except ValueError:
        return None
