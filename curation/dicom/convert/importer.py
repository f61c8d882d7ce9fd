"""Write the stacks that a plan keeps as BIDS: converted, compared with their DICOM files, and without identities."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from os import cpu_count
from pathlib import Path
from typing import Any

from curation.dicom.codes import Code, Effect, effect
from curation.dicom.convert import conversion
from curation.dicom.convert.comparison import Proof, require_equal
from curation.dicom.convert.conversion import Converted, convert
from curation.dicom.names import plan
from curation.dicom.names.plan import Row
from curation.dicom.planning import propose
from curation.dicom.read.files import Unusable
from curation.dicom.registry_context import prepare
from curation.dicom.sort.stacks import Stack
from curation.dicom.survey import DicomSettings, Survey, survey
from curation.importers.bids.shapes import find_axis_fault
from curation.importers.cleaning import sidecars
from curation.importers.cleaning.people import OLDEST_YEARS
from curation.importers.importer import Importer
from curation.importers.report import ImportReport, Refusal, group_alike
from curation.importers.staging import RefusedError, Staging, open_nifti
from curation.recipes import Recipe
from registry.bids.names import BidsName
from registry.bids.quantities import read_quantity
from registry.errors import InvalidInput
from registry.files import volumes
from registry.files.progress import Progress
from registry.vocabulary.display import format_count
from registry.vocabulary.field_strength import name_scanner

Result = tuple[Row, bytes | None, Converted | None, str | None, Unusable | None]


def stage(recipe: Recipe, source: Path, into: Path, progress: Progress) -> ImportReport:
    """Write a DICOM delivery as BIDS, by the plan in `recipe.options["plan"]` or by the proposal.

    Args:
        recipe: with the naming rules, as `prepare` returned it.
        source: the delivery's folder.
        into: an empty folder.
        progress: called after each header, then after each converted series.

    Raises:
        InvalidInput: no MR image, an undecided series, a plan that does not fit, or no dcm2niix.
    """
    settings = DicomSettings.of(recipe.options)
    surveyed = survey(recipe, source, settings, progress)
    rows = plan.read(settings.plan, surveyed.rows) if settings.plan else list(surveyed.rows.values())
    plan.require_decided(rows, surveyed.blocked)
    conversion.program()
    tree = Staging(into, recipe)
    for path, code, detail in surveyed.outside:
        tree.refused.append(Refusal(path, code.value, detail))
    for row in (row for row in rows if row.keep == "no"):
        _leave_out(tree, surveyed, row)
    kept = [row for row in rows if row.keep == "yes"]
    for done, result in enumerate(_convert_all(source, surveyed, kept), start=1):
        _write_series(tree, surveyed, result)
        progress(done, len(kept), "series")
    if "pseudonyms" not in recipe.options:
        tree.notes.append("Labels were made under a salt that is not kept: a later import will not know these persons.")
    return tree.finish()


def _convert_all(source: Path, surveyed: Survey, rows: Sequence[Row]) -> Iterator[Result]:
    """Convert on every core, and yield the results in the order of the rows."""
    with ThreadPoolExecutor(max_workers=cpu_count() or 1) as pool:
        yield from pool.map(lambda row: _convert(source, surveyed.stacks[row.series], row), rows)


def _convert(source: Path, stack: Stack, row: Row) -> Result:
    """One converted stack with its clean bytes, or with the reason why it stays outside."""
    with tempfile.TemporaryDirectory(prefix="cohortium-dicom-") as folder:
        try:
            converted = convert([source / path for path in stack.paths], Path(folder), uneven=stack.is_uneven)
            _require_fields(row.bids(), converted)
            proof = require_equal(source, stack, converted.image, parted=converted.has_maps)
            volumes.place(converted.image, proof.affine_ras)
            return row, open_nifti(converted.image).encode(), converted, _format_proof(proof), None
        except Unusable as error:
            return row, None, None, None, error
        except (InvalidInput, RefusedError):
            return row, None, None, None, Unusable(Code.CONVERSION_FAILED, "dcm2niix made an unreadable image.")


def _format_proof(proof: Proof) -> str | None:
    """What the reader of the report has to know of the comparison; None if there is nothing."""
    if not proof.left_out:
        return proof.doubt or None
    what = format_count(proof.left_out, "volume")
    return f"{what} that the scanner computed (trace or ADC) {'is' if proof.left_out == 1 else 'are'} left out."


def _require_fields(name: BidsName, converted: Converted) -> None:
    """Check what BIDS requires of fields, tables and shape, so that no published tree is invalid."""
    shape = volumes.read_header(converted.image).shape
    needed = {"func": ("RepetitionTime",)}.get(name.datatype, ())
    missing = [key for key in needed if not converted.fields.get(key)]
    if name.suffix == "MEGRE" and not converted.fields.get("EchoTime"):
        missing.append("EchoTime")
    if name.suffix == "dwi":
        missing += [ending[1:] for ending in (".bval", ".bvec") if ending not in converted.gradients]
        counts = {len(line.split()) for table in converted.gradients.values() for line in table.splitlines() if line}
        if not missing and counts != {math.prod(shape[3:])}:
            raise Unusable(Code.NOT_AS_NAMED, "Its gradient tables do not hold one column for each volume.")
    if missing:
        raise Unusable(Code.FIELDS_MISSING, f"BIDS requires {', '.join(missing)}, which the headers do not state.")
    if fault := find_axis_fault(name.suffix, shape):
        raise Unusable(Code.NOT_AS_NAMED, fault)


def _write_series(tree: Staging, surveyed: Survey, result: Result) -> None:
    row, data, converted, doubt, error = result
    stack, name = surveyed.stacks[row.series], row.bids()
    if data is None or converted is None:
        code, detail = (error.code, error.detail) if error else (Code.CONVERSION_FAILED, "No image.")
        tree.refused += [Refusal(path, code.value, detail) for path in stack.paths]
        return
    tree.image(name, data, _build_sidecar(name, stack, converted))
    for ending, table in converted.gradients.items() if name.datatype == "dwi" else ():
        tree.write(str(name.replace(extension=ending).path), table)
    tree.used += stack.paths
    notes = [
        f"Kept by the plan though: {item.message}" if effect(item) is Effect.ASK else item.message
        for item in surveyed.findings[row.series]
        if item.code in _REPORTED
    ]
    tree.notes += [f"{name.stem}: {note}" for note in [*notes, *([doubt] if doubt else [])]]
    _describe(tree, surveyed, row, converted)


_REPORTED = frozenset(
    {
        Code.PROCESSED,
        Code.DERIVED,
        Code.BURNED_IN,
        Code.INSTANCE_GAP,
        Code.NO_STUDY_DATE,
        Code.FEWER_THAN_ACQUIRED,
        Code.TILTED,
        Code.RESCALE_CONTRADICTS,
        Code.NOT_COMPARABLE,
        Code.SEVERAL_VOLUMES,
        Code.PATIENT_CONFLICT,
        Code.PATIENT_UNKNOWN,
        Code.PATIENT_BY_NAME,
    }
)


def _build_sidecar(name: BidsName, stack: Stack, converted: Converted) -> dict[str, Any]:
    """The sidecar: allowed fields, salted keys of series and study, and the fields that BIDS requires."""
    kept, _ = sidecars.keep(converted.fields)
    kept |= {"SeriesInstanceUID": stack.series, "StudyInstanceUID": stack.study}
    if name.datatype == "func":
        kept["TaskName"] = name.entities["task"]
    return kept


def _format_scanner(fields: Mapping[str, Any]) -> str:
    """`Siemens Skyra 3 T`, as far as the sidecar states it; empty without manufacturer and model."""
    make, model = (str(fields.get(key) or "") for key in ("Manufacturer", "ManufacturersModelName"))
    return name_scanner(make, model, read_quantity(fields, "MagneticFieldStrength")) or ""


def _describe(tree: Staging, surveyed: Survey, row: Row, converted: Converted) -> None:
    """Add participant and session; the first image of a session describes it."""
    name, first = row.bids(), surveyed.stacks[row.series].first
    if name.subject not in tree.participants:
        sex = first.patient.sex.upper() if first.patient.sex.upper() in ("F", "M") else None
        age = first.origin.age_years if name.subject not in surveyed.held else None
        age = min(age, OLDEST_YEARS) if age else None
        tree.person(name.subject, surveyed.labels.person(first), age=age, sex=sex)
    sessions = tree.sessions.setdefault(name.subject, {})
    scanner = ", ".join(filter(None, (_format_scanner(converted.fields), first.origin.institution))) or None
    days = int(row.days_from_baseline) if row.days_from_baseline else None
    new = {"days_from_baseline": days, "site": first.origin.institution or None, "scanner": scanner}
    old = sessions.setdefault(str(name.session), new)
    if None not in (old["days_from_baseline"], days) and old["days_from_baseline"] != days:
        raise InvalidInput(
            f"{name.session_key} has two offsets: {old['days_from_baseline']} and {days} days.",
            "Give both series the same days, or another session.",
        )
    sessions[str(name.session)] = {**old, **{key: value for key, value in new.items() if old[key] is None}}


def _leave_out(tree: Staging, surveyed: Survey, row: Row) -> None:
    stack = surveyed.stacks[row.series]
    against = [item for item in surveyed.findings[row.series] if effect(item) in (Effect.BLOCK, Effect.HOLD)]
    against.sort(key=lambda item: list(Effect).index(effect(item)))
    code = against[0].code if against else Code.LEFT_OUT_BY_PLAN.value
    detail = against[0].message if against else "The plan leaves it out."
    tree.refused += [Refusal(path, code, detail) for path in stack.paths]


def without_paths(report: ImportReport, salted: Callable[[str], str]) -> ImportReport:
    """The report with every path hashed, for git: folders of DICOM deliveries can hold names and dates."""

    def hide(item: Refusal) -> Refusal:
        kind = "folder" if item.path.endswith("/") else "file"
        return replace(item, path=f"{kind}-{salted(item.path.rstrip('/'))[:16]}")

    refused = sorted(map(hide, group_alike(report.refused)), key=lambda item: item.path)
    note = f"{len(report.used)} files were converted. Paths are hashed: folders of DICOM files can hold names."
    return replace(report, refused=tuple(refused), used=(), notes=(*report.notes, note))


IMPORTER = Importer(stage, prepare, propose, without_paths)
