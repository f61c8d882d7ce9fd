"""Snapshots of schema 1 are read into today's samples, and their ids stay true."""

from __future__ import annotations

import tarfile

import pytest

from registry import manifests
from registry.manifests import SCHEMA_1
from tests.support import ROOT

ARCHIVE = ROOT / "tests" / "e2e" / "data" / "registry-before.tar.xz"
"""A registry that an older version wrote."""


def _frozen() -> dict[str, bytes]:
    with tarfile.open(ARCHIVE) as archive:
        members = [member for member in archive if "/snapshots/" in member.name and member.name.endswith(".json.gz")]
        streams = {member.name: archive.extractfile(member) for member in members}
        return {name.rpartition("/")[2]: stream.read() for name, stream in streams.items() if stream}


@pytest.mark.parametrize(
    ("name", "data"), _frozen().items(), ids=lambda value: value[:12] if type(value) is str else ""
)
def test_a_frozen_snapshot_keeps_its_id_and_its_bytes(name: str, data: bytes) -> None:
    manifest = manifests.decode(data)
    assert manifest.schema == SCHEMA_1
    assert manifest.snapshot_id == name.partition(".")[0]
    assert manifests.encode(manifest) == data
    labels = {value: text for value, text in manifest.labels.items() if value != "0"}
    for sample in manifest.samples:
        assert sample.target
        assert sample.targets == (sample.target,)
        assert sample.target.labels == labels
        assert all(mask.role == "expert" for mask in sample.readings)
        assert len({mask.path for mask in sample.readings}) == len(sample.readings)
    assert manifest.classes == (), "each mask is the target as it is"
