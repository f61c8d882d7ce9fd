"""The last look at a staged tree: files that certainly identify a person are removed, doubtful ones are reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from curation.importers.cleaning.removal import leave_out
from curation.importers.report import ImportReport, Reason, count
from registry.bids.names import parse
from registry.files.progress import Progress
from registry.privacy import traces
from registry.vocabulary.findings import Finding, Severity

_TEXT_NAMES = tuple(
    f"{name}{ending}"
    for name in ("README", "CHANGES", "LICENSE", "CITATION")
    for ending in ("", ".md", ".rst", ".txt", ".cff")
)
"""Texts whose findings the importer reported when it copied them."""


def safeguard(tree: Path, report: ImportReport, progress: Progress | None = None) -> ImportReport:
    """The report after a scan of the whole staged tree for what identifies a person.

    A file of a subject that certainly identifies somebody is removed and refused, with what belongs to an image. Other
    findings become notes of the report: one finding does not show whether a table of all subjects can be left out.

    Args:
        tree: the staged tree; files are removed from it.
        report: of the import so far.
        progress: called after each file; None for nobody.
    """
    paths = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
    findings = list(traces.check(tree, paths, progress))
    certain = {item.path: item for item in findings if item.severity is Severity.ERROR and parse(item.path) is not None}
    refused = leave_out(tree, {path: (Reason.TELLING, item.message) for path, item in certain.items()})
    doubtful = [item for item in findings if item.path not in certain and not item.path.endswith(_TEXT_NAMES)]
    return replace(
        report,
        kept=count(tree) if certain else report.kept,
        refused=tuple(sorted([*report.refused, *refused], key=lambda item: (item.path.encode(), item.reason))),
        notes=(*report.notes, *_list_notes(doubtful)),
    )


def _list_notes(findings: Iterable[Finding]) -> list[str]:
    shown = traces.shorten(replace(item, severity=Severity.WARNING) for item in findings)
    return [f"{item.path}: {item.message}" if item.path else f"{item.code}: {item.message}." for item in shown]
