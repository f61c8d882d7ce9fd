"""A checksum leads to a volume of the registry, and to nothing else."""

from __future__ import annotations

from registry.index.by_checksum import resolver
from registry.store import Registry
from registry.tables import File

FLAIR = "sub-A001/ses-M00/anat/sub-A001_ses-M00_FLAIR.nii.gz"


def test_only_volumes_that_the_registry_knows_are_found(full: Registry) -> None:
    resolve = resolver(full)
    with full.reading() as database:
        image, table = database.get_one(File, FLAIR), database.get_one(File, "participants.tsv")
    assert resolve(image.sha256) == full.root.resolve() / FLAIR
    assert resolve(table.sha256) is None, "a table is no volume"
    assert resolve("0" * 64) is None


def test_a_link_out_of_the_registry_is_not_followed(writable: Registry, tmp_path: object) -> None:
    with writable.reading() as database:
        sha256 = database.get_one(File, FLAIR).sha256
    place = writable.root / FLAIR
    place.unlink()
    place.symlink_to("/etc/hostname")
    assert resolver(writable)(sha256) is None
