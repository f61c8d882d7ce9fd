"""Every number in a score table is what its definition says, also where masks are empty, tiny or at the border."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice

from registry.errors import IntegrityError
from registry.files.canonical import sha256_file
from registry.measures.components import components
from registry.measures.surface_distances import diagonal_mm, surface
from tests.training.conftest import Cohort
from training.evaluation.profiles import default
from training.evaluation.raters import majority
from training.evaluation.scoring import evaluate, read_evaluation
from training.evaluation.statistics import interval, summarise

SPACING = (0.5, 1.0, 4.0)
AFFINE = np.diag([*SPACING, 1.0])


def blob(seed: int, shape: tuple[int, int, int] = (14, 12, 10)) -> np.ndarray:
    """A few boxes, always some voxels."""
    random, mask = np.random.default_rng(seed), np.zeros(shape, dtype=bool)
    for _ in range(3):
        low = random.integers(0, 8, 3)
        mask[tuple(slice(a, a + b) for a, b in zip(low, random.integers(1, 5, 3), strict=True))] = True
    return mask


@given(st.integers(0, 10**6), st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_distances_are_monais_and_dice_is_simpleitks(a: int, b: int) -> None:
    reference, predicted = np.pad(blob(a), 1), np.pad(blob(b), 1)
    found = default.score(reference, predicted, AFFINE)
    one, other = (torch.from_numpy(mask)[None, None].float() for mask in (predicted, reference))
    hd95 = compute_hausdorff_distance(one, other, True, percentile=95, spacing=SPACING).item()
    assd = compute_average_surface_distance(one, other, True, symmetric=True, spacing=SPACING).item()
    nsd = compute_surface_dice(one, other, [1.0], True, spacing=SPACING).item()
    assert found.hd95_mm == pytest.approx(hd95, abs=1e-3)
    assert found.assd_mm == pytest.approx(assd, abs=1e-3)
    assert found.nsd == pytest.approx(nsd, abs=1e-3)
    measure = SimpleITK.LabelOverlapMeasuresImageFilter()
    measure.Execute(*(SimpleITK.GetImageFromArray(mask.astype(np.uint8)) for mask in (reference, predicted)))
    assert found.dice == pytest.approx(measure.GetDiceCoefficient(), abs=1e-9)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.permutations([0, 1, 2]))
@settings(max_examples=15, deadline=None)
def test_scores_do_not_depend_on_how_the_grid_is_stored(a: int, b: int, order: list[int]) -> None:
    """Turned axes, mirrored axes and an oblique affine: the same anatomy has the same scores."""
    reference, predicted = blob(a), blob(b)
    plain = default.score(reference, predicted, AFFINE)
    angle = np.deg2rad(30)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    affine = (turn @ AFFINE)[:, [*order, 3]] * np.array([-1, 1, 1, 1])
    turned = [np.flip(mask.transpose(order), 0) for mask in (reference, predicted)]
    other = default.score(turned[0], turned[1], affine)
    for name in (*default.MEASURES, "reference_mm3", "predicted_mm3"):
        assert getattr(other, name) == pytest.approx(getattr(plain, name), abs=1e-9)
    assert other.counts() == plain.counts()


@given(st.integers(0, 10**6), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_swapping_sides_swaps_what_it_should(a: int, b: int) -> None:
    one, other = default.score(blob(a), blob(b), AFFINE), default.score(blob(b), blob(a), AFFINE)
    assert (one.dice, one.hd95_mm) == (other.dice, other.hd95_mm)
    assert one.assd_mm == pytest.approx(other.assd_mm)
    assert one.counts()["lesions_reference"] == other.counts()["lesions_predicted"]
    same = default.score(blob(a), blob(a), AFFINE)
    assert (same.dice, same.hd95_mm, same.assd_mm, same.nsd) == (1, 0, 0, 1)


EMPTY = np.zeros((5, 6, 7), dtype=bool)


def voxel(*place: int) -> np.ndarray:
    mask = EMPTY.copy()
    mask[place] = True
    return mask


def test_both_empty_has_no_value() -> None:
    found = default.score(EMPTY, EMPTY, AFFINE)
    assert (found.status, found.dice, found.hd95_mm, found.assd_mm) == (default.BOTH_EMPTY, None, None, None)


@pytest.mark.parametrize(
    ("reference", "status"), [(EMPTY, default.REFERENCE_EMPTY), (voxel(1, 1, 1), default.PREDICTION_EMPTY)]
)
def test_one_empty_side_is_a_failure_of_full_size(reference: np.ndarray, status: str) -> None:
    predicted = voxel(1, 1, 1) if not reference.any() else EMPTY
    found = default.score(reference, predicted, AFFINE)
    far = float(np.linalg.norm([4 * 0.5, 5 * 1.0, 6 * 4.0]))
    assert found.status == status
    assert (found.dice, found.nsd) == (0, 0)
    assert found.hd95_mm == found.assd_mm == pytest.approx(far) == pytest.approx(diagonal_mm((5, 6, 7), AFFINE))


def test_one_voxel_lesions_and_thick_slices() -> None:
    found = default.score(voxel(2, 2, 2), voxel(2, 2, 3), AFFINE)
    assert (found.dice, found.hd95_mm, found.assd_mm) == (0, 4.0, 4.0)
    assert found.counts()["lesions_detected"] == 0
    assert found.counts()["lesions_false"] == 1
    assert found.reference_mm3 == 2.0


def test_a_diagonal_touch_is_one_lesion() -> None:
    assert components(voxel(1, 1, 1) | voxel(2, 2, 2))[1] == 1
    assert components(voxel(1, 1, 1) | voxel(3, 1, 1))[1] == 2


def test_one_prediction_over_two_lesions_and_one_lesion_in_two_pieces() -> None:
    bar = EMPTY.copy()
    bar[:, 2, 2] = True
    ends = voxel(0, 2, 2) | voxel(4, 2, 2)
    merged, broken = default.score(ends, bar, AFFINE).counts(), default.score(bar, ends, AFFINE).counts()
    assert [merged[f"lesions_{k}"] for k in ("reference", "predicted", "detected", "false")] == [2, 1, 2, 0]
    assert [broken[f"lesions_{k}"] for k in ("reference", "predicted", "detected", "false")] == [1, 2, 1, 0]


@pytest.mark.parametrize(("voxels", "band"), [(1, None), (2, "3_10mm3"), (5, "10_50mm3")])
def test_a_lesion_belongs_to_the_band_whose_lower_end_it_reaches(voxels: int, band: str | None) -> None:
    mask = EMPTY.copy()
    mask[0, 0, :voxels] = True
    counts = default.score(mask, mask, np.diag([1.0, 1.0, 2.0, 1.0])).counts()
    inside = {name for name, count in counts.items() if name.startswith("reference_") and count}
    assert inside == ({f"reference_{band}"} if band else set())


def test_the_border_of_the_image_is_a_surface() -> None:
    full = np.ones((4, 5, 6), dtype=bool)
    assert surface(full).sum() == full.sum() - 2 * 3 * 4
    assert default.score(full, full, AFFINE).hd95_mm == 0


def test_many_components_keep_their_numbers() -> None:
    grid = np.zeros((84, 84, 40), dtype=bool)
    grid[::2, ::2, ::2] = True
    assert components(np.pad(grid, ((0, 84), (0, 0), (0, 0))))[1] == 42 * 42 * 20
    assert len(default.score(grid[:20], grid[:20], AFFINE).lesions) == 2 * 10 * 42 * 20


def test_a_majority_needs_more_than_half() -> None:
    maps = [np.array([[[0, 1, 2, 1]]]), np.array([[[1, 1, 2, 2]]]), np.array([[[1, 0, 2, 0]]])]
    assert majority(maps, (1, 2)).tolist() == [[[1, 1, 2, 0]]]
    assert majority(maps[:2], (1, 2)).tolist() == [[[0, 1, 2, 0]]]
    assert majority(maps[:1], (1, 2)).tolist() == maps[0].tolist()


def row(
    person: str, sample: str, dice: float | None, label: str = "lesion", status: str = "scored"
) -> dict[str, object]:
    empty = {"hd95_mm": dice, "assd_mm": dice, "nsd": dice}
    return {
        "source": "model",
        "part": "test",
        "label_name": label,
        "person": person,
        "sample": sample,
        "status": status,
        "dice": dice,
        **empty,
    }


def test_a_person_with_many_images_counts_once() -> None:
    rows = [
        row("P1", "a", 0.0),
        row("P1", "b", 0.0),
        row("P1", "c", 0.0),
        row("P2", "d", 1.0),
        row("P3", "e", None, status="both_empty"),
    ]
    (summary,) = summarise(rows, 200, seed=0)
    assert summary["dice"]["mean"] == 0.5
    assert (summary["n"], summary["n_persons"], summary["n_na"]) == (5, 3, 1)


def test_labels_are_averaged_within_an_image_and_failures_stay_in() -> None:
    rows = [
        row("P1", "a", 0.8, "front"),
        row("P1", "a", 0.0, "back", "prediction_empty"),
        row("P2", "b", 0.6, "front"),
        row("P2", "b", None, "back", "both_empty"),
    ]
    whole = next(s for s in summarise(rows, 200, seed=0) if s["label"] == "foreground")
    assert whole["dice"]["mean"] == pytest.approx((0.4 + 0.6) / 2)
    assert (whole["n"], whole["n_failed"], whole["n_na"]) == (2, 1, 0)


def test_the_interval_covers_the_mean_and_shrinks_with_more_persons() -> None:
    random = np.random.default_rng(1)
    few, many = random.normal(0.8, 0.1, 10), random.normal(0.8, 0.1, 1000)
    (a, b), (c, d) = interval(few, 500, 0), interval(many, 500, 0)
    assert a <= few.mean() <= b
    assert d - c < b - a
    assert d - c == pytest.approx(2 * 1.96 * 0.1 / np.sqrt(1000), rel=0.2)
    assert interval(few, 500, 0) == (a, b)


def test_a_run_is_scored_image_by_image(finished: Path, cohort: Cohort) -> None:
    found = evaluate(finished, cohort.manifest, cohort.root)
    table = list(csv.DictReader((finished / "scores.csv").open()))
    assert len(table) == len(found.rows) == 4 * (1 + 3)
    assert sha256_file(finished / "scores.csv") == found.table_sha256
    healthy = next(row for row in found.rows if row["sample"] == "sub-07_ses-M00" and row["source"] == "model")
    assert healthy["status"] in (default.BOTH_EMPTY, default.REFERENCE_EMPTY)
    assert healthy["reference_mm3"] == 0
    written = read_evaluation(finished)
    assert written is not None
    assert written["parts"] == json.loads(json.dumps(list(found.parts)))
    assert found.summary("test") is not None
    assert "validation" in found.text()


def test_the_human_ceiling_is_in_the_table(finished: Path, cohort: Cohort) -> None:
    found = evaluate(finished, cohort.manifest, cohort.root)
    dice = {part["source"]: part["dice"]["mean"] for part in found.parts if part["part"] == "validation"}
    assert dice["e01"] == pytest.approx(dice["e03"])
    assert dice["e02"] == pytest.approx(dice["e02"])
    assert dice["e02"] < 1
    assert dice["experts"] == pytest.approx((dice["e01"] + dice["e02"] + dice["e03"]) / 3)


def test_evaluating_again_gives_the_same_bytes(finished: Path, cohort: Cohort) -> None:
    names = ("scores.csv", "lesions.csv", "evaluation.json")
    evaluate(finished, cohort.manifest, cohort.root)
    before = [(finished / name).read_bytes() for name in names]
    evaluate(finished, cohort.manifest, cohort.root)
    assert [(finished / name).read_bytes() for name in names] == before


def test_a_prediction_that_was_edited_and_another_snapshot_are_refused(
    finished: Path, cohort: Cohort, tmp_path: Path
) -> None:
    with pytest.raises(IntegrityError, match="was trained on snapshot"):
        evaluate(finished, replace(cohort.manifest, licences=("CC0",)), cohort.root)
    folder = tmp_path / "tinyrun"
    shutil.copytree(finished, folder)
    mask = next(folder.rglob("*_mask.nii.gz"))
    mask.write_bytes(next(cohort.root.rglob("*_mask.nii.gz")).read_bytes())
    with pytest.raises(IntegrityError, match="missing or was changed"):
        evaluate(folder, cohort.manifest, cohort.root)
