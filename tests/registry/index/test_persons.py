"""Persons are the connected components of what is declared and what is confirmed, whatever the order of rows."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from registry.index.rows.persons import CLEARED, SAME, SUSPECTED, resolve

SUBJECTS = [f"sub-{letter}" for letter in "abcdefgh"]

declared = st.dictionaries(st.sampled_from(SUBJECTS), st.sampled_from(["P1", "P10", "P2", "p2", "Q"]))
pairs = st.lists(st.tuples(st.sampled_from(SUBJECTS), st.sampled_from(SUBJECTS)), max_size=8)


def rows(found: list[tuple[str, str]], kind: str = SAME) -> list[Mapping[str, str | None]]:
    return [{"subject_a": a, "subject_b": b, "kind": kind} for a, b in found]


def table(people: Mapping[str, str]) -> dict[str, Mapping[str, str | None]]:
    return {subject: {"person_id": person} for subject, person in people.items()}


def reachable(start: str, people: Mapping[str, str], links: list[tuple[str, str]]) -> set[str]:
    """Every subject that is the same person, by walking."""
    found, waiting = {start}, [start]
    while waiting:
        at = waiting.pop()
        near = {b for a, b in links if a == at} | {a for a, b in links if b == at}
        near |= {other for other in SUBJECTS if at in people and people.get(other) == people[at]}
        waiting += near - found
        found |= near
    return found


@given(people=declared, links=pairs)
def test_two_subjects_are_one_person_exactly_where_a_path_joins_them(
    people: dict[str, str], links: list[tuple[str, str]]
) -> None:
    who = resolve(table(people), rows(links))
    for subject in SUBJECTS:
        same = {other for other in SUBJECTS if who.person(other) == who.person(subject)}
        assert same == reachable(subject, people, links)


@given(people=declared, links=pairs)
def test_the_smallest_id_by_bytes_stands_for_all(people: dict[str, str], links: list[tuple[str, str]]) -> None:
    who = resolve(table(people), rows(links))
    for subject in SUBJECTS:
        ids = {who.declared_person(other) for other in reachable(subject, people, links)}
        assert who.person(subject) == min(ids, key=str.encode)
        assert {who.now(person) for person in ids} == {who.person(subject)}


@given(people=declared, links=pairs, data=st.data())
def test_the_order_of_rows_is_irrelevant(
    people: dict[str, str], links: list[tuple[str, str]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations([(b, a) for a, b in links]))
    assert resolve(table(people), rows(links)) == resolve(table(people), rows(shuffled))


@given(people=declared, links=pairs, kind=st.sampled_from([SUSPECTED, CLEARED]))
def test_what_nobody_confirmed_joins_nobody(people: dict[str, str], links: list[tuple[str, str]], kind: str) -> None:
    assert resolve(table(people), rows(links, kind)) == resolve(table(people), [])


def test_a_subject_nobody_describes_is_a_person_of_its_own() -> None:
    who = resolve({}, [])
    assert who.person("sub-A1") == "P-A1"
    assert who.person("sub-A1") != who.person("sub-A2")
