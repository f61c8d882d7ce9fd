"""A table that several people rewrite is computed from the newest one, however often somebody is faster."""

from __future__ import annotations

import pytest

from registry.errors import StorageError
from registry.publishing import Change, publish, write_files
from registry.publishing.table_rewrite import Draft, rewrite
from registry.store import Registry
from tests.support.templates import registry_state

NOTES = "code/registry/notes.txt"
CHANGE = Change("note", "Write a note")


def add(registry: Registry, line: str, *, replaces: bool = True) -> None:
    held = registry.root / NOTES
    text = (held.read_text() if held.exists() else "") + line
    replaced = frozenset({NOTES}) if replaces else frozenset()
    publish(registry, Change("note", "Write a note", replaces=replaced), write_files({NOTES: text.encode()}))


def test_whoever_was_overtaken_begins_again_from_the_newer_table(empty: Registry) -> None:
    add(empty, "first\n", replaces=False)
    tries = []

    def compute() -> Draft:
        held = (empty.root / NOTES).read_text()
        tries.append(held)
        if len(tries) == 1:
            add(empty, "faster\n")
        return Draft(CHANGE, {NOTES: f"{held}mine\n".encode()})

    rewrite(empty, NOTES, compute)
    assert tries == ["first\n", "first\nfaster\n"]
    assert (empty.root / NOTES).read_text() == "first\nfaster\nmine\n"


def test_nothing_to_do_writes_nothing(empty: Registry) -> None:
    add(empty, "first\n", replaces=False)
    before = registry_state.everything(empty)
    rewrite(empty, NOTES, lambda: None)
    assert registry_state.everything(empty) == before


@pytest.mark.slow
def test_who_is_always_overtaken_gives_up_and_changes_nothing(empty: Registry) -> None:
    add(empty, "0\n", replaces=False)

    def compute() -> Draft:
        add(empty, "other\n")
        return Draft(CHANGE, {NOTES: b"mine\n"})

    with pytest.raises(StorageError, match="Other processes keep writing code"):
        rewrite(empty, NOTES, compute)
    assert set((empty.root / NOTES).read_text().split()) == {"0", "other"}
