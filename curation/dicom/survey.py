"""A survey of a delivery: read every header, sort instances into stacks, and propose a plan. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from curation.dicom import checks
from curation.dicom.codes import Code, Effect, about, effect
from curation.dicom.names import distinguish, rules
from curation.dicom.names.plan import Row, row
from curation.dicom.names.visits import Held, Labels, StudyVisit, read_table, visits
from curation.dicom.pseudonyms import Pseudonyms, fresh
from curation.dicom.read.files import Unusable, read_header
from curation.dicom.read.instances import Instance
from curation.dicom.sort.duplicates import part_copies
from curation.dicom.sort.stacks import Stack, build
from curation.importers.report import printable
from curation.recipes import Recipe
from registry.bids.walk import list_all
from registry.errors import InvalidInput
from registry.files.parallel import map_files
from registry.files.progress import Progress
from registry.vocabulary.display import format_code, format_count
from registry.vocabulary.findings import Finding

Outside = tuple[str, Code, str]
"""A file in no stack: its path, the code of the reason, and a sentence."""


@dataclass(frozen=True)
class DicomSettings:
    """The settings of an import of DICOM, from `Recipe.options`.

    Attributes:
        pseudonyms: under the registry's salt (`pseudonyms`), else under one that is not kept.
        plan: a corrected plan to follow (`plan`), or None.
        people: Patient ID to label (`people`, a path).
        held: the persons and studies that the registry holds (`held`).
    """

    pseudonyms: Pseudonyms = field(default_factory=fresh)
    plan: Path | None = None
    people: Mapping[str, str] = field(default_factory=dict, repr=False)
    held: Held = field(default_factory=dict)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> DicomSettings:
        """The settings in a recipe's options.

        Raises:
            InvalidInput: the table of persons cannot be used.
        """
        people = options.get("people")
        return cls(
            options.get("pseudonyms") or fresh(),
            Path(options["plan"]) if options.get("plan") else None,
            read_table(Path(people)) if people else {},
            options.get("held", {}),
        )


@dataclass(frozen=True)
class Survey:
    """The content of a delivery.

    Attributes:
        stacks: by key.
        rows: the proposed plan, by the key of the stack.
        findings: of each stack, by its key.
        outside: files in no stack.
        labels: how persons get their labels.
        held: subjects that the registry holds already.
    """

    stacks: Mapping[str, Stack]
    rows: Mapping[str, Row]
    findings: Mapping[str, Sequence[Finding]]
    outside: Sequence[Outside]
    labels: Labels
    held: frozenset[str] = frozenset()

    @property
    def blocked(self) -> dict[str, str]:
        """Key of each stack that can never be kept, to the sentence why."""
        first = {
            key: next((item for item in findings if effect(item) is Effect.BLOCK), None)
            for key, findings in self.findings.items()
        }
        return {key: finding.message for key, finding in first.items() if finding}


def survey(recipe: Recipe, source: Path, settings: DicomSettings, progress: Progress) -> Survey:
    """The survey of a delivery.

    Args:
        recipe: with the naming rules.
        source: the delivery's folder.
        settings: salt, table of persons and persons held; the plan is not read.
        progress: called after each header.

    Raises:
        InvalidInput: the delivery holds no MR image; the sentence says what it holds instead.
    """
    naming_rules = rules.read(recipe)
    instances, outside = _read(source, progress)
    if not instances:
        raise InvalidInput(
            f"{source.name} holds no MR image: {_list_kinds(outside)}.",
            "Name the folder that holds the DICOM files.",
        )
    parted = part_copies(source, instances)
    repeats = "It repeats an instance that another file holds."
    outside += [(path, Code.DUPLICATED_INSTANCE, repeats) for path in parted.copies]
    stacks = {stack.key: stack for stack in build(parted.kept, settings.pseudonyms)}
    labels = Labels(settings.pseudonyms, str(recipe.options.get("subject_prefix", "")), settings.people)
    proposals = distinguish.with_echoes([(stack, rules.propose(naming_rules, stack)) for stack in stacks.values()])
    placed = visits(stacks.values(), labels, settings.held)
    names = distinguish.distinguish(proposals, placed)
    people = checks.of_people(stacks.values())
    findings = {
        stack.key: [
            *_check_conflict(stack, parted.conflicts),
            *people.get(stack.key, ()),
            *_check_known_person(stack, placed[stack.key]),
            *checks.of_stack(stack),
            *proposal.findings,
        ]
        for stack, proposal in proposals
    }
    rows = {
        stack.key: row(stack, names.get(stack.key, ""), placed[stack.key], findings[stack.key])
        for stack, _ in proposals
    }
    legible = [(printable(path), code, detail) for path, code, detail in outside]
    return Survey(stacks, rows, findings, legible, labels, frozenset(settings.held))


def _read(source: Path, progress: Progress) -> tuple[list[Instance], list[Outside]]:
    paths = list(list_all(source))
    instances: list[Instance] = []
    outside: list[Outside] = []
    for done, result in enumerate(map_files(partial(_attempt, source), paths), start=1):
        if isinstance(result, Instance):
            instances.append(result)
        else:
            outside.append(result)
        progress(done, len(paths), "headers")
    return instances, outside


def _attempt(source: Path, path: str) -> Instance | Outside:
    try:
        return read_header(source, path)
    except Unusable as error:
        return path, error.code, error.detail


def _check_conflict(stack: Stack, conflicts: frozenset[str]) -> list[Finding]:
    message = "Two files claim to be one instance and hold different pixels."
    return [about(Code.CONFLICTING_INSTANCES, message, stack.key)] if stack.first.series in conflicts else []


def _check_known_person(stack: Stack, visit: StudyVisit) -> list[Finding]:
    message = (
        "The registry holds other sessions under this Patient ID: check session and days_from_baseline, "
        "or the subject where another centre uses the same ID."
    )
    return [about(Code.KNOWN_PERSON, message, stack.key)] if visit.is_later else []


def _list_kinds(outside: Sequence[Outside]) -> str:
    parts = [
        f"{format_count(n, 'file')} {'is' if n == 1 else 'are'} {_PREDICATES.get(code, format_code(code))}"
        for code, n in Counter(code for _, code, _ in outside).most_common()
    ]
    return ", ".join(parts) or "it is empty"


_PREDICATES = {
    Code.NOT_DICOM: "not DICOM",
    Code.OTHER_MODALITY: "not MR",
    Code.TRUNCATED: "cut short",
    Code.DICOMDIR: "only a directory of others",
    Code.NO_PIXEL_DATA: "without pixel data",
    Code.INCOMPLETE_HEADER: "without a complete header",
    Code.NOT_AN_IMAGE: "without an image",
    Code.SECONDARY_CAPTURE: "captured from a screen",
    Code.NO_POSITION: "without a position in the patient",
    Code.NO_FILE: "not readable to the end",
}
"""Words after "is" or "are" for files without an MR image; other codes are words already."""
