"""Conversion of one stack by dcm2niix, from its wheel, in a folder of its own; nothing is fetched or sent."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curation.dicom.codes import Code
from curation.dicom.read.files import Unusable
from curation.importers.cleaning import sidecars
from registry.errors import InvalidInput

_LIMIT_S = 3600
# Single files, sidecar without identities, no gzip (written again anyway), voxels in their own type, no cropping and no
# rotating of 3-D acquisitions, no defaults from the user's home.
_OPTIONS = ("-g", "i", "-f", "image", "-b", "y", "-ba", "y", "-z", "n", "-l", "o", "-x", "i", "-w", "1")
_MAPS = ("_ADC",)
"""Endings that dcm2niix adds to volumes which a scanner computed and filed under the diffusion series."""


@dataclass(frozen=True)
class Converted:
    """The files that dcm2niix made.

    Attributes:
        image: the image.
        fields: of its sidecar.
        gradients: gradient tables by extension.
        has_maps: whether dcm2niix left volumes that the scanner computed (trace, ADC) out of the image; it then
            writes all volumes into a second image, `_ADC`, which is not used.
    """

    image: Path
    fields: dict[str, Any]
    gradients: dict[str, bytes]
    has_maps: bool = False


def convert(files: Sequence[Path], into: Path, *, uneven: bool = False) -> Converted:
    """Convert the files of one stack.

    Args:
        files: the stack's files, in any folders.
        into: an empty folder; links to the files and the results are written there.
        uneven: the headers of the slices state directions that dcm2niix would part (`grids.direction_spread`).

    Raises:
        Unusable: no image came out, or more than one.
        InvalidInput: dcm2niix is not installed, or its sidecar cannot be read.
    """
    links, results = into / "dicom", into / "nifti"
    links.mkdir()
    results.mkdir()
    for number, file in enumerate(files):
        (links / f"{number:06}.dcm").symlink_to(file.resolve())
    command = [program(), *_OPTIONS, "-m", "y" if uneven else "2", "-o", str(results), str(links)]
    environment = {**os.environ, "HOME": str(into), "TZ": "UTC"}
    try:
        subprocess.run(command, capture_output=True, check=False, timeout=_LIMIT_S, env=environment, cwd=into)
    except subprocess.TimeoutExpired as error:
        raise Unusable(Code.CONVERSION_FAILED, f"dcm2niix did not end within {_LIMIT_S} s.") from error
    made = sorted(results.glob("*.nii"))
    maps = tuple(path for path in made if path.stem.endswith(_MAPS)) if len(made) > 1 else ()
    images = [path for path in made if path not in maps]
    if not images:
        raise Unusable(Code.CONVERSION_FAILED, "dcm2niix made no image of it.")
    if len(images) > 1:
        raise Unusable(Code.CONVERTED_TO_SEVERAL, f"dcm2niix made {len(images)} images of it.")
    return replace(_read_result(images[0]), has_maps=bool(maps))


def _read_result(image: Path) -> Converted:
    sidecar = image.with_suffix(".json")
    tables = {ending: image.with_suffix(ending) for ending in (".bval", ".bvec")}
    return Converted(
        image,
        sidecars.read(sidecar) if sidecar.is_file() else {},
        {ending: path.read_bytes() for ending, path in tables.items() if path.is_file()},
    )


def program() -> str:
    """The path of the program in the wheel.

    Raises:
        InvalidInput: the wheel is not installed.
    """
    try:
        import dcm2niix
    except ImportError as error:
        raise InvalidInput(
            "dcm2niix is not installed, so DICOM cannot be converted.", "Install its wheel: pip install dcm2niix"
        ) from error
    return str(dcm2niix.bin)
