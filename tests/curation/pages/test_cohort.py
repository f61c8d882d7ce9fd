"""The first tab: filters with live counts that write SQL; then what is left out, what changed, what is handed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import snapshots
from registry.catalog import Catalog, facets
from registry.cohorts import exclusions, queries
from registry.store import Registry
from tests.support.app.pages import button, open_page, texts
from tests.support.cohorts import two_structures

FLAIR = 'facet channel "FLAIR"'


def counts(test: object) -> dict[str, str]:
    """The numbers of the first tab."""
    return {metric.label: metric.value for metric in test.metric[:4]}  # type: ignore[attr-defined]


def test_ticks_write_sql_and_count(full: Registry) -> None:
    test = open_page(full, "queries")
    assert counts(test) == {"Persons": "6", "Subjects": "7", "Sessions": "8", "Images": "15"}
    test.checkbox(key=FLAIR).check()
    test = test.checkbox(key='facet site "siteA"').check().run()
    assert counts(test)["Images"] == "4"
    wanted = facets.parse(["channel=FLAIR", "site=siteA"])
    assert test.text_area(key="facet_sql").value == facets.sql(wanted)
    held = facets.count(Catalog.of(full), wanted)
    for choice in held.choices["site"]:
        label = test.checkbox(key=f'facet site "{choice.value}"').label
        assert label.endswith(f":gray[{choice.images}]"), "counted given the other filters, not its own"
    test = button(test, "Clear all").click().run()  # type: ignore[attr-defined]
    assert counts(test)["Images"] == "15"
    assert not test.exception


def test_a_range_and_nothing_stated(full: Registry) -> None:
    test = open_page(full, "queries")
    test.number_input(key="facet age from").set_value(33.0)
    test = test.number_input(key="facet age to").set_value(35.0).run()
    assert "age BETWEEN 33 AND 35" in test.text_area(key="facet_sql").value
    assert counts(test)["Subjects"] == "3"
    test = test.number_input(key="facet age to").set_value(20.0).run()
    assert "No age lies between 33 and 20" in texts(test)
    assert counts(test)["Subjects"] == "7"
    test = test.number_input(key="facet days_from_baseline from").set_value(5000.0).run()
    assert "No image has all of this" in texts(test)
    assert not test.exception


def test_sql_changed_by_hand_goes_on_in_the_next_tab(full: Registry) -> None:
    test = open_page(full, "queries")
    test = test.checkbox(key=FLAIR).check().run()
    sql = test.text_area(key="facet_sql").value + " AND n_readings >= 2"
    test = test.text_area(key="facet_sql").set_value(sql).run()
    assert test.text_area(key="sql").value == sql
    assert test.session_state["step"] == "2 · SQL"
    assert test.text_area(key="facet_sql").value == facets.sql(facets.parse(["channel=FLAIR"])), "ticks stay ticks"
    assert not test.exception


def test_what_a_snapshot_would_leave_out(writable: Registry) -> None:
    exclusions.exclude(writable, "P001", "consent-withdrawn")
    test = open_page(writable, "queries")
    test.checkbox(key=FLAIR).check()
    test = test.toggle(key="cohort_effects").set_value(True).run()
    assert "**5 samples of 4 persons**" in texts(test)
    tables = [frame.value for frame in test.dataframe]
    units = next(table for table in tables if "Unit" in table)
    assert list(units["Unit"]) == ["P001"]
    assert list(units["Images"]) == [2]
    reasons = next(table for table in tables if list(table)[:1] == ["Reason"])
    assert "no mask that the target policy takes" in list(reasons["Reason"])
    assert not test.exception


def test_a_cohort_by_ticks_to_the_difference_of_its_versions(
    writable: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Save, freeze, exclude a person, freeze again: the page says exactly that, and the folder is where it says."""
    test = open_page(writable, "queries")
    test.checkbox(key=FLAIR).check()
    test = test.checkbox(key="facet consensus true").check().run()
    test.text_input(key="cohort_name").set_value("agreed")
    test = button(test, "Save the cohort").click().run()  # type: ignore[attr-defined]
    assert "Saved as agreed, version 1." in texts(test)
    assert queries.get(writable, "agreed").sql == facets.sql(facets.parse(["channel=FLAIR", "consensus=yes"]))

    assert test.selectbox(key="snapshot_query").value == "agreed@1"
    test.selectbox(key="snapshot_split").set_value("no split")
    test = button(test, "Freeze").click().run()  # type: ignore[attr-defined]
    (first,) = (row.snapshot_id for row in snapshots.list_snapshots(writable) if row.query == "agreed@1")
    exclusions.exclude(writable, "P001", "consent-withdrawn")
    test = button(test, "Freeze").click().run()  # type: ignore[attr-defined]
    assert not test.error, texts(test)
    test = test.selectbox(key="compared_snapshot").set_value(first).run()
    assert r"2 samples of person P001 left the cohort \(excluded\: consent withdrawn\)\." in texts(test)
    assert r"joined" not in texts(test)
    assert snapshots.verify(snapshots.get(writable, first), writable).ok

    monkeypatch.setenv("COHORTIUM_EXPORTS", str(tmp_path / "out"))
    test.selectbox(key="export_layout").set_value("csv")
    test = test.run()
    test = button(test, "Export").click().run()  # type: ignore[attr-defined]
    folder = next(Path(code.value) for code in test.code if code.value.startswith(str(tmp_path)))
    assert (folder / "samples.csv").is_file()
    assert not test.exception


def test_the_target_policy_is_chosen_in_words(writable: Registry) -> None:
    test = open_page(writable, "queries")
    test = test.multiselect(key="targets").set_value(["expert:e02", "soft"]).run()
    assert "The target of each image is the mask of e02, else the share of raters at each voxel." in texts(test)
    test.selectbox(key="snapshot_split").set_value("no split")
    test = button(test, "Freeze").click().run()  # type: ignore[attr-defined]
    policies = [snapshots.get(writable, row.snapshot_id).target_policy for row in snapshots.list_snapshots(writable)]
    assert [{"kind": "expert", "source": "e02"}, {"kind": "soft", "source": "*"}] in [
        list(policy["order"]) for policy in policies
    ]
    test = test.multiselect(key="targets").set_value([]).run()
    assert "Choose at least one kind of mask." in texts(test)
    assert not test.exception


def test_several_structures_are_chosen_before_anything_is_frozen(cohort: Registry) -> None:
    two_structures.add(cohort)
    test = open_page(cohort, "queries")
    assert "Choose at least one structure." in texts(test)
    test = test.multiselect(key="target_labels").set_value(["GM"]).run()
    test = button(test, "Freeze").click().run()  # type: ignore[attr-defined]
    assert not test.error, texts(test)
    test = test.multiselect(key="target_labels").set_value(["L", "GM"]).run()
    test = test.checkbox(key="target_classes").check().run()
    test = button(test, "Freeze").click().run()  # type: ignore[attr-defined]
    made = [snapshots.get(cohort, row.snapshot_id).classes for row in snapshots.list_snapshots(cohort)]
    assert sorted(made) == [(("GM",),), (("L", "GM"),)]
    assert not test.exception
