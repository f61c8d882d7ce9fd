"""What leaves is what was frozen: in every layout, read back by our own importers and by the official validator."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation import checks, importers, recipes
from registry import export, publishing, readings, snapshots
from registry.cohorts import queries
from registry.errors import GeometryError, IntegrityError, StorageError, UsageError
from registry.export import Options
from registry.export.nnunet import by_person, consecutive
from registry.export.resampling import resample
from registry.files.canonical import read_tsv, sha256_file
from registry.files.volumes import Header, Volume, encode, load, load_labels, read_header
from registry.manifests import Manifest, Sample
from registry.privacy import clearance
from registry.publishing.commits import commit_pending
from registry.snapshots.targets import parse_policy
from registry.store import Registry
from tests.support.cohorts import frozen_cohort
from tests.support.nnunet_rules import find_faults

FIRST = parse_policy(["expert:e01"])
VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")


@pytest.fixture
def flair(registry: Registry) -> Manifest:
    return snapshots.create(registry, "flair", "main", FIRST)


@pytest.fixture
def both(registry: Registry) -> Manifest:
    return snapshots.create(registry, "both", "main", FIRST)


def tree(folder: Path) -> dict[str, str]:
    """Every file with its checksum."""
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in folder.rglob("*") if path.is_file()}


def test_bids_holds_every_file_under_its_path(registry: Registry, both: Manifest, tmp_path: Path) -> None:
    export.export(registry, both, tmp_path / "out", "bids")
    assert snapshots.verify(both, tmp_path / "out").ok
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))


@pytest.mark.skipif(not VALIDATOR.exists(), reason="the official validator is not installed")
def test_bids_is_valid(registry: Registry, tmp_path: Path) -> None:
    queries.save(registry, "some", "SELECT path FROM images WHERE suffix = 'FLAIR' AND site = 'siteB'")
    made = snapshots.create(registry, "some", None, FIRST)
    export.export(registry, made, tmp_path / "out", "bids")
    for folder in (tmp_path / "out", tmp_path / "out" / frozen_cohort.READINGS):
        done = subprocess.run([VALIDATOR, folder, "--format", "json"], capture_output=True, check=False)
        issues = json.loads(done.stdout)["issues"]["issues"]
        assert [issue for issue in issues if issue["severity"] == "error"] == []
    people = [row["participant_id"] for row in read_tsv(tmp_path / "out" / "participants.tsv")]
    assert people == sorted(sample.subject for sample in made.samples)


def test_bids_comes_back_with_the_same_voxels(registry: Registry, both: Manifest, tmp_path: Path) -> None:
    export.export(registry, both, tmp_path / "out", "bids")
    importers.stage(recipes.load("bids"), tmp_path / "out", tmp_path / "back")
    for ref in both.files():
        one, other = load(registry.root / ref.path), load(tmp_path / "back" / ref.path)
        assert np.array_equal(one.data, other.data)
        assert np.array_equal(one.affine_ras, other.affine_ras)


@pytest.mark.parametrize("split", [None, "main"])
@pytest.mark.parametrize("query", ["flair", "both"])
@pytest.mark.parametrize("layout", ["decathlon", "nnunet"])
def test_what_leaves_comes_back_with_the_same_voxels(
    registry: Registry, layout: str, query: str, split: str | None, tmp_path: Path
) -> None:
    """The masks of the test part too, which neither layout lists; and no file of ours is strange to us."""
    made = snapshots.create(registry, query, split, FIRST)
    assert bool(made.part("test")) == bool(split)
    export.export(registry, made, tmp_path / "out", layout)
    report = importers.stage(recipes.load("decathlon"), tmp_path / "out", tmp_path / "back")
    assert report.refused == ()
    assert report.kept["masks"] == report.kept["subjects"] == len(made.samples)
    returned = sorted((tmp_path / "back").rglob("*.nii.gz"))
    frozen = [registry.root / ref.path for s in made.samples for ref in (*s.images.values(), s.target) if ref]
    assert len(returned) == len(frozen)
    assert sorted(_voxels(path) for path in returned) == sorted(_voxels(path) for path in frozen)


def test_channels_with_names_of_bids_come_back(registry: Registry, tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        for name in ("ce-gadolinium_T1w", "T2starw"):
            path = folder / frozen_cohort.image("sub-B000", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(np.full(frozen_cohort.SHAPE, 7, np.int16), frozen_cohort.AFFINE))

    publishing.publish(registry, publishing.Change("import", "Import"), write)
    image = frozen_cohort.image("sub-B000", "T2starw")
    readings.accept(registry, image, "e01", Volume(frozen_cohort.lesion(), frozen_cohort.AFFINE))
    queries.save(registry, "named", "SELECT path FROM images WHERE subject = 'sub-B000'")
    made = snapshots.create(registry, "named", None, FIRST)
    for layout in ("decathlon", "nnunet"):
        export.export(registry, made, tmp_path / layout, layout)
        back = tmp_path / f"{layout}-back"
        assert importers.stage(recipes.load("decathlon"), tmp_path / layout, back).refused == ()
        assert sorted(path.name.partition("_")[2] for path in back.glob("sub-*/anat/*.nii.gz")) == [
            "T2starw.nii.gz",
            "ce-gadolinium_T1w.nii.gz",
        ]


def _voxels(path: Path) -> bytes:
    return load(path, np.float32).data.tobytes()


@given(st.lists(st.text("PQ01", min_size=1, max_size=3), max_size=30))
def test_every_person_validates_in_exactly_one_fold(persons: list[str]) -> None:
    samples = [
        Sample(f"s{at:02}", person, person, None, None, None, None, None, {}) for at, person in enumerate(persons)
    ]
    owner = {sample.sample: sample.person for sample in samples}
    folds = by_person(samples)
    assert len(folds) == (min(5, len(set(persons))) if len(set(persons)) > 1 else 0)
    for fold in folds:
        assert sorted(fold["train"] + fold["val"]) == sorted(owner)
        assert not {owner[name] for name in fold["train"]} & {owner[name] for name in fold["val"]}
        assert fold["train"]
        assert fold["val"]
    if folds:
        assert sorted(name for fold in folds for name in fold["val"]) == sorted(owner)


def test_a_snapshot_without_a_split_gets_folds_by_person(registry: Registry, tmp_path: Path) -> None:
    manifest = snapshots.create(registry, "both", None, FIRST)
    report = export.export(registry, manifest, tmp_path / "out", "nnunet")
    folds = json.loads((tmp_path / "out" / "splits_final.json").read_text())
    assert folds == by_person(manifest.samples)
    assert any("folds were made by person" in note for note in report.notes)


def test_nnunet_folder(registry: Registry, both: Manifest, tmp_path: Path) -> None:
    export.export(registry, both, tmp_path / "out", "nnunet")
    described = json.loads((tmp_path / "out" / "dataset.json").read_text())
    (fold,) = json.loads((tmp_path / "out" / "splits_final.json").read_text())
    assert described["channel_names"] == {"0": "FLAIR", "1": "T1w"}
    assert described["labels"] == {"background": 0, "lesion": 1}
    assert described["file_ending"] == ".nii.gz"
    assert described["numTraining"] == len(fold["train"]) + len(fold["val"])
    for sample in both.samples:
        end, known = ("Ts", "test") if sample.part == "test" else ("Tr", sample.part)
        assert (sample.sample in fold["train"], sample.sample in fold["val"]) == (
            known == "train",
            known == "validation",
        )
        for position, name in enumerate(both.channels):
            place = tmp_path / "out" / f"images{end}" / f"{sample.sample}_{position:04d}.nii.gz"
            assert sha256_file(place) == sample.images[name].sha256
        assert sample.target
        assert sha256_file(tmp_path / "out" / f"labels{end}" / f"{sample.sample}.nii.gz") == sample.target.sha256


@pytest.mark.parametrize("split", [None, "main"])
@pytest.mark.parametrize("query", ["flair", "both"])
def test_nnunet_finds_no_fault(registry: Registry, query: str, split: str | None, tmp_path: Path) -> None:
    export.export(registry, snapshots.create(registry, query, split, FIRST), tmp_path / "out", "nnunet")
    assert find_faults(tmp_path / "out") == []


@pytest.mark.parametrize(("layout", "measured"), [*((name, False) for name in export.LAYOUTS), ("nnunet", True)])
def test_images_that_hold_nothing_or_no_numbers_are_said(
    registry: Registry, layout: str, measured: bool, tmp_path: Path
) -> None:
    """Nothing is 0 everywhere, or NaN somewhere, without a word; whether or not the checks have run."""
    made = _snapshot_of_odd_voxels(registry)
    if measured:
        checks.run(registry)
    notes = export.export(registry, made, tmp_path / "out", layout).notes
    empty = [note for note in notes if "nothing but 0" in note]
    odd = [note for note in notes if "no numbers" in note]
    if layout == "csv":
        assert empty == odd == []
    else:
        assert empty == [f"1 image holds nothing but 0: {frozen_cohort.image('sub-B000', 'T1w')}."]
        (said,) = odd
        assert said.startswith("1 image holds values that are no numbers")
        assert f"{frozen_cohort.image('sub-B000')} (3 voxels)" in said


def _snapshot_of_odd_voxels(registry: Registry) -> Manifest:
    """A session with two NaN and an infinity in its FLAIR, and a T1w that is 0 everywhere."""
    flair = np.full(frozen_cohort.SHAPE, 7, np.float32)
    flair[0, 0, :3] = np.nan, np.inf, np.nan

    def write(folder: Path) -> None:
        for suffix, data in (("FLAIR", flair), ("T1w", np.zeros(frozen_cohort.SHAPE, np.int16))):
            path = folder / frozen_cohort.image("sub-B000", suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(data, frozen_cohort.AFFINE))

    publishing.publish(registry, publishing.Change("import", "Import"), write)
    mask = Volume(frozen_cohort.lesion(), frozen_cohort.AFFINE)
    readings.accept(registry, frozen_cohort.image("sub-B000"), "e01", mask)
    queries.save(registry, "odd", "SELECT path FROM images WHERE subject = 'sub-B000'")
    return snapshots.create(registry, "odd", None, FIRST)


def test_tables_state_every_checksum_and_need_no_content(registry: Registry, both: Manifest, tmp_path: Path) -> None:
    shutil.rmtree(registry.root / "sub-A000")
    export.export(registry, both, tmp_path / "out", "csv")
    with (tmp_path / "out" / "files.csv").open() as stream:
        stated = {(row["path"], row["sha256"], int(row["size"])) for row in csv.DictReader(stream)}
    assert stated == {(ref.path, ref.sha256, ref.size) for ref in both.files()}
    with (tmp_path / "out" / "samples.csv").open() as stream:
        assert [row["sample"] for row in csv.DictReader(stream)] == [sample.sample for sample in both.samples]


@pytest.mark.parametrize("layout", sorted(export.LAYOUTS))
def test_an_export_can_be_repeated_byte_by_byte(
    registry: Registry, both: Manifest, layout: str, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        export.export(registry, both, tmp_path / name, layout)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_an_earlier_revision_leaves_with_its_own_sidecar(registry: Registry, flair: Manifest, tmp_path: Path) -> None:
    commit_pending(registry)
    export.export(registry, flair, tmp_path / "before", "bids")
    readings.accept(
        registry, frozen_cohort.image("sub-A001"), "e01", Volume(frozen_cohort.lesion(9), frozen_cohort.AFFINE)
    )
    commit_pending(registry)
    export.export(registry, flair, tmp_path / "after", "bids")
    assert tree(tmp_path / "before") == tree(tmp_path / "after")


def test_links_only_to_files_that_nobody_can_write(registry: Registry, flair: Manifest, tmp_path: Path) -> None:
    export.export(registry, flair, tmp_path / "out", "bids", Options(link=True))
    image, mask = (
        tmp_path / "out" / path for path in (frozen_cohort.image("sub-A001"), frozen_cohort.mask("sub-A001"))
    )
    assert os.path.samefile(image, registry.root / frozen_cohort.image("sub-A001"))
    assert not os.path.samefile(mask, registry.root / frozen_cohort.mask("sub-A001"))


def _shifted_t1w(registry: Registry) -> Manifest:
    """A session whose T1w has another grid."""
    affine = frozen_cohort.AFFINE.copy()
    affine[:3, 3] = 2.8, 0, 0

    def write(folder: Path) -> None:
        for suffix, grid in (("FLAIR", frozen_cohort.AFFINE), ("T1w", affine)):
            path = folder / frozen_cohort.image("sub-B000", suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(np.full(frozen_cohort.SHAPE, 7, np.int16), grid))

    publishing.publish(registry, publishing.Change("import", "Import"), write)
    readings.accept(
        registry, frozen_cohort.image("sub-B000"), "e01", Volume(frozen_cohort.lesion(), frozen_cohort.AFFINE)
    )
    queries.save(registry, "odd", "SELECT path FROM images WHERE subject = 'sub-B000'")
    return snapshots.create(registry, "odd", None, FIRST)


def test_channels_on_two_grids_are_refused_or_resampled(registry: Registry, tmp_path: Path) -> None:
    made = _shifted_t1w(registry)
    for layout in ("nnunet", "decathlon"):
        with pytest.raises(GeometryError, match="does not lie on the grid") as caught:
            export.export(registry, made, tmp_path / layout, layout)
        assert "--resample" in caught.value.hint
        assert list(tmp_path.glob(f"*{layout}*")) == []
    export.export(registry, made, tmp_path / "out", "nnunet", Options(resample=True))
    resampled = load(tmp_path / "out" / "imagesTr" / "sub-B000_ses-M00_0001.nii.gz")
    assert np.array_equal(resampled.affine_ras, frozen_cohort.AFFINE)
    assert np.all(resampled.data[1:] == 7)
    assert np.all(resampled.data[0] == 0), "more than half a voxel outside of the shifted image"


def test_resampling_agrees_with_the_coordinates() -> None:
    """A field that is linear in RAS millimetres is the same field on every grid inside."""
    rotation = np.array([[0.0, -1.5, 0, 30], [2.0, 0, 0, -4], [0, 0, 2.5, 1], [0, 0, 0, 1]])
    shape = (24, 30, 16)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    field = (index @ rotation[:3, :3].T + rotation[:3, 3]) @ [1.0, 10.0, 100.0]
    inner = rotation.copy()
    inner[:3, 3] += rotation[:3, :3] @ [2.5, 3.25, 4.5]
    found = resample(Volume(field, rotation), Header((9, 8, 7), inner, (1, 1, 1), "float32", "", True))
    expected = (index[:9, :8, :7] @ inner[:3, :3].T + inner[:3, 3]) @ [1.0, 10.0, 100.0]
    assert np.allclose(found.data, expected, atol=0.05)


def test_label_values_with_gaps_become_consecutive() -> None:
    assert consecutive({"0": "background", "1": "core", "4": "rim"}) == {0: 0, 1: 1, 4: 2}
    assert consecutive({"0": "background", "1": "Ignore", "4": "rim"}) == {0: 0, 4: 1, 1: 2}


def test_refusals_leave_nothing_behind(registry: Registry, flair: Manifest, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not an empty folder"):
        export.export(registry, flair, taken, "bids")
    with pytest.raises(UsageError, match="inside the registry"):
        export.export(registry, flair, registry.root / "sourcedata" / "out", "bids")
    with pytest.raises(UsageError, match="'dicom' is not a layout"):
        export.export(registry, flair, tmp_path / "out", "dicom")
    soft = snapshots.create(registry, "flair", None, parse_policy(["soft"]))
    with pytest.raises(UsageError, match="no single mask"):
        export.export(registry, soft, tmp_path / "out", "nnunet")
    (registry.root / frozen_cohort.mask("sub-A004")).write_bytes(b"damaged")
    with pytest.raises(IntegrityError, match=r"sub-A004.*is not the file that was frozen"):
        export.export(registry, flair, tmp_path / "out", "bids")
    assert tree(taken) == {"mine.txt": sha256_file(taken / "mine.txt")}
    assert [path.name for path in tmp_path.iterdir() if path.name != "registry"] == ["taken"]


def test_a_disk_that_refuses_is_named(registry: Registry, flair: Manifest, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="The export could not be written"):
        export.export(registry, flair, tmp_path / "file" / "out", "csv")


def test_soft_readings_leave_as_bids(registry: Registry, tmp_path: Path) -> None:
    soft = snapshots.create(registry, "flair", None, parse_policy(["soft"]))
    export.export(registry, soft, tmp_path / "out", "bids")
    assert all(load_labels(tmp_path / "out" / item.path).data.any() for s in soft.samples for item in s.readings)
    assert read_header(tmp_path / "out" / frozen_cohort.image("sub-A000")).shape == frozen_cohort.SHAPE


def test_what_shows_a_face_leaves_only_when_that_is_said(registry: Registry, flair: Manifest, tmp_path: Path) -> None:
    images = sorted(ref.path for sample in flair.samples for ref in sample.images.values())
    note = f"{len(images)} of {len(images)} images are not cleared"
    assert any(note in said for said in export.export(registry, flair, tmp_path / "a", "bids").notes)
    for image in images:
        for question in clearance.Question:
            clearance.record(registry, image, question, clearance.Answer.CLEAR)
    assert not any("cleared" in said for said in export.export(registry, flair, tmp_path / "b", "bids").notes)
    clearance.record(registry, images[0], clearance.Question.FACE, clearance.Answer.PRESENT)
    with pytest.raises(UsageError, match="saw text or a face"):
        export.export(registry, flair, tmp_path / "c", "nnunet")
    assert not (tmp_path / "c").exists()
    export.export(registry, flair, tmp_path / "c", "csv")
    export.export(registry, flair, tmp_path / "d", "bids", Options(identifying=True))
    assert (tmp_path / "d" / images[0]).is_file()


def test_what_is_not_cleared_is_what_has_blockers(registry: Registry, flair: Manifest) -> None:
    images = sorted(ref.path for sample in flair.samples for ref in sample.images.values())
    subject = images[0].partition("/")[0]
    clearance.record(registry, subject, clearance.Question.FACE, clearance.Answer.CLEAR)
    clearance.record(registry, subject, clearance.Question.BURNED_IN_TEXT, clearance.Answer.CLEAR)
    clearance.record(registry, images[1], clearance.Question.FACE, clearance.Answer.UNKNOWN)
    waiting = clearance.list_uncleared(registry, images)
    assert images[0] not in waiting
    assert set(waiting) == {image for image in images if clearance.blockers(registry, image)}
