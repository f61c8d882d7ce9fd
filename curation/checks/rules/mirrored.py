"""Images that look mirrored: left and right are exchanged and the header does not say so. A suspicion, never a proof.

Each image's asymmetry is compared with that of the subject's other images. The only image of a subject is compared with
the mean of the other subjects of its group (`check.Peers`), if those agree among themselves. The sign between two
channels is learned from all sessions that have both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from curation.checks.check import Cohort, Hit, Shot
from curation.checks.measures import asymmetry
from curation.checks.measures.asymmetry import Asymmetry

AGAINST = -0.35
"""Agreement of two images of a subject below which one of them is suspected. Real pairs of one channel of one person
were between 0.48 and 1.00, images of two persons between -0.28 and 0.33: see docs/checks.md."""

_LEARNED, _ALIKE = 0.3, 0.6
"""Median agreement of two channels from which their images vote on each other, and from which one accuses the other."""

_LEAST_OTHERS = 8
_TIE = 0.1

Pairs = Mapping[tuple[str, str], float]


def mirrored(cohort: Cohort) -> Iterable[Hit]:
    """Hits for images that look mirrored against the subject's others or against the mean of their group."""
    signs = _learn_signs(cohort.shots)
    for shots in _group_by_subject(cohort.shots).values():
        yield from _compare_within(shots, signs)
    for peers in cohort.peers.values():
        yield from _compare_with_mean(peers)


def _asymmetry(shot: Shot) -> Asymmetry | None:
    return shot.measured.asymmetry if shot.measured else None


def _agreement(a: Shot, b: Shot) -> float:
    one, other = _asymmetry(a), _asymmetry(b)
    return asymmetry.agreement(one, other) if one and other else 0.0


def _group_by_subject(shots: Sequence[Shot]) -> Mapping[str, list[Shot]]:
    found: dict[str, list[Shot]] = defaultdict(list)
    for shot in sorted(shots, key=lambda item: item.path.encode()):
        if _asymmetry(shot) is not None:
            found[shot.subject].append(shot)
    return found


def _learn_signs(shots: Sequence[Shot]) -> Pairs:
    """Two channels (sorted) to the median of their agreement within a session; weak ones are left out."""
    sessions: dict[str, list[Shot]] = defaultdict(list)
    for shot in shots:
        sessions[shot.session].append(shot)
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for group in sessions.values():
        for a, b in combinations(sorted(group, key=lambda item: item.channel), 2):
            if a.channel != b.channel and (score := _agreement(a, b)):
                found[a.channel, b.channel].append(score)
    middles = {pair: float(np.median(values)) for pair, values in found.items() if len(values) >= 3}
    return {pair: value for pair, value in middles.items() if abs(value) >= _LEARNED}


def _compare_within(shots: Sequence[Shot], signs: Pairs) -> Iterable[Hit]:
    """Hits for images that the subject's other images contradict, or for both of a pair that nothing decides.

    Every pair of images votes: positive where they agree as they should. An image's trust is the mean of its votes. In
    a contradicting pair of `_ALIKE` channels the image with less trust is suspected, or both within `_TIE`.
    """
    votes: dict[tuple[int, int], float] = {}
    accusing: set[tuple[int, int]] = set()
    for (i, a), (j, b) in combinations(enumerate(shots), 2):
        weight = _expected_agreement(a, b, signs)
        if weight:
            votes[i, j] = votes[j, i] = float(np.sign(weight)) * _agreement(a, b)
            accusing |= {(i, j), (j, i)} if abs(weight) >= _ALIKE else set()
    trust = [float(np.mean([vote for (i, _), vote in votes.items() if i == n] or [0.0])) for n in range(len(shots))]
    worst: dict[int, tuple[float, int]] = {}
    for i, j in accusing:
        if votes[i, j] <= AGAINST and trust[i] <= trust[j] + _TIE:
            worst[i] = min(worst.get(i, (1.0, j)), (votes[i, j], j))
    for i, (vote, j) in sorted(worst.items()):
        yield Hit(shots[i].path, _format_message(shots[j].path, j not in worst), round(vote, 3))


def _expected_agreement(a: Shot, b: Shot, signs: Pairs) -> float:
    """The agreement expected of two images of one subject: 1 within a channel, else as learned, 0 where unknown."""
    first, second = sorted((a.channel, b.channel))
    return 1.0 if first == second else signs.get((first, second), 0.0)


def _format_message(other: str, alone: bool) -> str:
    if alone:
        return f"looks left-right mirrored against {other}; a suspicion, from what is asymmetric in both"
    return (
        f"looks left-right mirrored against {other}, or the other one is; a suspicion, from what is asymmetric in both"
    )


def _compare_with_mean(shots: Sequence[Shot]) -> Iterable[Hit]:
    """Hits for the only images of their subjects, against the mean of the other subjects where these are alike."""
    odd = {shot.path: (shot, found) for shot in shots if (found := _asymmetry(shot))}
    subjects = {shot.subject for shot, _ in odd.values()}
    if len(subjects) <= _LEAST_OTHERS:
        return
    total = np.sum([_normalise(found) for _, found in odd.values()], axis=0)
    scores = {path: asymmetry.cosine(found.values, total - _normalise(found)) for path, (_, found) in odd.items()}
    if np.percentile(list(scores.values()), 10) < -AGAINST / 2:  # heads of this channel are not alike enough
        return
    for path, score in scores.items():
        if score <= AGAINST and sum(shot.subject == odd[path][0].subject for shot, _ in odd.values()) == 1:
            yield Hit(
                path,
                "looks left-right mirrored against the mean of the other subjects; a suspicion, from what "
                "is asymmetric in them",
                round(score, 3),
            )


def _normalise(found: Asymmetry) -> npt.NDArray[np.float64]:
    values = found.values.astype(np.float64)
    return values / max(float(np.linalg.norm(values)), 1e-9)
