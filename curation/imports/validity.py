"""The official validator's rules over a staged tree, before anything of it comes in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from curation.importers.cleaning.removal import leave_out
from curation.importers.report import ImportReport, Reason, Refusal, count
from registry.bids import places
from registry.bids.filenames import strip_extension
from registry.bids.names import parse
from registry.bids.table_keys import key_of
from registry.errors import InvalidInput
from registry.files.canonical import read_table, readable_json, tsv_bytes
from registry.files.progress import Progress
from registry.maintenance import bids_validator
from registry.maintenance.bids_validator import Issue
from registry.vocabulary.display import format_count

_ROUNDS = 5
"""What is left out can show the next error: a field that is gone was required, a table named a file."""

_AT_ONCE = 4
"""Datasets that are looked at together: each is a program of its own that starts in a third of a second."""

_UNSTATED = {
    "SIDECAR_KEY_REQUIRED": "",
    "PHASE_ENCODING_DIRECTION_MUST_DEFINE": "PhaseEncodingDirection",
    "TOTAL_READOUT_TIME_MUST_DEFINE": "TotalReadoutTime",
    "VOLUME_TIMING_MISSING_ACQUISITION_DURATION": "FrameAcquisitionDuration",
    "MISSING_RESOLUTION_DESCRIPTION": "Resolution",
    "MISSING_DENSITY_DESCRIPTION": "Density",
}
"""Errors of an image whose metadata lack what BIDS requires, to the field; empty where the issue names it."""

_WRONG_VALUE = {
    "JSON_SCHEMA_VALIDATION_ERROR": "",
    "INTENDED_FOR": "IntendedFor",
    "PHASE_UNITS": "Units",
    "SLICETIMING_VALUES_GREATER_THAN_REPETITION_TIME": "SliceTiming",
}
"""Errors that are errors of one field of a sidecar, to the field; empty where the issue names it."""

_WRONG_CELL = "TSV_VALUE_INCORRECT_TYPE"


@dataclass
class _Mending:
    """A staged tree, and what was done to it so that it is valid.

    Attributes:
        tree: its folder.
        refused: files that were left out.
        lacking: dataset and suffix to the fields that BIDS requires and that are stated nowhere.
        images: dataset and suffix to the images that lack one.
        values: fields and columns that were left out, with their numbers.
    """

    tree: Path
    refused: list[Refusal] = field(default_factory=list)
    lacking: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    images: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    values: Counter[str] = field(default_factory=Counter)


def require_valid(tree: Path, report: ImportReport, progress: Progress | None = None) -> ImportReport:
    """The report after the official validator saw the whole staged tree; what is not valid is left out and named.

    A field that BIDS requires and nobody stated is nothing to guess and no reason to leave an image out: `.bidsignore`
    names the image. A sidecar field, or a column of a table of people, with a value that BIDS does not allow is left
    out. Any other file of a subject that has an error is left out, with what belongs to it.

    Args:
        tree: the staged tree; it is changed in place.
        report: of the import so far.
        progress: called after each dataset; None for nobody.

    Raises:
        InvalidInput: an error that is in no file of a subject; nothing can be left out for it.
    """
    if bids_validator.find_program() is None:
        return _add(report, f"{bids_validator.ABSENT} for this delivery. {bids_validator.INSTALL}")
    done = _Mending(tree)
    try:
        for _ in range(_ROUNDS):
            errors = _list_errors(tree, progress)
            if not errors:
                break
            _mend(done, errors)
        else:
            if errors := _list_errors(tree, progress):
                raise _make_refusal(errors[0])
    except bids_validator.ValidatorFailed as error:
        return _add(report, f"{error.message} So its rules were not checked for this delivery. {error.hint}")
    return _tell(done, report)


def _add(report: ImportReport, *notes: str) -> ImportReport:
    return replace(report, notes=(*report.notes, *notes))


def _list_errors(tree: Path, progress: Progress | None) -> list[Issue]:
    folders = bids_validator.list_datasets(tree)
    errors: list[Issue] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda folder: bids_validator.list_issues(tree, folder), folders)
        for number, issues in enumerate(found, start=1):
            errors += [issue for issue in issues if issue.is_error]
            if progress:
                progress(number, len(folders), "official BIDS rules")
    return errors


def _mend(done: _Mending, errors: Iterable[Issue]) -> None:
    """Do once what each error asks for.

    Raises:
        InvalidInput: nothing can be done about one of them.
    """
    each = {(issue.code, issue.path, issue.field): issue for issue in errors}
    lacking = [issue for issue in each.values() if issue.code in _UNSTATED]
    faults: dict[str, list[Issue]] = {}
    for issue in each.values():
        if issue.code in _UNSTATED or _drop_column(done, issue) or _drop_field(done, issue):
            continue
        if places.subject_of(issue.path) is None or not (done.tree / issue.path).is_file():
            raise _make_refusal(issue)
        faults.setdefault(issue.path, []).append(issue)
    done.refused += leave_out(done.tree, {path: (Reason.NOT_VALID, _describe(found)) for path, found in faults.items()})
    _ignore(done, [issue for issue in lacking if (done.tree / issue.path).is_file()])


def _describe(issues: Sequence[Issue]) -> str:
    """One sentence for each error of a file, without the cells of tables that the validator quotes."""
    wrong = {issue: f"A value of {issue.field} is of another kind" for issue in issues if issue.code == _WRONG_CELL}
    return " ".join(f"{wrong.get(issue, issue.message)} [{issue.code}]." for issue in issues)


def _make_refusal(issue: Issue) -> InvalidInput:
    what = f"{issue.message} [{issue.code}]"
    return InvalidInput(
        f"{issue.path or 'The delivery'} would not be valid BIDS, and cannot be left out: {what}.",
        "Nothing came in. Correct the delivery; if it is valid as it is, this is a fault of the importer.",
    )


def _ignore(done: _Mending, issues: Sequence[Issue]) -> None:
    """Name images that lack a required field in the `.bidsignore` of their datasets."""
    lines: dict[str, set[str]] = {}
    for issue in issues:
        dataset, inner = places.split_dataset(issue.path)
        name = parse(inner)
        kind = dataset, name.suffix if name else ""
        done.lacking.setdefault(kind, set()).add(_UNSTATED[issue.code] or issue.field)
        done.images.setdefault(kind, set()).add(issue.path)
        lines.setdefault(dataset, set()).add(f"{strip_extension(inner)}.*")
    for dataset, wanted in lines.items():
        path = done.tree / dataset / ".bidsignore"
        held = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        path.write_text("\n".join([*held, *sorted(wanted - {*held})]) + "\n", encoding="utf-8")


def _drop_column(done: _Mending, issue: Issue) -> bool:
    """Remove the column with the wrong value from a table of people, visits or scans; whether that is possible."""
    key = key_of(issue.path)
    if issue.code != _WRONG_CELL or key in (None, "index", issue.field):
        return False
    path = done.tree / issue.path
    columns, rows = read_table(path)
    kept = [column for column in columns if column != issue.field]
    path.write_bytes(tsv_bytes([{column: row[column] for column in kept} for row in rows], kept))
    done.values[f"{path.name} {issue.field}"] += 1
    return True


def _drop_field(done: _Mending, issue: Issue) -> bool:
    """Remove the field with the wrong value from a sidecar; whether the sidecar of the file states it."""
    named = _WRONG_VALUE.get(issue.code, "") or issue.field
    path = done.tree / f"{strip_extension(issue.path)}.json"
    fields: Mapping[str, object] = json.loads(path.read_bytes()) if path.is_file() else {}
    if issue.code not in _WRONG_VALUE or named not in fields:
        return False
    path.write_bytes(readable_json({key: value for key, value in fields.items() if key != named}))
    done.values[named] += 1
    return True


def _tell(done: _Mending, report: ImportReport) -> ImportReport:
    """The report with what was left out, and a sentence for each kind of image that lacks a field."""
    notes = []
    for (dataset, suffix), fields in sorted(done.lacking.items()):
        images = [path for path in done.images[dataset, suffix] if (done.tree / path).is_file()]
        if images:
            count_of = format_count(len(images), f"{suffix} image")
            place = f"{dataset}/.bidsignore".lstrip("/")
            notes.append(
                f"BIDS requires {', '.join(sorted(fields))}, and {count_of} came in without: {place} names them."
            )
    if done.values:
        gone = ", ".join(f"{name} ({number})" for name, number in sorted(done.values.items()))
        notes.append(f"Fields and columns left out because the official validator refuses their values: {gone}.")
    if not done.refused:
        return _add(report, *notes)
    refused = sorted([*report.refused, *done.refused], key=lambda item: (item.path.encode(), item.reason))
    return replace(_add(report, *notes), kept=count(done.tree), refused=tuple(refused))
