"""The files of record below `code/registry/checks`: measures of each subject, findings, acknowledgements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sqlmodel import col, select

from registry.bids import places
from registry.files.canonical import sha256_bytes, tsv_bytes
from registry.publishing import Change
from registry.publishing.table_rewrite import Draft, rewrite
from registry.store import Registry
from registry.tables import Acknowledgement, CheckFinding, File, ImageMeasures

MEASURED = tuple(name for name in ImageMeasures.model_fields if name != "subject_id")
FINDINGS = (
    "code",
    "unit",
    "subject_id",
    "channel",
    "site_id",
    "severity",
    "message",
    "score",
    "sha256",
    "origin",
    "version",
)
ACKNOWLEDGED = ("code", "unit", "sha256", "rater_id", "reason")

Files = Mapping[str, bytes]


def measures(subject: str, rows: Iterable[ImageMeasures]) -> Files:
    """Path and bytes of the table of one subject's measures, sorted by image."""
    ordered = sorted(rows, key=lambda row: row.path.encode())
    return {
        f"{places.CHECKS}/measures/{subject}.tsv": tsv_bytes(
            (row.model_dump(exclude={"subject_id"}) for row in ordered), MEASURED
        )
    }


def findings(rows: Iterable[CheckFinding]) -> Files:
    """Path and bytes of the table of findings, sorted by unit."""
    ordered = sorted(rows, key=lambda row: (row.unit.encode(), row.code))
    return {places.CHECK_FINDINGS: tsv_bytes((row.model_dump() for row in ordered), FINDINGS)}


def acknowledgements(rows: Iterable[Acknowledgement]) -> Files:
    """Path and bytes of the table of acknowledgements, sorted by unit."""
    ordered = sorted(rows, key=lambda row: (row.unit.encode(), row.code))
    return {places.ACKNOWLEDGED: tsv_bytes((row.model_dump() for row in ordered), ACKNOWLEDGED)}


def keep(registry: Registry, compute: Callable[[], tuple[Change, Files]]) -> None:
    """Write the files that differ from those in the registry, in one change; write nothing where none differs.

    Args:
        registry: the registry to change.
        compute: returns the change and the files for the present rows; called again when somebody wrote meanwhile.
    """

    def draft() -> Draft | None:
        with registry.reading() as database:
            inside = col(File.path).startswith(f"{places.CHECKS}/", autoescape=True)
            held = dict(database.exec(select(File.path, File.sha256).where(inside)).all())
        change, files = compute()
        fresh = {path: data for path, data in files.items() if held.get(path) != sha256_bytes(data)}
        return Draft(change, fresh) if fresh else None

    rewrite(registry, places.CHECKS, draft)
