"""Weights files are the safetensors format: what we write, its package reads, and the other way round."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from registry.errors import InvalidInput
from training.engine import weights

TENSORS = {
    "conv.weight": torch.randn(2, 3, 3, 3, 3),
    "half": torch.randn(5).to(torch.bfloat16),
    "double": torch.randn(2, 2, dtype=torch.float64),
    "step": torch.tensor(7),
    "empty": torch.zeros(0, 4),
    "flags": torch.tensor([True, False, True]),
    "turned": torch.arange(6.0).reshape(2, 3).T,
    "laid out": torch.randn(1, 2, 3, 3, 3).contiguous(memory_format=torch.channels_last_3d),
}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) and a[k].dtype == b[k].dtype for k in a)


def test_the_package_reads_what_we_write(tmp_path: Path) -> None:
    weights.write(tmp_path / "ours.safetensors", TENSORS, {"epoch": "3"})
    assert same(safetensors.torch.load_file(tmp_path / "ours.safetensors"), TENSORS)
    with safetensors.safe_open(tmp_path / "ours.safetensors", "pt") as file:
        assert file.metadata() == {"epoch": "3"}


def test_we_read_what_the_package_writes(tmp_path: Path) -> None:
    plain = {name: tensor.contiguous() for name, tensor in TENSORS.items()}
    safetensors.torch.save_file(plain, tmp_path / "theirs.safetensors", {"a": "b"})
    tensors, metadata = weights.read(tmp_path / "theirs.safetensors")
    assert same(tensors, TENSORS)
    assert metadata == {"a": "b"}


def test_equal_content_has_equal_bytes() -> None:
    turned = dict(reversed(TENSORS.items()))
    assert weights.encode(TENSORS, {"a": "1", "b": "2"}) == weights.encode(turned, {"b": "2", "a": "1"})


@pytest.mark.parametrize("damage", ["empty", "short", "text", "long header", "outside", "kind"])
def test_damaged_files_are_refused(damage: str) -> None:
    data = weights.encode(TENSORS, {})
    header = json.dumps({"x": {"dtype": "F32", "shape": [4], "data_offsets": [0, 400]}}).encode()
    kind = header.replace(b"F32", b"F99")
    broken = {
        "empty": b"",
        "short": data[:-9],
        "text": b"not a weights file at all",
        "long header": (2**62).to_bytes(8, "little") + data[8:],
        "outside": len(header).to_bytes(8, "little") + header + bytes(16),
        "kind": len(kind).to_bytes(8, "little") + kind + bytes(400),
    }[damage]
    with pytest.raises(InvalidInput, match="not a weights file"):
        weights.decode(broken)
