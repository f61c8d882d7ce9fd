"""What is missing: sidecar fields, images of a channel, visits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from registry.checks.shapes import Cohort, Hit, Shot
from registry.overview import gaps

MOST = 2 / 3
"""Share of the subjects of a site (of the cohort, where the site has few) that must have what is called missing."""

_FEW = 5

_MR = ("Manufacturer", "MagneticFieldStrength")
_TIMES = (*_MR, "RepetitionTime", "EchoTime")
EXPECTED: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("T1w", "T2w", "T2starw", "PDw", "PDT2", "SWI", "dwi", "epi"), _TIMES),
    "FLAIR": (*_TIMES, "InversionTime"), "bold": (*_TIMES, "TaskName"), "sbref": _TIMES, "asl": _TIMES,
    "ct": ("Manufacturer",), "pet": ("Manufacturer", "TracerName", "InjectedRadioactivity"),
}  # fmt: skip
"""BIDS suffix to the fields that a sidecar should state; other suffixes are not asked."""


def fields(cohort: Cohort) -> Iterable[Hit]:
    """Raw images whose sidecars lack fields; a channel where every image lacks the same ones is named once."""
    channels: dict[str, list[tuple[Shot, tuple[str, ...]]]] = defaultdict(list)
    for shot in cohort.shots:
        if not shot.path.startswith("derivatives/"):
            lacking = tuple(name for name in EXPECTED.get(shot.suffix, ()) if shot.sidecar.get(name) in (None, ""))
            channels[shot.channel].append((shot, lacking))
    for channel, found in channels.items():
        kinds = {lacking for _, lacking in found}
        if len(found) > 1 and len(kinds) == 1 and (lacking := next(iter(kinds))):
            message = f"the sidecars of all {len(found):,} images state no {_listed(lacking)}"
            yield Hit(channel, message, channel=channel)
            continue
        for shot, lacking in found:
            if lacking:
                yield Hit(shot.path, f"its sidecar states no {_listed(lacking)}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if names[1:] else "") + names[-1]


def sessions(cohort: Cohort) -> Iterable[Hit]:
    """Visits that most subjects have."""
    for gap in _unusual(cohort.cells, "session"):
        yield Hit(_unit(gap), "is not there, most subjects have this visit", subject=gap["subject"], site=gap["site"])


def channels(cohort: Cohort) -> Iterable[Hit]:
    """Channels that most subjects have at this visit."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for gap in _unusual(cohort.cells, "image"):
        found[_unit(gap), gap["subject"], gap["site"]].append(gap["channel"])
    for (unit, subject, site), names in found.items():
        only = names[0] if len(names) == 1 else None
        yield Hit(unit, f"has no {_listed(sorted(names))}, most subjects have one at this visit", None, subject, only,
                  site)  # fmt: skip


def _unit(gap: Mapping[str, Any]) -> str:
    return f"{gap['subject']}/{gap['session']}" if gap["session"] else str(gap["subject"])


def _unusual(cells: Sequence[Mapping[str, Any]], missing: str) -> Iterable[dict[str, Any]]:
    """Gaps of one kind where most others of the site, or of the cohort, have something; with the subject's site."""
    shares = _Shares(cells, missing)
    for gap in gaps([dict(cell) for cell in cells]):
        if gap["missing"] == missing and shares.of(gap) >= MOST:
            yield {**gap, "site": gap["site"] or shares.homes.get(gap["subject"])}


class _Shares:
    """How many subjects have a visit, or a channel at a visit, by site and in all."""

    def __init__(self, cells: Sequence[Mapping[str, Any]], missing: str) -> None:
        self._whole = missing == "session"
        self.homes: dict[str, str] = {cell["subject"]: cell["site"] for cell in cells if cell["site"]}
        self._had: dict[tuple[str | None, ...], set[str]] = defaultdict(set)
        self._asked: dict[tuple[str | None, ...], set[str]] = defaultdict(set)
        for cell in cells:
            there = cell["state"] != "no session" if self._whole else cell["state"] not in ("no session", "no image")
            for key in self._keys(cell):
                if self._whole or cell["state"] != "no session":
                    self._asked[key].add(cell["subject"])
                if there:
                    self._had[key].add(cell["subject"])

    def _keys(self, cell: Mapping[str, Any]) -> list[tuple[str | None, ...]]:
        what = (cell["session"], None if self._whole else cell["channel"])
        return [(self.homes.get(cell["subject"]), *what), (None, *what)]

    def of(self, gap: Mapping[str, Any]) -> float:
        """Share of the other subjects; of the site where it has enough, else of the cohort. None alone has others."""
        own, whole = self._keys(gap)
        key = own if len(self._asked[own]) >= _FEW else whole
        others = len(self._asked[key]) - (gap["subject"] in self._asked[key])
        return (len(self._had[key]) - (gap["subject"] in self._had[key])) / others if others >= 2 else 0.0
