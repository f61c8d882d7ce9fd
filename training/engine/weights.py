"""Tensors in the safetensors format: a length, a JSON header, raw little-endian bytes. No pickle, no extra package.

Source: the format's own page (8 bytes little-endian header size; header maps name to dtype, shape, data_offsets;
`__metadata__` maps text to text). Files are readable by the `safetensors` package, which is the oracle in tests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from registry.errors import InvalidInput
from training.files import replace_bytes

_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
_KINDS = {name: kind for kind, name in _NAMES.items()}

MAX_HEADER = 100 << 20
"""The format's own limit for the header."""


def encode(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a safetensors file; names are sorted, so equal content has equal bytes."""
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    blocks, start = [], 0
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        block = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        stop = start + len(block)
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, stop]}
        blocks.append(block)
        start = stop
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *blocks])


def decode(data: bytes) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors and metadata.

    Raises:
        InvalidInput: not a safetensors file, or a damaged one.
    """
    try:
        size = int.from_bytes(data[:8], "little")
        if not 2 <= size <= min(MAX_HEADER, len(data) - 8):
            raise ValueError("the header does not fit")
        header = json.loads(data[8 : 8 + size])
        metadata = header.pop("__metadata__", {})
        body = bytearray(data[8 + size :])
        return {name: _tensor(entry, body) for name, entry in header.items()}, metadata
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise InvalidInput(f"This is not a weights file ({error}).", "Expected the safetensors format.") from error


def write(path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> None:
    """Write a file whole or not at all: a reader, or a kill, never meets half of it."""
    replace_bytes(path, encode(tensors, metadata))


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors (on the CPU) and metadata of a file; errors as `decode`."""
    return decode(path.read_bytes())


def _tensor(entry: Mapping[str, Any], body: bytearray) -> torch.Tensor:
    kind, shape, (start, stop) = _KINDS[entry["dtype"]], tuple(entry["shape"]), entry["data_offsets"]
    if not 0 <= start <= stop <= len(body):
        raise ValueError("a tensor lies outside the file")
    if start == stop:
        return torch.empty(shape, dtype=kind)
    return torch.frombuffer(body, dtype=torch.uint8, count=stop - start, offset=start).clone().view(kind).reshape(shape)
