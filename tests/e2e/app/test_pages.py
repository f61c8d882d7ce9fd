"""Every page on a small cohort, on an empty registry, and with mistakes: a sentence, never a traceback."""

from __future__ import annotations

import pytest

from curation import quality
from registry import runs, snapshots
from registry.app import shell
from registry.cohorts import queries, splits
from registry.store import ACTOR_ENVIRONMENT, Registry
from registry.vocabulary.verdicts import Verdict
from tests.support.app.pages import button, open_page, texts

PAGES = [page.url_path for page in shell.list_pages()]


@pytest.mark.parametrize("path", PAGES)
def test_each_page_opens_on_a_cohort_and_on_an_empty_registry(full: Registry, bare: Registry, path: str) -> None:
    for registry in (full, bare):
        test = open_page(registry, path)
        assert not test.exception
        assert not test.error, texts(test)
        assert str(registry.root) not in texts(test)


def test_an_empty_registry_says_how_to_begin(bare: Registry) -> None:
    test = open_page(bare, "overview")
    assert "no subjects yet" in texts(test)
    assert test.code[0].value == "cohortium import bids FOLDER"


def test_overview_counts_and_its_sites_filter(full: Registry) -> None:
    test = open_page(full, "overview")
    counts = {metric.label: metric.value for metric in test.metric}
    assert counts == {
        "Persons": "6",
        "Subjects": "7",
        "Sessions": "8",
        "Images": "15",
        "Raters": "3",
        "Readings": "21",
        "Consensus masks": "7",
        "Lesions": "11",
    }
    test = test.pills[0].select("siteB").run()
    assert {metric.label: metric.value for metric in test.metric}["Subjects"] == "4"
    assert "2 gaps" in texts(test)  # one T1w, one reading


def test_overview_names_what_is_missing(full: Registry) -> None:
    rows = open_page(full, "overview").dataframe[0].value
    found = {(row["Subject"], row["Visit"], row["Channel"], row["Missing"]) for _, row in rows.iterrows()}
    assert found == {("sub-B003", "M00", "T1w", "image"), ("sub-B004", "M00", "FLAIR", "reading")}, (
        "one of three subjects of siteA has a second visit: nobody is expected to"
    )


def test_subject_page_follows_its_address_and_its_buttons(full: Registry) -> None:
    test = open_page(full, "subject", subject="sub-A001", session="ses-M12")
    assert test.title[0].value == "sub-A001"
    assert "day 371" in texts(test)
    test = button(test, "Next").click().run()
    assert test.title[0].value == "sub-A002"
    assert test.query_params["subject"] in ("sub-A002", ["sub-A002"])
    assert not test.exception


def test_subject_page_tells_the_verdicts_on_its_image(writable: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACTOR_ENVIRONMENT, "e07")
    quality.record(writable, quality.Judgement("sub-A001/ses-M00/anat/sub-A001_ses-M00_FLAIR.nii.gz", Verdict.FLAG))
    said = texts(open_page(writable, "subject", subject="sub-A001", session="ses-M00"))
    assert "Quality check: e07 flagged it" in said


def test_subject_page_shows_raters_agreement_and_lesions(full: Registry) -> None:
    test = open_page(full, "subject", subject="sub-A001")
    tables = [frame.value for frame in test.dataframe]
    lesions = next(table for table in tables if "Centre" in table)
    assert next(iter(lesions["Centre"])).startswith(("R 3", "L 3"))
    readings = next(table for table in tables if "dice" in table)
    assert list(readings["Drawn by"]) == ["Rater e01", "Rater e02", "Rater e03", "Consensus (majority)"]
    assert readings["dice"][1] == 1.0  # two of three drew at least what e02 drew, and e02 is the middle one
    assert list(readings["Lesions"]) == [2, 2, 2, 2]


def test_subject_page_shows_registry_text_as_text(full: Registry) -> None:
    assert r"RRMS \*new\*" in texts(open_page(full, "subject", subject="sub-A001"))


def test_unknown_subject_is_a_sentence(full: Registry) -> None:
    test = open_page(full, "subject", subject="sub-Z999")
    assert "There is no subject" in test.warning[0].value
    assert test.title[0].value == "sub-A000"


@pytest.mark.parametrize(
    "sql", ["SELECT nothing FROM nowhere", "DELETE FROM images", "SELEC", "SELECT 1; SELECT 2", ""]
)
def test_a_bad_query_is_a_sentence_with_a_hint(full: Registry, sql: str) -> None:
    test = open_page(full, "queries")
    test.text_area(key="sql").set_value(sql)
    test = button(test, "Run").click().run()
    assert not test.exception
    assert len(test.error) == 1
    assert "Traceback" not in texts(test)


def test_query_split_snapshot_launch(writable: Registry) -> None:
    """The line from a query to a queued run, by the widgets that a user has."""
    test = open_page(writable, "queries")
    test.text_area(key="sql").set_value("SELECT path FROM images WHERE channel = 'FLAIR' AND n_readings > 0")
    test = button(test, "Run").click().run()
    assert {metric.label: metric.value for metric in test.metric}["Images"] == "7"
    test.text_input(key="query_name").set_value("flair")
    test = button(test, "Save").click().run()
    assert "Saved as flair, version 1." in texts(test)
    assert queries.get(writable, "flair").sql.endswith("n_readings > 0")

    test.selectbox(key="split_query").set_value("flair@1")
    test.text_input(key="split_name").set_value("thirds")
    test = button(test, "Make the split").click().run()
    assert splits.get(writable, "thirds").query == "flair@1"
    assert "No person and no file is in two parts." in texts(test)

    test.selectbox(key="snapshot_query").set_value("flair@1")
    test.selectbox(key="snapshot_split").set_value("thirds@1")
    test = button(test, "Freeze").click().run()
    frozen = next(row for row in snapshots.list_snapshots(writable) if row.query == "flair@1")
    assert frozen.snapshot_id in [code.value for code in test.code]
    test = button(test, "Verify every file").click().run()
    assert "are as they were frozen" in texts(test)

    test = open_page(writable, "launch", snapshot=frozen.snapshot_id)
    test = button(test, "Queue the run").click().run()
    (run,) = runs.list_runs(writable)
    assert (run.status, run.snapshot_id) == ("queued", frozen.snapshot_id)
    test = open_page(writable, "runs")
    assert "waits for the worker" in "\n".join(item.value for item in test.subheader)
    button(test, "Withdraw").click().run()
    assert runs.list_runs(writable)[0].status == "cancelled"


def test_a_name_that_cannot_be_one_is_a_sentence(writable: Registry) -> None:
    test = button(open_page(writable, "queries"), "Run").click().run()
    test.text_input(key="query_name").set_value("../../etc")
    test = button(test, "Save").click().run()
    assert "cannot be a name" in test.error[0].value


def test_shares_that_do_not_add_up_are_a_sentence(writable: Registry) -> None:
    test = open_page(writable, "queries")
    test.text_input(key="split_name").set_value("odd")
    test.number_input(key="share Training").set_value(90)
    test = button(test, "Make the split").click().run()
    assert "add up" in test.error[0].value


def test_verify_names_a_changed_file(writable: Registry) -> None:
    victim = writable.root / "derivatives/manual-ms/sub-A001/ses-M00/anat"
    path = sorted(victim.glob("*e01_mask.nii.gz"))[0]
    path.unlink()
    test = button(open_page(writable, "queries"), "Verify every file").click().run()
    assert "1 file missing" in test.error[0].value
