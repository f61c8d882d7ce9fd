"""Run all checks over one registry: masks, missing files, the event chain, traces of persons, BIDS itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from sqlmodel import col, select

from registry.catalog import Catalog
from registry.errors import IntegrityError
from registry.files.progress import Progress
from registry.index.rows import read_roots
from registry.maintenance import bids_validator, drift, mask_checks
from registry.maintenance.drift import Outside
from registry.privacy import traces
from registry.publishing import events
from registry.store import Registry
from registry.tables import Event, File
from registry.vocabulary.display import format_count
from registry.vocabulary.findings import Finding, Severity, ValidationReport

_ABSENT = "file-absent"
_UNREADABLE = "NIFTI_HEADER_UNREADABLE"
"""The validator reports this also for absent content, which is reported once, as `file-absent`."""

_MISMATCH = "PARTICIPANT_ID_MISMATCH"

_OUTSIDE = {
    Outside.EDITED: "was edited outside the registry",
    Outside.NEW: "was put here without the registry",
    Outside.DAMAGED: "holds other bytes than its checksum says",
}


def validate(registry: Registry, *, bids: bool = True, progress: Progress | None = None) -> ValidationReport:
    """Run every check that reads no voxels, and add the last findings of `cohortium check run`. Nothing is changed.

    Args:
        registry: the registry.
        bids: also run the official validator on the raw root and on each derivative.
        progress: called after each file that is read, then after each dataset.
    """
    findings = [*check_masks(registry), *check_presence(registry), *check_events(registry)]
    findings += check_privacy(registry, progress)
    named = {(finding.code, finding.path) for finding in findings}  # headers say some of it without the last run
    findings += [item for item in stored_findings(registry) if (item.code, item.path) not in named]
    absent = {finding.path for finding in findings if finding.code == _ABSENT}
    ran = ["masks", "presence", "events", "privacy", "stored findings"]
    if bids:
        findings += check_bids(registry, absent, progress)
        ran += [bids_validator.PROGRAM] if bids_validator.find_program() else []
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


def check_bids(registry: Registry, absent: Collection[str] = (), progress: Progress | None = None) -> Iterator[Finding]:
    """Findings of the official validator: each error, and one warning for each recommendation of a dataset.

    A validator that gives no result is an error, because nobody knows whether the registry is valid. One that is not
    installed is a warning.

    Args:
        registry: the registry.
        absent: files whose absence was reported already.
        progress: called after each dataset.
    """
    if bids_validator.find_program() is None:
        message = f"{bids_validator.ABSENT}. {bids_validator.INSTALL}"
        yield Finding("validator-absent", Severity.WARNING, "", message, bids_validator.PROGRAM)
        return
    for number, folder in enumerate(folders := bids_validator.list_datasets(registry.root), start=1):
        for finding in run_validator(registry.root, folder):
            if not (finding.code == _UNREADABLE and finding.path in absent):
                yield finding
        if progress:
            progress(number, len(folders), f"BIDS: {folder or 'raw root'}")


def run_validator(root: Path, folder: str) -> list[Finding]:
    """Findings of the official validator on one dataset, with one warning for each code.

    Args:
        root: the registry's folder.
        folder: of the dataset; empty for the raw root.
    """
    try:
        issues = bids_validator.list_issues(root, folder)
    except bids_validator.ValidatorFailed as error:
        message = f"{error.message} {error.hint}"
        return [Finding("validator-failed", Severity.ERROR, folder, message, bids_validator.PROGRAM)]
    errors = [
        Finding(issue.code, Severity.ERROR, issue.path, issue.message, bids_validator.PROGRAM)
        for issue in issues
        if issue.is_error and not _is_nobody_yet(root, issue)
    ]
    counts = Counter(issue.code for issue in issues if not issue.is_error)
    warnings = [
        Finding(
            code, Severity.WARNING, folder, f"{count} recommendations of BIDS are not followed", bids_validator.PROGRAM
        )
        for code, count in sorted(counts.items())
    ]
    return [*errors, *warnings, *_count_ignored(root, folder)]


def _is_nobody_yet(root: Path, issue: bids_validator.Issue) -> bool:
    """Whether the issue is that a new registry has a table of participants and no participant.

    The validator wants a folder for each row, and says so too where there is neither a row nor a folder.
    """
    return issue.code == _MISMATCH and not any(root.glob("sub-*"))


def _count_ignored(root: Path, folder: str) -> list[Finding]:
    """A warning with the number of images that `.bidsignore` keeps from the validator, where it names any."""
    path = root / folder / ".bidsignore"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    count = len({line for line in lines if line.startswith("sub-")})
    message = f"the validator passes over {format_count(count, 'image')} that lack what BIDS requires"
    where = f"{folder}/.bidsignore".lstrip("/")
    return [Finding("bids-ignored", Severity.WARNING, where, message, bids_validator.PROGRAM)] if count else []


def stored_findings(registry: Registry) -> list[Finding]:
    """Open findings of the last run of the checks, errors first; empty before the first run."""
    rows = Catalog.of(registry).rows(
        """SELECT code, severity, unit, message, origin FROM findings WHERE state = 'open'
        ORDER BY severity, code, abs(coalesce(score, 0)) DESC, unit"""
    )
    return [Finding(row["code"], Severity(row["severity"]), row["unit"], row["message"], row["origin"]) for row in rows]
