"""The search for the files of a folder that form one image, for `predict`.

- A model with one channel: every `.nii` and `.nii.gz` file is an image.
- Several channels, BIDS names: files in one folder that differ only in their suffix, one suffix per channel
  (`sub-01_FLAIR.nii.gz`, `sub-01_T1w.nii.gz`).
- Several channels, numbered names: `case_0000.nii.gz`, `case_0001.nii.gz`, in the model's channel order.

The result gets the name and the grid of the file of the reference channel, on which the training masks were drawn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.errors import InvalidInput, NotFound

_NUMBERED = re.compile(r"(.+)_(\d{4})")


@dataclass(frozen=True)
class Input:
    """One image to predict.

    Attributes:
        name: path of the reference channel's file relative to the input folder; also the path of the result.
        files: one file per channel, in the model's order.
    """

    name: Path
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Refusal:
    """A file that was not predicted, and why."""

    path: str
    reason: str


def find(folder: Path, channels: Sequence[str], reference: str) -> tuple[list[Input], list[Refusal]]:
    """The images below a folder, sorted by name, and the files that belong to none.

    Args:
        folder: searched with the folders below it; hidden files do not count.
        channels: names in the model's order.
        reference: the channel whose file names the result.

    Raises:
        NotFound: no such folder.
        InvalidInput: it holds no NIfTI file.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder '{folder.name}' to predict.", "Give a folder that holds NIfTI images.")
    files = sorted((p for p in folder.rglob("*") if is_nifti(p)), key=lambda p: p.as_posix().encode())
    if not files:
        raise InvalidInput(f"The folder '{folder.name}' holds no .nii or .nii.gz file.", "Convert the images first.")
    if len(channels) == 1:
        return [Input(path.relative_to(folder), (path,)) for path in files], []
    return _group_channels(folder, files, channels, reference)


def is_nifti(path: Path) -> bool:
    """Whether a file's name says it is NIfTI; hidden files do not count."""
    return path.name.endswith((".nii", ".nii.gz")) and not path.name.startswith(".")


def _group_channels(
    folder: Path, files: Sequence[Path], channels: Sequence[str], reference: str
) -> tuple[list[Input], list[Refusal]]:
    groups: dict[Path, dict[str, Path]] = {}
    refusals = []
    for path in files:
        key, channel = _channel_of(path, channels)
        if channel is None:
            refusals.append(Refusal(str(path.relative_to(folder)), f"its name ends in none of {', '.join(channels)}"))
        else:
            groups.setdefault(path.parent / key, {})[channel] = path
    inputs = []
    for found in groups.values():
        missing = [channel for channel in channels if channel not in found]
        if missing:
            refusals += [
                Refusal(str(path.relative_to(folder)), f"its {' and '.join(missing)} image is missing")
                for path in found.values()
            ]
        else:
            files_in_order = tuple(found[channel] for channel in channels)
            inputs.append(Input(found[reference].relative_to(folder), files_in_order))
    return inputs, refusals


def _channel_of(path: Path, channels: Sequence[str]) -> tuple[str, str | None]:
    """The group that a file belongs to, and its channel, or None where its name shows no channel."""
    stem = path.name.partition(".")[0]
    before, _, suffix = stem.rpartition("_")
    if before and suffix in channels:
        return before, suffix
    numbered = _NUMBERED.fullmatch(stem)
    if numbered and int(numbered[2]) < len(channels):
        return numbered[1], channels[int(numbered[2])]
    return stem, None
