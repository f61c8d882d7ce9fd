"""Facets: the SQL keeps exactly what the filters say, the counts are those of counting by hand, no value breaks out."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog import Catalog, conditions, facets
from registry.catalog.facets import FACETS, Facet, Filter, Kind
from registry.errors import UsageError
from registry.store import registry_at
from registry.tables import ConsensusMask, Image, Mask, Person, Session, Site, Subject, Table

HOSTILE = (
    "siteA",
    "O'Brien",
    "'; DROP TABLE images; --",
    "a''b",
    "\\",
    "%",
    "NULL",
    "",
    " ",
    "é\u202eß",
    "x\ny",
    "-- ?",
)
"""Names of centres that no centre has."""

FIELDS = [facet.field for facet in FACETS]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """Rows drawn at random, some of them with nothing stated, some with texts that look like SQL."""
    registry = registry_at(tmp_path_factory.mktemp("rows"))
    with registry.engine.begin() as connection:
        for table, rows in _rows(random.Random(5)):
            connection.execute(table.__table__.insert(), rows)  # type: ignore[attr-defined]
    yield Catalog(registry)
    registry.engine.dispose()


def _rows(draw: random.Random) -> Iterator[tuple[type[Table], list[dict[str, Any]]]]:
    subjects = [
        {
            "subject_id": f"sub-{n:02d}",
            "person_id": f"P{n // 2}",
            "sex": draw.choice(["F", "M", None]),
            "age": draw.choice([None, 18.0, 33.3, 65.0]),
            "class_label": draw.choice(["MS", "HC", None]),
            "radiological_status": draw.choice(["normal", None]),
        }
        for n in range(24)
    ]
    sessions = [
        {
            "session_key": f"{row['subject_id']}{visit}",
            "subject_id": row["subject_id"],
            "days_from_baseline": draw.choice([None, 0, 180, 371]),
            "site_id": draw.choice([*HOSTILE, None]),
        }
        for row in subjects
        for visit in draw.choice([("",), ("/ses-M00", "/ses-M12")])
    ]
    images = [_image(draw, row, channel) for row in sessions for channel in ("FLAIR", "ce-gadolinium_T1w")]
    yield Person, [{"person_id": f"P{n}"} for n in range(12)]
    yield Site, [{"site_id": name} for name in HOSTILE]
    yield Subject, subjects
    yield Session, sessions
    yield Image, images
    masked = draw.sample(images, 30)
    yield Mask, [{**_mask(image, f"e{n}"), "rater_id": f"e{n}", "kind": "mask"} for image in masked for n in range(2)]
    yield ConsensusMask, [{**_mask(image, "majority"), "method": "majority", "parameters": {}} for image in masked[:9]]


def _image(draw: random.Random, session: dict[str, Any], channel: str) -> dict[str, Any]:
    path = f"{session['session_key']}/{channel}.nii.gz"
    return {
        "path": path,
        "dataset": "raw",
        "subject_id": session["subject_id"],
        "session_key": session["session_key"],
        "datatype": "anat",
        "suffix": channel,
        "channel": channel,
        "space": draw.choice([None, "MNI"]),
        "sha256": path,
        "size": 1,
        "n_i": 9,
        "n_j": 9,
        "n_k": 9,
        "spacing_i_mm": draw.choice([0.47, 0.46875, 1.0]),
        "spacing_j_mm": 1.0,
        "spacing_k_mm": draw.choice([1.0, 3.0]),
        "affine_ras": [],
        "dtype": "int16",
        "orientation": "RAS",
        "field_strength_t": draw.choice([None, 1.5, 3.0, 2.893620]),
        "nominal_field_t": draw.choice([None, 1.5, 3.0]),
        **{name: draw.choice([None, "1", "mag", "norm"]) for name in ("rec", "echo", "inv", "part")},
    }


def _mask(image: dict[str, Any], who: str) -> dict[str, Any]:
    return {
        "path": f"{who}/{image['path']}",
        "image_path": image["path"],
        "subject_id": image["subject_id"],
        "protocol": "ms",
        "desc": who,
        "suffix": "mask",
        "sha256": "",
        "size": 1,
        "labels": {},
        "n_voxels": 1,
        "volume_mm3": 1.0,
    }


def rows_of(catalog: Catalog) -> list[dict[str, Any]]:
    """Every image with the value of each facet, computed here and not by the facet's SQL."""
    return [
        {
            **row,
            "consensus": row["n_consensus"] > 0,
            "timepoint": row["session"].partition("/")[2] or None,
            "finest_mm": min(row[f"spacing_{axis}_mm"] for axis in "ijk"),
            "coarsest_mm": max(row[f"spacing_{axis}_mm"] for axis in "ijk"),
        }
        for row in catalog.rows("SELECT * FROM images")
    ]


