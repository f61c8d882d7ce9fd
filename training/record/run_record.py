"""The run record: one canonical JSON, schema-versioned and self-hashed, written whole at every change.

An unknown field is null, and `null_reasons` says why, under the field's dotted path.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry.errors import IntegrityError, NotFound, UsageError
from registry.files import atomic
from registry.files.canonical import canonical_json, readable_json, sha256_bytes

SCHEMA = "cohortium/run/1"
FILE = "run.json"

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


def new_run_id() -> str:
    """A new id: `r`, eight characters of the time to 1/100 s, five random ones. A BIDS label; ids sort by time."""
    ticks, text = int(time.time() * 100), ""
    for _ in range(8):
        ticks, digit = divmod(ticks, 36)
        text = _LETTERS[digit] + text
    return "r" + text + "".join(secrets.choice(_LETTERS) for _ in range(5))


def require_run_id(text: str) -> str:
    """The text, where it can be part of a BIDS name.

    Raises:
        UsageError: other characters than ASCII letters and digits.
    """
    if not re.fullmatch(r"[A-Za-z0-9]+", text):
        raise UsageError(f"'{text}' cannot be a run's name.", "Use letters and digits only, or leave it out.")
    return text


def write(folder: Path, record: Mapping[str, Any]) -> None:
    """Write `run.json` with its own SHA-256, in one step."""
    body = {key: value for key, value in record.items() if key != "record_sha256"}
    atomic.write(folder / FILE, readable_json({**body, "record_sha256": sha256_bytes(canonical_json(body))}))


def read(folder: Path) -> dict[str, Any]:
    """The record of a run.

    Raises:
        NotFound: the folder holds no run.
        IntegrityError: the record was changed by hand or damaged.
    """
    path = folder / FILE
    if not path.is_file():
        raise NotFound(f"'{folder.name}' is not a training run.", "A run's folder holds run.json.")
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        stated = record["record_sha256"]
        body = {key: value for key, value in record.items() if key != "record_sha256"}
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"The record of run '{folder.name}' cannot be read.", "Restore run.json.") from error
    if stated != sha256_bytes(canonical_json(body)):
        raise IntegrityError(
            f"The record of run '{folder.name}' was changed after it was written.", "Restore run.json from a copy."
        )
    return record


def update(folder: Path, reasons: Mapping[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """Change some top-level fields of a record.

    Args:
        folder: the folder of the run.
        reasons: why nulls among the new values are null; reasons of fields that are no longer null are dropped.
        fields: the new values.
    """
    record = {**read(folder), **fields}
    known = {**record["null_reasons"], **(reasons or {})}
    record["null_reasons"] = {field: why for field, why in known.items() if _is_null(record, field.split("."))}
    write(folder, record)
    return record


def _is_null(record: Any, where: list[str]) -> bool:
    for key in where:
        if not isinstance(record, Mapping) or key not in record:
            return False
        record = record[key]
    return record is None
