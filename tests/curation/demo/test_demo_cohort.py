"""The demo cohort keeps its promises: equal seeds give equal bytes, the disease moves, raters differ, BIDS is valid."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from curation.demo import generate, plan
from curation.demo.atlas import load_atlas
from curation.demo.lesions import Blob, LesionChange, paint
from registry.bids.names import parse
from registry.errors import UsageError
from registry.files.canonical import read_tsv, sha256_file
from registry.files.geometry import require_same_grid
from registry.files.volumes import load, load_labels, read_header
from tests.support import ROOT

RATERS = ["e01", "e02", "e03", "e04"]
MANUAL = Path("derivatives/manual-mslesion")


def digests(root: Path, *folders: str) -> dict[str, str]:
    """SHA-256 by relative path of every file below folders named so, or of all files."""
    files = sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return {str(path): sha256_file(root / path) for path in files if not folders or set(folders) & set(path.parts)}


def masks(root: Path) -> list[Path]:
    return sorted((root / MANUAL).rglob("*_mask.nii.gz"))


def by_image(root: Path) -> dict[str, dict[str, np.ndarray]]:
    """Session key to rater code to mask array."""
    found: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    for path in masks(root):
        name = parse(path.relative_to(root / MANUAL).as_posix())
        assert name is not None
        found[name.session_key][name.entities["desc"]] = load_labels(path).data > 0
    return found


@pytest.mark.slow
def test_equal_seed_gives_equal_bytes_in_another_process_and_persons_do_not_influence_each_other(
    demo_tree: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    code = "import sys, pathlib, curation.demo as d; d.generate(pathlib.Path(sys.argv[1]), seed=2026, persons=1)"
    subprocess.run(
        [sys.executable, "-c", code, str(alone)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        cwd=ROOT,
    )
    subjects = ("sub-A001", "sub-B101")
    assert digests(alone, *subjects) == digests(demo_tree, *subjects)
    assert len(digests(alone, *subjects)) == 2 * (1 + 2 * (2 + 4) * 2)


@pytest.mark.slow
def test_another_seed_gives_another_cohort(demo_tree: Path, tmp_path: Path) -> None:
    generate(tmp_path / "other", seed=7, persons=1)
    ours, other = digests(demo_tree), digests(tmp_path / "other")
    images = [path for path in other if path.endswith(("FLAIR.nii.gz", "T1w.nii.gz"))]
    assert len(images) == 8
    assert all(ours[path] != other[path] for path in images)


def test_progress_counts_every_session_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions are announced before the work and the last call says all is done."""
    from curation.demo import writer

    monkeypatch.setattr(writer._Session, "write", lambda *args: None)
    monkeypatch.setattr(writer, "person_fields", lambda *args: None)
    seen: list[tuple[int, int, str]] = []
    generate(tmp_path / "new", persons=3, progress=lambda *step: seen.append(step))
    assert [done for done, _, _ in seen] == list(range(9))
    assert {total for _, total, _ in seen} == {8}


def test_default_plan_is_the_cohort_that_was_asked_for() -> None:
    cohort = plan()
    sites = {visit.scanner.site for subject in cohort.subjects for visit in subject.visits}
    groups = [person.group for person in cohort.persons]
    assert len(cohort.persons) >= 12
    assert sites == {"siteA", "siteB", "siteC"}
    assert groups.count("HC") >= 3
    assert {person.status for person in cohort.persons} == {"normal", "incidental_lesions", "pathological"}
    assert all(len(subject.visits) == 2 for subject in cohort.subjects)


def test_every_patient_has_lesions_that_grow_appear_and_vanish() -> None:
    patients = [person for person in plan(11, 20).persons if person.group == "MS"]
    for person in patients:
        changes = {lesion.change for lesion in person.lesions}
        assert {LesionChange.GROWING, LesionChange.NEW, LesionChange.VANISHED} <= changes
        for lesion in person.lesions:
            first, second = lesion.volumes_mm3
            assert max(first, second) <= 2500
            assert (first == 0) == (lesion.change is LesionChange.NEW)
            assert (second == 0) == (lesion.change is LesionChange.VANISHED)
            assert lesion.change is not LesionChange.GROWING or second > 1.3 * first


def test_new_and_vanished_lesions_are_there_in_the_drawn_anatomy() -> None:
    """Painted on the common head: some islands exist at one visit only, and the islands of both have grown."""
    atlas = load_atlas()
    person = plan(persons=1).persons[0]
    flat = np.zeros(atlas.shape, dtype=np.float32)
    first, second = (
        paint(atlas, flat, [Blob(lesion, lesion.volumes_mm3[t]) for lesion in person.lesions if lesion.volumes_mm3[t]])
        >= 0.5
        for t in (0, 1)
    )
    sites, count = ndimage.label(first | second, np.ones((3, 3, 3)))
    before, after = (ndimage.sum_labels(there, sites, range(1, count + 1)) for there in (first, second))
    assert ((before == 0) & (after > 0)).any()
    assert ((before > 0) & (after == 0)).any()
    assert ((before > 0) & (after > 1.2 * before)).any()
    assert not ((first | second) & (atlas.csf > 0.9)).any()


def test_persons_differ_in_lesion_load_and_small_lesions_exist() -> None:
    volumes = [
        [max(lesion.volumes_mm3) for lesion in person.lesions] for person in plan().persons if person.group == "MS"
    ]
    loads = [sum(some) for some in volumes]
    assert max(loads) > 3 * min(loads)
    assert min(min(some) for some in volumes) < 60
    assert max(max(some) for some in volumes) > 1000


