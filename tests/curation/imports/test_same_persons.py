"""`sub-01` of two datasets is two persons until somebody says that it is one; a growing delivery needs no such word."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

import tests.support.cohorts.importer_twins as twins
from curation.imports.delivery import check_delivery, import_delivery
from registry.errors import InvalidInput
from registry.maintenance import rebuild
from registry.store import Registry
from registry.tables import Image

NEW = "sub-01/ses-z/anat/sub-01_ses-z_FLAIR.nii.gz"


@pytest.fixture
def registry(empty: Registry, tmp_path: Path) -> Registry:
    import_delivery(empty, "bids", delivery(tmp_path / "first", "One"))
    return empty


def delivery(root: Path, name: str | None) -> Path:
    """The twin, under a name of its own."""
    source = twins.bids(root)
    stated = json.loads((source / "dataset_description.json").read_text())
    del stated["Name"]
    twins.write_json(source / "dataset_description.json", {**stated, **({"Name": name} if name else {})})
    return source


def grown(root: Path, name: str | None, *, whole: bool) -> Path:
    """The twin with one more session of a known subject; alone unless `whole`."""
    source = delivery(root, name)
    if not whole:
        for path in [*source.glob("sub-*/ses-*/anat/*"), *source.glob("derivatives/*/sub-*/ses-*/anat/*")]:
            path.unlink()
    twins.put(source / NEW, twins.voxels(99))
    return source


def images(registry: Registry) -> set[str]:
    with registry.reading() as database:
        return set(database.exec(select(Image.path)))


SAME: dict[str, Callable[[Path], Path]] = {
    "it grew": lambda root: grown(root, "One", whole=True),
    "it grew, and only what is new is sent": lambda root: grown(root, "One", whole=False),
    "it was named anew, and holds images that are here": lambda root: grown(root, "One, second release", whole=True),
    "it forgot its name, and holds images that are here": lambda root: grown(root, None, whole=True),
}


@pytest.mark.parametrize("case", SAME)
def test_new_sessions_of_known_subjects_come_in(registry: Registry, tmp_path: Path, case: str) -> None:
    rebuild.rebuild(registry)
    import_delivery(registry, "bids", SAME[case](tmp_path / "later"))
    assert NEW in images(registry)


@pytest.mark.parametrize("name", ["Two", None])
def test_another_dataset_with_subjects_of_these_labels_is_refused(
    registry: Registry, tmp_path: Path, name: str | None
) -> None:
    before, other = images(registry), grown(tmp_path / "other", name, whole=False)
    for attempt in (check_delivery, import_delivery):
        with pytest.raises(InvalidInput, match=r"holds sub-01 from 'One' \(recipe bids\)") as refused:
            attempt(registry, "bids", other)
        assert "--same-persons" in refused.value.hint
    assert images(registry) == before
    import_delivery(registry, "bids", other, options={"same_persons": True})
    assert images(registry) == {*before, NEW}
    import_delivery(registry, "bids", other)


def test_a_file_is_no_delivery(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"README is a file\.") as refused:
        import_delivery(registry, "bids", tmp_path / "first/README")
    assert "folder" in refused.value.hint


def test_other_subjects_of_another_dataset_come_in(registry: Registry, tmp_path: Path) -> None:
    import_delivery(registry, "decathlon", twins.decathlon(tmp_path / "other"))
    assert len(images(registry)) == 7
