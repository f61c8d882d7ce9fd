"""Images that look mirrored: left and right exchanged without the header saying so. A suspicion, never a proof.

Each image's asymmetry is compared with that of the subject's other images; where a subject has one image only, with
the mean of the other subjects of its kind (`shapes.Peers`), if those agree among themselves. Between two channels the
sign of what is asymmetric is learned from all sessions that have both.
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
"""Median agreement of two channels from which one tells something of the other, and from which it can accuse it."""

_LEAST_OTHERS = 8
_TIE = 0.1

Pairs = Mapping[tuple[str, str], float]


def mirrored(cohort: Cohort) -> Iterable[Hit]:
    """Images that look mirrored against the subject's others, or against its site's mean."""
    signs = _signs(cohort.shots)
    for shots in _by_subject(cohort.shots).values():
        yield from _within(shots, signs)
    for peers in cohort.peers.values():
        yield from _against_mean(peers)


def _odd(shot: Shot) -> Asymmetry | None:
    return shot.measured.asymmetry if shot.measured else None


def _agreement(a: Shot, b: Shot) -> float:
    one, other = _odd(a), _odd(b)
    return asymmetry.agreement(one, other) if one and other else 0.0


def _by_subject(shots: Sequence[Shot]) -> Mapping[str, list[Shot]]:
    found: dict[str, list[Shot]] = defaultdict(list)
    for shot in sorted(shots, key=lambda item: item.path.encode()):
        if _odd(shot) is not None:
            found[shot.subject].append(shot)
    return found


def _signs(shots: Sequence[Shot]) -> Pairs:
    """For two channels (in order) what their agreement within a session is in the middle; weak ones are left out."""
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


def _within(shots: Sequence[Shot], signs: Pairs) -> Iterable[Hit]:
    """The subject's images that others of it contradict; where two contradict each other and nobody helps, both."""
    votes: dict[tuple[int, int], float] = {}
    accusing: set[tuple[int, int]] = set()
    for (i, a), (j, b) in combinations(enumerate(shots), 2):
        weight = _weight(a, b, signs)
        if weight:
            votes[i, j] = votes[j, i] = float(np.sign(weight)) * _agreement(a, b)
            accusing |= {(i, j), (j, i)} if abs(weight) >= _ALIKE else set()
    trust = [float(np.mean([vote for (i, _), vote in votes.items() if i == n] or [0.0])) for n in range(len(shots))]
    worst: dict[int, tuple[float, int]] = {}
    for i, j in accusing:
        if votes[i, j] <= AGAINST and trust[i] <= trust[j] + _TIE:
            worst[i] = min(worst.get(i, (1.0, j)), (votes[i, j], j))
    for i, (vote, j) in sorted(worst.items()):
        yield Hit(shots[i].path, _words(shots[j].path, j not in worst), round(vote, 3))


def _weight(a: Shot, b: Shot, signs: Pairs) -> float:
    """How two images of one subject should agree: 1 for one channel, else what was learned, 0 for nothing."""
    first, second = sorted((a.channel, b.channel))
    return 1.0 if first == second else signs.get((first, second), 0.0)


def _words(other: str, alone: bool) -> str:
    if alone:
        return f"looks left-right mirrored against {other}; a suspicion, from what is asymmetric in both"
    return (
        f"looks left-right mirrored against {other}, or the other one is; a suspicion, from what is asymmetric in both"
    )


def _against_mean(shots: Sequence[Shot]) -> Iterable[Hit]:
    """Single images of their subject against the mean of the other subjects, where that mean means something."""
    odd = {shot.path: (shot, found) for shot in shots if (found := _odd(shot))}
    subjects = {shot.subject for shot, _ in odd.values()}
    if len(subjects) <= _LEAST_OTHERS:
        return
    total = np.sum([_unit(found) for _, found in odd.values()], axis=0)
    scores = {path: asymmetry.cosine(found.values, total - _unit(found)) for path, (_, found) in odd.items()}
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


def _unit(found: Asymmetry) -> npt.NDArray[np.float64]:
    values = found.values.astype(np.float64)
    return values / max(float(np.linalg.norm(values)), 1e-9)
