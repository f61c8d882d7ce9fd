"""Every number in a score table is what its definition says, also where masks are empty, tiny or at the border."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice

from registry.errors import IntegrityError
from registry.files.canonical import sha256_file
from registry.files.volumes import load_labels
from registry.measures.components import components
from registry.measures.surface_distances import diagonal_mm, surface
from tests.training.conftest import Cohort
from training.evaluation.profiles.default import DEFAULT
from training.evaluation.profiles.profile import Status
from training.evaluation.results import find_summary, read_evaluation
from training.evaluation.scoring import evaluate
from training.evaluation.statistics import summarise

SPACING = (0.5, 1.0, 4.0)
AFFINE = np.diag([*SPACING, 1.0])


def score(reference: np.ndarray, predicted: np.ndarray, affine: np.ndarray = AFFINE) -> dict[str, Any]:
    """The image row of the default profile."""
    return dict(DEFAULT.score(reference, predicted, affine).image)


def counted(row: dict[str, Any]) -> dict[str, int]:
    """Its lesion counts."""
    return {name: count for name, count in row.items() if isinstance(count, int)}


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
    found = score(reference, predicted)
    one, other = (torch.from_numpy(mask)[None, None].float() for mask in (predicted, reference))
    hd95 = compute_hausdorff_distance(one, other, True, percentile=95, spacing=SPACING).item()
    assd = compute_average_surface_distance(one, other, True, symmetric=True, spacing=SPACING).item()
    nsd = compute_surface_dice(one, other, [1.0], True, spacing=SPACING).item()
    assert found["hd95_mm"] == pytest.approx(hd95, abs=1e-3)
    assert found["assd_mm"] == pytest.approx(assd, abs=1e-3)
    assert found["nsd"] == pytest.approx(nsd, abs=1e-3)
    measure = SimpleITK.LabelOverlapMeasuresImageFilter()
    measure.Execute(*(SimpleITK.GetImageFromArray(mask.astype(np.uint8)) for mask in (reference, predicted)))
    assert found["dice"] == pytest.approx(measure.GetDiceCoefficient(), abs=1e-9)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.permutations([0, 1, 2]))
@settings(max_examples=15, deadline=None)
def test_scores_do_not_depend_on_how_the_grid_is_stored(a: int, b: int, order: list[int]) -> None:
    """Turned axes, mirrored axes and an oblique affine: the same anatomy has the same scores."""
    reference, predicted = blob(a), blob(b)
    plain = score(reference, predicted)
    angle = np.deg2rad(30)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    affine = (turn @ AFFINE)[:, [*order, 3]] * np.array([-1, 1, 1, 1])
    turned = [np.flip(mask.transpose(order), 0) for mask in (reference, predicted)]
    other = score(turned[0], turned[1], affine)
    for name in (*DEFAULT.columns, "reference_mm3", "predicted_mm3"):
        assert other[name] == pytest.approx(plain[name], abs=1e-9)
    assert counted(other) == counted(plain)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_swapping_sides_swaps_what_it_should(a: int, b: int) -> None:
    one, other = score(blob(a), blob(b)), score(blob(b), blob(a))
    assert (one["dice"], one["hd95_mm"]) == (other["dice"], other["hd95_mm"])
    assert one["assd_mm"] == pytest.approx(other["assd_mm"])
    assert one["lesions_reference"] == other["lesions_predicted"]
    same = score(blob(a), blob(a))
    assert [same[name] for name in DEFAULT.columns] == [1, 0, 0, 1]


EMPTY = np.zeros((5, 6, 7), dtype=bool)


def voxel(*place: int) -> np.ndarray:
    mask = EMPTY.copy()
    mask[place] = True
    return mask


def test_both_empty_has_no_value() -> None:
    found = score(EMPTY, EMPTY)
    assert found["status"] == "both_empty"
    assert [found[name] for name in DEFAULT.columns] == [None, None, None, None]


@pytest.mark.parametrize(("reference", "status"), [(EMPTY, "reference_empty"), (voxel(1, 1, 1), "prediction_empty")])
def test_one_empty_side_is_a_failure_of_full_size(reference: np.ndarray, status: str) -> None:
    predicted = voxel(1, 1, 1) if not reference.any() else EMPTY
    found = score(reference, predicted)
    far = float(np.linalg.norm([4 * 0.5, 5 * 1.0, 6 * 4.0]))
    assert found["status"] == status
    assert (found["dice"], found["nsd"]) == (0, 0)
    assert found["hd95_mm"] == found["assd_mm"] == pytest.approx(far) == pytest.approx(diagonal_mm((5, 6, 7), AFFINE))


def test_one_voxel_lesions_and_thick_slices() -> None:
    found = score(voxel(2, 2, 2), voxel(2, 2, 3))
    assert (found["dice"], found["hd95_mm"], found["assd_mm"]) == (0, 4.0, 4.0)
    assert found["lesions_detected"] == 0
    assert found["lesions_false"] == 1
    assert found["reference_mm3"] == 2.0


def test_a_diagonal_touch_is_one_lesion() -> None:
    assert score(voxel(1, 1, 1) | voxel(2, 2, 2), EMPTY)["lesions_reference"] == 1
    assert score(voxel(1, 1, 1) | voxel(3, 1, 1), EMPTY)["lesions_reference"] == 2


def test_one_prediction_over_two_lesions_and_one_lesion_in_two_pieces() -> None:
    bar = EMPTY.copy()
    bar[:, 2, 2] = True
    ends = voxel(0, 2, 2) | voxel(4, 2, 2)
    merged, broken = score(ends, bar), score(bar, ends)
    assert [merged[f"lesions_{k}"] for k in ("reference", "predicted", "detected", "false")] == [2, 1, 2, 0]
    assert [broken[f"lesions_{k}"] for k in ("reference", "predicted", "detected", "false")] == [1, 2, 1, 0]


@pytest.mark.parametrize(("voxels", "band"), [(1, None), (2, "3_10mm3"), (5, "10_50mm3")])
def test_a_lesion_belongs_to_the_band_whose_lower_end_it_reaches(voxels: int, band: str | None) -> None:
    mask = EMPTY.copy()
    mask[0, 0, :voxels] = True
    counts = counted(score(mask, mask, np.diag([1.0, 1.0, 2.0, 1.0])))
    inside = {name for name, count in counts.items() if name.startswith("reference_") and count}
    assert inside == ({f"reference_{band}"} if band else set())


def test_the_border_of_the_image_is_a_surface() -> None:
    full = np.ones((4, 5, 6), dtype=bool)
    assert surface(full).sum() == full.sum() - 2 * 3 * 4
    assert score(full, full)["hd95_mm"] == 0


def test_many_components_keep_their_numbers() -> None:
    grid = np.zeros((84, 84, 40), dtype=bool)
    grid[::2, ::2, ::2] = True
    assert len(components(np.pad(grid, ((0, 84), (0, 0), (0, 0))))[1]) == 42 * 42 * 20
    assert len(DEFAULT.score(grid[:20], grid[:20], AFFINE).lesions) == 2 * 10 * 42 * 20


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
    (summary,) = summarise(DEFAULT, rows, 200, seed=0)
    assert summary["dice"]["mean"] == 0.5
    assert (summary["n"], summary["n_persons"], summary["n_na"]) == (5, 3, 1)


def test_labels_are_averaged_within_an_image_and_failures_stay_in() -> None:
    rows = [
        row("P1", "a", 0.8, "front"),
        row("P1", "a", 0.0, "back", "prediction_empty"),
        row("P2", "b", 0.6, "front"),
        row("P2", "b", None, "back", "both_empty"),
    ]
    whole = next(s for s in summarise(DEFAULT, rows, 200, seed=0) if s["label"] == "foreground")
    assert whole["dice"]["mean"] == pytest.approx((0.4 + 0.6) / 2)
    assert (whole["n"], whole["n_failed"], whole["n_na"]) == (2, 1, 0)


def test_a_run_is_scored_image_by_image(finished: Path, cohort: Cohort) -> None:
    found = evaluate(finished, cohort.manifest, cohort.root)
    table = list(csv.DictReader((finished / "scores.csv").open()))
    assert len(table) == len(found.rows) == 4 * (1 + 3)
    assert sha256_file(finished / "scores.csv") == found.table_sha256
    healthy = next(row for row in found.rows if row["sample"] == "sub-07_ses-M00" and row["source"] == "model")
    assert healthy["status"] in (Status.BOTH_EMPTY, Status.REFERENCE_EMPTY)
    assert healthy["reference_mm3"] == 0
    written = read_evaluation(finished)
    assert written is not None
    assert written["parts"] == json.loads(json.dumps(list(found.parts)))
    assert find_summary(found.parts, "test")["label"] == "lesion", "there is one label"
    assert "validation" in found.text()


def dice_of(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * int((one & other).sum()) / int(one.sum() + other.sum())


def test_the_human_ceiling_is_in_the_table(finished: Path, cohort: Cohort) -> None:
    """Two raters drew the lesion itself, the odd one drew it one voxel off.

    The others of the odd one agree on the lesion. The others of each of the two are the other one and the odd one; of
    two raters both must agree, so what counts as true is the overlap of lesion and shifted lesion.
    """
    found = evaluate(finished, cohort.manifest, cohort.root)
    expected: dict[str, list[float]] = {"e01": [], "e02": [], "e03": []}
    for sample in cohort.manifest.part("validation"):
        drawn = {reading.source: load_labels(cohort.root / reading.path).data > 0 for reading in sample.readings}
        lesion, shifted = drawn["e01"], drawn["e02"]
        assert (lesion == drawn["e03"]).all()
        assert (shifted == np.roll(lesion, 1, 0)).all()
        expected["e01"].append(dice_of(lesion & shifted, lesion))
        expected["e02"].append(dice_of(lesion, shifted))
        expected["e03"].append(dice_of(lesion & shifted, lesion))
    dice = {part["source"]: part["dice"]["mean"] for part in found.parts if part["part"] == "validation"}
    for rater, values in expected.items():
        assert dice[rater] == pytest.approx(np.mean(values), abs=1e-12)
    assert 0 < dice["e02"] < dice["e01"] < 1
    assert dice["experts"] == pytest.approx(np.mean([dice["e01"], dice["e02"], dice["e03"]]), abs=1e-12)


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
