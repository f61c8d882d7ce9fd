"""Layouts that public datasets have: whatever comes in is valid BIDS, and whatever does not is named."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import ImportReport, stage
from curation.imports.delivery import import_delivery
from registry.bids import schema
from registry.publishing.table_merge import merge_tree
from registry.store import Registry
from tests.support.cohorts.bids_layouts import begin, put_times

FUNC = "sub-01/ses-1/func/sub-01_ses-1_task-rest_bold"
FMAP = "sub-01/ses-1/fmap/sub-01_ses-1_run-{}_epi"
ASL = "sub-01/perf/sub-01_asl"
TEXT = "What everybody should know about a made-up dataset, in as many words as BIDS likes to see.\n" * 2


def bring(source: Path) -> tuple[Path, ImportReport]:
    into = source.parent / "into"
    report = stage(recipes.load("bids"), source, into)
    assert twins.validator_errors(into) == []
    return into, report


def read(path: Path) -> Any:
    return json.loads(path.read_text())


READMES = {
    "without an ending": ("README",),
    "markdown": ("README.md",),
    "restructured text": ("README.rst",),
    "plain text": ("README.txt",),
    "two of them": ("README", "README.md"),
    "with a citation": ("README.md", "CITATION.cff"),
    "a citation alone": ("CITATION.cff",),
}


@pytest.mark.parametrize("texts", READMES)
def test_a_delivery_has_one_readme_also_beside_that_of_the_registry(
    tmp_path: Path, writable: Registry, texts: str
) -> None:
    source = begin(tmp_path / "source")
    for number, name in enumerate(READMES[texts]):
        twins.write(source / name, f"text {number}: {TEXT}")
    into, report = bring(source)
    assert [path.name for path in into.iterdir() if path.name.startswith(("README", "CITATION"))] == ["README"]
    said = (into / "README").read_text()
    assert all(f"text {number}: {TEXT}" in said for number in range(len(READMES[texts])))
    assert not [item for item in report.refused if item.path in READMES[texts]]
    import_delivery(writable, "bids", source)
    assert len([*writable.root.glob("README*"), *writable.root.glob("CITATION*")]) == 1
    assert "text 0" in (writable.root / "README").read_text()


def test_a_second_delivery_with_authors_and_a_citation_leaves_the_registry_valid(tmp_path: Path) -> None:
    trees = []
    for name, ending in (("one", ".md"), ("two", ".rst")):
        source = begin(tmp_path / name / "source")
        (source / "sub-01").rename(source / f"sub-{name}")
        (source / f"sub-{name}/anat/sub-01_T1w.nii.gz").rename(source / f"sub-{name}/anat/sub-{name}_T1w.nii.gz")
        twins.write(source / f"README{ending}", f"{name}: {TEXT}")
        twins.write(source / "CITATION.cff", f"cff-version: 1.2.0\ntitle: {name}\n")
        authors = {"Name": name, "BIDSVersion": "1.8.0", "Authors": [name]} if name == "one" else {}
        twins.write_json(source / "dataset_description.json", {"Name": name, "BIDSVersion": "1.8.0", **authors})
        trees.append(bring(source)[0])
    merge_tree(trees[1], trees[0])
    for path in [path for path in trees[1].rglob("*") if path.is_file()]:
        (trees[0] / path.relative_to(trees[1])).parent.mkdir(parents=True, exist_ok=True)
        path.replace(trees[0] / path.relative_to(trees[1]))
    assert twins.validator_errors(trees[0]) == []
    assert all(f"{name}: {TEXT}" in (trees[0] / "README").read_text() for name in ("one", "two"))


INTENDED: dict[str, tuple[Any, Any]] = {
    "a URI": (f"bids::{FUNC}.nii", f"bids::{FUNC}.nii.gz"),
    "relative to the subject": (FUNC.removeprefix("sub-01/") + ".nii", FUNC.removeprefix("sub-01/") + ".nii.gz"),
    "relative to the session": (FUNC.removeprefix("sub-01/ses-1/") + ".nii", FUNC.removeprefix("sub-01/") + ".nii.gz"),
    "a list": ([f"bids::{FUNC}.nii"], [f"bids::{FUNC}.nii.gz"]),
    "one of two that came in": (
        [f"bids::{FUNC}.nii", f"bids::{FUNC.replace('rest', 'gone')}.nii.gz"],
        [f"bids::{FUNC}.nii.gz"],
    ),
    "one that did not come in": (f"bids::{FUNC.replace('rest', 'gone')}.nii.gz", None),
    "a URI that is packed already": (f"bids::{FUNC}.nii.gz", None),
}


@pytest.mark.parametrize("case", INTENDED)
def test_references_follow_files_that_were_renamed_or_left_out(tmp_path: Path, case: str) -> None:
    stated, expected = INTENDED[case]
    source = begin(tmp_path / "source")
    put_times(source / f"{FUNC}.nii")
    twins.write_json(source / f"{FUNC}.json", {"RepetitionTime": 2, "TaskName": "rest"})
    twins.put(source / f"{FMAP.format(1)}.nii.gz", twins.voxels(3), text="")
    fields = {"PhaseEncodingDirection": "j", "TotalReadoutTime": 0.05, "IntendedFor": stated}
    twins.write_json(source / f"{FMAP.format(1)}.json", fields)
    into, report = bring(source)
    assert read(into / f"{FMAP.format(1)}.json").get("IntendedFor") == expected
    left_out = (isinstance(stated, list) and len(stated) > 1) or expected is None
    assert any("IntendedFor (part) (1)" in note for note in report.notes) == left_out


def asl(source: Path, **fields: Any) -> None:
    put_times(source / f"{ASL}.nii.gz", 4)
    twins.write(source / "sub-01/perf/sub-01_aslcontext.tsv", "volume_type\ncontrol\nlabel\ncontrol\nlabel\n")
    stated = {
        "ArterialSpinLabelingType": "PASL",
        "PostLabelingDelay": 1.8,
        "BackgroundSuppression": False,
        "M0Type": "Estimate",
        "M0Estimate": 5.0,
        "TotalAcquiredPairs": 2,
        "BolusCutOffFlag": True,
        "BolusCutOffDelayTime": 0.7,
        "BolusCutOffTechnique": "QUIPSSII",
        "MagneticFieldStrength": 3,
        "MRAcquisitionType": "3D",
        "RepetitionTimePreparation": 4,
        "EchoTime": 0.01,
    }
    twins.write_json(source / f"{ASL}.json", {**stated, **fields})


M0 = "sub-01/perf/sub-01_m0scan"


@pytest.mark.parametrize(
    ("intended", "reason"),
    [
        (f"bids::{ASL}.nii.gz", None),
        ([f"bids::{ASL}.nii.gz", "bids::sub-01/perf/sub-01_run-2_asl.nii.gz"], None),
        ("bids::sub-01/perf/sub-01_run-2_asl.nii.gz", "image-refused"),
        ([], "not-as-named"),
        (None, "not-as-named"),
    ],
    ids=["its series", "one of two", "a series that is damaged", "an empty list", "nothing"],
)
def test_an_m0scan_comes_in_only_with_its_series(tmp_path: Path, intended: Any, reason: str | None) -> None:
    source = begin(tmp_path / "source")
    asl(source, M0Type="Separate")
    twins.put(source / "sub-01/perf/sub-01_run-2_asl.nii.gz", twins.voxels(4), text="")
    (source / "sub-01/perf/sub-01_run-2_asl.nii.gz").write_bytes(b"no image")
    twins.put(source / f"{M0}.nii.gz", twins.voxels(3), text="")
    fields = {"RepetitionTimePreparation": 4, "EchoTime": 0.01, "MagneticFieldStrength": 3}
    stated = {**fields, "IntendedFor": intended} if intended is not None else fields
    twins.write_json(source / f"{M0}.json", stated)
    into, report = bring(source)
    found = {item.path: item.reason for item in report.refused}
    assert found.get(f"{M0}.nii.gz") == reason
    assert (into / f"{M0}.nii.gz").exists() == (reason is None)
    assert (into / f"{M0}.json").exists() == (reason is None)
    if reason is None:
        kept = read(into / f"{M0}.json")["IntendedFor"]
        assert kept in (f"bids::{ASL}.nii.gz", [f"bids::{ASL}.nii.gz"])


def shared_context(source: Path) -> None:
    asl(source)
    for name in ("sub-01/perf/sub-01_aslcontext.tsv", f"{ASL}.json"):
        (source / name).rename(source / Path(name).name.removeprefix("sub-01_"))


def with_volume_timing(source: Path) -> None:
    put_times(source / f"{FUNC}.nii.gz")
    fields = {"VolumeTiming": [0, 3], "TaskName": "rest", "FrameAcquisitionDuration": 1.5}
    twins.write_json(source / f"{FUNC}.json", fields)


def with_stimuli(source: Path) -> None:
    put_times(source / f"{FUNC}.nii.gz")
    twins.write_json(source / f"{FUNC}.json", {"RepetitionTime": 2, "TaskName": "rest"})
    twins.write(source / "stimuli/red.png", "red")
    rows = "onset\tduration\tstim_file\n1\t1\tred.png\n2\t1\tred.png\n"
    twins.write(source / f"{FUNC.removesuffix('bold')}events.tsv", rows)


def with_physio(source: Path) -> None:
    with_stimuli(source)
    stem = f"{FUNC.removesuffix('bold')}physio"
    (source / f"{stem}.tsv.gz").write_bytes(gzip.compress(b"1\t2\n3\t4\n", mtime=0))
    fields = {"SamplingFrequency": 50, "StartTime": 0, "Columns": ["cardiac", "respiratory"]}
    twins.write_json(source / "task-rest_physio.json", fields)


VALID: dict[str, Callable[[Path], object]] = {
    "labelled spins": asl,
    "labelled spins described at the root": shared_context,
    "a bold by the times of its volumes": with_volume_timing,
    "events that name pictures": with_stimuli,
    "a recording described at the root": with_physio,
}


@pytest.mark.parametrize("case", VALID)
def test_a_valid_set_stays_valid(tmp_path: Path, case: str) -> None:
    source = begin(tmp_path / "source")
    VALID[case](source)
    assert twins.validator_errors(source) == []
    _, report = bring(source)
    assert report.kept["images"] == 2


@pytest.mark.parametrize("stated", [{}, {"SkullStripped": True}, {"SkullStripped": False, "SpatialReference": "x.nii"}])
def test_a_derivative_that_does_not_state_what_bids_requires_comes_in_and_says_so(
    tmp_path: Path, stated: dict[str, Any]
) -> None:
    source = begin(tmp_path / "source")
    derivative = source / "derivatives/prepared"
    about = {"Name": "Prepared", "BIDSVersion": "1.8.0", "DatasetType": "derivative", "GeneratedBy": [{"Name": "x"}]}
    twins.write_json(derivative / "dataset_description.json", about)
    stem = "sub-01/anat/sub-01_space-own_desc-preproc_T1w"
    twins.put(derivative / f"{stem}.nii.gz", twins.voxels(4), text="")
    twins.write_json(derivative / f"{stem}.json", {"Description": "prepared", **stated})
    into, report = bring(source)
    lacks = [name for name in ("SkullStripped", "SpatialReference") if name not in stated]
    assert (into / f"derivatives/prepared/{stem}.nii.gz").exists()
    assert sum("BIDS requires" in note for note in report.notes) == len(lacks)
    ignored = into / "derivatives/prepared/.bidsignore"
    assert (ignored.read_text() if ignored.exists() else "") == (f"{stem}.*\n" if lacks else "")


def test_every_field_that_the_standard_requires_or_recommends_may_come_in_unless_it_leads_to_persons() -> None:
    from curation.importers.cleaning.sidecars import IMAGE_FIELDS, NEVER

    stated = {name for names in schema.read().fields.values() for name in names}
    assert stated - set(IMAGE_FIELDS) == NEVER & stated
    assert {"TotalAcquiredPairs", "FrameAcquisitionDuration", "BolusCutOffDelayTime", "M0Estimate"} <= set(IMAGE_FIELDS)


UNFIT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gauss": ({"MagneticFieldStrength": 30000}, {}),
    "no field at all": ({"MagneticFieldStrength": 0}, {}),
    "a list of one field": ({"MagneticFieldStrength": [3]}, {}),
    "a field with its unit": ({"MagneticFieldStrength": "3T"}, {}),
    "a field as text": ({"MagneticFieldStrength": "3"}, {"MagneticFieldStrength": 3.0}),
    "a field as measured": ({"MagneticFieldStrength": 2.89362}, {"MagneticFieldStrength": 2.89362}),
    "milliseconds": ({"EchoTime": 100, "RepetitionTime": 9000, "InversionTime": 2500}, {}),
    "milliseconds in a list": ({"EchoTime": [0.01, 20]}, {}),
    "seconds in a list": ({"EchoTime": [0.01, 0.02]}, {"EchoTime": [0.01, 0.02]}),
    "one number for all slices": ({"SliceTiming": 0.5}, {}),
    "a yes in words": ({"MTState": "yes"}, {}),
    "a turn and more": ({"FlipAngle": 400}, {}),
    "a truth value for a number": ({"EchoTime": True}, {}),
}


@pytest.mark.parametrize("case", UNFIT)
def test_values_of_another_kind_or_unit_are_left_out_and_told(tmp_path: Path, case: str) -> None:
    stated, expected = UNFIT[case]
    source = begin(tmp_path / "source")
    twins.write_json(source / "sub-01/anat/sub-01_T1w.json", {"Manufacturer": "GE", **stated})
    into, report = bring(source)
    assert read(into / "sub-01/anat/sub-01_T1w.json") == {"Manufacturer": "GE", **expected}
    gone = sorted(set(stated) - set(expected))
    notes = [note for note in report.notes if note.startswith("Values left out")]
    assert [all(f"{name} (1)" in note for name in gone) for note in notes] == ([True] if gone else [])
