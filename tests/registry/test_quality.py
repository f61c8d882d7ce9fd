"""Quality verdicts: nothing is lost, an undo is an inverse, a replaced image makes them stale, a rebuild agrees."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import judging
import pytest
import registry_state
import tiny_bids
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from registry import console, layout, quality, queries, repair
from registry.canon import read_tsv, tsv_bytes
from registry.catalog import Catalog
from registry.commands.quality import qc_app
from registry.commands.snapshots import snapshot_app
from registry.committing import commit_pending
from registry.errors import CohortiumError, NotFound, UsageError
from registry.publishing import Change, publish
from registry.quality import Judgement, Show
from registry.store import ACTOR_ENVIRONMENT, Registry, registry_at
from registry.verdicts import ARTIFACTS, Verdict
from registry.viewer.sweep import KEYS

IMAGES = [tiny_bids.image_path(subject) for subject in tiny_bids.SUBJECTS]
HISTORY = ("intent", "setting")


@pytest.fixture(autouse=True)
def _acting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACTOR_ENVIRONMENT, "e01")


def say(registry: Registry, image: str, verdict: str, *artifacts: str, comment: str = "") -> str:
    return quality.record(registry, Judgement(image, Verdict(verdict), artifacts, comment)).action_id


def standing(registry: Registry, rater: str = "e01") -> dict[str, tuple[str, str | None]]:
    return {row.image_path: (row.verdict, row.artifacts) for row in quality.of_rater(registry, rater)}


def replace(registry: Registry, image: str, like: str) -> None:
    """Another content under the same name."""
    subject = like.partition("/")[0]
    change = Change("import", "Replaced", replaces=frozenset({image}))
    publish(registry, change, lambda tree: tiny_bids.put(tree, image, tiny_bids.image(subject, "T1w")))


def test_a_verdict_counts_at_once_and_waits_for_no_file(cohort: Registry) -> None:
    say(cohort, IMAGES[0], "accept")
    assert Catalog.of(cohort).value("SELECT path FROM images WHERE quality = 'accept'") == IMAGES[0]
    assert not (cohort.root / layout.quality_table("e01")).exists()
    assert registry_state.uncommitted(cohort) == ""


def test_the_table_holds_every_action_and_one_commit_carries_them(cohort: Registry) -> None:
    say(cohort, IMAGES[0], "accept")
    first = say(cohort, IMAGES[1], "reject", "3", "motion", comment="turned twice")
    quality.undo(cohort)
    assert quality.file_waiting(cohort) == ["e01"]
    assert len(commit_pending(cohort)) == 1
    rows = read_tsv(cohort.root / layout.quality_table("e01"))
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
    repair.rebuild(again)
    assert registry_state.rows(again, without=HISTORY, drop=("intent_id",)) == before
    again.engine.dispose()


def test_a_rebuild_keeps_what_is_not_yet_written(cohort: Registry) -> None:
    say(cohort, IMAGES[0], "accept")
    quality.file_waiting(cohort)
    say(cohort, IMAGES[0], "reject", "1")
    say(cohort, IMAGES[2], "later")
    before = registry_state.rows(cohort, without=HISTORY, drop=("intent_id",))
    repair.rebuild(cohort)
    assert registry_state.rows(cohort, without=HISTORY, drop=("intent_id",)) == before


STEPS = st.one_of(st.tuples(st.sampled_from(IMAGES[:3]), st.sampled_from(Verdict)), st.none())
"""A verdict, or None: an undo."""


def test_undo_is_the_inverse_of_what_stands_last(cohort: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is a pile of states; an undo takes the uppermost away. Each example is a rater."""
    piles: dict[str, list[dict[str, tuple[str, str | None]]]] = {}

    @settings(max_examples=25)
    @given(st.lists(STEPS, max_size=12))
    def obeyed(steps: list[tuple[str, Verdict] | None]) -> None:
        rater = f"h{len(piles)}"
        monkeypatch.setenv(ACTOR_ENVIRONMENT, rater)
        pile = piles[rater] = [{}]
        for step in steps:
            if step is not None:
                quality.record(cohort, Judgement(*step))
                pile.append({**pile[-1], step[0]: (step[1].value, None)})
            elif len(pile) > 1:
                quality.undo(cohort)
                pile.pop()
            assert standing(cohort, rater) == pile[-1]

    obeyed()
    quality.file_waiting(cohort)
    for rater, pile in piles.items():
        assert standing(cohort, rater) == pile[-1], "written, the same stands"
    rater, pile = max(piles.items(), key=lambda item: len(item[1]))
    monkeypatch.setenv(ACTOR_ENVIRONMENT, rater)
    for below in reversed(pile[:-1]):
        quality.undo(cohort)
        assert standing(cohort, rater) == below
    with pytest.raises(UsageError, match="has given no verdict"):
        quality.undo(cohort)


