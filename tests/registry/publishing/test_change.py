"""Publishing is all or nothing: a refused change leaves every file and every row as it was."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from registry.errors import GeometryError, InvalidInput, StorageError
from registry.files.volumes import encode
from registry.index import refresh
from registry.index.rows import read_roots
from registry.maintenance import mask_checks
from registry.publishing import Change, publish, staging
from registry.publishing.commits import commit_pending
from registry.store import Registry
from tests.support.cohorts import tiny_bids
from tests.support.templates import registry_state

CHANGE = Change("import", "A delivery")
Write = Callable[[Path], None]


def new_subject(tree: Path) -> None:
    tiny_bids.write_cohort(tree, ["sub-A007"])


def nothing_new(tree: Path) -> None:
    tiny_bids.write_cohort(tree)


@pytest.fixture
def unchanged(cohort: Registry) -> Iterator[Registry]:
    """A registry that must be, after the test, byte for byte what it was before."""
    assert cohort.writer
    before = registry_state.everything(cohort)
    yield cohort
    assert registry_state.everything(cohort) == before


def put(path: str, data: bytes) -> Write:
    return lambda tree: tiny_bids.put(tree, path, data)


def test_a_change_names_every_path_that_is_new_and_none_that_is_there_already(cohort: Registry) -> None:
    before = registry_state.files(cohort.root)
    paths = publish(cohort, CHANGE, new_subject)
    after = registry_state.files(cohort.root)
    changed = {path for path, checksum in after.items() if checksum and before.get(path) != checksum}
    assert set(paths) == changed
    assert publish(cohort, CHANGE, new_subject) == []


def test_delivering_the_same_files_again_changes_nothing(unchanged: Registry) -> None:
    assert publish(unchanged, CHANGE, nothing_new) == []


def refuse_all(_: object) -> None:
    raise InvalidInput("The check says no.")


def test_a_change_that_its_check_refuses_leaves_no_trace(unchanged: Registry) -> None:
    with pytest.raises(InvalidInput, match="says no"):
        publish(unchanged, CHANGE, new_subject, check=refuse_all)


def test_a_writer_that_fails_half_way_leaves_no_trace(unchanged: Registry) -> None:
    def write(tree: Path) -> None:
        new_subject(tree)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        publish(unchanged, CHANGE, write)


def test_a_person_who_interrupts_leaves_no_trace(unchanged: Registry) -> None:
    def write(tree: Path) -> None:
        new_subject(tree)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(unchanged, CHANGE, write)


IMAGE = tiny_bids.image_path("sub-A007")


def damaged(position: int) -> bytes:
    data = bytearray(tiny_bids.image("sub-A007", "FLAIR"))
    data[position] ^= 0xFF
    return bytes(data)


REFUSED: dict[str, tuple[Write, str]] = {
    "an image that is text": (put(IMAGE, b"no image"), "not a NIfTI image"),
    "an empty image": (put(IMAGE, b""), "not a NIfTI image"),
    "an annex pointer": (put(IMAGE, b"/annex/objects/SHA256E-s1--00.nii.gz\n"), "not a NIfTI image"),
    "an image cut in its header": (put(IMAGE, tiny_bids.image("sub-A007", "FLAIR")[:40]), "not a NIfTI image"),
    "a JSON file that is not closed": (put("sub-A007/a.json", b'{"a": '), "not readable JSON"),
    "a JSON file in another encoding": (put("sub-A007/a.json", '{"a": "é"}'.encode("latin-1")), "not readable JSON"),
    "a JSON file with NaN": (put("sub-A007/a.json", b'{"a": NaN}'), "not readable JSON"),
    "JSON nested without end": (put("sub-A007/a.json", b"[" * 100_000), "not readable JSON"),
    "a table with ragged rows": (put("sub-A007/a.tsv", b"a\tb\n1\n"), "not a readable table"),
    "a table in another encoding": (put("sub-A007/a.tsv", "a\né\n".encode("latin-1")), "not a readable table"),
    "a table with a column twice": (put("sub-A007/a.tsv", b"a\ta\n1\t2\n"), "not a readable table"),
    "a session twice": (put("sub-A007/sub-A007_sessions.tsv", b"session_id\nses-1\nses-1\n"), "not a readable table"),
    "a participant twice": (put("participants.tsv", b"participant_id\nsub-B1\nsub-B1\n"), "cannot be joined"),
    "participants without their column": (put("participants.tsv", b"name\nsub-B1\n"), "cannot be joined"),
    "a participant who contradicts": (put("participants.tsv", b"participant_id\tsex\nsub-A000\tM\n"), "sex = F"),
    "other voxels under a known name": (
        put(tiny_bids.image_path("sub-A000"), tiny_bids.image("sub-A001", "FLAIR")),
        "in the registry already",
    ),
    "a name that differs by case": (put("sub-a000/x.json", b"{}"), "differ only by case"),
    "two names that differ by accents": (
        lambda tree: [put(f"sub-A007/{name}.json", b"{}")(tree) for name in ("e\u0301", "\u00e9")] and None,
        "differ only by",
    ),
    "a name that cannot be printed": (put("sub-A007/a\nb.json", b"{}"), "cannot be printed"),
    "a name of undecodable bytes": (put(os.fsdecode(b"sub-A007/\xff.json"), b"{}"), "cannot be printed"),
    "a link": (lambda tree: os.symlink("/etc/hostname", tree / "sub-A007"), "is a link"),
    "a loop of links": (lambda tree: os.symlink("sub-A007", tree / "sub-A007"), "is a link"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_with_a_sentence_and_the_registry_is_as_it_was(unchanged: Registry, case: str) -> None:
    write, sentence = REFUSED[case]
    with pytest.raises(InvalidInput, match=sentence):
        publish(unchanged, CHANGE, write)


def check_masks(files: object) -> None:
    listed = list(files)  # type: ignore[call-overload]
    roots = read_roots(file for file in listed if file.subject_id is None)
    for subject, group in mask_checks.by_subject(listed).items():
        mask_checks.require_sound(mask_checks.check_subject(subject, group, roots))


def test_a_mask_on_another_grid_is_refused(unchanged: Registry) -> None:
    moved = tiny_bids.AFFINE.copy()
    moved[0, 3] += 0.01

    mask = encode(tiny_bids.lesions("sub-A007", "e02"), moved)

    def write(tree: Path) -> None:
        new_subject(tree)
        tiny_bids.put(tree, tiny_bids.reading_path("sub-A007", "e02"), mask)

    with pytest.raises(GeometryError, match=r"0\.01 mm"):
        publish(unchanged, CHANGE, write, check=check_masks)


def full() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")


def failing(function: Callable[..., object], at: int, only: str = "") -> Callable[..., object]:
    """The function, but its call number `at` finds the disk full."""
    calls = 0

    def wrapped(*args: object, **kwargs: object) -> object:
        nonlocal calls
        if only in str(args[0]):
            calls += 1
        if calls == at and only in str(args[0]):
            calls += 1
            raise full()
        return function(*args, **kwargs)

    return wrapped


@pytest.mark.parametrize(
    ("name", "at"),
    [("fsync", 1), ("fsync", 9), ("link", 1), ("replace", 1), ("replace", 2), ("replace", 9), ("replace", 12)],
)
def test_a_disk_that_fills_up_while_files_move_leaves_no_trace(
    unchanged: Registry, monkeypatch: pytest.MonkeyPatch, name: str, at: int
) -> None:
    monkeypatch.setattr(staging.os, name, failing(getattr(os, name), at))
    with pytest.raises(StorageError, match="No space left"):
        publish(unchanged, CHANGE, new_subject)
    monkeypatch.undo()


def test_a_disk_that_is_full_before_anything_is_staged_leaves_no_trace(unchanged: Registry) -> None:
    def write(tree: Path) -> None:
        raise full()

    with pytest.raises(StorageError, match="No space left"):
        publish(unchanged, CHANGE, write)


def test_rows_that_cannot_be_written_move_the_files_back(unchanged: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(refresh, "apply", refuse)
    with pytest.raises(StorageError, match="disk is full"):
        publish(unchanged, CHANGE, new_subject)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_transaction_that_cannot_be_committed_leaves_no_trace(
    unchanged: Registry, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    dialect = unchanged.engine.dialect
    commits = 0

    def refuse(connection: object) -> None:
        nonlocal commits
        commits += 1
        if commits == at:
            raise dialect.loaded_dbapi.OperationalError("database or disk is full")
        type(dialect).do_commit(dialect, connection)

    monkeypatch.setattr(dialect, "do_commit", refuse)
    with pytest.raises(StorageError, match="disk is full"):
        publish(unchanged, CHANGE, new_subject)


def test_a_table_that_two_waiting_changes_share_is_committed_between_them(cohort: Registry) -> None:
    first = publish(cohort, Change("import", "First", actor="anna"), new_subject)
    publish(cohort, Change("import", "Second", actor="ben"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A009"]))
    assert "participants.tsv" in first
    assert len(commit_pending(cohort)) == 1, "the first was committed before the second was staged"
    assert registry_state.uncommitted(cohort) == ""


def test_files_that_only_travel_along_get_no_rows(cohort: Registry) -> None:
    def write(tree: Path) -> None:
        tiny_bids.put(tree, "sourcedata/sub-A000/anat/sub-A000_T1w.nii.gz", b"as delivered")
        tiny_bids.put(tree, "sourcedata/report[1].txt", b"a name that git could take for a pattern")

    before = registry_state.rows(cohort, without=registry_state.LEDGER)
    publish(cohort, CHANGE, write)
    commit_pending(cohort)
    assert registry_state.rows(cohort, without=registry_state.LEDGER) == before
    assert registry_state.uncommitted(cohort) == ""
