"""A sample of a snapshot: files, and the masks that say the truth about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TRAIN, EVALUATION = "train", "evaluation"
"""What a truth is used for: the target, or a reading beside it."""


@dataclass(frozen=True)
class FileRef:
    """One file: its path relative to the registry's root (POSIX), and the SHA-256 of its bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Truth(FileRef):
    """One mask of a sample, and what its values mean.

    Attributes:
        role: `consensus` or `expert`: who says so. Never which structure it shows.
        source: the consensus recipe (`majority`) or the rater's code (`e01`).
        protocol: the protocol the raters followed.
        image: path of the image whose grid the mask shares.
        labels: value in this file (as text) to the structure that it shows, without the background.
        use: `TRAIN` or `EVALUATION`.
    """

    role: str
    source: str
    protocol: str
    image: str
    labels: Mapping[str, str] = field(default_factory=dict)
    use: str = EVALUATION


@dataclass(frozen=True)
class Sample:
    """One unit of training: the images of one session and the masks that say the truth about them.

    Attributes:
        sample: unique key, `sub-A000_ses-M00`, or with `_run-1` and the like where a session has several.
        person: the human being; splits group by it.
        part: `train`, `validation`, `test`; None where the snapshot has no split.
        images: channel name (`FLAIR`, `T1w`) to file. Channels may lie on different grids.
        class_label: the class used for stratifying, or None.
        truths: the target's masks, then every expert's reading of the same structures, for the human ceiling.
        unit: `session` or `image`: what the key names.
    """

    sample: str
    person: str
    subject: str
    session: str | None
    site: str | None
    scanner: str | None
    class_label: str | None
    part: str | None
    images: Mapping[str, FileRef]
    truths: tuple[Truth, ...] = ()
    unit: str = "session"

    @property
    def targets(self) -> tuple[Truth, ...]:
        """The masks that together are the target; several where it has several structures. Empty for `soft`."""
        masks = tuple(truth for truth in self.truths if truth.use == TRAIN)
        return masks if len({mask.source for mask in masks}) == 1 else ()

    @property
    def target(self) -> Truth | None:
        """The first mask of the target: its image, grid and source are those of all. None for `soft`."""
        return self.targets[0] if self.targets else None

    @property
    def readings(self) -> tuple[Truth, ...]:
        """Every expert mask, each once, sorted by path; the target's too where an expert drew it."""
        experts = {truth.path: truth for truth in self.truths if truth.role == "expert"}
        return tuple(experts[path] for path in sorted(experts, key=str.encode))
