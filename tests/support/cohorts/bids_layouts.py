"""Layouts of public BIDS datasets with small images in place of their empty ones, and layouts of our own."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

from registry.bids import sidecars
from registry.bids.filenames import parse_name
from tests.support.cohorts.importer_twins import SHAPE, put, voxels, write_json

TIMES = 2
"""Volumes of a filled time series."""


def fill(layout: Path, into: Path) -> Path:
    """Copy a layout; images and recordings that hold nothing are filled, so that the official validator reads them."""
    shutil.copytree(layout, into, symlinks=False, copy_function=shutil.copyfile)
    files = sorted(path for path in into.rglob("*") if path.is_file())
    folders = sidecars.by_folder(
        (path.relative_to(into).as_posix(), json.loads(path.read_bytes())) for path in files if path.suffix == ".json"
    )
    for number, path in enumerate(files):
        stated = sidecars.metadata(path.relative_to(into).as_posix(), folders)
        if path.name.endswith((".nii", ".nii.gz")) and path.stat().st_size <= 352:
            path.unlink()
            count = count_volumes(path, into)
            seconds = stated.get("RepetitionTime", 1)
            put(path, voxels(number, (*SHAPE, count) if count else SHAPE), text="", seconds=seconds)
        elif path.name.endswith(".tsv.gz") and not path.stat().st_size:
            row = "\t".join("0" for _ in stated.get("Columns", ["one"]))
            path.write_bytes(gzip.compress(f"{row}\n{row}\n".encode(), mtime=0))
    return into


def count_volumes(image: Path, root: Path) -> int:
    """Volumes of a filled image: one for each gradient or row of its context; 0 for an image of three axes."""
    name = parse_name(image.name)
    table = {"dwi": ("dwi", ".bval"), "asl": ("aslcontext", ".tsv")}.get(name.suffix)
    if table is None:
        return TIMES if name.suffix in ("bold", "cbv") else 0
    for folder in (image.parent, *image.parent.parents):
        for other in sorted(folder.iterdir()):
            stated = parse_name(other.name)
            if (stated.suffix, stated.extension) == table and stated.entities.items() <= name.entities.items():
                words = other.read_text().split()
                return len(words) if table[0] == "dwi" else len(words) - 1
        if folder == root:
            break
    return TIMES


def begin(root: Path) -> Path:
    """A dataset of one subject with one image, for others to be put beside it."""
    write_json(root / "dataset_description.json", {"Name": "Public", "BIDSVersion": "1.8.0"})
    put(root / "sub-01/anat/sub-01_T1w.nii.gz", voxels(1), text="")
    return root


def put_times(path: Path, count: int = TIMES) -> None:
    """Write a time series with a volume every two seconds."""
    put(path, voxels(2, (*SHAPE, count)), text="", seconds=2)
