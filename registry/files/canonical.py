"""Canonical bytes: the one way Cohortium writes JSON and TSV, so that equal content has equal bytes."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MISSING = "n/a"
"""The word of BIDS for a missing value in a table."""

_BLOCK = 1 << 20


def canonical_json(value: Any) -> bytes:
    """JSON in the form that is hashed: one line, sorted keys, UTF-8, no NaN.

    Raises:
        ValueError: the value holds NaN or infinity, which have no JSON form.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def readable_json(value: Any) -> bytes:
    """JSON in the form of every sidecar: indented, sorted keys, UTF-8, trailing newline."""
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def utc(moment: datetime) -> str:
    """A moment as tables and events write it: in UTC, to the second. Such texts sort as their moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sha256_bytes(data: bytes) -> str:
    """Hex SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's content, read in 1 MiB blocks; follows links."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def gzip_bytes(data: bytes) -> bytes:
    """Gzip with no time and no name in the header, level 6: equal data gives equal bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=6, mtime=0) as stream:
        stream.write(data)
    return buffer.getvalue()


def tsv_bytes(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """A BIDS table: tab separated, header first, `n/a` for None and for empty strings.

    Args:
        rows: mappings; keys outside `columns` are an error, missing keys become `n/a`.
        columns: the header, in order; not empty.

    Raises:
        ValueError: a row holds a key that is not a column, a column repeats or has no name, or a cell holds a tab or
            a line break.
    """
    known = set(columns)
    if not known or "" in known or len(known) != len(columns):
        raise ValueError(f"every column needs a name of its own: {list(columns)}")
    lines = ["\t".join(_cell(column) for column in columns)]
    for row in rows:
        if extra := set(row) - known:
            raise ValueError(f"columns not declared: {sorted(extra)}")
        lines.append("\t".join(_cell(row.get(column)) for column in columns))
    return ("\n".join(lines) + "\n").encode()


def _cell(value: Any) -> str:
    text = MISSING if value is None or value == "" else str(value)
    if any(mark in text for mark in "\t\n\r"):
        raise ValueError(f"a table cell cannot hold a tab or a line break: {text!r}")
    return text


def read_tsv(path: Path) -> list[dict[str, str | None]]:
    """Rows of a BIDS table; `n/a` and empty become None; a byte-order mark and blank lines are ignored.

    Raises:
        ValueError: a row is longer or shorter than the header, a column repeats, or bytes are not UTF-8.
    """
    return read_table(path)[1]


def read_table(path: Path) -> tuple[list[str], list[dict[str, str | None]]]:
    """Columns and rows of a BIDS table, as `read_tsv`; a file without a header has neither."""
    return parse_table(path.read_bytes())


def parse_table(data: bytes) -> tuple[list[str], list[dict[str, str | None]]]:
    """Columns and rows of a BIDS table from its bytes, as `read_table`."""
    header: list[str] = []
    rows = []
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
        header = next(reader, header)
        for line in reader:
            if line and len(line) != len(header):
                raise ValueError(f"line {reader.line_num} has {len(line)} cells, the header has {len(header)}")
            if line:
                cells = (None if cell in ("", MISSING) else cell for cell in line)
                rows.append(dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    if len(set(header)) != len(header):
        raise ValueError("a column name appears twice")
    return header, rows
