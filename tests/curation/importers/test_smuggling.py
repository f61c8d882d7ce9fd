"""Law 12: whatever a delivery says of a person in a place where it should not, no file of the registry repeats it."""

from __future__ import annotations

import gzip
import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import ImportReport, stage
from curation.importers.cleaning import sidecars
from curation.importers.cleaning.last_look import safeguard
from curation.imports import reports
from curation.imports.delivery import import_delivery
from registry.files.canonical import read_tsv
from registry.store import Registry

MARK = "ZQROE"
DAY = "2001-02-03"
IMAGE = "sub-01/ses-a/anat/sub-01_ses-a_FLAIR"
TEXTS = (f"{MARK} {DAY}", f"Patient Jane Roe {MARK}", f"Dr. Roe {MARK}", f"Roe^Jane {MARK}", f"/home/{MARK}/x")
OBJECTS: tuple[Any, ...] = (
    {"PatientName": MARK},
    {"who": f"{MARK} {DAY}"},
    [{"PatientName": MARK}],
    {DAY: MARK, "Description": f"{MARK} {DAY}"},
)


@pytest.fixture
def registry(empty: Registry) -> Registry:
    return empty


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return twins.bids(tmp_path / "delivery")


def run(source: Path, into: Path) -> ImportReport:
    return stage(recipes.load("bids"), source, into)


def holding(root: Path, mark: str = MARK) -> list[str]:
    """Files below `root`, unpacked where they are packed, that hold the mark in their bytes or in their path."""
    found = []
    for path in (path for path in root.rglob("*") if path.is_file() and ".cohortium" not in path.parts):
        data = path.read_bytes()
        plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        if mark.encode() in plain or mark in str(path.relative_to(root)):
            found.append(path.relative_to(root).as_posix())
    return found


def in_history(root: Path, mark: str = MARK) -> str:
    """What git shows of all commits, where it holds the mark."""
    shown = subprocess.run(["git", "-C", str(root), "log", "-p", "--all", "--text"], capture_output=True, check=True)
    return "\n".join(line for line in shown.stdout.decode(errors="replace").splitlines() if mark in line)


@pytest.mark.parametrize("value", [*TEXTS, *OBJECTS])
def test_no_field_of_a_sidecar_carries_a_person(value: Any) -> None:
    names = {*sidecars.IMAGE_FIELDS, *sidecars.DATASET_FIELDS, "PatientBirthDate", "Jane Roe", "x"}
    for allowed in (sidecars.IMAGE_FIELDS, sidecars.DATASET_FIELDS):
        kept, dropped = sidecars.keep(dict.fromkeys(names, value), allowed)
        assert MARK not in json.dumps(kept)
        assert "PatientBirthDate" in dropped
        assert "Jane Roe" not in dropped


