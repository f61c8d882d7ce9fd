"""Dice and majorities against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from registry.measures.overlap import count_votes, dice, majority, majority_labels


def mask(*values: int) -> np.ndarray:
    return np.array(values, dtype=bool).reshape(1, 1, -1)


def test_dice_is_twice_the_overlap_over_both_sizes() -> None:
    assert dice(mask(1, 1, 0, 0), mask(0, 1, 1, 1)) == pytest.approx(2 * 1 / (2 + 3))
    assert dice(mask(1, 1), mask(1, 1)) == 1
    assert dice(mask(1, 0), mask(0, 1)) == dice(mask(1, 0), mask(0, 0)) == 0
    assert dice(mask(0, 0), mask(0, 0)) is None


def test_dice_is_the_f1_score_of_voxels() -> None:
    from sklearn.metrics import f1_score

    random = np.random.default_rng(7)
    for share in (0.02, 0.3, 0.9):
        one, other = (random.random((6, 7, 8)) < share for _ in range(2))
        assert dice(one, other) == pytest.approx(f1_score(one.ravel(), other.ravel()))


def test_a_tie_is_background() -> None:
    votes = count_votes([mask(1, 1, 0, 0), mask(1, 0, 1, 0)])
    assert votes.ravel().tolist() == [2, 1, 1, 0]
    assert majority(votes, 2).ravel().tolist() == [True, False, False, False]
    assert majority(votes, 3).ravel().tolist() == [True, False, False, False]


def test_a_majority_of_labels_needs_more_than_half() -> None:
    maps = [np.array([[[0, 1, 2, 1]]]), np.array([[[1, 1, 2, 2]]]), np.array([[[1, 0, 2, 0]]])]
    assert majority_labels(maps, (1, 2)).tolist() == [[[1, 1, 2, 0]]]
    assert majority_labels(maps[:2], (1, 2)).tolist() == [[[0, 1, 2, 0]]]
    assert majority_labels(maps[:1], (1, 2)).tolist() == maps[0].tolist()
