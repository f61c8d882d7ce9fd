"""The description of a derivative that is computed from another one: consensus masks, lesion instances."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from registry.bids import places
from registry.bids.description import dataset_description, generated_by
from registry.files.canonical import readable_json

GENERATED_BY = [generated_by()]


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
