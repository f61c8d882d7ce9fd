"""What the pages ask: overview, drawings, overlap, exploring, parts, volumes by checksum, wording."""

from __future__ import annotations

import numpy as np
import pytest

from registry import snapshots
from registry.catalog import Catalog, overview, preview, subjects
from registry.cohorts import composition, splits, versioned
from registry.errors import NotFound, QueryError
from registry.index.by_checksum import resolver
from registry.readings import overlap, overlays
from registry.readings.overlays import Kind
from registry.store import Registry
from registry.tables import File, Split
from registry.vocabulary import display
from tests.support.cohorts.app_cohort import RUN, lesions

FLAIR = "sub-A001/ses-M00/anat/sub-A001_ses-M00_FLAIR.nii.gz"


def test_charts_add_up_to_the_headline(full: Registry) -> None:
    catalog = Catalog.of(full)
    for chosen in ((), ("siteA",), ("siteA", "siteB"), ("it's",)):
        counts = overview.headline(catalog, chosen)
        assert sum(row["images"] for row in overview.images_by_site(catalog, chosen)) == counts["images"]
        assert sum(row["sessions"] for row in overview.sessions_by_site(catalog, chosen)) == counts["sessions"]
        assert sum(row["subjects"] for row in overview.subjects_by_class(catalog, chosen)) == counts["subjects"]
        assert sum(cell["images"] for cell in overview.completeness(catalog, chosen)) == counts["images"]


def test_every_cell_of_the_matrix_is_present_or_a_gap(full: Registry) -> None:
    cells = overview.completeness(Catalog.of(full))
    keys = {(cell["subject"], cell["session"], cell["channel"]) for cell in cells}
    assert len(keys) == len(cells) == 7 * 2 * 2
    absent = [cell for cell in cells if cell["images"] == 0]
    assert {cell["state"] for cell in absent} == {"no session", "no image"}
    assert all(cell["state"] in overview.STATES for cell in cells)


def test_drawings_come_by_rater_then_consensus_and_reach_other_images_on_the_grid(full: Registry) -> None:
    images = overlays.on_grid(full, FLAIR)
    assert images == [FLAIR, FLAIR.replace("FLAIR", "T1w")]
    found = overlays.over(full, images)
    assert [(item.kind, item.source) for item in found] == [
        (Kind.READING, "e01"),
        (Kind.READING, "e02"),
        (Kind.READING, "e03"),
        (Kind.CONSENSUS, "majority"),
    ]


def test_predictions_stand_last_and_state_no_volume(full: Registry) -> None:
    found = overlays.over(full, ["sub-A002/ses-M00/anat/sub-A002_ses-M00_FLAIR.nii.gz"])
    assert (found[-1].kind, found[-1].source, found[-1].volume_mm3) == (Kind.PREDICTION, RUN, None)
    assert overlap.measure(full, found[-1].sha256) is not None


def test_dice_is_that_of_the_voxels(full: Registry) -> None:
    readings = overlays.over(full, [FLAIR])
    one, other = lesions(1, "ses-M00", 0) > 0, lesions(1, "ses-M00", 2) > 0
    expected = 2 * np.sum(one & other) / (one.sum() + other.sum())
    assert overlap.dice(full, readings[0].sha256, readings[2].sha256) == pytest.approx(expected)
    assert overlap.dice(full, readings[2].sha256, readings[0].sha256) == pytest.approx(expected)
    measured = overlap.measure(full, readings[0].sha256)
    assert measured is not None
    assert measured.parts == 2
    assert measured.volume_mm3 == pytest.approx(readings[0].volume_mm3)


def test_content_that_comes_later_is_measured_then(writable: Registry) -> None:
    reading = overlays.over(writable, [FLAIR])[0]
    place, aside = writable.root / reading.path, writable.root / "aside"
    place.rename(aside)
    assert overlap.measure(writable, reading.sha256) is None
    aside.rename(place)
    assert overlap.measure(writable, reading.sha256) is not None


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


def test_preview_counts_and_refuses(full: Registry) -> None:
    catalog = Catalog.of(full)
    found = preview.preview(catalog, "SELECT * FROM images ORDER BY path; ")
    assert found.n_rows == found.totals["images"] == sum(row["images"] for row in found.groups) == 15
    assert not preview.preview(catalog, "SELECT 1 AS one -- no paths").names_images
    with pytest.raises(QueryError):
        preview.preview(catalog, "COPY images TO '/tmp/x'")


def test_every_documented_view_has_columns(full: Registry) -> None:
    assert all(view.columns and view.about for view in preview.list_views(Catalog.of(full)))


def test_parts_hold_every_person_once(full: Registry) -> None:
    split = versioned.list_all(full, Split)[0]
    rows = composition.of_split(Catalog.of(full), split)
    assert sum(row["persons"] for row in rows) == len(splits.assignments(full, split)) == 6
    manifest = snapshots.get(full, snapshots.list_snapshots(full)[0].snapshot_id)
    assert sum(row["samples"] for row in composition.of_snapshot(manifest)) == len(manifest.samples)


def test_subjects_of_one_person_name_each_other(full: Registry) -> None:
    catalog = Catalog.of(full)
    assert subjects.who(catalog, "sub-A000").others == ("sub-B006",)
    assert subjects.who(catalog, "sub-B006").others == ("sub-A000",)
    with pytest.raises(NotFound, match="sub-Z"):
        subjects.who(catalog, "sub-Z")


def test_wording() -> None:
    assert display.format_count(1, "person") == "1 person"
    assert display.format_count(1200, "person") == "1,200 persons"
    assert [display.format_day(day) for day in (0, 371, None)] == ["baseline", "day 371", "day unknown"]
    assert [display.format_volume(mm3) for mm3 in (None, 742.4, 2540)] == ["-", "742 mm³", "2.54 mL"]
    assert [display.format_size(n) for n in (980_000, 21_400_000, 3_100_000_000)] == ["980 kB", "21.4 MB", "3.1 GB"]
    assert display.format_place(-28.2, -30, 8.8) == "L 28 · P 30 · S 9"
    assert display.escape_markdown("[a](b) *c*") == r"\[a\]\(b\) \*c\*"


def test_masks_whose_lesions_were_not_measured_are_counted_until_they_are(full: Registry) -> None:
    catalog = Catalog.of(full)
    assert overview.count_unmeasured(catalog) == {}, "lesions build was run"
    assert overview.headline(catalog)["lesions"] == 11


def test_what_no_dataset_says_has_one_word_and_no_colour_of_its_own(full: Registry) -> None:
    names = overview.names(Catalog.of(full))
    assert names == {
        "site": ["siteA", "siteB"],
        "scanner": ["scannerA", "scannerB"],
        "class": ["HC", "MS"],
        "channel": ["FLAIR", "T1w"],
    }