def passes(row: dict[str, Any], chosen: Filter) -> bool:
    """What a filter means, said once more."""
    value = row[chosen.field]
    if value is None:
        return None in chosen.values
    within = (chosen.low, chosen.high) != (None, None) and (
        (chosen.low is None or value >= chosen.low) and (chosen.high is None or value <= chosen.high)
    )
    return within or value in [item for item in chosen.values if item is not None]


TEXTS = st.one_of(
    st.sampled_from([*HOSTILE, "MS", "F", "FLAIR", "ses-M12", "raw", "MNI", "normal"]), st.text(max_size=9)
)
NUMBERS = st.one_of(
    st.sampled_from([0, 0.47, 0.46875, 1, 1.5, 2, 2.89362, 18, 33.3, 65, 180, 371]),
    st.floats(-1e6, 1e6, allow_nan=False),
)


@st.composite
def filters_of(draw: st.DrawFn, facet: Facet) -> Filter:
    missing = draw(st.lists(st.none(), max_size=1))
    if facet.kind is Kind.RANGE:
        ends = sorted(draw(st.lists(NUMBERS, min_size=2, max_size=2)))
        low, high = (end if draw(st.booleans()) else None for end in ends)
        return Filter(facet.field, tuple(missing), low, high)
    values = {Kind.TEXT: TEXTS.filter(lambda text: "\0" not in text), Kind.NUMBER: NUMBERS, Kind.YES_NO: st.booleans()}
    return Filter(facet.field, (*draw(st.lists(values[facet.kind], max_size=3)), *missing))


CHOSEN = st.lists(st.sampled_from(FACETS), unique=True, max_size=4).flatmap(
    lambda found: st.tuples(*(filters_of(facet) for facet in found))
)


@given(chosen=CHOSEN)
def test_the_sql_keeps_exactly_what_the_filters_say(catalog: Catalog, chosen: tuple[Filter, ...]) -> None:
    wanted = {row["path"] for row in rows_of(catalog) if all(passes(row, item) for item in chosen if item.active)}
    assert {row["path"] for row in catalog.rows(facets.sql(chosen))} == wanted
    assert catalog.value("SELECT count(*) FROM images") == len(rows_of(catalog)), "and nothing is gone"


@given(chosen=CHOSEN)
def test_counts_are_those_of_counting_by_hand(catalog: Catalog, chosen: tuple[Filter, ...]) -> None:
    found, rows = facets.count(catalog, chosen), rows_of(catalog)
    active = [item for item in chosen if item.active]
    left = [row for row in rows if all(passes(row, item) for item in active)]
    assert found.totals == {
        "persons": len({row["person_id"] for row in left}),
        "subjects": len({row["subject"] for row in left}),
        "sessions": len({row["session"] for row in left}),
        "images": len(left),
    }
    assert sum(row["images"] for row in found.groups) == len(left)
    for facet in FACETS:
        others = [row for row in rows if all(passes(row, item) for item in active if item.field != facet.field)]
        if facet.kind is Kind.RANGE:
            span = found.spans[facet.field]
            stated = [row[facet.field] for row in others if row[facet.field] is not None]
            assert (span.stated, span.missing) == (len(stated), len(others) - len(stated))
            assert all(span.low <= value <= span.high for value in stated)  # type: ignore[operator]
            continue
        for choice in found.choices[facet.field]:
            mine = [row for row in others if row[facet.field] == choice.value]
            assert (choice.images, choice.persons) == (len(mine), len({row["person_id"] for row in mine}))
        assert {choice.value for choice in found.choices[facet.field]} == {row[facet.field] for row in rows}


