"""Frozen bytes are found wherever they are, and what is not them is never taken for them."""

from __future__ import annotations

import hashlib

import pytest

from registry.manifests import FileRef
from registry.publishing import Change, publish, write_files
from registry.publishing.commits import commit_pending
from registry.snapshots.content import locate
from registry.store import Registry

NOTES = "code/registry/notes.txt"


def ref(data: bytes, path: str = NOTES) -> FileRef:
    return FileRef(path, hashlib.sha256(data).hexdigest(), len(data))


@pytest.fixture
def revised(empty: Registry) -> Registry:
    """A registry in which one file was written and replaced."""
    for data, replaces in ((b"first", frozenset[str]()), (b"second", frozenset({NOTES}))):
        publish(empty, Change("note", "Note", replaces=replaces), write_files({NOTES: data}))
        commit_pending(empty)
    return empty


def test_the_present_revision_is_read_where_it_lies(revised: Registry) -> None:
    found = locate(revised, [ref(b"second")])
    assert found.places == {NOTES: revised.root / NOTES}
    assert (found.earlier, found.missing, found.changed) == ((), (), ())


def test_an_earlier_revision_comes_from_the_history(revised: Registry) -> None:
    found = locate(revised, [ref(b"first")])
    assert found.places[NOTES].read_bytes() == b"first"
    assert (found.earlier, found.missing, found.changed) == ((NOTES,), (), ())
    assert (revised.root / NOTES).read_bytes() == b"second"


def test_bytes_that_never_were_are_missing(revised: Registry) -> None:
    found = locate(revised, [ref(b"never"), ref(b"x", "sub-A000/nothing.txt")])
    assert (found.places, found.missing, found.changed) == ({}, (NOTES, "sub-A000/nothing.txt"), ())


def test_an_edit_behind_the_back_of_the_registry_is_named(revised: Registry) -> None:
    place = revised.root / NOTES
    place.unlink()
    place.write_bytes(b"edited")
    found = locate(revised, [ref(b"second")])
    assert (found.places, found.missing, found.changed) == ({}, (), (NOTES,))
