"""The page of exclusions: two raters, found by typing, counted in saved queries, with a history."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from curation.persons import links
from curation.persons.links import LinkDecision
from registry import snapshots
from registry.catalog import Catalog, units
from registry.cli.commands.exclusions import exclude_app
from registry.cli.console import GlobalOptions
from registry.cohorts import exclusions, queries
from registry.cohorts.exclusions import REASON
from registry.errors import UsageError
from registry.snapshots import exclusion_impact
from registry.store import Registry
from registry.vocabulary.units import find_kind
from tests.support.app.pages import button, open_page, texts

FLAIR = "sub-A001/ses-M12/anat/sub-A001_ses-M12_FLAIR.nii.gz"


@pytest.fixture(autouse=True)
def first_rater(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COHORTIUM_ACTOR", "r01")


def chosen(registry: Registry, typed: str, reason: str | None, unit: str | None = None) -> AppTest:
    """The page after somebody found a unit, gave a reason and pressed the button."""
    test = open_page(registry, "exclusions")
    test.text_input(key="find").set_value(typed).run()
    if unit:
        test.selectbox(key="exclude unit").set_value(unit)
    if reason is not None:
        test.selectbox(key="exclude reason").set_value(reason)
    return button(test, "Exclude").click().run()


def test_an_empty_list_says_what_to_do(bare: Registry) -> None:
    test = open_page(bare, "exclusions")
    assert "Nothing is excluded. Find a person" in texts(test)
    assert not test.exception


def test_while_nothing_is_excluded_nothing_is_said_to_be_taken(full: Registry) -> None:
    test = open_page(full, "exclusions")
    assert not test.dataframe
    assert "saved queries" not in " ".join(item.value for item in test.subheader)


def test_nothing_of_that_name_is_a_sentence(full: Registry) -> None:
    test = open_page(full, "exclusions")
    test.text_input(key="find").set_value("sub-Z9").run()
    assert "Nothing in this registry is called" in texts(test)


def test_an_exclusion_without_a_reason_is_a_sentence(writable: Registry) -> None:
    assert "needs a reason" in chosen(writable, "sub-A001", None).error[0].value
    assert not exclusions.list_exclusions(writable)


@pytest.mark.parametrize("reason", ["Too Dark", "dark!"])
def test_a_reason_is_a_code(writable: Registry, reason: str) -> None:
    with pytest.raises(UsageError, match="cannot be a reason"):
        exclusions.exclude(writable, "sub-A001", reason)


def test_a_reason_nobody_used_is_asked_for_by_name_only(writable: Registry) -> None:
    """The list takes no words of its own; a known reason in other letters is that reason."""
    test = open_page(writable, "exclusions")
    test = test.text_input(key="find").set_value("sub-A001").run()
    box = test.selectbox(key="exclude reason")
    assert not box.proto.accept_new_options
    test = box.set_value("another reason").run()
    test = test.text_input(key="exclude other reason").set_value("Consent  withdrawn").run()
    test = button(test, "Exclude").click().run()
    assert [item.reason for item in exclusions.list_exclusions(writable)] == ["consent-withdrawn"]
    assert not test.exception


def test_two_readers_and_a_reinstatement(writable: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    test = chosen(writable, "a001", "motion", "sub-A001/ses-M12")
    assert "Visit M12 of sub-A001 is excluded: motion. It waits for a second rater." in texts(test).replace("\\", "")
    (item,) = exclusions.list_exclusions(writable)
    assert (item.unit, item.reason, item.rater_id, item.second_rater_id) == ("sub-A001/ses-M12", "motion", "r01", None)

    confirm = button(test, "Confirm as second rater")
    assert confirm.disabled  # type: ignore[attr-defined]
    assert "r01 cannot be the second rater" in "".join(item.value for item in test.caption), "in sight, not in a tip"
    with pytest.raises(UsageError, match="cannot be the second rater"):
        exclusions.confirm(writable, item.unit)

    monkeypatch.setenv("COHORTIUM_ACTOR", "r02")
    test = button(open_page(writable, "exclusions"), "Confirm as second rater").click().run()
    assert exclusions.get(writable, item.unit).second_rater_id == "r02"
    assert button(test, "Confirm as second rater").disabled  # type: ignore[attr-defined]

    test = button(test, "Reinstate").click().run()
    assert "A comment is needed" in texts(test)
    test.text_input(key=f"why {item.unit}").set_value("scanned again")
    test = button(test, "Reinstate").click().run()
    assert exclusions.list_exclusions(writable) == []
    assert not test.exception
    told = [(row["actor"], row["what"], row["comment"]) for row in exclusions.history(writable, item.unit)]
    assert told == [("r02", "reinstated", "scanned again"), ("r02", "confirmed", None), ("r01", "excluded", None)]


def test_what_waits_for_a_second_rater_stands_first(writable: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    exclusions.exclude(writable, "sub-A000", "motion")
    exclusions.exclude(writable, "sub-B005", "duplicate")
    monkeypatch.setenv("COHORTIUM_ACTOR", "r02")
    exclusions.confirm(writable, "sub-A000")
    rows = open_page(writable, "exclusions").dataframe[0].value
    assert list(rows["What"]) == ["Subject sub-B005", "Subject sub-A000"]
    assert list(rows["Second rater"]) == ["waits", "r02"]


def test_losses_are_those_of_a_snapshot(writable: Registry) -> None:
    """The oracle is what a snapshot lists: images by reason, persons who are left."""
    queries.save(writable, "all", "SELECT path FROM images WHERE suffix = 'FLAIR'")
    before = exclusion_impact.count_in_query(writable, "all")
    assert (before.images, before.images_left, before.by_reason) == (8, 8, ())
    exclusions.exclude(writable, "P001", "consent-withdrawn")
    exclusions.exclude(writable, "sub-A001", "motion")  # within that person: told under the person
    exclusions.exclude(writable, "sub-B005/ses-M00", "motion")
    found = exclusion_impact.count_in_query(writable, "all")
    assert [(item.name, item.images, item.persons) for item in found.by_reason] == [
        ("consent-withdrawn", 2, 1),
        ("motion", 1, 1),
    ]
    assert [item.name for item in found.by_unit] == ["P001", "sub-B005/ses-M00"]
    assert found.images_left + sum(item.images for item in found.by_reason) == found.images
    assert (found.persons, found.persons_left) == (6, 4)
    manifest = snapshots.get(writable, snapshots.create(writable, "all").snapshot_id)
    assert {sample.person for sample in manifest.samples} <= {"P000", "P002", "P003", "P004"}
    tables = [frame.value for frame in open_page(writable, "exclusions").dataframe]
    table = next(table for table in tables if "Images of all" in table)
    (row,) = table[table["Query"] == "all@1"].to_numpy().tolist()
    assert row[1:] == [3, 5, 8, 2, 4, 6], "excluded, remaining, of all: images, then persons"
    reasons = next(table for table in tables if list(table)[:2] == ["Query", "Reason"])
    assert list(reasons[reasons["Query"] == "all@1"]["Reason"]) == ["consent withdrawn", "motion"]


def test_an_exclusion_of_a_person_holds_under_the_person_of_today(writable: Registry) -> None:
    queries.save(writable, "all", "SELECT path FROM images")
    exclusions.exclude(writable, "P002", "motion")
    links.confirm(writable, "sub-A001", "sub-A002", LinkDecision("same head"))
    (taken,) = exclusion_impact.count_in_query(writable, "all").by_unit
    assert taken.name == "P002", "as it was named, whoever it is today"
    assert taken.images == 4 + 2


def test_units_are_found_and_told_in_words(full: Registry) -> None:
    catalog = Catalog.of(full)
    assert [item.kind for item in units.find(catalog, "sub-a001")][:3] == ["subject", "session", "session"]
    assert units.find(catalog, "P001")[0] == units.Unit("P001", "person")
    assert units.find(catalog, "  ") == []
    assert len(units.find(catalog, "sub", most=3)) == 3
    assert units.find(catalog, "100%_'") == []
    assert [units.in_words(unit) for unit in ("P001", "sub-A001", "sub-A001/ses-M12", FLAIR)] == [
        "Person P001",
        "Subject sub-A001",
        "Visit M12 of sub-A001",
        "Image FLAIR of sub-A001, M12",
    ]
    for item in units.find(catalog, "a", most=1000):
        assert find_kind(item.unit) == item.kind


def test_reasons_offered_are_codes_and_those_in_use(writable: Registry) -> None:
    exclusions.exclude(writable, "sub-A000", "moved-during-scan")
    exclusions.reinstate(writable, "sub-A000")
    known = exclusions.known_reasons(writable)
    assert "moved-during-scan" in known
    assert all(REASON.fullmatch(code) for code in known)


def test_the_commands_tell_effect_and_history(writable: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GlobalOptions, "registry", writable.root)
    exclusions.exclude(writable, "sub-A001", "motion", "shaking")

    def said(*words: str) -> Any:
        done = CliRunner().invoke(exclude_app, [*words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    (query,) = said("effect")["queries"]
    assert query["by_reason"] == [{"name": "motion", "images": 2, "persons": 1}]
    assert said("effect", "--query", "read")["queries"] == [query]
    (event,) = said("history", "sub-A001")["events"]
    assert (event["actor"], event["what"], event["comment"]) == ("r01", "excluded", "shaking")