def test_a_replaced_image_makes_a_verdict_stale(cohort: Registry) -> None:
    say(cohort, IMAGES[0], "reject", "1")
    assert IMAGES[0] not in {case.image for case in quality.worklist(Catalog.of(cohort), "e01").cases}
    replace(cohort, IMAGES[0], "sub-A003")
    catalog = Catalog.of(cohort)
    assert [(row["image"], row["stale"]) for row in quality.listed(catalog)] == [(IMAGES[0], True)]
    assert catalog.value("SELECT quality FROM images WHERE path = ?", [IMAGES[0]]) is None
    assert quality.outdated_rejects(catalog) == [IMAGES[0]]
    assert quality.of_image(catalog, IMAGES[0]) == ["e01 rejected it (motion), before it was replaced"]
    told = quality.rejected_once(catalog, IMAGES[:3])
    assert told is not None
    assert told.startswith("It holds 1 image rejected before being replaced")
    assert told.endswith(IMAGES[0])
    assert quality.rejected_once(catalog, IMAGES[1:]) is None
    assert IMAGES[0] in {case.image for case in quality.worklist(catalog, "e01").cases}
    say(cohort, IMAGES[0], "accept")
    assert quality.outdated_rejects(Catalog.of(cohort)) == []


def test_a_snapshot_says_that_it_takes_what_was_rejected_once(
    cohort: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.State, "registry", cohort.root)
    image = tiny_bids.image_path("sub-A001", "T1w")
    queries.save(cohort, "both", "SELECT path FROM images")
    say(cohort, image, "reject")
    freeze = ["create", "--query", "both", "--target", "expert:e01", "--json"]
    done = CliRunner().invoke(snapshot_app, freeze)
    before = json.loads(done.stdout)
    assert done.stderr == ""
    replace(cohort, image, "sub-A003")
    done = CliRunner().invoke(snapshot_app, freeze)
    assert f"It holds 1 image rejected before being replaced, and not judged since: {image}" in done.stderr
    assert json.loads(done.stdout)["samples"] == before["samples"] + 1


def test_a_verdict_on_what_a_rater_saw_is_stale_where_that_is_gone(cohort: Registry) -> None:
    quality.record(cohort, Judgement(IMAGES[0], Verdict.ACCEPT, sha256="0" * 64))
    (row,) = quality.listed(Catalog.of(cohort))
    assert row["stale"]


