"""From DICOM to BIDS: plans, conversion, what is written, and what is never written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dicom_twins as twins
import numpy as np
import pytest
import typer
from dicom_twins import Series
from importers.importer_twins import validator_errors
from typer.testing import CliRunner

from curation import recipes
from curation.cli import commands
from curation.deidentification.scanning import scan
from curation.deliveries import import_delivery
from curation.dicom import comparing, converting, plan
from curation.dicom.codes import Code
from curation.dicom.planning import make_plan
from curation.dicom.pseudonyms import Pseudonyms, of_registry
from curation.dicom.reading import Unusable
from curation.dicom.survey import Settings, survey
from curation.importers import ImportReport, stage
from curation.recipes import Recipe
from registry import volumes
from registry.canon import read_tsv, tsv_bytes
from registry.console import State
from registry.creation import create
from registry.errors import InvalidInput, UsageError
from registry.store import Registry

SALT = Pseudonyms(b"a salt of thirty-two bytes length")
SECRETS = (
    twins.PATIENT, "Roe", "Jane", twins.DATE, "2001", "1960", "4711", "Doe", "Invented Road",
    Series().uid, Series().study_uid,
)  # fmt: skip


def nothing(done: int, total: int, what: str) -> None:
    """No progress."""


def recipe(**options: Any) -> Recipe:
    base = recipes.load("dicom")
    return replace(base, options={**base.options, "pseudonyms": SALT, **options})


def delivery(root: Path) -> Path:
    """Two visits of one person: T1 before and after contrast, FLAIR, a time series, a localiser, a note."""
    flair = {"EchoTime": 90, "RepetitionTime": 9000, "InversionTime": 2500}
    agent = {"ContrastBolusAgent": "Gadovist"}
    folder = root / f"{twins.NAME}_{twins.DATE}"
    twins.write(folder / "1", Series("T1 pre", number=1))
    twins.write(folder / "2", Series("T1 post", number=2, more=agent))
    twins.write(folder / "3", Series("FLAIR", number=3, more=flair, cosines=twins.SAGITTAL))
    twins.write(folder / "4", Series("rest bold", number=4, volumes=3, more={"EchoTime": 30, "RepetitionTime": 2000}))
    twins.write(folder / "5", Series("localizer", number=5))
    twins.write(root / "later", Series("FLAIR", number=6, more=flair, date="20010310"))
    (root / "notes.txt").write_text("no DICOM")
    return root


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, ImportReport]:
    source, into = delivery(tmp_path_factory.mktemp("source")), tmp_path_factory.mktemp("into")
    return source, into, stage(recipe(), source, into)


Imported = tuple[Path, Path, ImportReport]


def test_each_series_has_its_bids_name(imported: Imported) -> None:
    names = {re.sub(r"sub-[0-9A-F]{10}", "sub-X", path.relative_to(imported[1]).as_posix())
             for path in imported[1].rglob("*.nii.gz")}  # fmt: skip
    assert names == {
        "sub-X/ses-01/anat/sub-X_ses-01_T1w.nii.gz",
        "sub-X/ses-01/anat/sub-X_ses-01_ce-gadolinium_T1w.nii.gz",
        "sub-X/ses-01/anat/sub-X_ses-01_FLAIR.nii.gz",
        "sub-X/ses-01/func/sub-X_ses-01_task-rest_bold.nii.gz",
        "sub-X/ses-02/anat/sub-X_ses-02_FLAIR.nii.gz",
    }


def test_the_official_validator_finds_no_error(imported: Imported) -> None:
    assert validator_errors(imported[1]) == []


def test_every_file_is_used_or_listed(imported: Imported) -> None:
    source, _, report = imported
    every = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    listed = [*report.used, *(item.path for item in report.refused)]
    assert sorted(listed) == sorted(every)
    assert {item.reason for item in report.refused} == {"left-out-by-rule", "not-dicom"}


def test_nothing_written_names_a_person(imported: Imported) -> None:
    assert scan(imported[1]).findings == ()
    for path in imported[1].rglob("*"):
        text = str(path.relative_to(imported[1])) + (path.read_text() if path.suffix in (".json", ".tsv") else "")
        assert not [word for word in SECRETS if word in text], path.name


def test_sidecars_hold_salted_keys_of_series_and_study(imported: Imported) -> None:
    (path,) = imported[1].glob("sub-*/ses-01/anat/*ses-01_T1w.json")
    fields = json.loads(path.read_text())
    assert fields["SeriesInstanceUID"] == SALT.of("series", Series("T1 pre").uid)
    assert fields["StudyInstanceUID"] == SALT.of("study", Series().study_uid)
    assert (fields["EchoTime"], fields["MagneticFieldStrength"]) == (0.01, 3)


def test_sessions_hold_offsets_and_the_scanner(imported: Imported) -> None:
    (path,) = imported[1].glob("sub-*/sub-*_sessions.tsv")
    rows = read_tsv(path)
    assert [(row["session_id"], row["days_from_baseline"], row["site"]) for row in rows] == [
        ("ses-01", "0", "Centre A"), ("ses-02", "35", "Centre A"),
    ]  # fmt: skip
    assert rows[0]["scanner"] == "Siemens Invented 3 T, Centre A"
    (person,) = read_tsv(imported[1] / "participants.tsv")
    assert (person["age"], person["sex"]) == ("41", "F")


def test_voxels_are_the_pixels_that_were_written(imported: Imported) -> None:
    """An oracle beside the importer's own: the pixels this test generated, found by their place in the patient."""
    (path,) = imported[1].glob("sub-*/ses-01/anat/*ses-01_FLAIR.nii.gz")
    volume, series = volumes.load(path), Series(number=3, cosines=twins.SAGITTAL)
    inverse = np.linalg.inv(volume.affine_ras)
    x, y = np.array(series.cosines[:3]), np.array(series.cosines[3:])
    for index in range(4):
        values = twins.pixels(series, index)
        for row, column in ((0, 0), (5, 7), (2, 3)):
            lps = np.array(twins.position(series, index)) + x * series.spacing[1] * column + y * series.spacing[0] * row
            i, j, k = np.rint(inverse @ [-lps[0], -lps[1], lps[2], 1]).astype(int)[:3]
            assert volume.data[i, j, k] == values[row, column]


