"""A licence belongs to the delivery that came with it: what is frozen and exported names those of its own files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlmodel import select

import tests.support.cohorts.importer_twins as twins
from curation.imports.delivery import import_delivery
from registry import snapshots
from registry.cohorts import queries
from registry.export import export
from registry.files.canonical import sha256_bytes
from registry.maintenance import rebuild
from registry.manifests import Manifest
from registry.snapshots import freeze
from registry.snapshots.targets import parse_policy
from registry.store import Registry
from registry.tables import Image


@pytest.fixture
def registry(empty: Registry) -> Registry:
    return empty


def bids(root: Path, licence: str | None) -> Path:
    """The twin, stating a licence or none."""
    source = twins.bids(root)
    stated = json.loads((source / "dataset_description.json").read_text())
    stated.pop("License", None)
    twins.write_json(source / "dataset_description.json", {**stated, **({"License": licence} if licence else {})})
    return source


def frozen(registry: Registry, where: str) -> Manifest:
    name = f"q{sha256_bytes(where.encode())[:8]}"
    queries.save(registry, name, f"SELECT path FROM images WHERE {where}")
    return snapshots.create(registry, name, policy=parse_policy(["expert:e01", "expert"]))


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("CC0", "CC-BY-4.0", ("CC-BY-4.0", "CC0")),
        ("CC0", None, ("CC0", "not stated")),
        (None, "CC-BY-4.0", ("CC-BY-4.0", "not stated")),
        (None, None, ()),
        ("CC0", "CC0", ("CC0",)),
    ],
)
def test_a_snapshot_names_the_licences_of_its_own_files(
    registry: Registry, tmp_path: Path, first: str | None, second: str | None, both: tuple[str, ...]
) -> None:
    source = twins.decathlon(tmp_path / "one")
    described = json.loads((source / "dataset.json").read_text())
    twins.write_json(source / "dataset.json", {**described, "licence": first or ""})
    import_delivery(registry, "decathlon", source)
    import_delivery(registry, "bids", bids(tmp_path / "two", second))
    assert frozen(registry, "suffix <> 'FLAIR'").licences == ((first,) if first else ())
    manifest = frozen(registry, "suffix = 'FLAIR'")
    assert manifest.licences == ((second,) if second else ())
    export(registry, manifest, tmp_path / "out", "bids")
    exported = json.loads((tmp_path / "out" / "dataset_description.json").read_text())
    assert exported.get("License") == second
    rebuild.rebuild(registry)
    assert frozen(registry, "suffix = 'FLAIR'").snapshot_id == manifest.snapshot_id
    assert freeze.list_licences(registry, [image.path for image in _images(registry)]) == both


def _images(registry: Registry) -> Sequence[Image]:
    with registry.reading() as database:
        return database.exec(select(Image)).all()
