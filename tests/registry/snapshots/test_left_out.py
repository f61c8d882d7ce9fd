"""What would be left out: every image of the query is in a sample or has a reason, and the snapshot agrees."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import snapshots
from registry.cohorts import exclusions, splits
from registry.errors import NotFound
from registry.publishing import Change, publish
from registry.snapshots import flow, left_out
from registry.snapshots.flow_diagram import DARK, svg, words
from registry.snapshots.left_out import Effects
from registry.snapshots.targets import parse_policy
from registry.store import Registry
from registry.vocabulary.reasons import in_words
from tests.support.cohorts import frozen_cohort
from tests.support.templates.frozen import BOTH, QUERY

FIRST = parse_policy(["expert:e01"])


def adds_up(found: Effects) -> bool:
    return found.images == found.sample_images + sum(effect.images for effect in found.by_reason)


def test_reasons_and_units_are_counted(registry: Registry) -> None:
    exclusions.exclude(registry, "P006", "consent-withdrawn")
    exclusions.exclude(registry, frozen_cohort.image("sub-A001", "T1w"), "motion")
    found = left_out.effects(registry, BOTH, "main", FIRST)
    assert adds_up(found)
    told = [(item.name, item.samples, item.images, item.persons) for item in found.by_reason]
    assert told == [("excluded:consent-withdrawn", 2, 4, 1), ("excluded:motion", 1, 2, 1)]
    units = [(item.name, item.reason, item.samples, item.images) for item in found.by_unit]
    assert units == [
        ("P006", "excluded:consent-withdrawn", 2, 4),
        (frozen_cohort.image("sub-A001", "T1w"), "excluded:motion", 1, 1),
    ]
    made = snapshots.create(registry, "both", "main", FIRST)
    assert (found.samples, found.sample_persons) == (len(made.samples), len({item.person for item in made.samples}))


UNITS = [
    *(f"P{number:03d}" for number in range(7)),
    *frozen_cohort.SUBJECTS,
    *(f"{name}/ses-M00" for name in frozen_cohort.SUBJECTS),
    *(frozen_cohort.image(name, suffix) for name in frozen_cohort.SUBJECTS for suffix in ("FLAIR", "T1w")),
]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    excluded=st.dictionaries(st.sampled_from(UNITS), st.sampled_from(["motion", "consent-withdrawn"]), max_size=9),
    policy=st.lists(st.sampled_from(["expert", "expert:e02", "consensus", "soft", "random-expert:3"]), min_size=1),
    sql=st.sampled_from([QUERY, BOTH]),
)
def test_no_image_is_lost_without_a_reason(
    registry: Registry, excluded: dict[str, str], policy: list[str], sql: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exclusions, "reasons", lambda _: excluded)
        found = left_out.effects(registry, sql, "main", parse_policy(policy))
    assert adds_up(found)
    by_hand = {item.reason for item in found.by_unit}
    assert by_hand <= {f"excluded:{reason}" for reason in excluded.values()}
    assert {item.name for item in found.by_unit} <= set(excluded)
    units = sum(item.samples for item in found.by_unit)
    assert units == sum(item.samples for item in found.by_reason if item.name.startswith("excluded:"))


@pytest.mark.parametrize("policy", [["expert"], ["consensus"], ["expert:e09", "soft"]])
def test_the_target_policy_is_a_reason(registry: Registry, policy: list[str]) -> None:
    found = left_out.effects(registry, QUERY, None, parse_policy(policy))
    assert adds_up(found)
    lost = {item.name: item.images for item in found.by_reason}
    assert lost == ({} if policy[-1] == "soft" else {"target-undecided": 8})


def test_a_stale_mask_is_told_apart_from_no_mask(registry: Registry) -> None:
    """The image of sub-A001 is replaced, so its readings are of an older image."""
    path = frozen_cohort.image("sub-A001")

    def replace(tree: Path) -> None:
        (tree / path).parent.mkdir(parents=True)
        (tree / path).write_bytes((registry.root / frozen_cohort.image("sub-A002")).read_bytes())

    publish(registry, Change("import", "Replace an image", replaces=frozenset({path})), replace)
    found = left_out.effects(registry, QUERY, None, FIRST)
    assert [(item.name, item.samples) for item in found.by_reason] == [("stale-mask", 1)]
    assert adds_up(found)


def test_who_is_in_no_part_is_a_reason(registry: Registry) -> None:
    splits.create(registry, "few", "flair", splits.SplitRequest((0.5, 0.25, 0.25)))
    found = left_out.effects(registry, QUERY, "few", FIRST)
    assert found.by_reason == ()
    with pytest.raises(NotFound):
        left_out.effects(registry, QUERY, "nobody")


def test_the_flow_of_a_manifest_ends_with_its_samples(registry: Registry) -> None:
    exclusions.exclude(registry, "P006", "consent-withdrawn")
    exclusions.exclude(registry, frozen_cohort.image("sub-A001", "T1w"), "motion")
    made = snapshots.create(registry, "both", "main", FIRST)
    found = flow.of_manifest(made)
    assert found.steps[0].samples == len(made.samples) + 3
    assert {loss.reason: loss.samples for step in found.steps for loss in step.lost} == {
        "excluded:consent-withdrawn": 2,
        "excluded:motion": 1,
    }
    last = found.steps[-1]
    assert (last.samples, last.images) == (len(made.samples), sum(len(item.images) for item in made.samples))
    for one, two in zip(found.steps, found.steps[1:], strict=False):
        assert one.samples - sum(loss.samples for loss in two.lost) == two.samples  # type: ignore[operator]
    assert "2 samples" in words(found)
    assert "None" not in svg(found)


def test_the_picture_can_be_dark(registry: Registry) -> None:
    found = flow.of_sql(registry, QUERY, None, FIRST)
    assert svg(found, DARK) != svg(found)
    assert DARK.text in svg(found, DARK)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("excluded:consent-withdrawn", "excluded: consent withdrawn"),
        ("no-target", "no mask"),
        ("excluded:quality-reject", "rejected in the quality check"),
        ("something-new", "something new"),
    ],
)
def test_reasons_have_words(code: str, said: str) -> None:
    assert in_words(code).startswith(said)
