"""Evidence that two subjects are one person: equal bytes, one DICOM series or study, or one head in two images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curation.persons import fingerprints
from curation.persons.fingerprints import Fingerprint
from registry.errors import UsageError
from registry.index.rows.persons import People

Pair = tuple[str, str]

AGE_TOLERANCE = 2.0
"""Years by which the stated ages of one person may differ: the person came back later, or the ages were rounded."""


@dataclass(frozen=True)
class ImageKeys:
    """One image with its subject and the keys that two images of one person may share."""

    path: str
    subject: str
    channel: str
    sha256: str
    series: str | None
    study: str | None


@dataclass(frozen=True)
class Traits:
    """The stated facts about one subject. None is unknown, never different."""

    sex: str | None
    age: float | None
    sites: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """Two subjects (`first` before `second` by bytes) that may be one person.

    Attributes:
        method: `checksum`, `series`, `study` or `fingerprint`.
        score: correlation after alignment for `fingerprint`, 1 for equal bytes, else None.
        reason: the evidence in words.
    """

    first: str
    second: str
    method: str
    score: float | None
    reason: str


def pair(a: str, b: str) -> Pair:
    """Two subjects in the order in which a link names them.

    Raises:
        UsageError: one subject is named twice.
    """
    if a == b:
        raise UsageError(f"{a} is named twice.", "Name two subjects.")
    first, second = sorted((a, b), key=str.encode)
    return first, second


def by_keys(images: Sequence[ImageKeys], people: People, known: Collection[Pair]) -> dict[Pair, Proposal]:
    """Pairs that share a checksum, a series or a study, each with its strongest evidence.

    Args:
        images: every image of the registry.
        people: who is who; subjects of one person need no proposal.
        known: pairs to leave out: proposed or decided before.
    """
    found: dict[Pair, Proposal] = {}
    for method, attribute in (("checksum", "sha256"), ("series", "series"), ("study", "study")):
        holders: dict[str, list[ImageKeys]] = defaultdict(list)
        for image in sorted(images, key=lambda item: item.path.encode()):
            if (key := getattr(image, attribute)) is not None:
                holders[key].append(image)
        for group in holders.values():
            for first, second in _pair_persons(group, people):
                names = pair(first.subject, second.subject)
                if names not in known:
                    reason = f"one {method} in {first.path} and {second.path}"
                    found.setdefault(names, Proposal(*names, method, 1.0 if method == "checksum" else None, reason))
    return found


def _pair_persons(group: Iterable[ImageKeys], people: People) -> list[tuple[ImageKeys, ImageKeys]]:
    """The first image of each person in a group, paired with that of the first person."""
    by_person: dict[str, ImageKeys] = {}
    for image in group:
        by_person.setdefault(people.person(image.subject), image)
    first, *others = by_person.values()
    return [(first, other) for other in others]


def compatible(a: Traits, b: Traits) -> bool:
    """Whether two subjects can be one person by sex and age. Sites may differ: people travel, and so do volunteers."""
    same_sex = a.sex is None or b.sex is None or a.sex == b.sex
    return same_sex and (a.age is None or b.age is None or abs(a.age - b.age) <= AGE_TOLERANCE)


def candidates(
    prints: Mapping[str, Fingerprint], traits: Mapping[str, Traits], people: People, known: Collection[Pair]
) -> list[Pair]:
    """Pairs of subjects worth aligning, among images of one channel.

    Args:
        prints: subject to the fingerprint of one of its images.
        traits: subject to its stated facts.
        people: who is who; subjects of one person need no proposal.
        known: pairs to leave out.
    """
    subjects = sorted(prints, key=str.encode)
    allowed = np.zeros((len(subjects), len(subjects)), dtype=bool)
    for i, a in enumerate(subjects):
        for j, b in enumerate(subjects[:i]):
            unknown = people.person(a) != people.person(b) and pair(a, b) not in known
            allowed[i, j] = allowed[j, i] = unknown and compatible(traits[a], traits[b])
    ranked = fingerprints.nearest([prints[subject] for subject in subjects], allowed)
    return [pair(subjects[i], subjects[j]) for i, j in ranked]


def describe(channel: str, score: float, a: Traits, b: Traits) -> str:
    """The evidence of two fingerprints in words.

    Args:
        channel: channel of both images.
        score: their correlation after alignment.
        a: stated facts about the first subject.
        b: stated facts about the second.
    """
    words = [f"{channel} images alike to {score:.2f} after alignment"]
    words += [f"sex {a.sex or 'unknown'} and {b.sex or 'unknown'}"]
    words += [f"age {_format_years(a.age)} and {_format_years(b.age)}"]
    words += [f"site {'+'.join(a.sites) or 'unknown'} and {'+'.join(b.sites) or 'unknown'}"]
    return "; ".join(words)


def _format_years(age: float | None) -> str:
    return "unknown" if age is None else f"{age:g}"
