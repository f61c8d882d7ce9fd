"""The scan as a part of every check and import: its findings, and how bad each is in a registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from registry.files.parallel import map_files
from registry.privacy.kinds import SHOWN, Kind
from registry.privacy.scan import scan_file
from registry.vocabulary.findings import Finding, Severity

ORIGIN = "cohortium privacy"
_CERTAIN = frozenset({Kind.NAME, Kind.HEADER_TEXT, Kind.EXTENSION, Kind.DICOM_FILE})
"""Errors in a registry: a field that names a person, a name in DICOM's form, text in an image's header."""
_ELSEWHERE = frozenset({Kind.NOT_READ, Kind.BROKEN_IMAGE})
"""Kinds that other checks report: files that are absent, damaged or unreadable."""


def check(
    root: Path, paths: Sequence[str], progress: Callable[[int, int, str], None] | None = None
) -> Iterator[Finding]:
    """Findings in files and in their paths, in the order of the paths; all cores are used.

    What certainly identifies a person is an error, what may do so is a warning. Files that cannot be read are left to
    other checks.

    Args:
        root: the dataset's root.
        paths: relative to `root`.
        progress: called after each file.
    """
    for done, found in enumerate(map_files(partial(scan_file, root), paths), start=1):
        if progress:
            progress(done, len(paths), "looking for traces of persons")
        for item in found:
            if item.code not in _ELSEWHERE:
                certain = item.severity is Severity.ERROR and item.code in _CERTAIN
                severity = Severity.ERROR if certain else Severity.WARNING
                yield replace(item, code=f"privacy-{item.code}", severity=severity, origin=ORIGIN)


def shorten(findings: Iterable[Finding]) -> list[Finding]:
    """Every error, the first ten warnings of each kind, and the number of further warnings of that kind."""
    kept: list[Finding] = []
    seen: Counter[str] = Counter()
    for item in findings:
        seen[item.code] += item.severity is Severity.WARNING
        if item.severity is Severity.ERROR or seen[item.code] <= SHOWN:
            kept.append(item)
    more = {code: number - SHOWN for code, number in seen.items() if number > SHOWN}
    return [
        *kept,
        *(
            Finding(code, Severity.WARNING, "", f"{number} more; see: cohortium deidentify scan", ORIGIN)
            for code, number in sorted(more.items())
        ),
    ]
