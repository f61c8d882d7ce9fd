"""What is missing is what most others of the same site and data set have, whatever other sites and data sets do."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog import overview
from registry.catalog.completeness import gaps

Cohort = dict[str, dict[tuple[str, str], str]]
"""Subject to (visit, channel) to what is there."""

THINGS = ("image", "read", "consensus")


def cells(cohorts: dict[str, Cohort]) -> list[dict[str, Any]]:
    """Rows as `overview.completeness` gives them, of cohorts by site: every subject by every visit and channel."""
    held = [slot for cohort in cohorts.values() for slots in cohort.values() for slot in slots]
    visits, channels = sorted({visit for visit, _ in held}), sorted({channel for _, channel in held})
    return [
        _cell(where, subject, slots, visit, channel)
        for where, cohort in cohorts.items()
        for subject, slots in cohort.items()
        for visit, channel in product(visits, channels)
    ]


def _cell(where: str, subject: str, slots: dict[tuple[str, str], str], visit: str, channel: str) -> dict[str, Any]:
    """A cell of a site; `where` may also name the data set and the letters of its labels, as in `x/other/L`."""
    site, source, letters = where.split("/") if "/" in where else (where, "one", where)
    there = slots.get((visit, channel))
    absent = "no image" if visit in {name for name, _ in slots} else "no session"
    return {
        "subject": f"sub-{letters}{subject}",
        "session": visit,
        "channel": channel,
        "site": site,
        "source": source,
        "state": there or absent,
        "images": int(there is not None),
        "readings": int(there in ("read", "consensus")),
        "consensus": int(there == "consensus"),
    }


def cohorts(visits: list[str], channels: list[str]) -> st.SearchStrategy[Cohort]:
    slots = st.dictionaries(st.tuples(st.sampled_from(visits), st.sampled_from(channels)), st.sampled_from(THINGS))
    return st.dictionaries(st.sampled_from("012345"), slots, max_size=6)


def told(cohorts: dict[str, Cohort], others: int = 2) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in gaps(cells(cohorts), others)}


@given(cohorts(["M00", "M12"], ["FLAIR", "T1w"]), cohorts(["01", "M00"], ["FLAIR", "T2w"]))
def test_another_cohort_of_another_site_makes_nothing_missing(one: Cohort, other: Cohort) -> None:
    assert told({"x": one, "y": other}) == told({"x": one}) | told({"y": other})


@pytest.mark.parametrize(("one", "other"), [("x/a/L", "x/b/L"), ("x/a/L", "x/a/M"), ("x/a/", "y/a/")])
def test_persons_who_came_once_lack_no_visit_of_those_who_came_twice(one: str, other: str) -> None:
    """Two data sets of one site, two parts of one data set, two sites; one group alone would lack nothing either."""
    twice = {str(number): {("01", "FLAIR"): "image", ("02", "FLAIR"): "image"} for number in range(6)}
    once = {str(number): {("01", "FLAIR"): "image"} for number in range(6, 9)}
    assert told({one: twice, other: once}) == set()
    assert len(told({one: {**twice, **once}})) == 3


@given(cohorts(["M00", "M12"], ["FLAIR", "T1w"]))
def test_nothing_that_is_there_is_missing_and_each_gap_is_drawn(cohort: Cohort) -> None:
    rows = cells({"x": cohort})
    drawn = [cell for group in overview.squares(rows, overview.gaps(rows)).values() for cell in group]
    assert sum(cell["images"] for cell in drawn) == sum(cell["images"] for cell in rows)
    assert all((cell["shown"] in THINGS) == bool(cell["images"]) for cell in drawn)
    lacking = {gap["subject"] for gap in overview.gaps(rows) if gap["missing"] in ("session", "image")}
    assert lacking == {cell["subject"] for cell in drawn if cell["shown"] == "missing"}


def _site(with_t1: int, without: int) -> Cohort:
    """Subjects with FLAIR, some of them with T1w as well."""
    both, one = ({("M00", channel): "image" for channel in channels} for channels in (("FLAIR", "T1w"), ("FLAIR",)))
    return {str(number): both if number < with_t1 else one for number in range(with_t1 + without)}


def test_two_thirds_of_the_others_make_an_image_expected() -> None:
    assert told({"x": _site(2, 1)}) == {("sub-x2", "M00", "T1w", "x", "image")}
    assert {row[0] for row in told({"x": _site(4, 2)})} == {"sub-x4", "sub-x5"}
    assert told({"x": _site(3, 3)}) == set()


def test_a_site_with_too_few_others_lacks_nothing() -> None:
    assert told({"x": _site(1, 1)}) == set()
    assert told({"x": _site(3, 1)}, others=4) == set()
    assert told({"x": _site(4, 1)}, others=4) == {("sub-x4", "M00", "T1w", "x", "image")}


def test_a_reading_and_a_consensus_are_missed_where_most_images_of_the_channel_have_one() -> None:
    there = {"0": "consensus", "1": "consensus", "2": "read", "3": "image"}
    cohort = {name: {("M00", "FLAIR"): thing} for name, thing in there.items()}
    assert told({"x": cohort}) == {
        ("sub-x2", "M00", "FLAIR", "x", "consensus"),
        ("sub-x3", "M00", "FLAIR", "x", "reading"),
    }
