"""Many processes may write at once: every file is committed once, by the commit of its own event and author."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from registry.catalog import Catalog
from registry.database.migrations import HEAD, current
from registry.maintenance import doctor, validation
from registry.publishing import Change, events, publish
from registry.publishing.commits import commit_pending
from registry.publishing.git import run_git
from registry.store import Registry, registry_at
from tests.support.children import parallel_writer
from tests.support.templates import registry_state

CHILD = Path(parallel_writer.__file__)


def run_writers(root: Path, count: int, writes: int) -> None:
    registry_state.run_together([[str(CHILD), str(root), str(number), str(writes)] for number in range(count)])


def commits_of(root: Path) -> dict[str, tuple[str, set[str]]]:
    """Event to author and changed paths, for every commit that names one."""
    printed = run_git(
        root, "log", "--name-only", "-z", "--format=%x01%an%x02%(trailers:key=Cohortium-Event,valueonly)%x02"
    )
    found = {}
    for entry in printed.split("\x01")[1:]:
        author, event, names = entry.split("\x02")
        if event.strip():
            assert event.strip() not in found, "one commit an event"
            found[event.strip()] = (author, {name.strip("\n") for name in names.split("\0") if name.strip("\n")})
    return found


def require_law_nine(registry: Registry) -> None:
    """A commit's changed paths are the paths of the event it claims and the log; its author is the event's actor."""
    commits = commits_of(registry.root)
    chain = events.read_log(registry.root)
    events.verify_chain(chain)
    assert {f"{event.writer}/{event.number}" for event in chain} == commits.keys()
    for event in chain:
        author, paths = commits[f"{event.writer}/{event.number}"]
        assert author == event.actor
        assert paths == {*event.payload["files"], events.log_path(event)}


def require_committed_once(registry: Registry, prefix: str) -> None:
    counts = Counter(
        path for _, paths in commits_of(registry.root).values() for path in paths if path.startswith(prefix)
    )
    assert counts
    assert set(counts.values()) == {1}


@pytest.mark.slow
def test_eight_processes_write_at_once_and_every_commit_has_its_own_author(empty: Registry) -> None:
    run_writers(empty.root, 8, 1)
    doctor.doctor(empty)
    require_law_nine(empty)
    require_committed_once(empty, "sub-B")
    assert registry_state.uncommitted(empty) == ""
    assert len((empty.root / "participants.tsv").read_text().splitlines()) == 9, "no row of the shared table is lost"
    assert Catalog(empty).value("SELECT count(*) FROM subjects") == 8
    assert validation.validate(empty, bids=False).errors == []


@pytest.mark.soak
def test_eight_processes_write_for_a_while(empty: Registry) -> None:
    run_writers(empty.root, 8, 20)
    doctor.doctor(empty)
    require_law_nine(empty)
    require_committed_once(empty, "sub-B")
    assert registry_state.uncommitted(empty) == ""


def test_processes_that_open_a_new_database_at_once_make_its_schema_once(empty: Registry) -> None:
    for left in empty.local.glob("registry.sqlite*"):
        left.unlink()
    program = (
        "import sys; from pathlib import Path; from registry.store import registry_at;"
        "registry_at(Path(sys.argv[1])).engine"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, str(empty.root)]) for _ in range(4)]
    assert [child.wait() for child in children] == [0, 0, 0, 0]
    assert current(registry_at(empty.root).engine) == HEAD


def test_a_file_that_somebody_deleted_does_not_block_the_committer(empty: Registry) -> None:
    for subject in ("sub-B001", "sub-B002"):
        publish(empty, Change("import", subject), lambda tree, s=subject: parallel_writer.write(tree, s))
        if subject == "sub-B001":
            (empty.root / "sub-B001/anat/sub-B001_T1w.json").unlink()
    commit_pending(empty)
    assert registry_state.uncommitted(empty) == ""
    assert [finding.code for finding in validation.validate(empty, bids=False).findings] == ["file-absent"]
