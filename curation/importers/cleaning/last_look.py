"""The last look at a staged tree: what certainly identifies a person goes out again, what may do so is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from curation.importers.report import ImportReport, Reason, Refusal, count
from registry.bids.names import parse
from registry.files.progress import Progress
from registry.privacy import traces
from registry.vocabulary.findings import Finding, Severity

_TEXTS = ("README", "CHANGES", "LICENSE", "CITATION")


def safeguard(tree: Path, report: ImportReport, progress: Progress | None = None) -> ImportReport:
    """Scan what would come in, below the subjects and above them.

    A file of a subject that certainly identifies somebody is removed and refused, with the sidecar of an image. The
    rest becomes notes of the report: nobody can tell from one finding whether a table of all subjects may go.
    """
    paths = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
    found = list(traces.check(tree, paths, progress))
    certain = {item.path: item for item in found if item.severity is Severity.ERROR and parse(item.path) is not None}
    refused = [Refusal(path, Reason.TELLING.value, item.message) for path, item in certain.items()]
    for path in certain:
        _remove(tree / path)
    told = [item for item in found if item.path not in certain and not item.path.endswith(_named())]
    return replace(
        report,
        kept=count(tree) if certain else report.kept,
        refused=tuple(sorted([*report.refused, *refused], key=lambda item: (item.path.encode(), item.reason))),
        notes=(*report.notes, *_notes(told)),
    )


def _named() -> tuple[str, ...]:
    """Texts whose findings the importer has told when it copied them."""
    return tuple(f"{name}{ending}" for name in _TEXTS for ending in ("", ".md", ".rst", ".txt", ".cff"))


def _remove(path: Path) -> None:
    path.unlink()
    if path.name.endswith((".nii", ".nii.gz")):
        path.with_name(f"{path.name.partition('.')[0]}.json").unlink(missing_ok=True)


def _notes(found: Iterable[Finding]) -> list[str]:
    shown = traces.shorten(replace(item, severity=Severity.WARNING) for item in found)
    return [f"{item.path}: {item.message}" if item.path else f"{item.code}: {item.message}." for item in shown]
