"""The plan: one row per stack with its proposed BIDS name, which a person checks and corrects.

It is shown before anything is written. It holds no Patient ID, name, date or UID. It holds descriptions, because
people recognise series by them, so it stays with the person who imports and is never tracked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from curation.dicom.codes import Effect, effect
from curation.dicom.names.visits import StudyVisit
from curation.dicom.sort.stacks import Stack
from curation.importers.bids.items import DERIVED_ENTITIES, SUFFIXES
from registry.bids.names import BidsName, parse
from registry.errors import InvalidInput
from registry.files.canonical import read_tsv, tsv_bytes
from registry.privacy.patterns import in_labels
from registry.vocabulary.findings import Finding

KEEP = ("yes", "no", "ask")


@dataclass(frozen=True)
class Row:
    """One stack; every cell is a text.

    Attributes:
        series: the stack's key; the only column that must not be changed.
        keep: `yes`, `no`, or `ask` where a person has to decide.
        name: data type and file name without subject and session, `anat/ce-gadolinium_T1w`.
        reason: the messages of the findings with the strongest effect; empty for a proposed `yes`.
    """

    series: str
    keep: str
    name: str
    subject: str
    session: str
    days_from_baseline: str
    reason: str
    description: str
    files: str
    volumes: str
    shape: str
    spacing_mm: str
    plane: str
    echo_time_ms: str
    findings: str

    def bids(self) -> BidsName:
        """The BIDS name of the image.

        Raises:
            InvalidInput: subject, session and name do not make the BIDS name of a raw image, or a label holds a date.
        """
        subject, session = (
            f"{key}-{getattr(self, word).removeprefix(f'{key}-')}"
            for key, word in (("sub", "subject"), ("ses", "session"))
        )
        datatype, _, stem = self.name.partition("/")
        path = f"{subject}/{session}/{datatype}/{subject}_{session}_{stem}.nii.gz"
        name = parse(path)
        if name is None or str(name.path) != path or name.suffix not in SUFFIXES.get(datatype, ()):
            raise InvalidInput(
                f"Series {self.series}: '{self.name}' of {subject}, {session} is not a BIDS name.",
                "Write data type and name without subject and session, such as anat/ce-gadolinium_T1w; "
                "entities in BIDS' order.",
            )
        if DERIVED_ENTITIES & set(name.entities) or (datatype == "func" and "task" not in name.entities):
            raise InvalidInput(
                f"Series {self.series}: '{self.name}' is not the name of a raw image.",
                "func/ needs task-; space-, desc- and their like belong to derivatives.",
            )
        if trace := in_labels(path):
            raise InvalidInput(f"Series {self.series}: the name holds {trace}.", "Write codes for subject and session.")
        return name


def row(stack: Stack, name: str, visit: StudyVisit, findings: Sequence[Finding]) -> Row:
    """The proposed row of one stack.

    Args:
        stack: whose row it is.
        name: data type and file name without subject and session; empty where the rules propose none.
        visit: subject, session and days.
        findings: about this stack; the strongest effect decides `keep`.
    """
    worst = min((effect(item) for item in findings), key=list(Effect).index, default=Effect.NOTE)
    keep = {Effect.BLOCK: "no", Effect.HOLD: "no", Effect.ASK: "ask", Effect.NOTE: "yes"}[worst]
    grid = stack.grid
    lengths = [float(sum(v * v for v in grid.affine_ras[:3, axis]) ** 0.5) for axis in range(3)]
    echo = stack.first.protocol.numbers.get("echo_time_ms")
    return Row(
        stack.key,
        keep,
        name,
        visit.subject,
        visit.session,
        "" if visit.days is None else str(visit.days),
        " ".join(dict.fromkeys(item.message for item in findings if keep != "yes" and effect(item) is worst)),
        _one_line(stack.first.protocol.description or stack.first.protocol.protocol),
        str(len(stack.instances)),
        str(stack.volumes),
        " x ".join(map(str, grid.shape)),
        " x ".join(f"{length:.3g}" for length in lengths),
        grid.plane,
        "" if echo is None else f"{echo:g}",
        ", ".join(dict.fromkeys(item.code for item in findings)),
    )


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write a plan to a new file that only this user can read: descriptions are as people typed them.

    Raises:
        InvalidInput: the file exists, because it may hold corrections, or there is no such folder.
    """
    columns = [item.name for item in fields(Row)]
    new = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(path, new, 0o600), "wb") as stream:
            stream.write(tsv_bytes([asdict(item) for item in rows], columns))
    except FileExistsError as error:
        raise InvalidInput(f"{path.name} exists already.", "Name a new file; plans are never overwritten.") from error
    except FileNotFoundError as error:
        raise InvalidInput(f"There is no folder for {path.name}.", "Make the folder first.") from error


