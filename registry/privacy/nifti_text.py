"""Find text in NIfTI headers, in fields such as `descrip`, `aux_file` and `intent_name`, and in extensions."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from registry.privacy.kinds import Kind

_FIELDS = {
    348: {
        "data_type": (4, 10),
        "db_name": (14, 18),
        "descrip": (148, 80),
        "aux_file": (228, 24),
        "intent_name": (328, 16),
    },
    540: {"descrip": (240, 80), "aux_file": (320, 24), "intent_name": (508, 16), "unused_str": (525, 15)},
}
"""Offset and length (bytes) of text fields, by the size of the header: 348 in NIfTI-1, 540 in NIfTI-2."""


def in_nifti(path: Path) -> Iterator[tuple[Kind, str]]:
    """Kinds found in one image's header, each with the words for a report.

    Raises:
        ValueError: the file is not NIfTI.
    """
    try:
        with _open(path) as stream:
            head = stream.read(544)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(str(error)) from error
    sizes = {struct.unpack(order + "i", head[:4])[0] for order in "<>"} if len(head) >= 348 else set()
    size = next((size for size in _FIELDS if size in sizes), None)
    if size is None:
        raise ValueError("no NIfTI header")
    for name, (at, length) in _FIELDS[size].items():
        if head[at : at + length].strip(b"\0 "):
            yield Kind.HEADER_TEXT, f"its header field {name} holds text"
    if head[size : size + 1] not in (b"", b"\0"):
        yield Kind.EXTENSION, "its header has an extension"


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        is_packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if is_packed else path.open("rb")  # type: ignore[return-value] # GzipFile reads alike
