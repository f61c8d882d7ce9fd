"""What is missing: sidecar fields, images of a channel, visits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from curation.checks.check import Cohort, Hit, Shot
from registry.catalog.completeness import gaps

OTHERS = 4
"""Other subjects of a site and a source data set that there must be before a check expects anything."""

_MR = ("Manufacturer", "MagneticFieldStrength")
_TIMES = (*_MR, "RepetitionTime", "EchoTime")
EXPECTED: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("T1w", "T2w", "T2starw", "PDw", "PDT2", "SWI", "dwi", "epi"), _TIMES),
    "FLAIR": (*_TIMES, "InversionTime"),
    "bold": (*_TIMES, "TaskName"),
    "sbref": _TIMES,
    "asl": _TIMES,
    "ct": ("Manufacturer",),
    "pet": ("Manufacturer", "TracerName", "InjectedRadioactivity"),
}
"""BIDS suffix to the fields that a sidecar should state; images of other suffixes are not checked."""


def fields(cohort: Cohort) -> Iterable[Hit]:
    """Hits for raw images whose sidecars lack fields; a channel whose images all lack the same fields is one hit."""
    channels: dict[str, list[tuple[Shot, tuple[str, ...]]]] = defaultdict(list)
    for shot in cohort.shots:
        if not shot.path.startswith("derivatives/"):
            lacking = tuple(name for name in EXPECTED.get(shot.suffix, ()) if shot.sidecar.get(name) in (None, ""))
            channels[shot.channel].append((shot, lacking))
    for channel, found in channels.items():
        kinds = {lacking for _, lacking in found}
        if len(found) > 1 and len(kinds) == 1 and (lacking := next(iter(kinds))):
            message = f"the sidecars of all {len(found):,} images state no {_join(lacking)}"
            yield Hit(channel, message, channel=channel)
            continue
        for shot, lacking in found:
            if lacking:
                yield Hit(shot.path, f"its sidecar states no {_join(lacking)}")


def _join(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if names[1:] else "") + names[-1]


def sessions(cohort: Cohort) -> Iterable[Hit]:
    """Hits for missing visits that most other subjects of the site and the data set have."""
    for gap in _find_gaps(cohort, "session"):
        yield Hit(
            _name_unit(gap),
            "is not there, most others of the site and the data set have this visit",
            subject=gap["subject"],
            site=gap["site"],
        )


def channels(cohort: Cohort) -> Iterable[Hit]:
    """Hits for visits without a channel that most others of the site and the data set have at this visit."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for gap in _find_gaps(cohort, "image"):
        found[_name_unit(gap), gap["subject"], gap["site"]].append(gap["channel"])
    for (unit, subject, site), names in found.items():
        only = names[0] if len(names) == 1 else None
        yield Hit(
            unit,
            f"has no {_join(sorted(names))}, most others of the site and the data set have one at this visit",
            None,
            subject,
            only,
            site,
        )


def _find_gaps(cohort: Cohort, kind: str) -> Iterable[Mapping[str, Any]]:
    return (gap for gap in gaps(cohort.cells, OTHERS) if gap["missing"] == kind)


def _name_unit(gap: Mapping[str, Any]) -> str:
    return f"{gap['subject']}/{gap['session']}" if gap["session"] else str(gap["subject"])
