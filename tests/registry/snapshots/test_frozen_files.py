"""A snapshot is whole or says which file is not; what is laid out for a reader holds the frozen bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from registry import snapshots
from registry.errors import IntegrityError
from registry.manifests import Manifest
from registry.snapshots.content import Contents
from registry.snapshots.frozen_files import materialise, require_whole, verify
from registry.snapshots.targets import parse_policy
from registry.store import Registry


@pytest.fixture
def manifest(registry: Registry) -> Manifest:
    return snapshots.create(registry, "flair", "main", parse_policy(["expert:e01"], None))


def test_a_folder_is_compared_file_by_file(registry: Registry, manifest: Manifest, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    for item in manifest.files():
        (folder / item.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(registry.root / item.path, folder / item.path)
    assert verify(manifest, folder).ok
    first, second = (item.path for item in manifest.files()[:2])
    data = bytearray((folder / first).read_bytes())
    data[-1] ^= 1
    (folder / first).write_bytes(data)  # as long as it was
    (folder / second).unlink()
    found = verify(manifest, folder)
    assert (found.ok, found.changed, found.missing) == (False, (first,), (second,))


def test_nothing_newer_means_the_registry_itself(registry: Registry, manifest: Manifest) -> None:
    assert materialise(registry, manifest) == registry.root


def test_the_first_file_that_is_not_whole_is_named_and_the_others_counted() -> None:
    with pytest.raises(IntegrityError, match=r"^a is missing \(2 more like it\)\.$"):
        require_whole(Contents({}, (), ("a", "b"), ("c",)))
    with pytest.raises(IntegrityError, match=r"^c is not the file that was frozen\.$"):
        require_whole(Contents({}, (), (), ("c",)))
    require_whole(Contents({"a": Path("a")}, ("a",), (), ()))