def test_one_salt_gives_one_result(imported: Imported, tmp_path: Path) -> None:
    again = stage(recipe(), imported[0], tmp_path / "again")
    assert again == imported[2]
    assert contents(tmp_path / "again") == contents(imported[1])


def contents(root: Path) -> dict[Path, bytes]:
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_an_undecided_series_asks_for_a_plan_and_writes_nothing(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series("xyz"), EchoTime=50)
    with pytest.raises(InvalidInput, match="1 series need a decision"):
        stage(recipe(), tmp_path / "in", tmp_path / "into")
    assert not list((tmp_path / "into").iterdir())


def edited(path: Path, **cells: str) -> Path:
    rows = read_tsv(path)
    rows = [{**row, **cells} for row in rows]
    path.write_bytes(tsv_bytes(rows, list(rows[0])))
    return path


def test_a_corrected_plan_is_followed(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series("xyz", more={"ImageType": ["DERIVED", "SECONDARY"]}), EchoTime=50)
    made = make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    assert [row.keep for row in made.rows] == ["no"]
    edited(tmp_path / "plan.tsv", keep="yes", name="anat/acq-crop_T2w", subject="MS1", session="ses-M12",
           days_from_baseline="365")  # fmt: skip
    report = stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")
    assert report.kept["images"] == 1
    assert (tmp_path / "into/sub-MS1/ses-M12/anat/sub-MS1_ses-M12_acq-crop_T2w.nii.gz").is_file()
    assert read_tsv(tmp_path / "into/sub-MS1/sub-MS1_sessions.tsv")[0]["days_from_baseline"] == "365"


def test_a_plan_holds_nothing_of_a_person(tmp_path: Path) -> None:
    twins.write(tmp_path / twins.NAME, Series())
    make_plan(recipe(), tmp_path / twins.NAME, tmp_path / "plan.tsv", nothing)
    text = (tmp_path / "plan.tsv").read_text()
    assert not [word for word in SECRETS if word in text]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"keep": "ask"}, "need a decision"),
        ({"keep": "maybe"}, "keep is 'maybe'"),
        ({"name": "anat/T9w"}, "not a BIDS name"),
        ({"name": "T1w"}, "not a BIDS name"),
        ({"name": "anat/acq-a_b_T1w"}, "not a BIDS name"),
        ({"name": "anat/../T1w"}, "not a BIDS name"),
        ({"name": "anat/run-1_acq-a_T1w"}, "not a BIDS name"),
        ({"name": "anat/space-x_T1w"}, "not the name of a raw image"),
        ({"name": "func/bold"}, "not the name of a raw image"),
        ({"subject": "sub-a/b"}, "not a BIDS name"),
        ({"session": ""}, "not a BIDS name"),
        ({"days_from_baseline": "2001-02-03"}, "no whole number"),
        ({"series": "other"}, "is only in"),
    ],
)
def test_a_plan_that_cannot_be_followed_says_why(tmp_path: Path, cells: dict[str, str], message: str) -> None:
    twins.write(tmp_path / "in", Series())
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    edited(tmp_path / "plan.tsv", **cells)
    with pytest.raises(InvalidInput, match=message):
        stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")
    assert not list((tmp_path / "into").iterdir())


