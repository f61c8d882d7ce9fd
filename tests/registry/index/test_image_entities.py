"""Images of one suffix are told apart by columns: the entities of their names, as pybids reads them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import tests.support.cohorts.importer_twins as twins
from registry import readings
from registry.catalog import Catalog, subjects
from registry.files.volumes import Volume, encode
from registry.maintenance import drift, rebuild
from registry.publishing import Change, publish
from registry.store import Registry
from registry.vocabulary.field_strength import LARGEST_T, RATED_T, find_nominal, name_scanner
from tests.support.cohorts import tiny_bids

NAMES = (
    "anat/sub-01_part-mag_T2starw",
    "anat/sub-01_part-phase_T2starw",
    "anat/sub-01_FLAIR",
    "anat/sub-01_rec-norm_FLAIR",
    "anat/sub-01_echo-1_MEGRE",
    "anat/sub-01_echo-2_MEGRE",
    "anat/sub-01_inv-1_MP2RAGE",
    "anat/sub-01_inv-2_MP2RAGE",
    "anat/sub-01_flip-1_mt-on_MTS",
    "anat/sub-01_flip-1_mt-off_MTS",
    "anat/sub-01_acq-high_run-2_T1w",
    "fmap/sub-01_dir-AP_epi",
    "fmap/sub-01_dir-PA_epi",
)
PYBIDS = {
    "part": "part",
    "rec": "reconstruction",
    "echo": "echo",
    "inv": "inv",
    "flip": "flip",
    "mt": "mt",
    "dir": "direction",
    "acq": "acquisition",
    "run": "run",
}
"""Our column to the name that pybids has for it."""


@pytest.fixture
def images(empty: Registry) -> Registry:
    """A subject with images that only their entities distinguish."""

    def write(tree: Path) -> None:
        for number, name in enumerate(NAMES):
            data = np.full((4, 4, 4), number + 1, np.int16)
            tiny_bids.put(tree, f"sub-01/{name}.nii.gz", encode(data, np.eye(4)))
            tiny_bids.put_json(tree, f"sub-01/{name}.json", {"MagneticFieldStrength": 2.89362})

    publish(empty, Change("import", "Import"), write)
    return empty


def test_every_entity_is_a_column_and_equals_that_of_pybids(images: Registry) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bids.layout import parse_file_entities
    for row in Catalog.of(images).rows("SELECT * FROM images"):
        expected = parse_file_entities(f"/{row['path']}")
        found = {column: row[column] for column in PYBIDS}
        assert found == {
            column: None if (value := expected.get(theirs)) is None else str(value) for column, theirs in PYBIDS.items()
        }, row["path"]


def test_a_query_leaves_phase_images_later_echoes_and_filtered_copies_out(images: Registry) -> None:
    ask = Catalog.of(images).rows
    kept = ask("""SELECT path FROM images WHERE coalesce(part, 'mag') = 'mag' AND coalesce(echo, '1') = '1'
        AND rec IS NULL AND suffix IN ('T2starw', 'FLAIR', 'MEGRE') ORDER BY path""")
    names = ["FLAIR", "echo-1_MEGRE", "part-mag_T2starw"]
    assert [row["path"] for row in kept] == [f"sub-01/anat/sub-01_{name}.nii.gz" for name in names]
    assert len(ask("SELECT path FROM images WHERE nominal_field_t = 3")) == len(NAMES)
    assert ask("SELECT path FROM images WHERE field_strength_t = 3") == []


def test_the_page_of_a_subject_gives_each_image_a_title_of_its_own(images: Registry) -> None:
    catalog = Catalog.of(images)
    titles = [scan.title for scan in subjects.scans(catalog, subjects.visits(catalog, "sub-01")[0])]
    assert len(set(titles)) == len(NAMES)
    assert {"T2starw · phase", "MEGRE · echo 2", "FLAIR · norm", "epi · dir PA"} <= set(titles)


def test_a_rebuild_gives_the_same_columns(images: Registry) -> None:
    before = Catalog(images).rows("SELECT * FROM images ORDER BY path")
    assert drift.differences(images) == []
    rebuild.rebuild(images)
    assert Catalog(images).rows("SELECT * FROM images ORDER BY path") == before


@pytest.mark.parametrize(
    ("stated", "nominal"),
    [
        (3.0, 3.0),
        (2.89362, 3.0),  # Siemens Trio, Prisma, Skyra
        (2.8936, 3.0),
        (1.494, 1.5),  # Siemens Avanto
        (1.4951, 1.5),
        (6.98, 7.0),
        (0.3, 0.3),
        (0.5499, 0.55),
        (9.38, 9.4),
        (2.35, 2.35),  # an animal scanner that we do not list keeps its number
        (None, None),
        (0.0, None),
        (-3.0, None),
        (30000.0, None),  # gauss
        (3000.0, None),  # millitesla
    ],
)
def test_the_rated_strength_is_the_nearest_one_or_what_was_stated(stated: float | None, nominal: float | None) -> None:
    assert find_nominal(stated) == nominal


@pytest.mark.parametrize(
    ("make", "model", "stated", "name"),
    [
        ("Siemens", "Prisma", 2.89362, "Siemens Prisma 3 T"),
        ("Siemens", "Prisma", 3.0, "Siemens Prisma 3 T"),
        ("GE", None, 1.494, "GE 1.5 T"),
        ("", "Animal", 2.35, "Animal 2.35 T"),
        ("Philips", "Achieva", None, "Philips Achieva"),
        ("Philips", "Achieva", 30000.0, "Philips Achieva"),
        (None, None, 3.0, None),
    ],
)
def test_a_scanner_is_named_by_its_rated_strength(
    make: str | None, model: str | None, stated: float | None, name: str | None
) -> None:
    assert name_scanner(make, model, stated) == name


def test_a_rated_strength_means_itself() -> None:
    assert [find_nominal(rated) for rated in RATED_T] == list(RATED_T)
    assert max(RATED_T) < LARGEST_T


def test_a_reading_of_each_image_has_a_valid_name_of_its_own(images: Registry) -> None:
    """Two images that differ by `flip`, `mt` or `inv` alone, which BIDS allows in no name of a mask."""
    drawn = [f"sub-01/{name}.nii.gz" for name in NAMES if name.startswith("anat/")]
    mask = Volume(np.ones((4, 4, 4), np.uint8), np.eye(4))
    paths = {readings.accept(images, path, "e01", mask, "ms").path for path in drawn}
    assert len(paths) == len(drawn)
    wrong = [place for _, place in twins.validator_errors(images.root) if "_mask." in place]
    assert wrong == []
