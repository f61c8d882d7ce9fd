"""Run all checks over one registry: masks, missing files, the event chain, traces of persons, BIDS itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from registry.catalog import Catalog
from registry.errors import IntegrityError
from registry.files.progress import Progress
from registry.index.rows import read_roots
from registry.maintenance import drift, mask_checks
from registry.maintenance.drift import Outside
from registry.privacy import traces
from registry.publishing import events
from registry.store import Registry
from registry.tables import Event, File
from registry.vocabulary.findings import Finding, Severity, ValidationReport

_VALIDATOR = "bids-validator-deno"
_ABSENT = "file-absent"
_UNREADABLE = "NIFTI_HEADER_UNREADABLE"
"""The validator reports this also for absent content, which is reported once, as `file-absent`."""

_OUTSIDE = {
    Outside.EDITED: "was edited outside the registry",
    Outside.NEW: "was put here without the registry",
    Outside.DAMAGED: "holds other bytes than its checksum says",
}


def validate(registry: Registry, *, bids: bool = True, progress: Progress | None = None) -> ValidationReport:
    """Run every check that reads no voxels, and add the last findings of `cohortium check run`. Nothing is changed.

    Args:
        registry: the registry.
        bids: also run the official validator on the raw root and on each derivative, where it is installed.
        progress: called after each file that is read, then after each dataset.
    """
    findings = [*check_masks(registry), *check_presence(registry), *check_events(registry)]
    findings += [*check_privacy(registry, progress), *stored_findings(registry)]
    absent = {finding.path for finding in findings if finding.code == _ABSENT}
    ran = ["masks", "presence", "events", "privacy", "stored findings"]
    if bids and validator() is not None:
        for number, folder in enumerate(folders := datasets(registry.root), start=1):
            found = run_validator(registry.root, folder)
            findings += [item for item in found if item.code != _UNREADABLE or item.path not in absent]
            if progress:
                progress(number, len(folders), f"BIDS: {folder or 'raw root'}")
        ran.append(_VALIDATOR)
    return ValidationReport(tuple(findings), tuple(ran))


def check_masks(registry: Registry) -> Iterator[Finding]:
    """Findings for masks that break law 2 or 3."""
    with registry.reading() as database:
        files = database.exec(select(File)).all()
    roots = read_roots(file for file in files if file.subject_id is None)
    for subject, group in sorted(mask_checks.by_subject(files).items()):
        yield from mask_checks.check_subject(subject, group, roots)


def check_presence(registry: Registry) -> Iterator[Finding]:
    """Findings for files that are not on this machine, or not as the registry left them."""
    with registry.reading() as database:
        known = database.exec(select(File.path).order_by(col(File.path))).all()
    for path in known:
        if not (registry.root / path).is_file():
            yield Finding(_ABSENT, Severity.ERROR, path, "is not on this machine; fetch it with: datalad get")
    for item in drift.differences(registry):
        if item.what in _OUTSIDE:
            severity = Severity.WARNING if item.what is Outside.NEW else Severity.ERROR
            message = f"{_OUTSIDE[item.what]}; see: cohortium doctor"
            yield Finding(f"file-{item.what.value}", severity, item.path, message)


def check_events(registry: Registry) -> Iterator[Finding]:
    """A finding where a writer's chain of events is broken (law 4)."""
    with registry.reading() as database:
        chain = database.exec(select(Event).order_by(col(Event.writer), col(Event.number))).all()
    try:
        events.verify_chain(chain)
    except IntegrityError as error:
        yield Finding("event-chain-broken", Severity.ERROR, "", error.message)


def check_privacy(registry: Registry, progress: Progress | None = None) -> list[Finding]:
    """Findings for files on this machine that tell who a person is, or when somebody came (law 12)."""
    with registry.reading() as database:
        known = database.exec(select(File.path).order_by(col(File.path))).all()
    here = [path for path in known if (registry.root / path).is_file()]
    return traces.shorten(traces.check(registry.root, here, progress))


def datasets(root: Path) -> list[str]:
    """The raw root (`""`) and every derivative that is a BIDS dataset."""
    derivatives = sorted(path.parent.name for path in root.glob("derivatives/*/dataset_description.json"))
    return ["", *(f"derivatives/{name}" for name in derivatives)]


def validator() -> str | None:
    """Path of the official validator's program; None where it is not installed."""
    beside = Path(sys.executable).parent / _VALIDATOR
    return str(beside) if beside.exists() else shutil.which(_VALIDATOR)


def run_validator(root: Path, folder: str) -> list[Finding]:
    """Findings of the official validator on one dataset, with one warning per code; it works offline."""
    program = validator()
    if program is None:
        return []
    command = [program, str(root / folder), "--format", "json", "--max-rows", "-1"]
    environment = {**os.environ, "NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    try:
        issues: Sequence[dict[str, Any]] = json.loads(done.stdout)["issues"]["issues"]
    except (ValueError, KeyError):
        return [Finding("validator-failed", Severity.WARNING, folder, "the BIDS validator gave no result", _VALIDATOR)]
    errors = [_finding(issue, folder) for issue in issues if issue.get("severity") == "error"]
    counts = Counter(str(issue["code"]) for issue in issues if issue.get("severity") == "warning")
    warnings = [
        Finding(code, Severity.WARNING, folder, f"{count} recommendations of BIDS are not followed", _VALIDATOR)
        for code, count in sorted(counts.items())
    ]
    return [*errors, *warnings]


def _finding(issue: dict[str, Any], folder: str) -> Finding:
    where = f"{folder}{issue.get('location') or ''}".lstrip("/")
    what = " ".join(str(issue[key]) for key in ("subCode", "issueMessage") if issue.get(key))
    return Finding(str(issue["code"]), Severity(issue["severity"]), where, what or str(issue["code"]), _VALIDATOR)


def stored_findings(registry: Registry) -> list[Finding]:
    """Open findings of the last run of the checks, errors first; empty before the first run."""
    rows = Catalog.of(registry).rows(
        """SELECT code, severity, unit, message, origin FROM findings WHERE state = 'open'
        ORDER BY severity, code, abs(coalesce(score, 0)) DESC, unit"""
    )
    return [Finding(row["code"], Severity(row["severity"]), row["unit"], row["message"], row["origin"]) for row in rows]