def test_where_raters_differ_the_worst_stands(cohort: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order reject, flag, later, accept, whoever spoke first."""
    order = ["reject", "flag", "later", "accept"]
    for worse, better in product(range(4), repeat=2):
        for rater, place in (("e01", worse), ("e02", better)):
            monkeypatch.setenv(ACTOR_ENVIRONMENT, rater)
            say(cohort, IMAGES[0], order[place])
        found = Catalog.of(cohort).value("SELECT quality FROM images WHERE path = ?", [IMAGES[0]])
        assert found == order[min(worse, better)]


def test_eight_raters_at_once_lose_nothing(cohort: Registry) -> None:
    raters = [f"p{number}" for number in range(7)]
    start = [sys.executable, judging.__file__, str(cohort.root)]
    commands = [[*start, rater, "6"] for rater in raters] + [[*start, raters[0], "6", "write"]]
    children = [subprocess.Popen(command, stderr=subprocess.PIPE) for command in commands]
    try:
        for child in children:
            _, printed = child.communicate()
            assert child.returncode == 0, printed.decode()
    finally:
        registry_state.kill_groups(children)
    quality.file_waiting(cohort)
    commit_pending(cohort)
    for rater in raters:
        rows = read_tsv(cohort.root / layout.quality_table(rater))
        said = [row["comment"] for row in rows]
        processes = 2 if rater == raters[0] else 1  # one person in two windows
        assert sorted(said) == sorted([str(number) for number in range(6)] * processes)
        assert len({row["action"] for row in rows}) == len(rows)
    assert registry_state.uncommitted(cohort) == ""


def test_an_action_that_is_sent_twice_is_done_once(cohort: Registry) -> None:
    judgement = Judgement(IMAGES[0], Verdict.FLAG)
    once = quality.record(cohort, judgement, action="a1", expected=None)
    assert quality.record(cohort, judgement, action="a1", expected=None).number == once.number
    taken = quality.undo(cohort, action="a2")
    assert quality.undo(cohort, action="a2").now.number == taken.now.number
    assert quality.undo(cohort, action="a2").taken_back.action_id == "a1"


def test_a_second_window_is_told_what_stands(cohort: Registry) -> None:
    said = say(cohort, IMAGES[0], "reject")
    with pytest.raises(quality.Overtaken, match="In another window you said reject") as told:
        quality.record(cohort, Judgement(IMAGES[0], Verdict.ACCEPT), expected=None)
    assert told.value.now is not None
    assert told.value.now.action_id == said
    assert standing(cohort) == {IMAGES[0]: ("reject", None)}
    quality.record(cohort, Judgement(IMAGES[0], Verdict.ACCEPT), expected=said)
    assert standing(cohort) == {IMAGES[0]: ("accept", None)}


@pytest.mark.parametrize("comment", ["n/a", "  ", '"quoted"', "naïve, 5 µm", "'; DROP TABLE"])
def test_a_comment_is_the_same_after_a_rebuild(cohort: Registry, comment: str) -> None:
    say(cohort, IMAGES[0], "flag", comment=comment)
    quality.file_waiting(cohort)
    before = quality.listed(Catalog.of(cohort))
    repair.rebuild(cohort)
    assert quality.listed(Catalog.of(cohort)) == before


def test_the_doctor_writes_what_a_server_left(cohort: Registry) -> None:
    say(cohort, IMAGES[0], "accept")
    assert [item.what for item in repair.doctor(cohort)] == ["verdicts written", "committed"]
    assert registry_state.uncommitted(cohort) == ""


def test_a_table_that_somebody_edited_stops_neither_the_others_nor_what_waits(
    cohort: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rater in ("e01", "e02"):
        monkeypatch.setenv(ACTOR_ENVIRONMENT, rater)
        say(cohort, IMAGES[0], "accept")
    quality.file_waiting(cohort)
    table = cohort.root / layout.quality_table("e01")
    table.write_text(table.read_text().replace("accept", "reject"))
    for rater in ("e01", "e02"):
        monkeypatch.setenv(ACTOR_ENVIRONMENT, rater)
        say(cohort, IMAGES[1], "flag")
    with pytest.raises(CohortiumError, match="e01"):
        quality.file_waiting(cohort)
    assert len(read_tsv(cohort.root / layout.quality_table("e02"))) == 2
    assert "verdicts wait" in {item.what for item in repair.doctor(cohort)}
    assert standing(cohort, "e01")[IMAGES[1]] == ("flag", None)


def test_only_raters_who_rest_are_written(cohort: Registry) -> None:
    say(cohort, IMAGES[0], "accept")
    assert quality.file_waiting(cohort, rested_s=3600) == []
    assert quality.file_waiting(cohort) == ["e01"]


def test_a_table_from_another_copy_does_not_swallow_what_waits_here(cohort: Registry) -> None:
    theirs = {"at": "2000-01-01T00:00:00Z", "image": IMAGES[1], "verdict": "flag", "action": "elsewhere"}
    say(cohort, IMAGES[0], "accept")
    path = layout.quality_table("e01")
    data = tsv_bytes([theirs], ("at", "image", "verdict", "action"))
    publish(cohort, Change("pull", "From another copy"), lambda tree: tiny_bids.put(tree, path, data))
    assert standing(cohort) == {IMAGES[0]: ("accept", None), IMAGES[1]: ("flag", None)}
    quality.file_waiting(cohort)
    assert [row["image"] for row in read_tsv(cohort.root / path)] == [IMAGES[1], IMAGES[0]]


def test_worklists_are_sorted_and_follow_their_filters(cohort: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    say(cohort, IMAGES[1], "later")
    monkeypatch.setenv(ACTOR_ENVIRONMENT, "e02")
    say(cohort, IMAGES[4], "flag", "motion", comment="rings")
    catalog = Catalog.of(cohort)

    def paths(*about: object, **filters: object) -> list[str]:
        return [case.image for case in quality.worklist(catalog, "e01", *about, **filters).cases]  # type: ignore[arg-type]

    every = [path for subject in tiny_bids.SUBJECTS for path in (tiny_bids.image_path(subject, "FLAIR"),
                                                                 tiny_bids.image_path(subject, "T1w"))]  # fmt: skip
    assert paths(Show.ALL) == every
    assert paths() == [path for path in every if path != IMAGES[1]]
    assert paths(Show.LATER) == [IMAGES[1]]
    assert paths(Show.FLAGGED) == [IMAGES[4]]
    assert paths(Show.ALL, sites=["siteB"], channels=["FLAIR"]) == IMAGES[3:]
    (case,) = quality.worklist(catalog, "e01", Show.FLAGGED).cases
    assert case.notes == "e02: motion: rings"


@pytest.mark.parametrize(
    ("work", "error", "sentence"),
    [
        (lambda registry: say(registry, "sub-Z/x.nii.gz", "accept"), NotFound, "no image 'sub-Z"),
        (lambda registry: say(registry, IMAGES[0], "accept", "rust"), UsageError, "no artifact 'rust'"),
        (lambda registry: say(registry, IMAGES[0], "flag", comment="two\nlines"), UsageError, "more than one line"),
        (quality.undo, UsageError, "e01 has given no verdict"),
    ],
)
def test_mistakes_change_nothing(
    cohort: Registry, work: Callable[[Registry], object], error: type[CohortiumError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        work(cohort)
    assert standing(cohort) == {}
    assert quality.file_waiting(cohort) == []


def test_the_documented_commands_run_and_the_documented_words_are_those_of_the_code(cohort: Registry) -> None:
    page = (Path(__file__).parents[2] / "docs" / "quality.md").read_text()
    (script,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console.State, "registry", cohort.root)
        for line in script.splitlines():
            done = CliRunner().invoke(qc_app, shlex.split(line)[2:])
            assert done.exit_code == 0, f"{line}: {done.output} {done.exception}"
    assert json.loads(done.stdout)["accept"] == 1
    assert registry_state.uncommitted(cohort) == "", "a command commits"
    artifacts = re.findall(r"^\| (\d) \| `(.*?)` \| (.*?) \|$", page, re.MULTILINE)
    assert artifacts == [(str(item.key), item.code, item.about) for item in ARTIFACTS]
    verdicts = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|$", page, re.MULTILINE)
    keys = {item.action: item for item in KEYS}
    assert verdicts == [(kind, keys[kind].key.replace(" ", "space"), keys[kind].about) for kind in Verdict]


@pytest.mark.parametrize("rater", ["../e01", "anna b", "", "E01"])
def test_a_code_that_cannot_name_a_file_beside_the_others_is_refused(
    cohort: Registry, rater: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(cohort, IMAGES[0], "accept")
    monkeypatch.setenv(ACTOR_ENVIRONMENT, rater)
    if rater:
        with pytest.raises(UsageError, match="rater"):
            say(cohort, IMAGES[0], "accept")
    else:  # nobody named: this machine's own
        say(cohort, IMAGES[0], "accept")
        assert standing(cohort, "local") == {IMAGES[0]: ("accept", None)}
