"""Target policies: drawn, soft, and in order."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import snapshots
from registry.errors import UsageError
from registry.snapshots.targets import TargetPolicy, parse_policy
from registry.store import Registry
from tests.support.cohorts import frozen_cohort

raters = st.lists(st.sampled_from([f"e{number:02d}" for number in range(9)]), min_size=1, unique=True)


def masks(codes: list[str], image: str = "i") -> list[dict[str, Any]]:
    return [{"kind": "expert", "source": code, "image": image, "path": f"{image}_{code}"} for code in codes]


@given(raters, st.randoms(), st.integers(0, 99))
def test_a_draw_depends_on_seed_image_and_raters_only(codes: list[str], shuffler: Any, seed: int) -> None:
    policy, listed = parse_policy([f"random-expert:{seed}"]), masks(codes)
    shuffled = shuffler.sample(listed, len(listed))
    assert policy.choose(listed).mask == policy.choose(shuffled).mask  # type: ignore[union-attr]


@given(raters.filter(lambda codes: len(codes) > 1), st.integers(0, 99))
def test_a_further_rater_changes_a_draw_only_to_that_rater(codes: list[str], seed: int) -> None:
    policy = parse_policy([f"random-expert:{seed}"])
    fewer, more = (policy.choose(masks(some)).mask["source"] for some in (codes[1:], codes))  # type: ignore[union-attr, index]
    assert more in (fewer, codes[0])


def test_every_rater_is_drawn_about_as_often() -> None:
    policy = parse_policy(["random-expert:7"])
    drawn = Counter(
        policy.choose(masks(["e01", "e02", "e03"], f"image{number}")).mask["source"]  # type: ignore[union-attr, index]
        for number in range(3000)
    )
    assert all(850 < count < 1150 for count in drawn.values())
    assert len(drawn) == 3


def test_the_seed_is_part_of_the_snapshot(registry: Registry) -> None:
    one, same, other = (
        snapshots.create(registry, "flair", None, parse_policy([f"random-expert:{seed}"])) for seed in (1, 1, 2)
    )
    assert one.snapshot_id == same.snapshot_id != other.snapshot_id
    assert one.target_policy["order"] == [{"kind": "random-expert", "source": "1"}]
    assert {sample.target.kind for sample in one.samples if sample.target} == {"expert"}


def test_soft_lists_every_reading_of_one_image_and_no_mask(registry: Registry) -> None:
    made = snapshots.create(registry, "both", None, parse_policy(["soft"]))
    assert len(made.samples) == len(frozen_cohort.SUBJECTS)
    assert {sample.target for sample in made.samples} == {None}
    assert {tuple(item.source for item in sample.readings) for sample in made.samples} == {frozen_cohort.RATERS}
    assert made.labels == {"0": "background", "1": "lesion"}
    assert snapshots.get(registry, made.snapshot_id) == made


def test_soft_needs_two_readers_and_one_image() -> None:
    policy = parse_policy(["soft", "expert"])
    assert policy.choose(masks(["e01"])).mask["source"] == "e01"  # type: ignore[union-attr, index]
    both = [*masks(["e01"], "a"), *masks(["e01", "e02"], "b")]
    assert [mask["image"] for mask in policy.choose(both).readings] == ["b", "b"]  # type: ignore[union-attr]


def test_the_first_that_matches_wins() -> None:
    policy = parse_policy(["expert:e05", "random-expert"])
    assert policy.order == (("expert", "e05"), ("random-expert", "2026"))
    assert policy.choose(masks(["e04", "e05"])).mask["source"] == "e05"  # type: ignore[union-attr, index]
    assert policy.choose(masks(["e04"])).mask["source"] == "e04"  # type: ignore[union-attr, index]
    assert policy.choose([]) is None
    assert TargetPolicy().choose(masks(["e01", "e02"])) is None, "choosing between experts is a decision"


@pytest.mark.parametrize("word", ["majority", "random-expert:x", "random-expert:-1", "soft:e01", ""])
def test_what_is_no_target_is_named(word: str) -> None:
    with pytest.raises(UsageError, match=r"is not a (target|seed)"):
        parse_policy([word])