def test_two_rows_cannot_have_one_name(tmp_path: Path) -> None:
    twins.write(tmp_path / "in" / "1", Series(number=1))
    twins.write(tmp_path / "in" / "2", Series(number=2))
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    edited(tmp_path / "plan.tsv", name="anat/T1w")
    with pytest.raises(InvalidInput, match="have one name"):
        stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")


def test_a_series_with_missing_slices_cannot_be_kept_by_a_plan(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series(depths=(0, 3, 6, 12, 15)))
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    edited(tmp_path / "plan.tsv", keep="yes", name="anat/T1w")
    with pytest.raises(InvalidInput, match="1 of 6 slices are missing"):
        stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")


def test_a_plan_is_never_overwritten_and_never_put_into_the_delivery(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series())
    (tmp_path / "plan.tsv").write_text("mine")
    for place, message in (
        (tmp_path / "plan.tsv", "exists already"),
        (tmp_path / "in/plan.tsv", "inside the delivery"),
    ):
        with pytest.raises(InvalidInput, match=message):
            make_plan(recipe(), tmp_path / "in", place, nothing)
    assert (tmp_path / "plan.tsv").read_text() == "mine"


def test_an_enhanced_multi_frame_file_is_converted(tmp_path: Path) -> None:
    twins.enhanced(tmp_path / "in/one", Series())
    report = stage(recipe(), tmp_path / "in", tmp_path / "into")
    assert report.kept["images"] == 1


def convert_one(source: Path, work: Path) -> tuple[Any, Path]:
    seen = survey(recipe(), source, Settings(SALT), nothing)
    (stack,) = seen.stacks.values()
    work.mkdir()
    return stack, converting.convert([source / path for path in stack.paths], work).image


@pytest.mark.parametrize(("shift", "value", "code"), [(0.5, 0, Code.GEOMETRY_DISAGREES), (0, 1, Code.VOXELS_DISAGREE)])
def test_a_conversion_that_differs_is_refused(tmp_path: Path, shift: float, value: int, code: Code) -> None:
    twins.write(tmp_path / "in", Series())
    stack, image = convert_one(tmp_path / "in", tmp_path / "work")
    assert comparing.require_equal(tmp_path / "in", stack, image) is None
    volume = volumes.load(image)
    moved = volume.affine_ras + np.array([[0, 0, 0, shift]] + [[0, 0, 0, 0]] * 3)
    (tmp_path / "wrong.nii.gz").write_bytes(volumes.encode(volume.data + value, moved))
    with pytest.raises(Unusable) as refusal:
        comparing.require_equal(tmp_path / "in", stack, tmp_path / "wrong.nii.gz")
    assert refusal.value.code is code


def test_a_mirrored_conversion_is_refused(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series())
    stack, image = convert_one(tmp_path / "in", tmp_path / "work")
    volume = volumes.load(image)
    (tmp_path / "wrong.nii.gz").write_bytes(volumes.encode(volume.data[::-1], volume.affine_ras))
    with pytest.raises(Unusable, match="not the DICOM pixels"):
        comparing.require_equal(tmp_path / "in", stack, tmp_path / "wrong.nii.gz")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    made = create(tmp_path / "registry", "Tiny")
    yield made
    made.engine.dispose()


def test_the_registry_keeps_no_path_and_knows_a_person_again(registry: Registry, tmp_path: Path) -> None:
    source = tmp_path / "first"
    twins.write(source / twins.NAME, Series())
    (source / f"{twins.NAME}.txt").write_text("no DICOM")
    report = import_delivery(registry, "dicom", source)
    assert [item.path for item in report.refused] == [f"{twins.NAME}.txt"]  # whoever imports sees the file's name
    (kept,) = (registry.root / "code/registry/imports").glob("*.json")
    assert not [word for word in SECRETS if word in kept.read_text()]
    assert scan(registry.root).ok

    twins.write(tmp_path / "same", Series("T2", number=2, more=twins.T2))
    import_delivery(registry, "dicom", tmp_path / "same")
    (sessions,) = registry.root.glob("sub-*/sub-*_sessions.tsv")
    assert [row["session_id"] for row in read_tsv(sessions)] == ["ses-01"]

    twins.write(tmp_path / "later", Series(number=3, date="20020304"))
    with pytest.raises(InvalidInput, match="The registry holds other sessions"):
        import_delivery(registry, "dicom", tmp_path / "later")
    known = replace(
        recipes.load("dicom"), options={**recipes.load("dicom").options, "pseudonyms": of_registry(registry.local)}
    )
    subject = sessions.parent.name
    seen = survey(
        known, tmp_path / "later", Settings(of_registry(registry.local), held={subject: {"x": "ses-01"}}), nothing
    )
    plan.write(tmp_path / "plan.tsv", list(seen.rows.values()))
    edited(tmp_path / "plan.tsv", keep="yes", days_from_baseline="394")
    import_delivery(registry, "dicom", tmp_path / "later", options={"plan": tmp_path / "plan.tsv"})
    rows = [(row["session_id"], row["days_from_baseline"]) for row in read_tsv(sessions)]
    assert rows == [("ses-01", "0"), ("ses-02", "394")]


