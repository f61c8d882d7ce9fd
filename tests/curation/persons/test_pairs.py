"""What the page of persons tells of a pair: leaks foretold, evidence, facts, and heads that lie alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from curation.persons import links, pairs, side_by_side
from curation.persons.links import LinkDecision
from curation.persons.orientation_letters import SIDES, add_letters
from registry.catalog import Catalog, subjects
from registry.cohorts import leaks, splits
from registry.cohorts.persons import SAME, SUSPECTED
from registry.errors import NotFound
from registry.files import volumes
from registry.store import Registry
from registry.tables import PersonLink
from tests.support.cohorts.app_cohort import AFFINE, head

A, B = "sub-A001", "sub-A002"


def test_crossings_are_the_leaks_that_follow(writable: Registry) -> None:
    """What is foretold for a pair is what `split check` finds once it is confirmed."""
    parts = splits.assignments(writable, splits.get(writable, "by-person"))
    persons = {"sub-A001": "P001", "sub-A002": "P002", "sub-B003": "P003", "sub-B004": "P004", "sub-B005": "P005"}
    apart = next((a, b) for a in persons for b in persons if parts[persons[a]] != parts[persons[b]])
    together = next((a, b) for a in persons for b in persons if a < b and parts[persons[a]] == parts[persons[b]])
    assert pairs.crossings(writable, *together) == []
    (foretold,) = pairs.crossings(writable, *apart)
    assert (foretold.split, foretold.snapshots, foretold.runs) == ("by-person@1", 1, 0)
    assert (foretold.first_part, foretold.second_part) == tuple(parts[persons[name]] for name in apart)
    assert leaks.check_split(writable, "by-person") == []
    links.confirm(writable, *apart, LinkDecision("same"))
    assert {leak.kind for leak in leaks.check_split(writable, "by-person")} == {"person"}
    assert pairs.crossings(writable, *apart) == [foretold]


def test_evidence_is_words() -> None:
    reason = f"one checksum in {A}/ses-M00/anat/{A}_ses-M00_FLAIR.nii.gz and {B}/ses-M00/anat/{B}_ses-M00_FLAIR.nii.gz"
    link = PersonLink(subject_a=A, subject_b=B, kind=SUSPECTED, method="checksum", score=1.0, reason=reason)
    assert pairs.evidence(link) == (
        f"Both hold one image file, the same byte for byte: Image FLAIR of {A}, M00 and Image FLAIR of {B}, M00."
    )
    for method in ("series", "study", "declared", "fingerprint", "unheard-of"):
        assert pairs.evidence(PersonLink(subject_a=A, subject_b=B, kind=SAME, method=method)).endswith(".")


def test_facts_compare_what_is_stated(full: Registry) -> None:
    found = {fact.what: fact for fact in pairs.facts(Catalog.of(full), A, "sub-B003")}
    assert found["Sex"].same is True
    assert found["Age at baseline"].same is True  # 31 and 33
    assert found["Class"].same is True
    assert found["Sites"].same is None, "people travel"
    assert found["Visits"].first == "M00 (baseline), M12 (day 371)"
    assert found["Person today"].same is None, "of a pair to decide that says nothing"
    with pytest.raises(NotFound):
        pairs.facts(Catalog.of(full), A, "sub-Z")


def test_a_head_that_lay_elsewhere_comes_to_lie_like_the_first(writable: Registry) -> None:
    """The picture of a head that was shifted in the scanner is the picture of the head."""
    path = "sub-A001/ses-M00/anat/sub-A001_ses-M00_FLAIR.nii.gz"
    moved = AFFINE.copy()
    moved[:3, 3] += (20, -14, 9)
    place = writable.root / "moved.nii.gz"
    place.write_bytes(volumes.encode(head(1, "ses-M00"), moved))
    pair = side_by_side.pair(writable, path, "moved.nii.gz")
    assert pair.score > 0.99
    for plane in ("axial", "coronal", "sagittal"):
        one, other = pair.first.slice(plane, 12.0), pair.second.slice(plane, 12.0)
        assert one.shape == other.shape == (side_by_side.SIZE, side_by_side.SIZE)
        assert np.abs(one.astype(int) - other.astype(int)).mean() < 4
        assert one.std() > 20


def _head(data: Any) -> side_by_side.Head:
    """A head whose voxels are 2 mm wide, about the middle of its 80 voxels."""
    return side_by_side.Head(data, np.diag([2.0, 2.0, 2.0, 1.0]), np.full(3, 80.0), side_by_side.Alignment(1.0))


def test_slices_lie_as_a_radiologist_expects() -> None:
    """Of a cube whose right, front, top corner is bright: top left of axial and coronal, top right of sagittal."""
    data = np.zeros((80, 80, 80), np.uint8)
    data[50:, 50:, 50:] = 255
    head = side_by_side.Head(
        data, np.diag([2.0, 2.0, 2.0, 1.0]), np.array([80.0, 80.0, 80.0]), side_by_side.Alignment(1.0)
    )
    middle = side_by_side.SIZE // 2
    for plane, bright in (("axial", "left"), ("coronal", "left"), ("sagittal", "right")):
        picture = head.slice(plane, 60.0)
        sides = {"left": picture[:middle, :middle], "right": picture[:middle, middle:]}
        assert sides.pop(bright).max() == 255
        assert next(iter(sides.values())).max() == 0
        assert picture[middle:].max() == 0
        assert head.slice(plane, -60.0).max() == 0


def test_letters_name_the_side_that_a_picture_shows() -> None:
    """A bright half of the head lies at the edge with its letter."""
    axes = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}
    middle = side_by_side.SIZE // 2
    for plane, sides in SIDES.items():
        for place, letter in enumerate(sides):
            axis, sign = axes[letter]
            data = np.zeros((80, 80, 80), np.uint8)
            half = slice(45, 80) if sign > 0 else slice(0, 35)
            data[tuple(half if number == axis else slice(None) for number in range(3))] = 255
            head = side_by_side.Head(
                data, np.diag([2.0, 2.0, 2.0, 1.0]), np.array([80.0, 80.0, 80.0]), side_by_side.Alignment(1.0)
            )
            picture = head.slice(plane, 0.0)
            halves = (picture[:, :middle], picture[:, middle:], picture[:middle], picture[middle:])
            assert max(range(4), key=lambda number: halves[number].mean()) == place, (plane, letter)


def test_a_letter_stands_in_the_middle_of_each_edge_and_is_told_from_the_others() -> None:
    for ground in (0, 255):
        picture = np.full((side_by_side.SIZE, side_by_side.SIZE), ground, np.uint8)
        marks: dict[tuple[int, str], set[bytes]] = {}
        for plane, sides in SIDES.items():
            marked = add_letters(picture, plane)
            assert (picture == ground).all(), "the picture itself is left as it is"
            for place, letter in enumerate(sides):
                edge = np.rot90(marked, (1, -1, 0, 2)[place])[:24, 100:140]  # the edge with the letter is the first
                assert edge.max() == 255
                assert edge.min() == 0
                marked = np.where(np.rot90(_near_edge(marked), -(1, -1, 0, 2)[place]), ground, marked)
                marks.setdefault((place, letter), set()).add(edge.tobytes())
            assert (marked == ground).all(), "nothing else is drawn"
        assert all(len(shapes) == 1 for shapes in marks.values()), "a letter looks the same in every plane"
        assert len(set.union(*marks.values())) == len(marks), "and unlike every other one"


def _near_edge(picture: np.ndarray) -> np.ndarray:
    """Where `[:24, 100:140]` is."""
    found = np.zeros(picture.shape, bool)
    found[:24, 100:140] = True
    return found


def test_shared_images_prefer_raw_ones(full: Registry) -> None:
    assert list(side_by_side.shared_images(full, A, "sub-B003")) == ["FLAIR"]  # sub-B003 has no T1w
    found = side_by_side.shared_images(full, A, B)
    assert found["T1w"] == tuple(f"{name}/ses-M00/anat/{name}_ses-M00_T1w.nii.gz" for name in (A, B))
    with pytest.raises(NotFound, match="not on this machine"):
        side_by_side.pair(full, "sub-Z/none.nii.gz", found["T1w"][0])


def test_persons_of_several_subjects(full: Registry) -> None:
    (row,) = subjects.several(Catalog.of(full))
    assert (row["person_id"], row["subjects"], row["sites"]) == ("P000", ["sub-A000", "sub-B006"], ["siteA", "siteB"])
    assert (row["sessions"], row["images"]) == (2, 4)
