"""The type of every check: a function from a cohort to its hits, with a code, a sentence and a version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from curation.checks.measures.numbers import Number
from curation.checks.measures.read import Measured
from registry.bids import places
from registry.bids.names import parse
from registry.vocabulary.findings import Finding, Severity

_UNLIKE = ("rec", "echo", "flip", "inv", "mt", "part")
"""Entities whose images are unlike: a phase image beside its magnitude, a late echo, a filtered copy."""


@dataclass(frozen=True)
class Peers:
    """A group of images that are compared with each other, named by what they share.

    Attributes:
        dataset: folder of their derivative; empty for raw images.
        space: space of a derivative, empty where its names state none. It parts the groups, because an image that was
            skull-stripped or resampled is unlike one that was acquired.
        kind: entities that make images of one channel unlike each other, such as `part-phase` or `echo-2`; empty for
            none.
    """

    site: str
    channel: str
    dataset: str = ""
    space: str = ""
    kind: str = ""

    @classmethod
    def of(cls, path: str, site: str, channel: str) -> Peers:
        """The group of an image.

        Args:
            path: path of the image, which states dataset, space and kind.
            site: its site.
            channel: its channel.
        """
        dataset, inner = places.split_dataset(path)
        entities = name.entities if (name := parse(inner)) else {}
        kind = " ".join(f"{key}-{entities[key]}" for key in _UNLIKE if key in entities)
        return cls(site, channel, dataset, entities.get("space", ""), kind)

    @property
    def of_channel(self) -> str:
        """`FLAIR`, `FLAIR in MNI152NLin6Asym of mni-openms`, or `T2starw part-phase`."""
        return self.channel + self._made

    @property
    def where(self) -> str:
        """`siteA`, or `siteA in MNI152NLin6Asym of mni-openms`."""
        return self.site + self._made

    @property
    def _made(self) -> str:
        space = (f" {self.kind}" if self.kind else "") + (f" in {self.space}" if self.space else "")
        return space + (f" of {self.dataset.partition('/')[2]}" if self.dataset else "")


@dataclass(frozen=True)
class Shot:
    """One image with everything that checks look at.

    Attributes:
        site: site of its session, or `not stated`.
        spacing_mm, shape: spacing and size of the grid along its first three axes.
        sidecar: fields of its sidecars, inherited ones included.
        measured: its measures; None where its content is not on this machine.
    """

    path: str
    sha256: str
    subject: str
    session: str
    site: str
    channel: str
    suffix: str
    spacing_mm: tuple[float, float, float]
    shape: tuple[int, int, int]
    sidecar: Mapping[str, Any] = field(default_factory=dict)
    measured: Measured | None = None

    @property
    def peers(self) -> Peers:
        """The group of images that it is compared with."""
        return Peers.of(self.path, self.site, self.channel)

    def number(self, name: str) -> Any:
        """The measured number of this name; None where it was not measured."""
        return self.measured.numbers.get(name) if self.measured else None


@dataclass(frozen=True)
class Cohort:
    """The input of checks.

    Attributes:
        shots: every image.
        cells: rows of `registry.catalog.overview.completeness`.
        places: findings of `registry.maintenance.mask_checks.check_places`: images whose place is not clear.
    """

    shots: Sequence[Shot]
    cells: Sequence[Mapping[str, Any]] = ()
    places: Sequence[Finding] = ()

    @cached_property
    def peers(self) -> Mapping[Peers, Sequence[Shot]]:
        """Group to its images: those that were measured and are not constant."""
        found: dict[Peers, list[Shot]] = {}
        for shot in self.shots:
            if shot.number("minimum") != shot.number("maximum"):
                found.setdefault(shot.peers, []).append(shot)
        return found


@dataclass(frozen=True)
class Hit:
    """One thing that a check found.

    Attributes:
        unit: an image's path, a session, or a channel.
        message: what is odd, as the rest of a sentence about the unit.
        score: distance from the ordinary, in the check's own unit, or None.
        subject, channel, site: stated only where the unit is no image.
    """

    unit: str
    message: str
    score: float | None = None
    subject: str | None = None
    channel: str | None = None
    site: str | None = None


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        code: its stable name.
        about: a sentence that says what it finds.
        advice: a sentence that says what to do about it.
        run: the function that finds hits in a cohort.
        severity: an error where no model may be trained on the image.
        version: raise it when the check finds other things than before.
        numbers: numbers that it needs of each image beside the columns of `ImageMeasures`.
    """

    code: str
    about: str
    advice: str
    run: Callable[[Cohort], Iterable[Hit]]
    severity: Severity = Severity.WARNING
    version: str = "1"
    numbers: tuple[Number, ...] = ()


def each(look: Callable[[Shot], str | None]) -> Callable[[Cohort], Iterable[Hit]]:
    """A check of a cohort, made from a function that says what is odd about one image, or None."""

    def run(cohort: Cohort) -> Iterable[Hit]:
        for shot in cohort.shots:
            if message := look(shot):
                yield Hit(shot.path, message)

    return run
