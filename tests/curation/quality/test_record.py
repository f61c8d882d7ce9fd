"""Quality verdicts: they count at once, an undo is an inverse, a replaced image makes them stale."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from curation import quality
from curation.cli.quality import qc_app
from curation.quality import Judgement, Show
from curation.quality.component import KEYS
from registry.bids import places
from registry.catalog import Catalog
from registry.cli import console
from registry.cli.commands.snapshots import snapshot_app
from registry.cohorts import queries
from registry.errors import CohortiumError, NotFound, UsageError
from registry.publishing import Change, publish
from registry.snapshots import selection
from registry.store import ACTOR_ENVIRONMENT, Registry
from registry.vocabulary.verdicts import ARTIFACTS, Verdict
from tests.support import ROOT
from tests.support.cohorts import tiny_bids
from tests.support.templates import registry_state
from tests.support.templates.verdicts import IMAGES, say, standing

pytestmark = pytest.mark.usefixtures("acting")


def replace(registry: Registry, image: str, like: str) -> None:
    """Another content under the same name."""
    subject = like.partition("/")[0]
    change = Change("import", "Replaced", replaces=frozenset({image}))
    publish(registry, change, lambda tree: tiny_bids.put(tree, image, tiny_bids.image(subject, "T1w")))


def test_a_verdict_counts_at_once_and_waits_for_no_file(cohort: Registry) -> None:
    say(cohort, IMAGES[0], "accept")
    assert Catalog.of(cohort).value("SELECT path FROM images WHERE quality = 'accept'") == IMAGES[0]
    assert not (cohort.root / places.quality_table("e01")).exists()
    assert registry_state.uncommitted(cohort) == ""


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
    assert [(row["image"], row["stale"]) for row in quality.list_verdicts(catalog)] == [(IMAGES[0], True)]
    assert catalog.value("SELECT quality FROM images WHERE path = ?", [IMAGES[0]]) is None
    assert selection.outdated_rejects(catalog) == [IMAGES[0]]
    assert quality.of_image(catalog, IMAGES[0]) == ["e01 rejected it (motion), before it was replaced"]
    told = selection.rejected_once(catalog, IMAGES[:3])
    assert told is not None
    assert told.startswith("It holds 1 image rejected before being replaced")
    assert told.endswith(IMAGES[0])
    assert selection.rejected_once(catalog, IMAGES[1:]) is None
    assert IMAGES[0] in {case.image for case in quality.worklist(catalog, "e01").cases}
    say(cohort, IMAGES[0], "accept")
    assert selection.outdated_rejects(Catalog.of(cohort)) == []


def test_a_snapshot_says_that_it_takes_what_was_rejected_once(
    cohort: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.GlobalOptions, "registry", cohort.root)
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
    (row,) = quality.list_verdicts(Catalog.of(cohort))
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


def test_worklists_are_sorted_and_follow_their_filters(cohort: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    say(cohort, IMAGES[1], "later")
    monkeypatch.setenv(ACTOR_ENVIRONMENT, "e02")
    say(cohort, IMAGES[4], "flag", "motion", comment="rings")
    catalog = Catalog.of(cohort)

    def paths(*about: object, **filters: object) -> list[str]:
        return [case.image for case in quality.worklist(catalog, "e01", *about, **filters).cases]  # type: ignore[arg-type]

    every = [
        path
        for subject in tiny_bids.SUBJECTS
        for path in (tiny_bids.image_path(subject, "FLAIR"), tiny_bids.image_path(subject, "T1w"))
    ]
    assert paths(Show.ALL) == every
    assert paths() == [path for path in every if path != IMAGES[1]]
    assert paths(Show.LATER) == [IMAGES[1]]
    assert paths(Show.FLAGGED) == [IMAGES[4]]
    assert paths(Show.ALL, sites=["siteB"], channels=["FLAIR"]) == IMAGES[3:]
    (case,) = quality.worklist(catalog, "e01", Show.FLAGGED).cases
    assert case.notes == "e02: motion: rings"


def test_a_resampled_copy_waits_only_where_it_is_asked_for_or_flagged(cohort: Registry) -> None:
    subject, folder = tiny_bids.SUBJECTS[0], "derivatives/common-tiny"
    about = {"Name": "Copies", "BIDSVersion": "1.11.1", "DatasetType": "derivative", "GeneratedBy": [{"Name": "Tiny"}]}
    copy, single = (
        f"{folder}/{subject}/ses-M00/anat/{subject}_ses-M00_space-common_desc-resampled_{suffix}.nii.gz"
        for suffix in ("FLAIR", "T2w")
    )

    def write(root: Path) -> None:
        tiny_bids.put_json(root, f"{folder}/dataset_description.json", about)
        tiny_bids.put(root, copy, tiny_bids.image(tiny_bids.SUBJECTS[1], "FLAIR"))
        tiny_bids.put(root, single, tiny_bids.image(tiny_bids.SUBJECTS[2], "FLAIR"))

    publish(cohort, Change("import", "Copies"), write)

    def waiting(**asked: object) -> set[str]:
        return {case.image for case in quality.worklist(Catalog.of(cohort), "e01", **asked).cases}  # type: ignore[arg-type]

    assert single in waiting(), "there is no raw T2w, so nothing else shows it"
    assert copy not in waiting() | waiting(show=Show.ALL)
    assert waiting(copies=True) == waiting() | {copy}
    say(cohort, copy, "flag")
    assert copy in waiting(show=Show.FLAGGED)


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
    page = (ROOT / "docs" / "quality.md").read_text()
    (script,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console.GlobalOptions, "registry", cohort.root)
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
