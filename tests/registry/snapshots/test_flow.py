"""The flow of a query: nothing appears from nowhere, nothing vanishes without a reason."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import snapshots
from registry.catalog import Catalog, conditions
from registry.cohorts import exclusions, queries
from registry.errors import NotFound
from registry.snapshots.flow import Flow, flow
from registry.snapshots.flow_diagram import svg, words
from registry.snapshots.targets import parse_policy
from registry.store import Registry
from tests.support.cohorts import frozen_cohort

FIRST = parse_policy(["expert:e01"])


def adds_up(found: Flow) -> bool:
    pairs = list(zip(found.steps, found.steps[1:], strict=False))
    images = all(one.images - sum(loss.images for loss in two.lost) == two.images for one, two in pairs)
    counted = [(one, two) for one, two in pairs if one.samples is not None and two.samples is not None]
    samples = all(one.samples - sum(loss.samples for loss in two.lost) == two.samples for one, two in counted)
    shrinks = all((one.persons, one.sessions) >= (two.persons, two.sessions) for one, two in pairs)
    return images and samples and shrinks


@pytest.mark.parametrize("policy", [["expert:e01"], ["consensus"], ["random-expert:3"], ["soft"]])
def test_it_ends_with_the_samples_of_the_snapshot(registry: Registry, policy: list[str]) -> None:
    exclusions.exclude(registry, "P006", "consent-withdrawn")
    exclusions.exclude(registry, frozen_cohort.image("sub-A001", "T1w"), "motion")
    found = flow(registry, "both", "main", parse_policy(policy))
    assert adds_up(found)
    last = found.steps[-1]
    if policy == ["consensus"]:
        assert last.samples == 0
        return
    made = snapshots.create(registry, "both", "main", parse_policy(policy))
    assert (last.samples, last.images) == (len(made.samples), sum(len(sample.images) for sample in made.samples))
    told = {loss.reason: loss.samples for step in found.steps for loss in step.lost if loss.samples}
    assert told == {"excluded:consent-withdrawn": 2, "excluded:motion": 1}


def test_each_condition_is_one_step(registry: Registry) -> None:
    queries.save(
        registry,
        "steps",
        "SELECT path FROM images i WHERE i.suffix = 'FLAIR' AND (site = 'siteB' OR age > 32) AND subject IN "
        "(SELECT subject FROM masks GROUP BY subject HAVING count(*) > 1) -- all read twice",
    )
    found = flow(registry, "steps", None, FIRST)
    assert [(step.name, step.detail, step.images) for step in found.steps[:4]] == [
        ("all images", "", 16),
        ("where", "i.suffix = 'FLAIR'", 8),
        ("where", "(site = 'siteB') OR (age > 32)", 5),
        ("where", found.steps[3].detail, 5),
    ]
    assert adds_up(found)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT path FROM images WHERE suffix = 'FLAIR' AND site = 'siteA' ORDER BY path LIMIT 3",
        "SELECT max(path) AS path FROM images WHERE suffix = 'FLAIR' AND age > 31",
        "SELECT path FROM images WHERE suffix = 'FLAIR' UNION SELECT path FROM images WHERE age > 34 AND sex = 'F'",
        "SELECT path FROM images WHERE suffix = 'FLAIR' GROUP BY path HAVING count(*) = 1",
    ],
)
def test_what_cannot_be_taken_apart_is_one_step(registry: Registry, sql: str) -> None:
    queries.save(registry, "whole", sql)
    found = flow(registry, "whole", None, FIRST)
    assert [step.name for step in found.steps[:2]] == ["all images", "query"]
    assert adds_up(found)


def test_a_join_is_a_step_of_its_own(registry: Registry) -> None:
    queries.save(
        registry,
        "joined",
        "SELECT i.path FROM images i JOIN masks m ON m.image = i.path WHERE m.rater = 'e02' AND i.class = 'MS'",
    )
    found = flow(registry, "joined", None, FIRST)
    assert [step.images for step in found.steps[:4]] == [16, 8, 8, 4]
    assert adds_up(found)


TESTS = st.sampled_from(
    [
        "suffix = 'FLAIR'",
        "site = 'siteA'",
        "age BETWEEN 31 AND 35",
        "class IN ('MS')",
        "NOT age > 34",
        "person_id <> 'P001'",
        "subject LIKE 'sub-A00%'",
        "(sex = 'F' OR age = 30)",
        "field_strength_t = 3",
    ]
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TESTS, min_size=1, max_size=4, unique=True))
def test_conditions_together_are_the_query(registry: Registry, tests: list[str]) -> None:
    catalog = Catalog(registry)
    sql = f"SELECT path FROM images WHERE {' AND '.join(tests)}"
    bare, found = conditions.split(catalog, sql)
    assert len(found) == len(tests)
    assert catalog.value(f"SELECT count(*) FROM ({bare})") == 16
    wanted = sorted(row["path"] for row in catalog.rows(sql))
    assert sorted(row["path"] for row in catalog.rows(found[-1].sql)) == wanted


def test_the_picture_says_what_the_table_says(registry: Registry) -> None:
    queries.save(registry, "marked", "SELECT path FROM images WHERE suffix = 'FLAIR' AND age < 36 AND site <> '<&\">'")
    exclusions.exclude(registry, "sub-A002", "motion")
    found = flow(registry, "marked", "main", FIRST)
    drawn = svg(found)
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.find(f"{space}desc").text == words(found)  # type: ignore[union-attr]
    texts = [item.text for item in root.iter(f"{space}text")]
    for step in found.steps:
        assert step.name in texts
    assert "excluded: motion (1 sample, 1 image)" in " ".join(map(str, texts)), "whatever line it is broken over"
    assert drawn == svg(flow(registry, "marked", "main", FIRST))


def test_a_condition_that_ticks_write_is_told_in_words(registry: Registry) -> None:
    sql = "SELECT path FROM images WHERE channel = 'FLAIR' AND \"class\" IN ('HC', 'MS') AND age < 36"
    queries.save(registry, "ticked", sql)
    said = words(flow(registry, "ticked", None, FIRST))
    assert "Channel: FLAIR: " in said
    assert "Class: HC or MS: " in said
    assert "where age < 36: " in said


def test_unknown_queries_are_named(registry: Registry) -> None:
    with pytest.raises(NotFound, match="no saved query 'nobody'"):
        flow(registry, "nobody")
