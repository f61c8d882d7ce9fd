"""A name has one colour: whatever chart it is in, and as far as can be whatever joins it."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from registry.app import colours
from registry.vocabulary.display import NOT_STATED

NAMES = st.lists(st.text(min_size=1, max_size=6).filter(lambda name: name != NOT_STATED), unique=True, max_size=10)


@given(NAMES, st.randoms())
def test_up_to_ten_names_have_colours_of_their_own_in_any_order(names: list[str], chance: Random) -> None:
    given_ = colours.of(names)
    chance.shuffle(names)
    assert colours.of(names) == given_
    assert len({given_[name] for name in names}) == len(names)


@given(NAMES.filter(bool), st.data())
def test_a_name_that_joins_takes_a_colour_from_no_name_but_one_that_would_have_the_same(
    names: list[str], data: st.DataObject
) -> None:
    joining = data.draw(st.sampled_from(names))
    alone = colours.of([joining])[joining]
    before, after = (colours.of(group) for group in ([name for name in names if name != joining], names))
    if alone not in before.values():
        assert after == {**before, joining: alone}


@given(NAMES)
def test_grey_is_what_is_not_stated_and_nothing_else(names: list[str]) -> None:
    found = colours.of([*names, NOT_STATED])
    assert [name for name, colour in found.items() if colour == colours.GREY] == [NOT_STATED]