@given(chosen=CHOSEN, order=st.randoms(use_true_random=False))
def test_the_same_choice_is_the_same_text(chosen: tuple[Filter, ...], order: random.Random) -> None:
    shuffled = [
        Filter(item.field, tuple(order.sample(item.values, len(item.values))), item.low, item.high)
        for item in order.sample(chosen, len(chosen))
    ]
    assert facets.sql(shuffled) == facets.sql(chosen)


@given(value=st.one_of(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**53), 2**53)))
def test_a_literal_is_its_value(catalog: Catalog, value: str | float) -> None:
    if isinstance(value, str) and "\0" in value:
        with pytest.raises(UsageError, match="zero byte"):
            facets.literal(value)
        return
    assert catalog.value(f"SELECT {facets.literal(value)}{'' if isinstance(value, str) else '::DOUBLE'}") == value


@given(chosen=CHOSEN)
def test_each_filter_is_one_step_of_the_flow(catalog: Catalog, chosen: tuple[Filter, ...]) -> None:
    assert len(conditions.split(catalog, facets.sql(chosen))[1]) == sum(item.active for item in chosen)


def test_words_become_filters() -> None:
    words = [
        "site=A",
        "site=",
        "site=B=C",
        "age=18..65",
        "age=",
        "n_readings=2..",
        "finest_mm=..0.5",
        "consensus=yes",
        "field_strength_t=3",
        "days_from_baseline=0",
    ]
    assert facets.sql(facets.parse(words)).splitlines() == [
        "SELECT path",
        "FROM images",
        "WHERE (site IN ('A', 'B=C') OR site IS NULL)",
        "  AND n_consensus > 0",
        "  AND n_readings >= 2",
        "  AND days_from_baseline BETWEEN 0 AND 0",
        "  AND (age BETWEEN 18 AND 65 OR age IS NULL)",
        "  AND field_strength_t = 3",
        "  AND least(spacing_i_mm, spacing_j_mm, spacing_k_mm) <= 0.5",
    ]
    assert facets.sql([]) == "SELECT path\nFROM images"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["site"], "is no filter"),
        (["planet=Mars"], "nothing to filter by"),
        (["age=old"], "is no number"),
        (["age=65..18"], "No age lies between"),
        (["age=.."], "is no range"),
        (["age=nan"], "is no number"),
        (["age=1..2", "age=3..4"], "two ranges"),
        (["consensus=perhaps"], "neither yes nor no"),
        (["field_strength_t=inf"], "is no value"),
        (["site=\udcff"], "no text"),
        (["site=a\0b"], "zero byte"),
    ],
)
def test_a_word_that_is_no_filter_is_a_sentence(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        facets.parse(words)
    assert refused.value.hint


@pytest.mark.parametrize("field", FIELDS)
def test_every_facet_is_told_in_words(catalog: Catalog, field: str) -> None:
    facet, found = facets.find_facet(field), facets.count(catalog, [])
    values = [choice.value for choice in found.choices.get(field, ())]
    assert all(facets.shown(facet, value).strip() or value in HOSTILE for value in values)
    assert facets.format_filter(Filter(field, (None,))).startswith(f"{facet.title}: not ")


@given(
    st.sampled_from([facet.field for facet in FACETS if facet.column == facet.field and facet.kind is Kind.TEXT]),
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=3, unique=True),
)
def test_a_condition_is_recognised_as_the_filter_that_writes_it(field: str, values: list[str]) -> None:
    chosen = Filter(field, tuple(sorted(values)))
    _, condition = facets.sql([chosen]).split("WHERE ")
    assert facets.recognise(condition) == chosen


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "age = 3",
        "suffix = 'FLAIR'",
        "channel <> 'FLAIR'",
        "channel = 'FLAIR' OR age > 3",
        "channel = lower('X')",
        "(channel = 'FLAIR')",
        "channel IN ()",
        "channel = 'FLAIR' OR site = 'A'",
        "channel = ''' OR site = 'A'",
    ],
)
def test_any_other_condition_stays_sql(condition: str) -> None:
    assert facets.recognise(condition) is None