def read(path: Path, proposed: Mapping[str, Row]) -> list[Row]:
    """The rows of a corrected plan, checked against the delivery.

    Only `keep`, `name`, `subject`, `session`, `days_from_baseline` and `reason` are taken from the file.

    Args:
        path: the plan's file.
        proposed: the proposal for the delivery, by the key of the stack.

    Raises:
        InvalidInput: not a plan, a plan of another delivery, or a cell that its column cannot hold.
    """
    try:
        written = [(str(item["series"]), item) for item in read_tsv(path)]
    except (OSError, ValueError, KeyError) as error:
        raise InvalidInput(
            f"{path.name} is not a plan.", "Make one with: cohortium import dicom SOURCE --plan PLAN"
        ) from error
    rows = dict(written)
    if twice := next((key for key, item in written if item != rows[key]), None):
        raise InvalidInput(f"Series {twice} has two rows that differ.", "Keep one of them in the plan.")
    if strangers := sorted(set(rows) ^ set(proposed)):
        where = "the plan" if strangers[0] in rows else "the delivery"
        raise InvalidInput(
            f"Series {strangers[0]} is only in {where} ({len(strangers)} differ).",
            "Make a new plan for this delivery, with the same registry.",
        )
    return [apply_decisions(proposed[key], item) for key, item in rows.items()]


def apply_decisions(proposed: Row, written: Mapping[str, str | None]) -> Row:
    """The proposed row with the cells that a person wrote.

    Raises:
        InvalidInput: a cell is missing, or holds a value that its column cannot have.
    """
    columns = ("keep", "name", "subject", "session", "days_from_baseline", "reason")
    if absent := [column for column in columns if column not in written]:
        raise InvalidInput(f"The plan has no column {absent[0]}.", "Make a new plan and edit its cells only.")
    changed: dict[str, Any] = {column: (written[column] or "").strip() for column in columns}
    changed["keep"] = changed["keep"].lower()
    if changed["keep"] not in KEEP:
        raise InvalidInput(f"Series {proposed.series}: keep is '{changed['keep']}'.", "Write yes or no.")
    days = changed["days_from_baseline"] = re.sub(r"\.0+$", "", changed["days_from_baseline"])
    if not re.fullmatch(r"(-?\d{1,5})?", days):
        raise InvalidInput(
            f"Series {proposed.series}: days_from_baseline is not a whole number.",
            "Write days since the person's first session, never a date.",
        )
    return replace(proposed, **changed)


def require_decided(rows: Sequence[Row], blocked: Mapping[str, str]) -> None:
    """Check that every row is decided and possible, and that its name is unique.

    Args:
        rows: the plan.
        blocked: key of a stack to the sentence why it can never be kept.

    Raises:
        InvalidInput: names the first row that is not.
    """
    if undecided := [item for item in rows if item.keep == "ask"]:
        item = undecided[0]
        raise InvalidInput(
            f"{len(undecided)} series need a decision; the first is {item.series}: {item.reason}",
            "Make a plan with --plan PLAN, write yes or no into it, then --use-plan PLAN.",
        )
    for _, error in conflicts(rows, blocked):
        raise error


def conflicts(rows: Sequence[Row], blocked: Mapping[str, str]) -> Iterator[tuple[str, InvalidInput]]:
    """Yield the key of a stack and the mistake for every row with `yes` that cannot be followed.

    The arguments are those of `require_decided`.
    """
    names: dict[str, str] = {}
    for item in (item for item in rows if item.keep == "yes"):
        if item.series in blocked:
            message = f"Series {item.series} cannot be kept: {blocked[item.series]}"
            yield item.series, InvalidInput(message, "Write no in its row.")
            continue
        try:
            path = str(item.bids().path).lower()
        except InvalidInput as error:
            yield item.series, error
            continue
        other = names.setdefault(path, item.series)
        if other != item.series:
            yield (
                item.series,
                InvalidInput(
                    f"Series {other} and {item.series} have one name: {item.name}.", "Tell them apart by acq- or run-."
                ),
            )


def _one_line(text: str) -> str:
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())[:80]
