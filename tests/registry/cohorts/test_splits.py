"""Splits: every person in exactly one part, close to its share, and never moved by a later version (law 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.cohorts import leaks, queries, splits, versioned
from registry.cohorts.splits import SplitRequest, assign
from registry.errors import NotFound, SplitError, UsageError
from registry.manifests import PARTS
from registry.publishing import Change, publish
from registry.store import Registry
from registry.tables import Split
from tests.support.cohorts import tiny_bids

Persons = Mapping[str, tuple[str, ...]]
persons = st.dictionaries(
    st.integers(0, 500).map("P{:03d}".format),
    st.sampled_from([("A", "MS"), ("A", "HC"), ("B", "MS"), ("B", "n/a")]),
    min_size=3,
    max_size=60,
)
requests = st.builds(
    SplitRequest,
    ratios=st.sampled_from([(0.6, 0.2, 0.2), (0.8, 0.1, 0.1), (0.34, 0.33, 0.33), (0.5, 0.5, 0.0), (1.0, 0.0, 0.0)]),
    seed=st.integers(0, 99),
)


@given(people=persons, request=requests)
def test_every_person_is_in_exactly_one_wanted_part(people: Persons, request: SplitRequest) -> None:
    parts = assign(people, request, {})
    assert parts.keys() == people.keys()
    wanted = {part for part, share in zip(PARTS, request.ratios, strict=True) if share}
    assert set(parts.values()) == wanted, "and no wanted part is empty"


@given(people=persons, request=requests)
def test_every_part_is_within_two_persons_of_its_share(people: Persons, request: SplitRequest) -> None:
    counts = Counter(assign(people, request, {}).values())
    for part, share in zip(PARTS, request.ratios, strict=True):
        assert abs(counts[part] - share * len(people)) < 2


@given(people=persons, seed=st.integers(0, 99))
def test_every_stratum_is_mixed_like_the_cohort(people: Persons, seed: int) -> None:
    """Dealing goes on from one stratum to the next, so a stratum can be off by what each neighbour owed."""
    parts = assign(people, SplitRequest(seed=seed), {})
    for stratum in set(people.values()):
        members = [person for person in people if people[person] == stratum]
        counts = Counter(parts[person] for person in members)
        for part, share in zip(PARTS, (0.6, 0.2, 0.2), strict=True):
            assert abs(counts[part] - share * len(members)) < 3


@given(people=persons, request=requests, data=st.data())
def test_the_order_of_the_input_is_irrelevant(people: Persons, request: SplitRequest, data: st.DataObject) -> None:
    order = data.draw(st.permutations(sorted(people)))
    assert assign({person: people[person] for person in order}, request, {}) == assign(people, request, {})


@given(people=persons, more=persons, request=requests)
def test_earlier_assignments_never_move(people: Persons, more: Persons, request: SplitRequest) -> None:
    earlier = assign(people, request, {})
    later = assign({**people, **more}, request, earlier)
    assert {person: later[person] for person in earlier} == earlier
    assert later.keys() == people.keys() | more.keys()


@given(people=persons, request=requests, data=st.data())
def test_any_earlier_assignment_stands_or_the_split_is_refused(
    people: Persons, request: SplitRequest, data: st.DataObject
) -> None:
    kept = data.draw(st.dictionaries(st.sampled_from(sorted(people)), st.sampled_from(PARTS)))
    wanted = {part for part, share in zip(PARTS, request.ratios, strict=True) if share}
    try:
        parts = assign(people, request, kept)
    except SplitError:
        free = people.keys() - kept.keys()
        assert len(free) < len(wanted), "with a free person for every part nothing has to be refused"
        return
    assert {person: parts[person] for person in kept} == kept
    assert wanted <= set(parts.values())


@given(people=persons)
def test_another_seed_may_divide_otherwise_but_as_fairly(people: Persons) -> None:
    assume(len(people) > 8)
    one, other = (Counter(assign(people, SplitRequest(seed=seed), {}).values()) for seed in (1, 2))
    assert all(abs(one[part] - other[part]) <= 2 for part in PARTS)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_persons_are_refused(count: int) -> None:
    with pytest.raises(SplitError, match=f"{count} persons cannot fill 3 parts"):
        assign({f"P{index}": ("A",) for index in range(count)}, SplitRequest(), {})


@pytest.mark.parametrize("ratios", [(0.5, 0.2, 0.2), (1.2, -0.1, -0.1)])
def test_shares_that_are_no_shares_are_refused(ratios: tuple[float, float, float]) -> None:
    with pytest.raises(UsageError, match="do not add up to 1"):
        SplitRequest(ratios)


def test_a_column_that_cannot_stratify_is_refused() -> None:
    with pytest.raises(UsageError, match="Cannot stratify by 'path'"):
        SplitRequest(stratify=("site", "path"))


@pytest.fixture
def asked(cohort: Registry) -> Registry:
    queries.save(cohort, "flair", "SELECT * FROM images WHERE suffix = 'FLAIR'")
    return cohort


def test_a_person_seen_as_two_subjects_is_in_one_part(asked: Registry) -> None:
    split = splits.create(asked, "s", "flair")
    assert len(splits.assignments(asked, split)) == 5
    assert leaks.check_split(asked, "s") == []


def test_the_same_request_again_is_the_same_version(asked: Registry) -> None:
    assert splits.create(asked, "s", "flair") == splits.create(asked, "s", "flair")
    assert len(versioned.list_all(asked, Split)) == 1


def test_a_new_version_keeps_what_was_assigned(asked: Registry) -> None:
    first = splits.assignments(asked, splits.create(asked, "s", "flair"))
    new = [f"sub-A{index:03d}" for index in range(10, 16)]
    publish(asked, Change("import", "More"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A001", *new]))
    second = splits.create(asked, "s", "flair", SplitRequest(seed=7))
    later = splits.assignments(asked, second)
    assert second.version == 2
    assert {person: later[person] for person in first} == first
    assert splits.assignments(asked, splits.get(asked, "s@1")) == first


def test_another_query_gives_another_version_even_where_nobody_moves(asked: Registry) -> None:
    splits.create(asked, "s", "flair")
    queries.save(asked, "t1w", "SELECT * FROM images WHERE suffix = 'T1w'")
    second = splits.create(asked, "s", "t1w")
    assert (second.version, second.query) == (2, "t1w@1")


def test_a_split_of_too_few_persons_is_refused_and_nothing_is_written(asked: Registry) -> None:
    queries.save(asked, "one", "SELECT * FROM images WHERE subject = 'sub-A000'")
    with pytest.raises(SplitError, match="1 persons cannot fill 3 parts"):
        splits.create(asked, "s", "one")
    assert versioned.list_all(asked, Split) == []
    assert not Path(asked.root, "code/registry/splits").exists()


@pytest.mark.parametrize("reference", ["nobody", "s@2", "s@two"])
def test_a_split_that_is_not_there_is_not_found(asked: Registry, reference: str) -> None:
    splits.create(asked, "s", "flair")
    with pytest.raises(NotFound, match="no split"):
        splits.get(asked, reference)
