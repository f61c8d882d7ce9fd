"""The pass over images: all cores read each image once, whole; measures are cached by checksum on this machine."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from curation.checks.measures import asymmetry, numbers
from curation.checks.measures.asymmetry import Asymmetry
from curation.checks.measures.numbers import Number
from curation.persons import fingerprints
from registry.errors import InvalidInput
from registry.files import atomic, volumes
from registry.files.canonical import readable_json, sha256_bytes, sha256_file
from registry.files.parallel import map_files
from registry.files.progress import Progress
from registry.index.facts import HEAVY_BYTES

VERSION = f"{numbers.VERSION}.{fingerprints.VERSION}.{asymmetry.VERSION}.2"
"""Version of everything that the cache holds about one image; it names the cache's folder."""

_CHANGED = "its bytes are not those that the registry accepted: see cohortium doctor"
_NO_MEMORY = "reading it takes more memory than this machine has"


@dataclass(frozen=True)
class Measured:
    """The measures of one image.

    Attributes:
        problem: why it could not be read, in words; then `numbers` is empty.
        numbers: columns of `ImageMeasures` and own numbers of checks, to their values.
        asymmetry: None where left and right cannot be compared.
        forms_apart_mm: largest distance of a corner by qform and by sform; infinite where one of them is unusable.
    """

    problem: str | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict)
    asymmetry: Asymmetry | None = None
    forms_apart_mm: float = 0.0


def measure_images(
    root: Path,
    cache: Path,
    images: Sequence[tuple[str, str]],
    progress: Progress | None = None,
    own: Sequence[Number] = (),
) -> Iterator[tuple[str, Measured]]:
    """Path and measures of every image whose content is on this machine.

    Args:
        root: the registry's folder.
        cache: a folder on this machine.
        images: paths with their checksums.
        progress: called before the first image and after each.
        own: numbers that checks need beside the columns of `ImageMeasures`.
    """
    cache = cache / _name_version(own)
    here = [(path, sha256) for path, sha256 in images if (root / path).is_file()]
    if progress:
        progress(0, len(here), "measuring images")
    answers = map_files(
        partial(_load_or_read, str(root), str(cache), tuple(own)), here, heavy=_is_heavy(root, cache, here)
    )
    for number, ((path, _), answer) in enumerate(zip(here, answers, strict=True), start=1):
        if progress:
            progress(number, len(here), "measuring images")
        yield path, answer


def _is_heavy(root: Path, cache: Path, images: Sequence[tuple[str, str]]) -> bool:
    """Whether the images that are not cached are worth the start of workers."""
    left = (root / path for path, sha256 in images if not _cache_path(cache, sha256).exists())
    return sum(path.stat().st_size for path in left) > HEAVY_BYTES


def _load_or_read(root: str, cache: str, own: tuple[Number, ...], image: tuple[str, str]) -> Measured:
    path, sha256 = image
    cached, source = _cache_path(Path(cache), sha256), Path(root) / path
    kept = _load(cached)
    if kept is not None:
        return kept
    if sha256_file(source) != sha256:  # its measures must not be cached under this checksum
        return Measured(_CHANGED)
    made = read(source, own)
    if made.problem != _NO_MEMORY:
        _save(cached, made)
    return made


def read(path: Path, own: Sequence[Number] = ()) -> Measured:
    """The measures of one image, from every voxel of it; whatever is wrong becomes `problem`, never an exception.

    Args:
        path: path of the file.
        own: as for `measure_images`.
    """
    try:
        volume = volumes.load(path)
        volumes.require_whole(path)
        return Measured(None, numbers.measure(volume, own), _measure_asymmetry(volume), volumes.forms_apart_mm(path))
    except InvalidInput as error:
        problem = error.message
    except MemoryError:
        problem = _NO_MEMORY
    except Exception as error:  # noqa: BLE001 - a damaged file may break any library; its finding says how
        problem = f"{path.name} cannot be measured ({type(error).__name__}: {error})."
    return Measured(" ".join(problem.replace(f"{path.parent}{os.sep}", "").replace(path.name, "the file").split()))


def _measure_asymmetry(volume: volumes.Volume) -> Asymmetry | None:
    data = volume.data
    if data.ndim > 4 or min(data.shape[:3]) < 2:
        return None
    if not np.ptp(data[..., 0] if data.ndim == 4 else data) > 0:  # constant, or not a number somewhere
        return None
    return asymmetry.of(fingerprints.of_volume(volume))


def _name_version(own: Sequence[Number]) -> str:
    """Name of the cache's folder: another set of numbers, or another version of one, has a folder of its own."""
    named = sorted(f"{number.name} {number.version}" for number in own)
    return f"{VERSION}-{sha256_bytes(readable_json(named))[:12]}" if own else VERSION


def _cache_path(cache: Path, sha256: str) -> Path:
    return cache / sha256[:2] / f"{sha256}.npz"


def _load(path: Path) -> Measured | None:
    """The cached measures; None where the cache has none or only a damaged file."""
    try:
        with np.load(path) as kept:
            stated = json.loads(bytes(kept["stated"]))
            odd = Asymmetry(kept["values"], float(stated["symmetry"])) if "values" in kept else None
            return Measured(stated["problem"], stated["numbers"], odd, float(stated["forms_apart_mm"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _save(path: Path, made: Measured) -> None:
    odd = made.asymmetry
    stated = {
        "problem": made.problem,
        "numbers": dict(made.numbers),
        "symmetry": odd.symmetry if odd else None,
        "forms_apart_mm": made.forms_apart_mm,
    }
    arrays: dict[str, Any] = {"values": odd.values} if odd else {}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, stated=np.frombuffer(json.dumps(stated).encode(), np.uint8), **arrays)
    atomic.write(path, buffer.getvalue())
