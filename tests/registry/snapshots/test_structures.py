"""Several structures under one protocol: a snapshot names those of its target, and no structure is ever a rater."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from registry import export, snapshots
from registry.catalog import Catalog
from registry.errors import UsageError
from registry.files.volumes import load_labels
from registry.snapshots import left_out
from registry.snapshots.targets import choose_usual, list_labels, parse_policy
from registry.store import Registry
from tests.support.cohorts import tiny_bids, two_structures
from tests.support.cohorts.two_structures import SQL, SUBJECTS
from training.data.preprocessing import Preprocessing
from training.data.samples import Source, load_case, target_of


@pytest.fixture
def two(cohort: Registry) -> Registry:
    two_structures.add(cohort)
    return cohort


def test_what_is_ambiguous_is_refused_with_the_choices(two: Registry) -> None:
    for policy, lesions in (([], 18), (["soft"], 18), (["random-expert:7"], 18), (["expert:e01"], 6)):
        with pytest.raises(UsageError, match=rf"2 structures, .*: GM \(4\), L \({lesions}\)") as caught:
            snapshots.create(two, "flair", None, parse_policy(policy))
        assert "--label GM for one, --label GM --label L for a class each" in caught.value.hint
    assert snapshots.list_snapshots(two) == []


def test_one_structure_is_taken_from_the_raters_who_drew_it(two: Registry) -> None:
    made = snapshots.create(two, "flair", None, parse_policy([], None, ["gm"]))
    assert [sample.subject for sample in made.samples] == list(SUBJECTS)
    assert {sample.target.path for sample in made.samples if sample.target} == {
        two_structures.path(subject) for subject in SUBJECTS
    }
    assert all(len(sample.readings) == 1 for sample in made.samples), "lesions are no readings of grey matter"
    assert (made.labels, made.classes) == ({"0": "background", "1": "GM"}, (("GM",),))
    assert {(item.reason, item.detail) for item in made.excluded} == {("no-target", "no mask shows GM")}
    assert snapshots.get(two, made.snapshot_id) == made


def test_raters_whose_masks_are_not_asked_for_make_nothing_ambiguous(two: Registry) -> None:
    """e02 drew lesions alone."""
    made = snapshots.create(two, "flair", None, parse_policy(["expert:e02"]))
    assert (made.classes, made.labels) == ((), {"0": "background", "1": "lesion"})
    assert {len(sample.readings) for sample in made.samples} == {len(tiny_bids.RATERS)}


@pytest.mark.parametrize("seed", range(6))
def test_a_draw_is_between_raters(two: Registry, seed: int) -> None:
    made = snapshots.create(two, "flair", None, parse_policy([f"random-expert:{seed}"], None, ["L"]))
    assert len(made.samples) == len(tiny_bids.SUBJECTS)
    assert all("label-L" in mask.path for sample in made.samples for mask in sample.truths)


def test_soft_counts_raters_and_one_alone_is_no_share(two: Registry) -> None:
    lesions = snapshots.create(two, "flair", None, parse_policy(["soft"], None, ["L"]))
    assert {tuple(mask.source for mask in sample.readings) for sample in lesions.samples} == {tiny_bids.RATERS}
    assert {sample.target for sample in lesions.samples} == {None}
    grey = left_out.effects(two, SQL, None, parse_policy(["soft"], None, ["GM"]))
    assert grey.samples == 0
    assert {item.reason for item in grey.by_reason} == {"no-target", "target-undecided"}


def test_classes_are_painted_in_order_for_training_and_for_export(two: Registry, tmp_path: Path) -> None:
    made = snapshots.create(two, "flair", None, parse_policy(["expert:e01"], None, ["L", "GM"]))
    assert made.labels == {"0": "background", "1": "L", "2": "GM"}
    source = Source(two.root, ("FLAIR",), (1, 2), Preprocessing(), structures=made.classes)
    export.export(two, made, tmp_path / "out", "nnunet")
    export.export(two, made, tmp_path / "decathlon", "decathlon")
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["labels"] == {"background": 0, "L": 1, "GM": 2}
    for sample in made.samples:
        drawn = [load_labels(two.root / mask.path).data for mask in sample.targets]
        expected = np.where(drawn[1], 2, drawn[0])
        assert np.array_equal(load_case(source, sample).target.numpy(), expected)
        assert np.array_equal(load_labels(tmp_path / "out" / "labelsTr" / f"{sample.sample}.nii.gz").data, expected)
        assert target_of(sample).path == sample.targets[0].path
    maps = {load_labels(path).data.tobytes() for path in (tmp_path / "decathlon" / "labelsTr").iterdir()}
    assert maps == {load_labels(path).data.tobytes() for path in (tmp_path / "out" / "labelsTr").iterdir()}


def test_one_class_of_two_structures_is_both(two: Registry) -> None:
    made = snapshots.create(two, "flair", None, parse_policy(["expert:e01"], None, ["L+GM"]))
    source = Source(two.root, ("FLAIR",), (1,), Preprocessing(), structures=made.classes)
    for sample in made.samples:
        one, other = (load_labels(two.root / mask.path).data for mask in sample.targets)
        assert np.array_equal(load_case(source, sample).target.numpy(), one | other)
    assert made.labels["1"] == "L+GM"


def test_the_usual_choice_of_the_page_is_the_structure_of_most_masks(two: Registry) -> None:
    assert list_labels(Catalog.of(two), SQL) == ("L", "GM")
    assert choose_usual(Catalog.of(two), SQL).classes == (("L",),)
    assert choose_usual(Catalog.of(two), "SELECT path FROM images WHERE subject = 'sub-A005'").classes == ()


def test_another_choice_is_told_by_the_comparison(two: Registry) -> None:
    first = snapshots.create(two, "flair", None, parse_policy(["expert:e01"], None, ["L", "GM"]))
    second = snapshots.create(two, "flair", None, parse_policy(["expert:e01"], None, ["GM", "L"]))
    found = snapshots.compare(two, first.snapshot_id, second.snapshot_id)
    assert {one.what for one in found.settings} == {"target_policy.classes", "labels.1", "labels.2"}
