"""Search a registry for subjects that may be one person; only a cache of fingerprints is written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import col, select

from curation.persons import fingerprints
from curation.persons.fingerprints import Fingerprint
from curation.persons.proposals import ImageKeys, Pair, Proposal, Traits, by_keys, candidates, describe
from registry.cohorts.persons import people
from registry.errors import InvalidInput
from registry.files import atomic
from registry.files.progress import Progress
from registry.store import Registry
from registry.tables import Image, Session, Subject


@dataclass(frozen=True)
class Survey:
    """The result of a search.

    Attributes:
        proposals: sorted by pair.
        skipped: path of each image that could not be compared, and why.
        subjects: number of subjects compared: those with an image.
    """

    proposals: tuple[Proposal, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    subjects: int = 0


def survey(registry: Registry, known: Collection[Pair], progress: Progress | None = None) -> Survey:
    """Search every pair of subjects that is not known yet for evidence that they are one person.

    Args:
        registry: the registry.
        known: pairs to leave out.
        progress: called after each image read and each pair aligned.
    """
    images, traits, who = _read_images(registry), _read_traits(registry), people(registry)
    found = by_keys(images, who, known)
    skipped: dict[str, str] = {}
    for channel, chosen in sorted(_by_channel(images).items()):
        prints = dict(_read_prints(registry, chosen, skipped, progress))
        pairs = candidates(prints, traits, who, {*known, *found})
        for proposal in _find_alike(channel, pairs, prints, traits, progress):
            found[proposal.first, proposal.second] = proposal
    subjects = len({image.subject for image in images})
    return Survey(tuple(found[key] for key in sorted(found)), tuple(sorted(skipped.items())), subjects)


def _find_alike(
    channel: str,
    pairs: Sequence[Pair],
    prints: Mapping[str, Fingerprint],
    traits: Mapping[str, Traits],
    progress: Progress | None,
) -> Iterator[Proposal]:
    for number, (first, second) in enumerate(pairs, start=1):
        score = round(fingerprints.compare(prints[first], prints[second]), 3)
        if score >= fingerprints.ALIKE:
            words = describe(channel, score, traits[first], traits[second])
            yield Proposal(first, second, "fingerprint", score, words)
        if progress:
            progress(number, len(pairs), f"{channel}: aligning pairs")


def _read_prints(
    registry: Registry, chosen: Sequence[ImageKeys], skipped: dict[str, str], progress: Progress | None
) -> Iterator[tuple[str, Fingerprint]]:
    for number, image in enumerate(chosen, start=1):
        try:
            yield image.subject, _load_or_compute(registry, image)
        except InvalidInput as error:
            skipped[image.path] = error.message
        if progress:
            progress(number, len(chosen), f"{image.channel}: reading images")


def _by_channel(images: Sequence[ImageKeys]) -> dict[str, list[ImageKeys]]:
    """Channel to the first image of each subject, raw before derived, then by path; single subjects are left out."""
    first: dict[str, dict[str, ImageKeys]] = {}
    for image in sorted(images, key=lambda item: (item.path.startswith("derivatives/"), item.path.encode())):
        first.setdefault(image.channel, {}).setdefault(image.subject, image)
    return {channel: list(chosen.values()) for channel, chosen in first.items() if len(chosen) > 1}


def _load_or_compute(registry: Registry, image: ImageKeys) -> Fingerprint:
    """The fingerprint from the cache, which is keyed by the image's checksum, else computed and cached."""
    path = registry.local / "cache" / "fingerprints" / fingerprints.VERSION / f"{image.sha256}.npz"
    try:
        with np.load(path) as kept:
            return Fingerprint(kept["values"].astype(np.float32), kept["seen"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        made = fingerprints.of_file(registry.root / image.path)
    half, buffer = made.values.astype(np.float16), io.BytesIO()
    np.savez_compressed(buffer, values=half, seen=made.seen)
    atomic.write(path, buffer.getvalue())
    return Fingerprint(half.astype(np.float32), made.seen)


def _read_images(registry: Registry) -> list[ImageKeys]:
    columns = (Image.path, Image.subject_id, Image.channel, Image.sha256, Image.series, Image.study)
    with registry.reading() as database:
        return [ImageKeys(*row) for row in database.execute(select(*map(col, columns)))]


def _read_traits(registry: Registry) -> dict[str, Traits]:
    with registry.reading() as database:
        subjects = database.exec(select(Subject)).all()
        visits = database.execute(select(col(Session.subject_id), col(Session.site_id)).distinct()).all()
    sites: dict[str, set[str]] = {}
    for subject, site in visits:
        sites.setdefault(subject, set()).update({site} - {None})
    return {row.subject_id: Traits(row.sex, row.age, tuple(sorted(sites.get(row.subject_id, ())))) for row in subjects}
