"""rebuild(files + events) equals the live registry; an incremental scan equals a full one (law 8)."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import event as orm_event

from registry import snapshots
from registry.bids import places
from registry.cohorts import queries, splits
from registry.errors import IntegrityError
from registry.index import facts, refresh, sync
from registry.maintenance import rebuild
from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.snapshots.targets import parse_policy
from registry.store import Registry, registry_at
from tests.support.cohorts import tiny_bids
from tests.support.templates import registry_state

HISTORY = ("intent", "setting")
"""Tables of this machine alone."""


def test_a_rebuilt_registry_has_the_rows_it_had(cohort: Registry) -> None:
    queries.save(cohort, "flair", "SELECT * FROM images WHERE suffix = 'FLAIR'")
    splits.create(cohort, "s", "flair")
    snapshots.create(cohort, "flair", "s", parse_policy(["expert:e01"]))
    commit_pending(cohort)
    before = registry_state.rows(cohort, without=HISTORY, drop=("intent_id",))
    rebuild.rebuild(cohort)
    assert registry_state.rows(cohort, without=HISTORY, drop=("intent_id",)) == before


def test_a_registry_without_its_database_is_rebuilt_from_files_and_events(copies: Callable[[], Registry]) -> None:
    registry, live = copies(), copies()
    before = registry_state.rows(live, without=HISTORY, drop=("intent_id",))
    for left in registry.local.glob("registry.sqlite*"):
        left.unlink()
    rebuild.rebuild(registry)
    assert registry_state.rows(registry, without=HISTORY, drop=("intent_id",)) == before


def test_a_rebuild_keeps_changes_that_wait_for_their_commit(cohort: Registry) -> None:
    publish(cohort, Change("import", "Waiting", actor="anna"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A008"]))
    before = registry_state.rows(cohort, without=HISTORY, drop=("intent_id",))
    rebuild.rebuild(cohort)
    assert registry_state.rows(cohort, without=HISTORY, drop=("intent_id",)) == before
    assert len(commit_pending(cohort)) == 1
    assert registry_state.uncommitted(cohort) == ""


def test_a_log_that_lacks_its_last_event_is_found_by_the_commits(cohort: Registry) -> None:
    (log,) = (cohort.root / "logs").rglob("*.jsonl")
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-1]))
    before = registry_state.rows(cohort)
    with pytest.raises(IntegrityError, match="which a commit names"):
        rebuild.rebuild(cohort)
    assert registry_state.rows(cohort) == before


def test_nothing_differs_after_a_scan_of_an_untouched_registry(cohort: Registry) -> None:
    assert sync.scan(cohort) == ([], [])


def test_a_scan_names_what_is_new_changed_or_gone(cohort: Registry) -> None:
    tiny_bids.write_subject(cohort.root, "sub-A009")
    (cohort.root / tiny_bids.image_path("sub-A001", "T1w")).unlink()
    place = cohort.root / tiny_bids.image_path("sub-A002", "FLAIR", ".json")
    place.unlink()
    place.write_bytes(b"{}\n")
    fresh, gone = sync.scan(cohort)
    assert gone == [tiny_bids.image_path("sub-A001", "T1w")]
    names = {file.path for file in fresh}
    assert tiny_bids.image_path("sub-A002", "FLAIR", ".json") in names
    assert all(path.startswith("sub-A009") or "sub-A009" in path or "sub-A002" in path for path in names)


subjects = st.sampled_from(tiny_bids.SUBJECTS[:3])
raters = st.sampled_from(tiny_bids.RATERS)
sites = st.sampled_from(["siteA", "siteB", "siteC", None])
scanners = st.sampled_from(["sc1", "sc2", None])
sidecars: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"SourceSHA256": "0" * 64},
        {"Sources": ["bids:raw:nowhere.nii.gz"], "SpatialReference": "bids:nowhere"},
        {"RaterID": "e07", "Revision": 2},
        {"Sources": 7, "SpatialReference": [], "RaterID": [], "Revision": "x"},
    ]
)

INHERITED = (
    "FLAIR.json",
    "T1w.json",
    "mask.json",
    "{0}/{0}_FLAIR.json",
    "{0}/ses-M00/{0}_ses-M00_T1w.json",
    f"{tiny_bids.MANUAL}/mask.json",
    f"{tiny_bids.MANUAL}/desc-e01_mask.json",
    tiny_bids.MANUAL + "/{0}/{0}_mask.json",
)
inherited: st.SearchStrategy[object] = st.sampled_from(
    [None, {"MagneticFieldStrength": 7, "Manufacturer": "Other", "RaterID": "e09"}, {"StudyInstanceUID": "x"}, [1]]
)


def _hurry(connection: sqlite3.Connection, *_: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # what a dying machine keeps is not the question here


class Edits(RuleBasedStateMachine):
    """Files come, change and go at random; the rows must be those of a full projection."""

    template: Registry

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="edits"))
        shutil.copytree(self.template.root, self.folder / "r", symlinks=True)
        self.registry = registry_at(self.folder / "r")
        if self.registry.engine.dialect.name == "sqlite":
            orm_event.listen(self.registry.engine, "checkout", _hurry)
        self.root = self.folder / "files"
        tiny_bids.write_cohort(self.root, tiny_bids.SUBJECTS[:2])
        self.apply(sorted(facts_walk(self.root)), [])

    def apply(self, changed: list[str], removed: list[str]) -> None:
        """Bring the registry up to date with these files."""
        with self.registry.unit_of_work() as database:
            refresh.apply(database, [facts.read(self.root, path) for path in changed], removed)

    @rule(subject=subjects, rater=raters, sidecar=sidecars)
    def reading(self, subject: str, rater: str, sidecar: dict[str, Any]) -> None:
        """A reading is written or rewritten, with any sidecar."""
        tiny_bids.write_reading(self.root, subject, rater, **sidecar)
        self.apply([tiny_bids.reading_path(subject, rater, ending) for ending in (".nii.gz", ".json")], [])

    @rule(subject=subjects, like=subjects)
    def image(self, subject: str, like: str) -> None:
        """An image is written, or takes the voxels of another subject."""
        tiny_bids.put(self.root, tiny_bids.image_path(subject), tiny_bids.image(like, "FLAIR"))
        self.apply([tiny_bids.image_path(subject)], [])

    @rule(subject=subjects, site=sites, scanner=scanners)
    def session(self, subject: str, site: str | None, scanner: str | None) -> None:
        """A session moves to another site or scanner, or to none."""
        path = f"{subject}/{subject}_sessions.tsv"
        row = {"session_id": "ses-M00", "days_from_baseline": 0, "site": site, "scanner": scanner}
        tiny_bids.put_table(self.root, path, [row], tiny_bids.SESSIONS)
        self.apply([path], [])

    @rule(listed=st.sets(subjects), person=st.sampled_from(["P1", "P2", None]))
    def participants(self, listed: set[str], person: str | None) -> None:
        """Other participants are listed, as other persons."""
        rows = [{**tiny_bids.participant(subject), "person_id": person} for subject in sorted(listed)]
        tiny_bids.put_table(self.root, "participants.tsv", rows, tiny_bids.PARTICIPANTS)
        self.apply(["participants.tsv"], [])

    @rule(said=st.dictionaries(st.tuples(subjects, subjects), st.sampled_from(["same_person", "suspected", "cleared"])))
    def persons(self, said: dict[tuple[str, str], str]) -> None:
        """Reviewers say who is one person."""
        rows = [{"subject_a": a, "subject_b": b, "kind": kind, "method": "declared"} for (a, b), kind in said.items()]
        tiny_bids.put_table(self.root, places.PERSON_LINKS, rows, ("subject_a", "subject_b", "kind", "method"))
        self.apply([places.PERSON_LINKS], [])

    @rule(links=st.sampled_from([{"raw": "file:../.."}, {"raw": "file:../../../.."}, {}, "no links"]))
    def links(self, links: object) -> None:
        """The links between datasets change."""
        path = f"{tiny_bids.MANUAL}/dataset_description.json"
        tiny_bids.put_json(self.root, path, {"Name": "Readings", "DatasetLinks": links})
        self.apply([path], [])

    @rule(subject=subjects, place=st.sampled_from(INHERITED), stated=inherited)
    def sidecar_above(self, subject: str, place: str, stated: object) -> None:
        """A sidecar above the images, of the dataset, the subject or the session, is written or goes."""
        path = place.format(subject)
        if stated is not None:
            tiny_bids.put_json(self.root, path, stated)
            self.apply([path], [])
        elif (self.root / path).exists():
            (self.root / path).unlink()
            self.apply([], [path])

    @precondition(lambda self: any(facts_walk(self.root)))
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Any file goes."""
        path = data.draw(st.sampled_from(sorted(facts_walk(self.root))))
        (self.root / path).unlink()
        self.apply([], [path])

    @invariant()
    def rows_are_those_of_a_full_projection(self) -> None:
        """The incremental rows are those of a full projection."""
        live = registry_state.rows(self.registry)
        with self.registry.unit_of_work() as database:
            refresh.clear(database)
            refresh.apply(database, [facts.read(self.root, path) for path in sorted(facts_walk(self.root))])
        assert registry_state.rows(self.registry) == live

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.registry.engine.dispose()
        shutil.rmtree(self.folder)


def facts_walk(root: Path) -> list[str]:
    files = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return [path for path in files if facts.is_indexed(path)]


@pytest.mark.parametrize("steps", [12, pytest.param(60, marks=pytest.mark.soak)])
def test_edits_in_any_order_give_the_rows_of_a_full_projection(empty: Registry, steps: int) -> None:
    with empty.unit_of_work() as database:
        refresh.clear(database)
    empty.engine.dispose()
    Edits.template = empty
    limits = settings(max_examples=6 if steps < 20 else 200, stateful_step_count=steps, deadline=None)
    run_state_machine_as_test(Edits, settings=limits)  # type: ignore[no-untyped-call]
