"""The file of record of quality verdicts: it holds every action, and nothing that waits for it is lost."""

from __future__ import annotations

import pytest

from curation import quality
from registry.bids import places
from registry.catalog import Catalog
from registry.errors import CohortiumError, UsageError
from registry.files.canonical import read_tsv, tsv_bytes
from registry.maintenance import doctor, rebuild
from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.store import ACTOR_ENVIRONMENT, Registry, registry_at
from tests.support.children import judge
from tests.support.cohorts import tiny_bids
from tests.support.templates import registry_state
from tests.support.templates.verdicts import IMAGES, say, standing

pytestmark = pytest.mark.usefixtures("acting")

HISTORY = ("intent", "setting")


def test_the_table_holds_every_action_and_one_commit_carries_them(cohort: Registry) -> None:
    say(cohort, IMAGES[0], "accept")
    first = say(cohort, IMAGES[1], "reject", "3", "motion", comment="turned twice")
    quality.undo(cohort)
    assert quality.file_waiting(cohort) == ["e01"]
    assert len(commit_pending(cohort)) == 1
    rows = read_tsv(cohort.root / places.quality_table("e01"))
    assert [(row["image"], row["verdict"], row["artifacts"], row["comment"]) for row in rows] == [
        (IMAGES[0], "accept", None, None),
        (IMAGES[1], "reject", "motion,wrap-around", "turned twice"),
        (IMAGES[1], None, None, None),
    ]
    assert rows[2]["undoes"] == rows[1]["action"] == first
    assert quality.file_waiting(cohort) == []


def test_a_rebuild_without_the_database_gives_the_same_rows(cohort: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    for rater in ("e01", "e02"):
        monkeypatch.setenv(ACTOR_ENVIRONMENT, rater)
        say(cohort, IMAGES[0], "flag", comment="look again")
        say(cohort, IMAGES[1], "reject", "9")
        quality.undo(cohort)
    quality.file_waiting(cohort)
    commit_pending(cohort)
    before = registry_state.rows(cohort, without=HISTORY, drop=("intent_id",))
    assert len(before["quality_action"]) == 6
    assert len(before["quality_verdict"]) == 2
    cohort.engine.dispose()
    for left in cohort.local.glob("registry.sqlite*"):
        left.unlink()
    again = registry_at(cohort.root)
    rebuild.rebuild(again)
    assert registry_state.rows(again, without=HISTORY, drop=("intent_id",)) == before
    again.engine.dispose()


def test_a_rebuild_keeps_what_is_not_yet_written(cohort: Registry) -> None:
    say(cohort, IMAGES[0], "accept")
    quality.file_waiting(cohort)
    say(cohort, IMAGES[0], "reject", "1")
    say(cohort, IMAGES[2], "later")
    before = registry_state.rows(cohort, without=HISTORY, drop=("intent_id",))
    rebuild.rebuild(cohort)
    assert registry_state.rows(cohort, without=HISTORY, drop=("intent_id",)) == before


@pytest.mark.slow
def test_eight_raters_at_once_lose_nothing(cohort: Registry) -> None:
    raters = [f"p{number}" for number in range(7)]
    start = [judge.__file__, str(cohort.root)]
    registry_state.run_together([*([*start, rater, "6"] for rater in raters), [*start, raters[0], "6", "write"]])
    quality.file_waiting(cohort)
    commit_pending(cohort)
    for rater in raters:
        rows = read_tsv(cohort.root / places.quality_table(rater))
        said = [row["comment"] for row in rows]
        processes = 2 if rater == raters[0] else 1  # one person in two windows
        assert sorted(said) == sorted([str(number) for number in range(6)] * processes)
        assert len({row["action"] for row in rows}) == len(rows)
    assert registry_state.uncommitted(cohort) == ""


@pytest.mark.parametrize("comment", ["n/a", "  ", '"quoted"', "naïve, 5 µm", "'; DROP TABLE"])
def test_a_comment_is_the_same_after_a_rebuild(cohort: Registry, comment: str) -> None:
    say(cohort, IMAGES[0], "flag", comment=comment)
    quality.file_waiting(cohort)
    before = quality.list_verdicts(Catalog.of(cohort))
    rebuild.rebuild(cohort)
    assert quality.list_verdicts(Catalog.of(cohort)) == before


def test_the_doctor_writes_what_a_server_left(cohort: Registry) -> None:
    say(cohort, IMAGES[0], "accept")
    assert [item.what for item in doctor.doctor(cohort)] == ["verdicts written", "committed"]
    assert registry_state.uncommitted(cohort) == ""


def test_a_table_that_somebody_edited_stops_neither_the_others_nor_what_waits(
    cohort: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rater in ("e01", "e02"):
        monkeypatch.setenv(ACTOR_ENVIRONMENT, rater)
        say(cohort, IMAGES[0], "accept")
    quality.file_waiting(cohort)
    table = cohort.root / places.quality_table("e01")
    table.write_text(table.read_text().replace("accept", "reject"))
    for rater in ("e01", "e02"):
        monkeypatch.setenv(ACTOR_ENVIRONMENT, rater)
        say(cohort, IMAGES[1], "flag")
    with pytest.raises(CohortiumError, match="e01"):
        quality.file_waiting(cohort)
    assert len(read_tsv(cohort.root / places.quality_table("e02"))) == 2
    assert "verdicts wait" in {item.what for item in doctor.doctor(cohort)}
    assert standing(cohort, "e01")[IMAGES[1]] == ("flag", None)


def test_only_raters_who_rest_are_written(cohort: Registry) -> None:
    say(cohort, IMAGES[0], "accept")
    assert quality.file_waiting(cohort, rested_s=3600) == []
    assert quality.file_waiting(cohort) == ["e01"]


def test_a_table_from_another_copy_does_not_swallow_what_waits_here(cohort: Registry) -> None:
    theirs = {"at": "2000-01-01T00:00:00Z", "image": IMAGES[1], "verdict": "flag", "action": "elsewhere"}
    say(cohort, IMAGES[0], "accept")
    path = places.quality_table("e01")
    data = tsv_bytes([theirs], ("at", "image", "verdict", "action"))
    publish(cohort, Change("pull", "From another copy"), lambda tree: tiny_bids.put(tree, path, data))
    assert standing(cohort) == {IMAGES[0]: ("accept", None), IMAGES[1]: ("flag", None)}
    quality.file_waiting(cohort)
    assert [row["image"] for row in read_tsv(cohort.root / path)] == [IMAGES[1], IMAGES[0]]


@pytest.mark.parametrize("rater", ["../e01", "anna b", "", "E01"])
def test_a_code_that_cannot_name_a_file_beside_the_others_is_refused(
    cohort: Registry, rater: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(cohort, IMAGES[0], "accept")
    monkeypatch.setenv(ACTOR_ENVIRONMENT, rater)
    if rater:
        with pytest.raises(UsageError, match=r"is no code|The raters e01 and E01"):
            say(cohort, IMAGES[0], "accept")
    else:  # nobody named: this machine's own
        say(cohort, IMAGES[0], "accept")
        assert standing(cohort, "local") == {IMAGES[0]: ("accept", None)}
