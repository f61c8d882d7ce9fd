"""What can be laid over an image, and how two label maps compare."""

from __future__ import annotations

import numpy as np
import pytest

from curation.pages.subject.tables import list_references, name_layer
from registry.readings import overlap, overlays
from registry.readings.overlays import Drawing, Kind
from registry.store import Registry
from tests.support.cohorts.app_cohort import RUN, lesions

FLAIR = "sub-A001/ses-M00/anat/sub-A001_ses-M00_FLAIR.nii.gz"


def test_drawings_come_by_rater_then_consensus_and_reach_other_images_on_the_grid(full: Registry) -> None:
    images = overlays.on_grid(full, FLAIR)
    assert images == [FLAIR, FLAIR.replace("FLAIR", "T1w")]
    found = overlays.over(full, images)
    assert [(item.kind, item.source) for item in found] == [
        (Kind.READING, "e01"),
        (Kind.READING, "e02"),
        (Kind.READING, "e03"),
        (Kind.CONSENSUS, "majority"),
    ]


def test_predictions_stand_last_and_state_no_volume(full: Registry) -> None:
    found = overlays.over(full, ["sub-A002/ses-M00/anat/sub-A002_ses-M00_FLAIR.nii.gz"])
    assert (found[-1].kind, found[-1].source, found[-1].volume_mm3) == (Kind.PREDICTION, RUN, None)
    assert overlap.measure(full, found[-1].sha256) is not None


def test_dice_is_that_of_the_voxels(full: Registry) -> None:
    readings = overlays.over(full, [FLAIR])
    one, other = lesions(1, "ses-M00", 0) > 0, lesions(1, "ses-M00", 2) > 0
    expected = 2 * np.sum(one & other) / (one.sum() + other.sum())
    assert overlap.dice(full, readings[0].sha256, readings[2].sha256) == pytest.approx(expected)
    assert overlap.dice(full, readings[2].sha256, readings[0].sha256) == pytest.approx(expected)
    measured = overlap.measure(full, readings[0].sha256)
    assert measured is not None
    assert measured.parts == 2
    assert measured.volume_mm3 == pytest.approx(readings[0].volume_mm3)


def test_content_that_comes_later_is_measured_then(writable: Registry) -> None:
    reading = overlays.over(writable, [FLAIR])[0]
    place, aside = writable.root / reading.path, writable.root / "aside"
    place.rename(aside)
    assert overlap.measure(writable, reading.sha256) is None
    aside.rename(place)
    assert overlap.measure(writable, reading.sha256) is not None


def test_a_mask_is_compared_with_the_consensus_of_its_own_structure() -> None:
    """Grey matter against a consensus of the cord would be a number without a meaning."""

    def drawing(kind: Kind, structure: str) -> Drawing:
        return Drawing(kind, "e01", "p", f"{kind}-{structure}", "", {}, None, structure=structure)

    grey, cord, white = (drawing(Kind.READING, name) for name in ("GM", "cord", "WM"))
    agreed, model = drawing(Kind.CONSENSUS, "GM"), drawing(Kind.PREDICTION, "")
    one = list_references([grey, cord, white, agreed, model])
    assert one == {grey.path: agreed, cord.path: None, white.path: None, agreed.path: agreed, model.path: agreed}
    other = drawing(Kind.CONSENSUS, "cord")
    two = list_references([grey, cord, agreed, other, model])
    assert (two[grey.path], two[cord.path], two[model.path]) == (agreed, other, None)
    assert [name_layer(item, [grey, cord]) for item in (grey, cord)] == ["Rater e01, GM", "Rater e01, cord"]
    assert name_layer(grey, [grey, agreed]) == "Rater e01"