def test_one_person_is_two_subjects_at_two_centres(demo_tree: Path) -> None:
    subjects: dict[str, list[str]] = defaultdict(list)
    for row in read_tsv(demo_tree / "participants.tsv"):
        subjects[str(row["person_id"])].append(str(row["participant_id"]))
    assert subjects == {"P001": ["sub-A001", "sub-B101"], "P002": ["sub-B002"]}
    sites = {
        sub: {row["site"] for row in read_tsv(demo_tree / sub / f"{sub}_sessions.tsv")} for sub in subjects["P001"]
    }
    assert sites == {"sub-A001": {"siteA"}, "sub-B101": {"siteB"}}


def test_every_mask_is_binary_on_its_flair_grid_with_true_checksums(demo_tree: Path) -> None:
    paths = masks(demo_tree)
    assert len(paths) == 3 * 2 * 4
    for path in paths:
        sidecar = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
        image = demo_tree / sidecar["Sources"][0].removeprefix("bids:raw:")
        mask = load(path)
        require_same_grid(path.name, mask.data.shape, mask.affine_ras, read_header(image))
        assert mask.data.dtype == np.uint8
        assert set(np.unique(mask.data)) <= {0, 1}
        assert (sidecar["SourceSHA256"], sidecar["SHA256"]) == (sha256_file(image), sha256_file(path))
        assert sidecar["Kind"] == ("mask" if mask.data.any() else "none_found")


def test_a_healthy_person_gets_four_empty_readings_per_image(demo_tree: Path) -> None:
    healthy = {key: readings for key, readings in by_image(demo_tree).items() if key.startswith("sub-B002")}
    assert [sorted(readings) for readings in healthy.values()] == [RATERS, RATERS]
    assert not any(mask.any() for readings in healthy.values() for mask in readings.values())


def test_raters_find_fewer_lesions_in_the_intended_order(demo_tree: Path) -> None:
    """Sensitivity against lesions marked by at least two raters, pooled over the patient's images."""
    hits = dict.fromkeys(RATERS, 0)
    for readings in by_image(demo_tree).values():
        votes = sum(mask.astype(np.uint8) for mask in readings.values())
        sites, count = ndimage.label(votes >= 2, np.ones((3, 3, 3)))
        for rater, mask in readings.items():
            hits[rater] += len(set(np.unique(sites[mask])) - {0}) if count else 0
    assert hits["e01"] >= hits["e02"] >= hits["e03"] >= hits["e04"]
    assert hits["e01"] > hits["e04"]


def test_raters_draw_wide_and_tight(demo_tree: Path) -> None:
    """Where e01, e02 and e03 all mark a lesion, e02 draws more of it than e01 and e03 less."""
    size = dict.fromkeys(RATERS, 0)
    for readings in by_image(demo_tree).values():
        core = readings["e01"] & readings["e02"] & readings["e03"]
        for rater in RATERS:
            sites, _ = ndimage.label(readings[rater], np.ones((3, 3, 3)))
            size[rater] += int(np.isin(sites, list(set(np.unique(sites[core])) - {0})).sum())
    assert size["e03"] < size["e01"] < size["e02"]


def test_lesions_are_bright_in_flair_and_the_background_is_empty(demo_tree: Path) -> None:
    readings = by_image(demo_tree)["sub-A001/ses-M00"]
    flair = load(demo_tree / "sub-A001/ses-M00/anat/sub-A001_ses-M00_FLAIR.nii.gz").data
    brain = flair > 0
    core = readings["e01"] & readings["e03"]
    assert flair.dtype == np.int16
    assert 0.2 < brain.mean() < 0.6
    assert np.median(flair[core]) > np.percentile(flair[brain], 95)


def test_centres_differ_in_voxels_and_field(demo_tree: Path) -> None:
    spacings = {read_header(path).spacing_mm for path in demo_tree.glob("sub-*/ses-*/anat/*_FLAIR.nii.gz")}
    fields = {visit.scanner.field_t for subject in plan().subjects for visit in subject.visits}
    assert len({tuple(np.round(spacing, 3)) for spacing in spacings}) == 2
    assert fields == {1.5, 3.0}


def test_no_file_holds_a_date(demo_tree: Path) -> None:
    for path in demo_tree.rglob("*.json"):
        assert not {"AcquisitionTime", "AcquisitionDateTime", "Date"} & set(json.loads(path.read_text()))
    assert not list(demo_tree.rglob("*_scans.tsv"))


@pytest.mark.parametrize("dataset", [Path(), MANUAL], ids=["raw", "manual"])
def test_official_validator_reports_no_error(demo_tree: Path, dataset: Path) -> None:
    tool = Path(sys.executable).with_name("bids-validator-deno")
    command = str(tool) if tool.exists() else shutil.which("bids-validator-deno")
    if command is None:
        pytest.skip("bids-validator-deno is not installed")
    done = subprocess.run(
        [command, str(demo_tree / dataset), "--format", "json", "--max-rows", "-1"],
        capture_output=True,
        text=True,
        check=False,
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    assert done.returncode == 0


def test_a_folder_with_content_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="not an empty folder"):
        generate(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(("seed", "persons"), [(1, 0), (1, 100), (-1, 3)])
def test_impossible_numbers_are_refused_before_anything_is_written(tmp_path: Path, seed: int, persons: int) -> None:
    with pytest.raises(UsageError):
        generate(tmp_path / "new", seed=seed, persons=persons)
    assert not (tmp_path / "new").exists()