def test_the_salt_is_made_once_for_its_owner_and_never_tracked(registry: Registry) -> None:
    first = of_registry(registry.local).of("person", "x")
    assert of_registry(registry.local).of("person", "x") == first
    assert (registry.local / "salt").stat().st_mode & 0o077 == 0
    (registry.local / "salt").write_text("short")
    with pytest.raises(InvalidInput, match="holds no salt"):
        of_registry(registry.local)


def test_the_command_plans_then_imports_by_the_plan(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(State, "registry", registry.root)
    app = typer.Typer()
    commands(app)
    run = CliRunner().invoke
    twins.write(tmp_path / "in", Series("EPI PE=AP", volumes=2), EchoTime=30, RepetitionTime=2000)
    (tmp_path / "people.csv").write_text(f"patient_id,participant_id\n{twins.PATIENT},MS007\n")
    start = ["import", "dicom", str(tmp_path / "in"), "--people", str(tmp_path / "people.csv"), "--json"]
    planned = json.loads(run(app, [*start, "--plan", str(tmp_path / "plan.tsv")]).stdout)
    assert [(row["keep"], row["subject"]) for row in planned["series"]] == [("ask", "sub-MS007")]
    assert not list(registry.root.glob("sub-*"))
    edited(tmp_path / "plan.tsv", keep="yes", name="func/task-rest_dir-AP_bold")
    report = json.loads(run(app, [*start, "--use-plan", str(tmp_path / "plan.tsv")]).stdout)
    assert report["kept"]["images"] == 1
    assert list(registry.root.glob("sub-MS007/ses-01/func/*_task-rest_dir-AP_bold.nii.gz"))
    both = run(app, [*start, "--plan", "a", "--use-plan", "b"])
    assert isinstance(both.exception, UsageError)
    assert isinstance(run(app, ["import", "bids", str(tmp_path), "--plan", "a"]).exception, UsageError)


@pytest.mark.parametrize(("series", "name"), [(Series("dwi"), "dwi/dwi"), (Series(), "func/task-x_bold")])
def test_an_image_that_bids_would_refuse_stays_outside(tmp_path: Path, series: Series, name: str) -> None:
    twins.write(tmp_path / "in", series, RepetitionTime=None)
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    edited(tmp_path / "plan.tsv", keep="yes", name=name)
    report = stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")
    assert {item.reason for item in report.refused} == {"fields-missing"}


def test_many_headers_are_read_by_all_cores_with_the_same_result(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series("rest bold", depths=tuple(range(0, 90, 3)), volumes=9), EchoTime=30)
    seen = survey(recipe(), tmp_path / "in", Settings(SALT), nothing)
    (row,) = seen.rows.values()
    assert (row.files, row.volumes, row.keep) == ("270", "9", "yes")


def test_diffusion_images_bring_their_gradient_tables(tmp_path: Path) -> None:
    directions = [[0.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]]
    series = Series("ep2d diff", volumes=4, more={"EchoTime": 80, "RepetitionTime": 5000, "ScanningSequence": "EP"})
    (tmp_path / "in").mkdir()
    for volume, direction in enumerate(directions):
        for index in range(len(series.depths)):
            dataset = twins.instance(series, index, volume)
            dataset.DiffusionBValue = 1000.0 if volume else 0.0
            dataset.DiffusionGradientOrientation = direction
            twins.save(dataset, tmp_path / f"in/{volume}-{index}")
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    edited(tmp_path / "plan.tsv", keep="yes")
    stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")
    (table,) = (tmp_path / "into").rglob("*_dwi.bval")
    assert table.read_text().split() == ["0", "1000", "1000", "1000"]
    assert validator_errors(tmp_path / "into") == []
