"""The inbox: a look says what an import does; nothing is written before, and nothing stays of one that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.dicom.codes import Code
from curation.importers.report import Reason
from curation.imports import delivery as deliveries
from curation.imports import look, reasons, reports
from curation.imports import work as imports
from curation.imports.look import Look
from curation.imports.work import LOOK
from registry.errors import CohortiumError, NotFound, UsageError
from registry.store import Registry
from registry.work import queue
from registry.work.progress import Stopped
from tests.support.app import app_deliveries, app_imports
from tests.support.app.inbox import ended, imported, labels, looked, metrics
from tests.support.app.pages import button, open_page, texts
from tests.support.templates import registry_state

pytestmark = pytest.mark.usefixtures("nothing_left")


def silent(done: int, total: int, what: str) -> None:
    """No progress."""


@pytest.mark.parametrize("folder", ["", "/nowhere/at/all"])
def test_a_folder_that_is_not_there_is_a_sentence(bare: Registry, folder: str) -> None:
    test = looked(bare, "bids", folder)
    assert not test.exception
    assert "folder" in test.error[0].value
    assert list(queue.list_work(bare, LOOK.name)) == []


def test_a_folder_that_fits_no_recipe_is_a_sentence(writable: Registry, tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.jpg").write_text("sun")
    before = registry_state.everything(writable)
    for recipe in ("bids", "dicom", "decathlon", "ixi"):
        test = ended(writable, looked(writable, recipe, tmp_path / "holiday"))
        assert not test.exception
        assert len(test.error) == 1, recipe
        assert "Import" not in labels(test)
    assert registry_state.everything(writable) == before


def test_look_then_import(writable: Registry, delivery: Path) -> None:
    before = registry_state.everything(writable)
    test = ended(writable, looked(writable, "bids", delivery))
    assert not test.exception
    assert not test.error
    assert metrics(test) == {
        "Subjects": "1",
        "Sessions": "1",
        "Images": "1",
        "Masks": "0",
        "Consensus": "0",
        "Not imported": "2",
    }
    whys = [row["Why"] for frame in test.dataframe if "Why" in frame.value for _, row in frame.value.iterrows()]
    assert reasons.sentence("not-nifti") in whys
    examples = [name for frame in test.dataframe if "Why" in frame.value for name in frame.value.get("For example", ())]
    assert "minutes of a meeting.docx" in examples
    assert registry_state.everything(writable) == before, "a look writes nothing and leaves nothing"

    test = imported(writable, button(test, "Import").click().run())
    assert "are in the registry." in texts(test)
    assert (writable.root / app_deliveries.NEW).exists()
    (kept,) = reports.list_reports(writable)
    assert (kept.report.kept["images"], len(kept.report.refused), bool(kept.at)) == (1, 2, True)

    test = button(test, "Another delivery").click().run()
    test.selectbox(key="earlier").set_value(kept.name).run()
    assert metrics(test)["Not imported"] == "2"
    test.text_input(key="earlier text").set_value("meeting").run()
    assert [list(frame.value["File"]) for frame in test.dataframe if "File" in frame.value] == [
        ["minutes of a meeting.docx"]
    ]

    test = ended(writable, looked(writable, "bids", delivery))
    assert "holds all of this already" in texts(test)
    assert button(test, "Import").disabled  # type: ignore[attr-defined]


def test_a_delivery_of_which_nothing_comes_in_shows_the_whole_report(writable: Registry, tmp_path: Path) -> None:
    (tmp_path / "brainwaves/sub-01/eeg").mkdir(parents=True)
    for ending in ("edf", "json"):
        (tmp_path / f"brainwaves/sub-01/eeg/sub-01_task-rest_eeg.{ending}").write_text("{}")
    test = ended(writable, looked(writable, "bids", tmp_path / "brainwaves"))
    assert not test.exception
    assert not test.error
    assert "stayed outside: other-type (2)" in test.warning[0].value.replace("\\", "")
    assert metrics(test)["Not imported"] == "2"
    assert "2 files of eeg" in texts(test)
    assert button(test, "Import").disabled  # type: ignore[attr-defined]


OWN = 'name = "my-ms"\ntitle = "Mine"\nimporter = "{importer}"\nlicence = "CC0-1.0"\n'


def test_a_recipe_of_the_user_s_own_is_looked_at_and_imported(
    writable: Registry, delivery: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(OWN.format(importer="bids"))
    test = open_page(writable, "inbox")
    test.text_input(key="inbox_own").set_value(f" {tmp_path}/mine.toml ").run()
    assert not test.error
    assert "Mine" in texts(test)
    test.text_input(key="inbox_folder").set_value(str(delivery))
    test = ended(writable, button(test, "Look at it").click().run())
    assert metrics(test)["Images"] == "1"
    test = imported(writable, button(test, "Import").click().run())
    assert "are in the registry." in texts(test)
    (kept,) = reports.list_reports(writable)
    assert kept.report.recipe == "my-ms"


def test_a_look_by_a_recipe_of_the_user_s_own_that_failed_keeps_its_path(writable: Registry, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(OWN.format(importer="bids"))
    (tmp_path / "holiday").mkdir()
    test = open_page(writable, "inbox")
    test.text_input(key="inbox_own").set_value(str(tmp_path / "mine.toml")).run()
    test.text_input(key="inbox_folder").set_value(str(tmp_path / "holiday"))
    ended(writable, button(test, "Look at it").click().run())
    test = open_page(writable, "inbox")
    assert not test.exception
    assert test.text_input(key="inbox_own").value == str(tmp_path / "mine.toml")
    assert test.selectbox(key="inbox_recipe").value == "bids"


@pytest.mark.parametrize(
    ("typed", "text", "message"),
    [
        ("mine.toml", None, "There is no recipe at"),
        ("~nobody-here/mine.toml", None, "There is no recipe at"),
        ("mine.json", "{}", "a file that ends in .toml"),
        ("mine.toml", "name = ", "is not valid TOML"),
        ("mine.toml", 'name = "x"', "mine.toml"),
        ("mine.toml", OWN.format(importer="none"), "asks for the importer 'none'"),
        ("mine.toml", OWN.format(importer="bids").replace("my-ms", "ixi"), "comes with Cohortium"),
    ],
)
def test_a_recipe_that_cannot_be_read_is_a_sentence_with_a_hint(
    typed: str, text: str | None, message: str, bare: Registry, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / typed).write_text(text)
    test = open_page(bare, "inbox")
    test.text_input(key="inbox_own").set_value(typed if typed.startswith("~") else str(tmp_path / typed)).run()
    assert not test.exception
    (error,) = test.error
    assert message in error.value.replace("\\", "")
    button(test, "Look at it").click().run()
    assert not test.exception
    assert list(queue.list_work(bare, LOOK.name)) == []


def test_a_look_says_what_an_import_then_says(writable: Registry, delivery: Path) -> None:
    rehearsed = deliveries.check_delivery(writable, "bids", delivery)
    report = deliveries.import_delivery(writable, "bids", delivery)
    assert rehearsed.report == report
    again = deliveries.check_delivery(writable, "bids", delivery)
    assert (rehearsed.new_files > 0, again.new_files, again.new_bytes) == (True, 0, 0)


def test_a_conflict_with_the_registry_is_seen_by_the_look(writable: Registry, delivery: Path) -> None:
    for path in sorted(delivery.rglob("*C001*"), reverse=True):
        path.rename(path.with_name(path.name.replace("C001", "A001")))
    (delivery / "participants.tsv").write_text("participant_id\tsex\nsub-A001\tM\n")
    before = registry_state.everything(writable)
    test = ended(writable, looked(writable, "bids", delivery))
    assert len(test.error) == 1
    assert test.text_input(key="inbox_folder").value == str(delivery), "what was typed is still there"
    assert registry_state.everything(writable) == before


def test_one_look_at_a_time(writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app_imports.doomed(monkeypatch, "pause")
    wanted = look.asked("bids", str(delivery))
    imports.start_look(writable, Look(wanted))
    with pytest.raises(UsageError, match=r"Looking at .* is still under way"):
        imports.start_look(writable, Look(wanted))


def test_a_dicom_plan_is_corrected_and_followed(writable: Registry, tmp_path: Path) -> None:
    source = app_deliveries.dicom(tmp_path / "scans")
    planned = look.look(writable, look.asked("dicom", str(source)), silent).planned
    assert planned is not None
    cells = [vars(row) for row in planned.rows]
    odd = next(number for number, row in enumerate(planned.rows) if row.description == "xyz")
    waits = f"in line {odd + 1} (xyz) waits for yes or no"
    assert any(waits in said for said in look.correct(planned, cells).problems)

    twice = [{**row, "keep": "yes", "name": "anat/T1w"} for row in cells]
    assert any("have one name" in said for said in look.correct(planned, twice).problems)
    assert any(
        "no BIDS name" in said or "not a BIDS name" in said
        for said in look.correct(planned, [{**row, "name": "nonsense"} for row in cells]).problems
    )
    assert look.correct(planned, [{**row, "keep": "no"} for row in cells]).problems

    cells[odd] |= {"keep": "yes", "name": "anat/acq-second_PDw"}
    corrected = look.correct(planned, cells)
    assert corrected.problems == ()
    before = registry_state.everything(writable)
    wanted = look.asked("dicom", str(source))
    rehearsed = look.rehearse(writable, wanted, corrected.rows, silent)
    assert registry_state.everything(writable) == before
    imports.start(writable, wanted, corrected.rows)
    work = app_imports.ended(writable)
    report = reports.get(writable, work.result or "").report
    assert (rehearsed.report.kept, len(rehearsed.report.refused)) == (report.kept, len(report.refused))
    assert app_imports.private(writable) == []
    assert list(writable.root.glob("sub-*/ses-01/anat/*_acq-second_PDw.nii.gz"))


def test_a_dicom_delivery_waits_for_decisions_on_the_page(writable: Registry, tmp_path: Path) -> None:
    test = ended(writable, looked(writable, "dicom", app_deliveries.dicom(tmp_path / "scans")))
    assert not test.exception
    assert "waits for yes or no" in texts(test)
    assert button(test, "Import by this plan").disabled  # type: ignore[attr-defined]
    assert "notes.txt" in {name for frame in test.dataframe if "File" in frame.value for name in frame.value["File"]}


def test_all_that_wait_are_left_out_at_once(writable: Registry, tmp_path: Path) -> None:
    test = ended(writable, looked(writable, "dicom", app_deliveries.dicom(tmp_path / "scans")))
    (lines,) = (frame.value for frame in test.dataframe if "keep" in frame.value)
    assert sorted(lines["keep"]) == ["ask", "yes"]
    assert list(lines["reason"] == "") == list(lines["keep"] == "yes")
    assert set(lines["shape"]) == {"8 \u00d7 6 \u00d7 4"}
    test = button(test, "Leave out all that wait").click().run()
    assert not test.exception
    (lines,) = (frame.value for frame in test.dataframe if "keep" in frame.value)
    assert sorted(lines["keep"]) == ["no", "yes"]
    assert not button(test, "Import by this plan").disabled  # type: ignore[attr-defined]
    assert "Leave out all that wait" not in labels(test)


def test_typed_places_are_checked_before_any_work(bare: Registry, tmp_path: Path) -> None:
    for recipe, folder, people, error in (
        (None, str(tmp_path), "", UsageError),
        ("bids", " ", "", UsageError),
        ("none", str(tmp_path), "", NotFound),
        ("bids", str(tmp_path / "x"), "", NotFound),
        ("dicom", str(tmp_path), str(tmp_path / "x.tsv"), NotFound),
    ):
        with pytest.raises(error):
            look.asked(recipe, folder, people)
    assert issubclass(Stopped, CohortiumError)


@pytest.mark.parametrize("code", [*Reason, *Code])
def test_every_reason_has_its_sentence(code: str) -> None:
    assert reasons.sentence(code).endswith(".")
    assert reasons.sentence(code) != reasons.sentence(f"{code}-x")
