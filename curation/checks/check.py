"""The shape of every check: a function from a cohort to what it found there, with a code, a sentence and a version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from curation.checks.measures.numbers import Number
from curation.checks.measures.read import Measured
from registry.bids import places
from registry.bids.names import parse
from registry.vocabulary.findings import Severity


@dataclass(frozen=True)
class Peers:
    """What images have in common that are compared with each other.

    Attributes:
        dataset: folder of the derivative that they are of; empty for raw images.
        space: of the derivative, empty where its names state none: what was cut out of its head, or resampled, is
            unlike what was acquired.
    """

    site: str
    channel: str
    dataset: str = ""
    space: str = ""

    @classmethod
    def of(cls, path: str, site: str, channel: str) -> Peers:
        """Those of an image; dataset and space follow from its path."""
        dataset, inner = places.split_dataset(path)
        name = parse(inner)
        return cls(site, channel, dataset, name.entities.get("space", "") if name else "")

    @property
    def of_channel(self) -> str:
        """`FLAIR`, or `FLAIR in MNI152NLin6Asym of mni-openms`."""
        return self.channel + self._made

    @property
    def where(self) -> str:
        """`siteA`, or `siteA in MNI152NLin6Asym of mni-openms`."""
        return self.site + self._made

    @property
    def _made(self) -> str:
        space = f" in {self.space}" if self.space else ""
        return space + (f" of {self.dataset.partition('/')[2]}" if self.dataset else "")


@dataclass(frozen=True)
class Shot:
    """One image with all that is known of it.

    Attributes:
        site: `not stated` where the session states none.
        spacing_mm, shape: of its grid, the first three axes.
        sidecar: what its sidecars say, inherited ones included.
        measured: None where its content is not on this machine.
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
        """Whom it is compared with."""
        return Peers.of(self.path, self.site, self.channel)

    def number(self, name: str) -> Any:
        """One measured column; None where it is not known."""
        return self.measured.numbers.get(name) if self.measured else None


@dataclass(frozen=True)
class Cohort:
    """What checks look at: every image, and the rows of `registry.catalog.overview.completeness`."""

    shots: Sequence[Shot]
    cells: Sequence[Mapping[str, Any]] = ()

    @cached_property
    def peers(self) -> Mapping[Peers, Sequence[Shot]]:
        """Images that are compared with each other: those that could be measured and show anything."""
        found: dict[Peers, list[Shot]] = {}
        for shot in self.shots:
            if shot.number("minimum") != shot.number("maximum"):
                found.setdefault(shot.peers, []).append(shot)
        return found


@dataclass(frozen=True)
class Hit:
    """One thing found.

    Attributes:
        unit: an image's path, a session, or a channel.
        message: what is odd, as the rest of a sentence about the unit.
        score: how far from ordinary, in the check's own unit, or None.
        subject: where the unit is no image.
        channel, site: where the unit is no image.
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
        about: one sentence for people: what it finds.
        advice: one sentence: what to do about it.
        run: the function.
        severity: an error where nothing may be trained on the image.
        version: raise it when the check finds other things than before.
        numbers: what it measures in each image beside the columns of `ImageMeasures`.
    """

    code: str
    about: str
    advice: str
    run: Callable[[Cohort], Iterable[Hit]]
    severity: Severity = Severity.WARNING
    version: str = "1"
    numbers: tuple[Number, ...] = ()


def each(look: Callable[[Shot], str | None]) -> Callable[[Cohort], Iterable[Hit]]:
    """A check of the cohort from a look at one image that says what is odd, or nothing."""

    def run(cohort: Cohort) -> Iterable[Hit]:
        for shot in cohort.shots:
            if message := look(shot):
                yield Hit(shot.path, message)

    return run