@given(
    st.recursive(
        st.sampled_from([f"{MARK} {DAY}", f"Roe^Jane {MARK}", f"file:///home/{MARK}", f"{MARK} 3. Mai 2001"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["PatientName", "Name", "Description", "Levels", "Container", "URL", "raw", DAY]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=6,
    )
)
def test_no_shape_of_a_value_carries_it_either(value: Any) -> None:
    for allowed in (sidecars.IMAGE_FIELDS, sidecars.DATASET_FIELDS):
        kept, _ = sidecars.keep(dict.fromkeys(allowed, value), allowed)
        assert MARK not in json.dumps(kept)


def test_only_columns_that_a_table_has_are_described() -> None:
    meaning = {"Description": "how fast", "Levels": {"a": "slow", "b": f"seen {DAY}"}, "Origin": MARK}
    kept, dropped = sidecars.keep(
        {"speed": meaning, "PatientName": {"Description": MARK}, "other": meaning}, columns=["speed", "PatientName"]
    )
    assert kept == {"speed": {"Description": "how fast", "Levels": {"a": "slow"}}}
    assert dropped == {"speed (part)", "PatientName", "other"}


def test_values_of_real_scanners_stay() -> None:
    fields = {
        "Manufacturer": "Philips Medical Systems",
        "SoftwareVersions": "syngo MR E11",
        "ReceiveCoilName": "HeadNeck_64",
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"],
        "SliceTiming": [0.0, 1.5],
        "InstitutionName": "Centre A",
        "ConversionSoftwareVersion": "v1.0.20180622 (JP2:OpenJPEG) GCC6.1.0",
        "EchoTime": 0.003,
        "MTState": False,
        "CoilCombinationMethod": "Sum of Squares",
        "PulseSequenceDetails": "%SiemensSeq%_tfl",
        "IntendedFor": "bids::sub-04/ses-1/func/sub-04_ses-1_task-rest_run-1_bold.nii.gz",
        "GeneratedBy": [{"Name": "fMRIPrep", "Version": "20.2.0rc0", "CodeURL": "https://example.org/x"}],
        "SpatialReference": {"cortex": "bids:raw:sub-1/anat/sub-1_T1w.nii.gz"},
        "Parameters": {"weight": 0.5},
    }
    assert sidecars.keep(fields) == (fields, set())


PEOPLE = (
    "participant_id\tage\tsex\tdiagnosis\tclass\tsite\tperson_id\n"
    "sub-01\t{0}\t{0}\t{0}\t{0}\t{0}\t{0}\nsub-02\t93\tm\tMS\tRR\tCentre A\tP-X\n"
)


@pytest.mark.parametrize("value", [f"{MARK} {DAY}", f"Dr. Roe {MARK}", f"Roe^{MARK}", DAY, "20010203", "Jane Roe"])
def test_people_are_told_by_numbers_and_codes(source: Path, tmp_path: Path, value: str) -> None:
    twins.write(source / "participants.tsv", PEOPLE.format(value))
    report = run(source, tmp_path / "into")
    first, second = read_tsv(tmp_path / "into/participants.tsv")
    assert [first[key] for key in ("age", "sex", "diagnosis", "class")] == [None] * 4
    assert first["person_id"] == "P-01"
    assert (second["age"], second["sex"], second["diagnosis"], second["person_id"]) == ("89", "M", "MS", "P-X")
    assert "participants.tsv, age: 1 value of another kind was left out." in report.notes
    assert value not in report.text()
    assert holding(tmp_path / "into", value) in ([], ["sub-01/sub-01_sessions.tsv"] if value == "Jane Roe" else [])


def test_moments_become_days_wherever_they_stand(source: Path, tmp_path: Path) -> None:
    (source / "sub-01/sub-01_sessions.tsv").unlink()
    for session, moment in (("ses-a", "2001-02-03T10:00:00Z"), ("ses-b", "2001-03-05T09:00:00")):
        twins.write(
            source / f"sub-01/{session}/sub-01_{session}_scans.tsv",
            f"filename\tacq_time\tstatus\toperator\nanat/sub-01_{session}_FLAIR.nii.gz\t{moment}\tseen {DAY}\t{MARK}\n",
        )
    twins.write(source / "sub-02/sub-02_sessions.tsv", f"session_id\tdays_from_baseline\nses-a\t{DAY}\nses-b\tlate\n")
    report = run(source, tmp_path / "into")
    days = [row["days_from_baseline"] for row in read_tsv(tmp_path / "into/sub-01/sub-01_sessions.tsv")]
    assert days == ["0", "30"]
    assert [row["days_from_baseline"] for row in read_tsv(tmp_path / "into/sub-02/sub-02_sessions.tsv")] == ["0", None]
    assert "sessions.tsv, days_from_baseline: 1 value of another kind was left out." in report.notes
    assert holding(tmp_path / "into") == holding(tmp_path / "into", "2001-") == []


@pytest.mark.parametrize("label", ["20190312", "JaneRoe19800203", "DrMueller"])
def test_labels_that_tell_are_refused_with_a_way_out(source: Path, tmp_path: Path, label: str) -> None:
    path = f"sub-{label}/anat/sub-{label}_FLAIR.nii.gz"
    twins.put(source / path, twins.voxels(1))
    report = run(source, tmp_path / "into")
    assert [(item.path, item.reason) for item in report.refused if label in item.path] == [(path, "telling-name")]
    assert holding(tmp_path / "into", label) == []


@pytest.mark.parametrize("label", ["20199999", "010001", "12345678", "10062Ses1"])
def test_numbers_that_are_no_day_are_labels(source: Path, tmp_path: Path, label: str) -> None:
    twins.put(source / f"sub-{label}/anat/sub-{label}_FLAIR.nii.gz", twins.voxels(1))
    assert not [item for item in run(source, tmp_path / "into").refused if label in item.path]


FUNC = "sub-01/ses-a/func/sub-01_ses-a_task-rest"


def functional(root: Path) -> None:
    twins.put(root / f"{FUNC}_bold.nii.gz", np.zeros((3, 3, 3, 2), np.int16))
    twins.write_json(root / f"{FUNC}_bold.json", {"TaskName": f"Rest of {MARK}", "RepetitionTime": 2.0})
    twins.write(
        root / f"{FUNC}_events.tsv",
        f"onset\tduration\ttrial_type\tpatient_name\n1\t2\tgo\t{MARK}\n2\t2\tDr. Roe {MARK}\tx\n",
    )
    twins.write_json(
        root / f"{FUNC}_events.json", {"trial_type": {"Levels": {"go": "Go."}}, "patient_name": {"Description": MARK}}
    )


def test_tables_keep_the_columns_of_bids(source: Path, tmp_path: Path) -> None:
    functional(source)
    report = run(source, tmp_path / "into")
    assert read_tsv(tmp_path / f"into/{FUNC}_events.tsv") == [
        {"onset": "1", "duration": "2", "trial_type": "go"},
        {"onset": "2", "duration": "2", "trial_type": None},
    ]
    assert json.loads((tmp_path / f"into/{FUNC}_events.json").read_text()) == {"trial_type": {"Levels": {"go": "Go."}}}
    assert json.loads((tmp_path / f"into/{FUNC}_bold.json").read_text())["TaskName"] == "rest"
    assert "Columns of tables left out: events.tsv patient_name (1), events.tsv trial_type (part) (1)." in report.notes
    assert holding(tmp_path / "into") == []


@pytest.mark.parametrize(
    ("content", "good"),
    [("1.5\t-2e-3\nn/a\t3\n", True), (f"{MARK}\t1\n", False), (f"{DAY}\t1\n", False), ("1.2.840.113619\t1\n", False)],
)
def test_recordings_hold_numbers(source: Path, tmp_path: Path, content: str, good: bool) -> None:
    functional(source)
    (source / f"{FUNC}_physio.tsv.gz").write_bytes(gzip.compress(content.encode()))
    report = run(source, tmp_path / "into")
    assert (tmp_path / f"into/{FUNC}_physio.tsv.gz").exists() is good
    assert ["no-numbers"] * (not good) == [item.reason for item in report.refused if "physio" in item.path]


@pytest.mark.parametrize("name", ["README", "LICENSE", "participants.tsv", f"{IMAGE}.json"])
def test_a_link_out_of_the_delivery_is_not_followed(source: Path, tmp_path: Path, name: str) -> None:
    secret = twins.write(tmp_path / "secret", f"participant_id\tage\nsub-01\t{MARK}\n")
    (source / name).unlink(missing_ok=True)
    (source / name).symlink_to(secret)
    report = run(source, tmp_path / "into")
    assert [item.reason for item in report.refused if item.path == name] == ["link-outside"]
    assert holding(tmp_path / "into") == []


def test_links_into_an_annex_are_followed(source: Path, tmp_path: Path) -> None:
    for place in (source / ".git/annex/objects", tmp_path / ".git/annex/objects"):
        for name in ("README", "LICENSE"):
            (source / name).unlink(missing_ok=True)
            (source / name).symlink_to(twins.write(place / name / name, "A text that was delivered."))
        refused = run(source, tmp_path / f"into{len(place.parts)}").refused
        assert not [item for item in refused if item.path in ("README", "LICENSE")]


def test_texts_are_kept_and_their_findings_told(source: Path, tmp_path: Path) -> None:
    twins.write(source / "README", f"Seen {DAY} by Dr. Roe.")
    report = run(source, tmp_path / "into")
    assert (tmp_path / "into/README").read_text() == f"Seen {DAY} by Dr. Roe."
    assert [note for note in report.notes if note.startswith("README is kept") and DAY not in note]


def test_a_description_of_a_dataset_is_what_bids_says(source: Path, tmp_path: Path) -> None:
    twins.write_json(
        source / "dataset_description.json",
        {
            "Name": "Twin",
            "BIDSVersion": "1.8.0",
            "Authors": 3,
            "Acknowledgements": f"Patient Jane Roe, {DAY}",
            "SourceDatasets": [{"URL": f"file:///home/{MARK}"}, {"DOI": "doi:10.1234/x"}],
            "PatientName": MARK,
            "DatasetLinks": {"home": f"file:///home/{MARK}"},
        },
    )
    run(source, tmp_path / "into")
    assert json.loads((tmp_path / "into/dataset_description.json").read_text()) == {
        "Name": "Twin",
        "BIDSVersion": "1.8.0",
        "SourceDatasets": [{"DOI": "doi:10.1234/x"}],
    }


def test_neither_a_file_nor_the_history_of_a_registry_repeats_it(source: Path, registry: Registry) -> None:
    functional(source)
    for text in OBJECTS:
        twins.write_json(source / f"{IMAGE}.json", {"Parameters": text, "EchoTime1": f"{MARK} {DAY}", DAY: MARK})
    twins.write(source / "participants.tsv", PEOPLE.format(f"{MARK} {DAY}"))
    import_delivery(registry, "bids", source)
    assert holding(registry.root) == []
    assert in_history(registry.root) == ""


STRANGE = (
    f"{MARK}_Jane_Roe_{DAY}.txt",
    f"{MARK} Jane/Roe x.nii.gz",
    f"sub-01/ses-a/anat/{MARK}.nii.gz",
    "sub-JaneRoe20010203/anat/sub-JaneRoe20010203_FLAIR.nii.gz",
    f"sourcedata/{MARK}/{MARK}.dcm",
)


def test_the_tracked_report_names_no_file_that_is_not_bids(source: Path, registry: Registry) -> None:
    for path in STRANGE:
        twins.write(source / path, "no image")
    twins.write(source / "sub-02/ses-a/anat/sub-02_ses-a_T1w.nii.gz", "no image")
    told = import_delivery(registry, "bids", source)
    assert {*STRANGE, "sub-02/ses-a/anat/sub-02_ses-a_T1w.nii.gz"} <= {item.path for item in told.refused}
    assert holding(registry.root) == holding(registry.root, "JaneRoe") == []
    assert in_history(registry.root) == in_history(registry.root, "JaneRoe") == ""
    (kept,) = reports.list_reports(registry)
    assert len(kept.report.refused) == len(told.refused)
    paths = [item.path for item in kept.report.refused]
    assert "sub-02/ses-a/anat/sub-02_ses-a_T1w.nii.gz" in paths
    assert [path for path in paths if path.startswith("sub-01/ses-a/anat/file-") and path.endswith(".nii.gz")]
    assert reports.get(registry, kept.name).report == told  # on the machine that imported
    for file in (registry.local / "reports").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        file.unlink()
    assert reports.get(registry, kept.name) == kept  # on any other


def test_the_last_look_takes_out_what_an_importer_let_pass(source: Path, tmp_path: Path) -> None:
    into = tmp_path / "into"
    report = run(source, into)
    assert safeguard(into, report) == report
    twins.write_json(into / f"{IMAGE}.json", {"PatientName": MARK})
    twins.write_json(into / "sub-02/ses-a/anat/sub-02_ses-a_FLAIR.json", {"Description": f"seen {DAY}"})
    told = safeguard(into, report)
    assert [(item.path, item.reason) for item in told.refused if item not in report.refused] == [
        (f"{IMAGE}.json", "telling")
    ]
    assert told.notes[-1] == "sub-02/ses-a/anat/sub-02_ses-a_FLAIR.json: Description: a date or time."
    assert holding(into) == []


def test_the_masks_on_an_image_that_tells_who_it_is_go_with_it(source: Path, tmp_path: Path) -> None:
    into = tmp_path / "into"
    report = run(source, into)
    telling = nibabel.load(into / f"{IMAGE}.nii.gz")
    telling.header["descrip"] = f"PatientName {MARK}"
    nibabel.save(telling, into / f"{IMAGE}.nii.gz")
    told = safeguard(into, report)
    gone = {item.path: item.reason for item in told.refused if item not in report.refused}
    masks = {path for path in gone if path != f"{IMAGE}.nii.gz"}
    assert gone[f"{IMAGE}.nii.gz"] == "telling"
    assert len(masks) == 2
    assert {gone[path] for path in masks} == {"no-image-for-mask"}
    assert not [path for path in (IMAGE + ".json", *masks) if (into / path).exists()]
