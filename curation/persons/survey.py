"""Look through a registry for subjects that may be one person; nothing is written but a cache of fingerprints."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import col, select

from curation.persons import fingerprints
from curation.persons.fingerprints import Fingerprint
from curation.persons.proposals import Pair, Proposal, Shot, Traits, by_keys, candidates, describe, pair
from registry.cohorts.persons import people
from registry.errors import InvalidInput
from registry.files import atomic
from registry.files.progress import Progress
from registry.index.rows.persons import People
from registry.store import Registry
from registry.tables import Image, Session, Subject


@dataclass(frozen=True)
class Survey:
    """What speaks for one person.

    Attributes:
        proposals: sorted by the pair.
        skipped: path of an image that could not be compared, and why.
        subjects: how many were compared: those with an image.
    """

    proposals: tuple[Proposal, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    subjects: int = 0


def survey(registry: Registry, known: Collection[Pair], progress: Progress | None = None) -> Survey:
    """Everything that speaks for one person in pairs that nobody has looked at.

    Args:
        registry: the registry.
        known: pairs to leave out.
        progress: told about each image read and each pair aligned.
    """
    shots, traits, who = _shots(registry), _traits(registry), people(registry)
    found = by_keys(shots, who, known)
    skipped: dict[str, str] = {}
    for channel, chosen in sorted(_by_channel(shots).items()):
        prints = dict(_prints(registry, chosen, skipped, progress))
        left_out = {*known, *found}
        for proposal in _alike(channel, prints, traits, (who, left_out), progress):
            found[proposal.first, proposal.second] = proposal
    subjects = len({shot.subject for shot in shots})
    return Survey(tuple(found[key] for key in sorted(found)), tuple(sorted(skipped.items())), subjects)


def _alike(
    channel: str,
    prints: Mapping[str, Fingerprint],
    traits: Mapping[str, Traits],
    who_and_known: tuple[People, Collection[Pair]],
    progress: Progress | None,
) -> Iterator[Proposal]:
    pairs = candidates(prints, traits, *who_and_known)
    for number, (first, second) in enumerate(pairs, start=1):
        score = round(fingerprints.compare(prints[first], prints[second]), 3)
        if score >= fingerprints.ALIKE:
            words = describe(channel, score, traits[first], traits[second])
            yield Proposal(first, second, "fingerprint", score, words)
        if progress:
            progress(number, len(pairs), f"{channel}: aligning pairs")


def _prints(
    registry: Registry, chosen: Sequence[Shot], skipped: dict[str, str], progress: Progress | None
) -> Iterator[tuple[str, Fingerprint]]:
    for number, shot in enumerate(chosen, start=1):
        try:
            yield shot.subject, _cached(registry, shot)
        except InvalidInput as error:
            skipped[shot.path] = error.message
        if progress:
            progress(number, len(chosen), f"{shot.channel}: reading images")


def _by_channel(shots: Sequence[Shot]) -> dict[str, list[Shot]]:
    """For each channel the first image, by path, of each subject; channels of a single subject are left out."""
    first: dict[str, dict[str, Shot]] = {}
    for shot in sorted(shots, key=lambda item: (item.path.startswith("derivatives/"), item.path.encode())):
        first.setdefault(shot.channel, {}).setdefault(shot.subject, shot)
    return {channel: list(chosen.values()) for channel, chosen in first.items() if len(chosen) > 1}


def _cached(registry: Registry, shot: Shot) -> Fingerprint:
    """The fingerprint from the cache, which is keyed by the image's checksum, else computed and kept."""
    place = registry.local / "cache" / "fingerprints" / fingerprints.VERSION / f"{shot.sha256}.npz"
    try:
        with np.load(place) as kept:
            return Fingerprint(kept["values"].astype(np.float32), kept["seen"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        made = fingerprints.of_file(registry.root / shot.path)
    half, buffer = made.values.astype(np.float16), io.BytesIO()
    np.savez_compressed(buffer, values=half, seen=made.seen)
    atomic.write(place, buffer.getvalue())
    return Fingerprint(half.astype(np.float32), made.seen)


def _shots(registry: Registry) -> list[Shot]:
    columns = (Image.path, Image.subject_id, Image.channel, Image.sha256, Image.series, Image.study)
    with registry.reading() as database:
        return [Shot(*row) for row in database.execute(select(*map(col, columns)))]


def _traits(registry: Registry) -> dict[str, Traits]:
    with registry.reading() as database:
        subjects = database.exec(select(Subject)).all()
        visits = database.execute(select(col(Session.subject_id), col(Session.site_id)).distinct()).all()
    sites: dict[str, set[str]] = {}
    for subject, site in visits:
        sites.setdefault(subject, set()).update({site} - {None})
    return {row.subject_id: Traits(row.sex, row.age, tuple(sorted(sites.get(row.subject_id, ())))) for row in subjects}


__all__ = ["Survey", "pair", "survey"]
