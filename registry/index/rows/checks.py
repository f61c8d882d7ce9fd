"""Rows of measures, findings and acknowledgements, from their files of record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from registry.bids import places
from registry.index.rows.values import number, whole
from registry.tables import Acknowledgement, CheckFinding, File, ImageMeasures, Table
from registry.vocabulary.findings import Severity

_WHOLE = ("nonfinite", "distinct")
_TEXTS = ("path", "subject_id", "sha256", "version", "problem", "voxels_sha256", "touches")

Row = Mapping[str, Any]


def check_rows(file: File) -> list[Table]:
    """The rows of one file below `code/registry/checks`: none for a line without keys, the last of equal keys."""
    rows = file.facts.get("rows", [])
    keyed = (row for row in rows if row.get("code") and row.get("unit"))
    if file.path == places.CHECK_FINDINGS:
        return _keep_last(map(_finding, keyed), "code", "unit")
    if file.path == places.ACKNOWLEDGED:
        return _keep_last(map(_acknowledgement, keyed), "code", "unit")
    subject = places.measured_subject(file.path)
    return _keep_last((_measures(row, subject) for row in rows if row.get("path")), "path") if subject else []


def _keep_last(rows: Iterable[Table], *keys: str) -> list[Table]:
    return list({tuple(getattr(row, key) for key in keys): row for row in rows}.values())


def _measures(row: Row, subject: str) -> ImageMeasures:
    columns = ImageMeasures.model_fields
    values: dict[str, Any] = {name: row.get(name) for name in _TEXTS}
    values |= {name: whole(row.get(name)) for name in _WHOLE}
    values |= {name: number(row.get(name)) for name in columns if name not in values}
    return ImageMeasures.row(
        **{**values, "subject_id": subject, "sha256": row.get("sha256") or "", "version": row.get("version") or ""}
    )


def _finding(row: Row) -> CheckFinding:
    kept: dict[str, Any] = {
        name: row.get(name) for name in ("code", "unit", "subject_id", "channel", "site_id", "sha256")
    }
    return CheckFinding.row(
        **kept,
        severity=row["severity"] if row.get("severity") in set(Severity) else Severity.WARNING.value,
        message=row.get("message") or "",
        score=number(row.get("score")),
        origin=row.get("origin") or "unknown",
        version=row.get("version") or "",
    )


def _acknowledgement(row: Row) -> Acknowledgement:
    return Acknowledgement.row(
        code=row["code"],
        unit=row["unit"],
        sha256=row.get("sha256"),
        rater_id=row.get("rater_id") or "unknown",
        reason=row.get("reason") or "",
    )
