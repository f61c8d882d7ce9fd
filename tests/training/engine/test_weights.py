"""Weights files are the safetensors format, with equal bytes for equal content, and those of older versions open."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch

from registry.errors import InvalidInput
from tests.support import ROOT
from tests.training.conftest import old_weights
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


NOTE = {"epoch": 3, "dice": 0.1 + 0.2, "best": None, "words": {"b": "ü", "a": [1, 2]}}


def test_what_is_written_is_read_again_and_its_note_is_one_key(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "ours.safetensors"
    weights.write(path, TENSORS, NOTE)
    tensors, note = weights.read(path)
    assert same(tensors, TENSORS)
    assert note == NOTE
    with safetensors.safe_open(path, "pt") as file:
        assert list(file.metadata()) == ["cohortium"]
    assert [item.name for item in path.parent.iterdir()] == ["ours.safetensors"]


def test_tensors_that_share_memory_are_written_out_each(tmp_path: Path) -> None:
    whole = torch.arange(6.0)
    weights.write(tmp_path / "x.safetensors", {"whole": whole, "twin": whole, "part": whole[2:4]}, {})
    tensors, note = weights.read(tmp_path / "x.safetensors")
    assert same(tensors, {"whole": whole, "twin": whole, "part": whole[2:4]})
    assert note == {}
    tensors["whole"][0] = 9
    assert tensors["twin"][0] == 0


def test_we_read_what_the_package_writes(tmp_path: Path) -> None:
    plain = {name: tensor.contiguous() for name, tensor in TENSORS.items()}
    safetensors.torch.save_file(plain, tmp_path / "theirs.safetensors", {"a": "b"})
    tensors, note = weights.read(tmp_path / "theirs.safetensors")
    assert same(tensors, TENSORS)
    assert note == {"a": "b"}


def test_we_read_what_older_versions_wrote(tmp_path: Path) -> None:
    (tmp_path / "best.safetensors").write_bytes(old_weights(TENSORS, {"epoch": "3", "dice": "0.5"}))
    (tmp_path / "last.safetensors").write_bytes(old_weights(TENSORS, {"cohortium": '{"identity": "x"}'}))
    for name, note in (("best", {"epoch": "3", "dice": "0.5"}), ("last", {"identity": "x"})):
        tensors, found = weights.read(tmp_path / f"{name}.safetensors")
        assert same(tensors, TENSORS)
        assert found == note


def test_a_file_that_is_replaced_leaves_what_was_read_of_it(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    weights.write(path, {"x": torch.zeros(1000)}, {})
    tensors, _ = weights.read(path)
    path.write_bytes(b"")
    assert tensors["x"].sum() == 0


WRITER = """
import sys, torch
from pathlib import Path
from training.engine import weights
tensors = {"b": torch.arange(5.0), "a": torch.ones(2, 3)}
note = {"z": 1, "a": {"y": 2, "x": [3]}}
turn = (lambda found: dict(reversed(found.items()))) if sys.argv[2] == "turned" else dict
weights.write(Path(sys.argv[1]), turn(tensors), turn(note))
"""


@pytest.mark.slow
def test_equal_content_has_equal_bytes_in_every_process(tmp_path: Path) -> None:
    for name in ("plain", "turned", "again"):
        subprocess.run([sys.executable, "-c", WRITER, str(tmp_path / name), name], cwd=ROOT, check=True)
    assert len({(tmp_path / name).read_bytes() for name in ("plain", "turned", "again")}) == 1


@pytest.mark.parametrize("damage", ["empty", "short", "text", "long header", "outside", "kind", "note"])
def test_damaged_files_are_refused(damage: str, tmp_path: Path) -> None:
    data = old_weights(TENSORS, {})
    header = json.dumps({"x": {"dtype": "F32", "shape": [4], "data_offsets": [0, 400]}}).encode()
    kind = header.replace(b"F32", b"F99")
    broken = {
        "empty": b"",
        "short": data[:-9],
        "text": b"not a weights file at all",
        "long header": (2**62).to_bytes(8, "little") + data[8:],
        "outside": len(header).to_bytes(8, "little") + header + bytes(16),
        "kind": len(kind).to_bytes(8, "little") + kind + bytes(400),
        "note": old_weights(TENSORS, {"cohortium": "{"}),
    }[damage]
    (tmp_path / "x.safetensors").write_bytes(broken)
    with pytest.raises(InvalidInput, match=r"'x.safetensors' is not a weights file"):
        weights.read(tmp_path / "x.safetensors")
