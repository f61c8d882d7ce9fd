"""The smallest PNG writer that serves: 8-bit RGB, one zlib stream. Source: PNG specification, 3rd edition."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt


def encode(pixels: npt.NDArray[Any]) -> bytes:
    """A PNG file.

    Args:
        pixels: (height, width, 3) uint8; row 0 is the top.

    Raises:
        ValueError: another shape or type.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or 0 in pixels.shape:
        raise ValueError("expected (height, width, 3) of uint8")
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # each row starts with filter type 0
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def data_url(pixels: npt.NDArray[Any]) -> str:
    """The picture as text that an `<img src>` takes; arguments as `encode`."""
    return "data:image/png;base64," + base64.b64encode(encode(pixels)).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
