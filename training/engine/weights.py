"""Tensors and a note in one file of the safetensors format; nothing in it can run code.

The note is canonical JSON under one key of the format's metadata: with several keys the library writes them in another
order in every process, and equal weights would have unequal bytes. Files of older versions have the note's entries as
keys of their own; they are read as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from registry.errors import InvalidInput
from registry.files import atomic
from registry.files.canonical import canonical_json

NOTE = "cohortium"
"""The key of the note in the file's metadata."""


def write(path: Path, tensors: Mapping[str, torch.Tensor], note: Mapping[str, Any]) -> None:
    """Write a file whole or not at all. Equal content gives equal bytes.

    Args:
        path: the file; folders above it are made.
        tensors: on any device, in any memory layout. Each is written in full, also where two share their memory.
        note: values that JSON can hold.
    """
    plain: dict[str, torch.Tensor] = {}
    written: set[int] = set()
    for name, tensor in tensors.items():
        value = tensor.detach().cpu().contiguous()
        memory = value.untyped_storage().data_ptr()
        # The library refuses tensors that share memory, and of a view it would write all of the memory below it.
        plain[name] = value.clone() if memory in written or value.nbytes < value.untyped_storage().nbytes() else value
        written.add(memory)
    with atomic.replacing(path) as temporary:
        save_file(plain, temporary, {NOTE: canonical_json(note).decode()} if note else None)


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors (on the CPU) and the note of a file.

    Raises:
        InvalidInput: not a safetensors file, or a damaged one.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            # Copied, because the library maps the file: on a network drive, replacing the file can take away its pages.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - it is no mapping
        return tensors, json.loads(metadata[NOTE]) if NOTE in metadata else dict(metadata)
    except (SafetensorError, ValueError) as error:
        raise InvalidInput(
            f"'{path.name}' is not a weights file ({error}).", "Expected the safetensors format."
        ) from error
