"""Derivatives that are computed from another one (consensus masks, lesion instances): description and report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from registry.bids import places
from registry.bids.description import dataset_description, generated_by
from registry.errors import CohortiumError, InvalidInput
from registry.files.canonical import readable_json
from registry.files.progress import Progress

GENERATED_BY = [generated_by()]
T = TypeVar("T")


@dataclass(frozen=True)
class LeftOut:
    """One image for which nothing was written, and why."""

    image: str
    reason: str


@dataclass(frozen=True)
class BuildReport:
    """The result of computing a derivative: the number of files written, and the images left out."""

    written: int
    left_out: tuple[LeftOut, ...] = ()

    def lines(self) -> list[str]:
        """One sentence for each image that was left out."""
        return [f"left out: {item.image}: {item.reason}" for item in self.left_out]


def write_each(
    wanted: Sequence[tuple[str, T]], write: Callable[[T], None], progress: Progress | None, what: str
) -> list[LeftOut]:
    """Write what can be computed; one file that cannot be read leaves out its own image and no other.

    Args:
        wanted: path of each image, and what `write` gets for it.
        write: writes the files of one image.
        progress: called with `(done, total, what)`.
        what: the text that `progress` gets.

    Returns:
        The images that were left out.

    Raises:
        InvalidInput: nothing could be written.
    """
    left_out = []
    for number, (image, item) in enumerate(wanted, start=1):
        try:
            write(item)
        except CohortiumError as error:
            left_out.append(LeftOut(image, " ".join(filter(None, (error.message, error.hint)))))
        if progress:
            progress(number, len(wanted), what)
    if left_out and len(left_out) == len(wanted):
        more = f" ({len(wanted) - 1} more like it)" if wanted[1:] else ""
        raise InvalidInput(f"Nothing was written: {left_out[0].image}{more}: {left_out[0].reason}")
    return left_out


def describe(folder: Path, name: str, about: str, source: str, images: Iterable[str]) -> None:
    """Create the folder of a derivative with its `dataset_description.json` and `README`.

    Args:
        folder: the folder; it must not exist.
        name: the title of the dataset.
        about: the first words of the README's sentence; the folder of the source follows them.
        source: the derivative that it is computed from, such as `manual-ms`, which sidecars name `manual`.
        images: paths of the images that the dataset describes.
    """
    folder.mkdir(parents=True)
    links = {**places.links(images), source.partition("-")[0]: f"file:../{source}"}
    (folder / "dataset_description.json").write_bytes(readable_json(dataset_description(name, links)))
    (folder / "README").write_text(f"{about} ../{source}.\n")
