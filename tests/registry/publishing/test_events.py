"""Events are append-only: any edited, removed or reordered event is found (law 4)."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from registry.errors import IntegrityError
from registry.publishing import events
from registry.publishing.events import GENESIS, body, digest, export, read_log, verify_chain
from registry.store import Registry
from registry.tables import Event

payloads = st.dictionaries(st.text("ab", max_size=2), st.integers() | st.text("xyz", max_size=3), max_size=2)


def chain_of(writer: str, contents: list[dict[str, Any]]) -> list[Event]:
    made: list[Event] = []
    for number, payload in enumerate(contents, start=1):
        event = Event(
            writer=writer,
            number=number,
            at="2026-11-01T00:00:00Z",
            actor="e01",
            kind="import",
            payload=payload,
            previous=made[-1].hash if made else GENESIS,
            hash="",
        )
        event.hash = digest(event)
        made.append(event)
    return made


chains = st.lists(payloads, min_size=2, max_size=5).map(lambda contents: chain_of("w1", contents))


@given(chains)
def test_a_whole_chain_verifies(chain: list[Event]) -> None:
    verify_chain(chain)
    verify_chain([*chain, *chain_of("w2", [{}, {"a": 1}])])


@given(chain=chains, data=st.data())
def test_an_edited_event_is_found(chain: list[Event], data: st.DataObject) -> None:
    event = data.draw(st.sampled_from(chain))
    field = data.draw(st.sampled_from(["actor", "kind", "at", "payload", "previous", "hash", "number", "writer"]))
    changed = {"payload": {"edited": True}, "number": event.number + 7, "writer": "w9"}.get(field, "edited")
    setattr(event, field, changed)
    with pytest.raises(IntegrityError, match="The event log is broken at"):
        verify_chain(chain)


@given(chain=chains, data=st.data())
def test_an_event_edited_and_hashed_anew_is_found_by_the_next(chain: list[Event], data: st.DataObject) -> None:
    event = data.draw(st.sampled_from(chain[:-1]))
    event.payload = {"edited": True}
    event.hash = digest(event)
    with pytest.raises(IntegrityError, match=f"w1/{event.number + 1}"):
        verify_chain(chain)


@given(chain=chains, data=st.data())
def test_a_removed_event_is_found(chain: list[Event], data: st.DataObject) -> None:
    del chain[data.draw(st.integers(0, len(chain) - 2))]
    with pytest.raises(IntegrityError):
        verify_chain(chain)


@given(chain=chains, data=st.data())
def test_a_reordered_chain_is_found(chain: list[Event], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(chain))).filter(lambda order: list(order) != sorted(order)))
    with pytest.raises(IntegrityError):
        verify_chain([chain[index] for index in order])


@given(chain=chains)
def test_exported_events_are_read_back_and_written_once(
    chain: list[Event], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("log")
    assert export(root, chain[:1]) == export(root, chain) == [events.log_path(chain[0])]
    again = read_log(root)
    assert [(body(event), event.hash) for event in again] == [(body(event), event.hash) for event in chain]
    verify_chain(again)


def test_a_line_cut_short_by_a_crash_is_written_again(tmp_path: Path) -> None:
    chain = chain_of("w1", [{}, {}])
    (place,) = export(tmp_path, chain[:1])
    with (tmp_path / place).open("ab") as stream:
        stream.write(b'{"writer": "w1", "num')
    export(tmp_path, chain)
    assert [event.number for event in read_log(tmp_path)] == [1, 2]


@pytest.mark.parametrize("line", [b"no json", b"{}", b"[]", b"7"])
def test_a_line_that_is_no_event_is_named_by_its_file(tmp_path: Path, line: bytes) -> None:
    (place,) = export(tmp_path, chain_of("w1", [{}]))
    with (tmp_path / place).open("ab") as stream:
        stream.write(line + b"\n")
    with pytest.raises(IntegrityError, match=place):
        read_log(tmp_path)


def test_a_key_smuggled_into_a_line_is_found(tmp_path: Path) -> None:
    (place,) = export(tmp_path, chain_of("w1", [{}]))
    raw = json.loads((tmp_path / place).read_bytes())
    (tmp_path / place).write_bytes(json.dumps({**raw, "approved": True}).encode() + b"\n")
    with pytest.raises(IntegrityError):
        read_log(tmp_path)


def test_each_writer_has_numbers_without_gaps(empty: Registry) -> None:
    with empty.unit_of_work() as database:
        for writer in ("wa", "wb", "wa", "wa", "wb"):
            events.append(database, writer, "e01", "import", {})
        database.flush()
        made = sorted(database.execute(select(Event.writer, Event.number).where(col(Event.writer).in_(["wa", "wb"]))))
    assert made == [("wa", 1), ("wa", 2), ("wa", 3), ("wb", 1), ("wb", 2)]


@given(chains)
def test_looking_at_a_chain_does_not_change_it(chain: list[Event]) -> None:
    before = deepcopy([event.model_dump() for event in chain])
    verify_chain(chain)
    assert [event.model_dump() for event in chain] == before
