"""A mask that does not lie on its image, or holds what no table names, is found from the facts of its file (law 2)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from sqlmodel import select

from registry.errors import GeometryError, InvalidInput
from registry.index.rows import read_roots
from registry.maintenance.mask_checks import by_subject, check_places, check_subject, require_sound
from registry.store import Registry
from registry.tables import File
from registry.vocabulary.findings import Finding, Severity
from tests.support.cohorts import tiny_bids

SUBJECT = "sub-A000"
MASK = tiny_bids.reading_path(SUBJECT, "e01")


def found(registry: Registry, **facts: Any) -> list[tuple[str, str]]:
    """Code and path of what is found, with other facts about one mask."""
    with registry.reading() as database:
        files = [File(**copy.deepcopy(file.model_dump())) for file in database.exec(select(File)).all()]
    for file in files:
        if file.path == MASK:
            file.facts |= facts
    roots = read_roots(file for file in files if file.subject_id is None)
    return [(item.code, item.path) for item in check_subject(SUBJECT, by_subject(files)[SUBJECT], roots)]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"shape": [20, 24, 13]}, "mask-other-grid"),
        ({"affine": [2, 0, 0, 0.01, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]}, "mask-other-grid"),
        ({"dtype": "float32"}, "mask-not-integer"),
        ({"counts": {"0": 1, "7": 1}}, "mask-unknown-label"),
        ({"forms_agree": False}, "forms-disagree"),
    ],
)
def test_what_is_wrong_with_a_mask_is_named(shared: Registry, facts: dict[str, Any], code: str) -> None:
    assert found(shared, **facts) == [(code, MASK)]


def test_sound_masks_are_silent(shared: Registry) -> None:
    assert found(shared) == []
    assert found(shared, affine=[2, 0, 0, 0.0009, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]) == [], "within the tolerance"


def test_the_first_error_is_raised_by_its_kind_and_the_others_are_counted() -> None:
    grid, label = (Finding(code, Severity.ERROR, "m", "x") for code in ("mask-other-grid", "mask-unknown-label"))
    warning = Finding("mask-stale", Severity.WARNING, "m", "x")
    require_sound([warning])
    with pytest.raises(GeometryError, match=r"^m x \(1 more like it\)\.$"):
        require_sound([warning, grid, label])
    with pytest.raises(InvalidInput, match=r"^m x\.$"):
        require_sound([label])


FLAIR, T1W = tiny_bids.image_path("sub-A001"), tiny_bids.image_path("sub-A001", "T1w")


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ({"forms_missing": True}, {("forms-missing", T1W)}),
        ({"forms_agree": False}, {("forms-disagree", T1W)}),
        (
            {"affine": [2, 0, 0, 400, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]},
            {("images-apart", T1W), ("images-apart", FLAIR)},
        ),
        ({"affine": [2, 0, 0, 20, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1]}, set()),
    ],
    ids=["no form", "two forms", "400 mm away", "half covered"],
)
def test_images_whose_place_is_not_clear_are_named(
    shared: Registry, facts: dict[str, Any], codes: set[tuple[str, str]]
) -> None:
    with shared.reading() as database:
        files = [File(**copy.deepcopy(file.model_dump())) for file in database.exec(select(File)).all()]
    for file in files:
        if file.path == T1W:
            file.facts |= facts
    assert {(item.code, item.path) for item in check_places(by_subject(files)["sub-A001"])} == codes
