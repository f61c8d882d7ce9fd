"""Target policies: drawn, soft, and in order."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import snapshots
from registry.errors import UsageError
from registry.snapshots.targets import Choice, Reading, TargetPolicy, parse_policy
from registry.snapshots.targets.labels import list_readings, parse_labels, settle
from registry.store import Registry
from tests.support.cohorts import frozen_cohort

raters = st.lists(st.sampled_from([f"e{number:02d}" for number in range(9)]), min_size=1, unique=True)


def mask(source: str, label: str = "L", image: str = "i", **more: Any) -> dict[str, Any]:
    """The row of a mask that shows one structure."""
    row = {"role": "expert", "source": source, "image": image, "path": f"{image}_{source}_{label}"}
    return {**row, "label": label, "labels": {"1": "x"}, **more}


def masks(codes: list[str], image: str = "i") -> list[Reading]:
    """The readings of raters of one structure."""
    return list_readings([mask(code, image=image) for code in codes], ())


def source(choice: Choice | None) -> str:
    """Who drew the one reading that is the truth."""
    assert choice
    (reading,) = choice.truth
    return reading.source


@given(raters, st.randoms(), st.integers(0, 99))
def test_a_draw_depends_on_seed_image_and_raters_only(codes: list[str], shuffler: Any, seed: int) -> None:
    policy, listed = parse_policy([f"random-expert:{seed}"]), masks(codes)
    shuffled = shuffler.sample(listed, len(listed))
    assert policy.choose(listed) == policy.choose(sorted(shuffled, key=lambda reading: reading.path))


@given(raters.filter(lambda codes: len(codes) > 1), st.integers(0, 99))
def test_a_further_rater_changes_a_draw_only_to_that_rater(codes: list[str], seed: int) -> None:
    policy = parse_policy([f"random-expert:{seed}"])
    fewer, more = (source(policy.choose(masks(some))) for some in (codes[1:], codes))
    assert more in (fewer, codes[0])


def test_every_rater_is_drawn_about_as_often() -> None:
    policy = parse_policy(["random-expert:7"])
    drawn = Counter(source(policy.choose(masks(["e01", "e02", "e03"], f"image{number}"))) for number in range(3000))
    assert all(850 < count < 1150 for count in drawn.values())
    assert len(drawn) == 3


def test_the_seed_is_part_of_the_snapshot(registry: Registry) -> None:
    one, same, other = (
        snapshots.create(registry, "flair", None, parse_policy([f"random-expert:{seed}"])) for seed in (1, 1, 2)
    )
    assert one.snapshot_id == same.snapshot_id != other.snapshot_id
    assert one.target_policy["order"] == [{"kind": "random-expert", "source": "1"}]
    assert {sample.target.role for sample in one.samples if sample.target} == {"expert"}


def test_soft_lists_every_reading_of_one_image_and_no_mask(registry: Registry) -> None:
    made = snapshots.create(registry, "both", None, parse_policy(["soft"]))
    assert len(made.samples) == len(frozen_cohort.SUBJECTS)
    assert {sample.target for sample in made.samples} == {None}
    assert {tuple(item.source for item in sample.readings) for sample in made.samples} == {frozen_cohort.RATERS}
    assert made.labels == {"0": "background", "1": "lesion"}
    assert snapshots.get(registry, made.snapshot_id) == made


def test_soft_needs_two_readers_and_one_image() -> None:
    policy = parse_policy(["soft", "expert"])
    assert source(policy.choose(masks(["e01"]))) == "e01"
    both = [*masks(["e01"], "a"), *masks(["e01", "e02"], "b")]
    assert [reading.image for reading in policy.choose(both).truth] == ["b", "b"]  # type: ignore[union-attr]


def test_the_first_that_matches_wins() -> None:
    policy = parse_policy(["expert:e05", "random-expert"])
    assert policy.order == (("expert", "e05"), ("random-expert", "2026"))
    assert source(policy.choose(masks(["e04", "e05"]))) == "e05"
    assert source(policy.choose(masks(["e04"]))) == "e04"
    assert policy.choose([]) is None
    assert TargetPolicy().choose(masks(["e01", "e02"])) is None, "choosing between experts is a decision"


@pytest.mark.parametrize("word", ["majority", "random-expert:x", "random-expert:-1", "soft:e01", ""])
def test_what_is_no_target_is_named(word: str) -> None:
    with pytest.raises(UsageError, match=r"is not a (target|seed)"):
        parse_policy([word])


TWO = [mask(code, label) for code in ("e01", "e02") for label in ("GM", "cord")]
"""Two raters, who drew two structures of one image each in a file of its own."""


def test_one_rater_who_drew_two_structures_is_one_rater() -> None:
    both = parse_labels(["cord", "GM"])
    (one,) = list_readings(TWO[:2], both)
    assert {row["label"] for row in one.masks} == {"GM", "cord"}
    assert source(TargetPolicy(classes=both).choose([one])) == "e01"
    assert parse_policy(["soft"]).choose([one]) is None, "one rater is no share of raters"
    grey = list_readings(TWO[:2], parse_labels(["GM"]))
    assert [row["label"] for reading in grey for row in reading.masks] == ["GM"]


@given(st.integers(0, 99))
def test_a_draw_takes_a_rater_never_a_structure(seed: int) -> None:
    policy = parse_policy([f"random-expert:{seed}"], None, ["GM"])
    choice = policy.choose(list_readings(TWO, policy.classes))
    assert choice
    assert [row["label"] for reading in choice.truth for row in reading.masks] == ["GM"]
    assert len(choice.readings) == 2


def test_a_share_counts_each_rater_once() -> None:
    policy = parse_policy(["soft"], None, ["cord+GM"])
    choice = policy.choose(list_readings(TWO, policy.classes))
    assert choice
    assert [reading.source for reading in choice.truth] == ["e01", "e02"]
    again = [*masks(["e01"]), *list_readings([mask("e01", path="i_later")], ())]
    assert parse_policy(["soft"]).choose(again) is None


def test_a_reading_lacks_what_its_rater_did_not_draw() -> None:
    both = parse_labels(["cord", "GM"])
    assert [reading.source for reading in list_readings(TWO[:3], both)] == ["e01"]
    twice = [*TWO[:2], mask("e01", "GM", path="again")]
    assert list_readings(twice, both) == [], "nobody says which of two grey matters counts"


def test_a_table_of_labels_names_structures_too() -> None:
    several = mask("e01", "", labels={"0": "background", "1": "Anterior", "2": "Posterior"})
    classes = settle([several], parse_labels(["posterior"]))
    assert classes == (("Posterior",),)
    assert [reading.masks for reading in list_readings([several], classes)] == [(several,)]
    assert settle([several], ()) == (), "all masks show the same, so nothing need be chosen"


def test_what_is_ambiguous_is_refused_with_the_choices() -> None:
    with pytest.raises(UsageError, match=r"2 structures, not all .*: GM \(2\), cord \(2\)") as caught:
        settle(TWO, ())
    assert "--label GM --label cord for a class each" in caught.value.hint
    with pytest.raises(UsageError, match="No mask of these images shows 'lesion'") as caught:
        settle(TWO, parse_labels(["lesion"]))
    named = [mask("e01", "L", labels={"0": "background", "1": "lesion"})]
    assert settle(named, parse_labels(["Lesion"])) == settle(named, parse_labels(["l"])) == (("L",),)
    assert "GM (2), cord (2)" in caught.value.hint


@pytest.mark.parametrize("words", [[""], ["GM+"], ["GM", "GM"], ["+"]])
def test_a_label_without_a_name_or_named_twice_is_refused(words: list[str]) -> None:
    with pytest.raises(UsageError, match="is not a label, or is named twice"):
        parse_labels(words)
