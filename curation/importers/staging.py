"""A BIDS tree in the making: files go in one by one, tables and descriptions follow at the end."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from curation.importers import tables
from curation.importers.cleaning.nifti import CleanNifti, clean
from curation.importers.cleaning.people import check_people
from curation.importers.report import ImportReport, Reason, Refusal, count, printable
from curation.recipes import Recipe
from registry.bids import places
from registry.bids.names import BidsName
from registry.bids.names import name as build_name
from registry.errors import GeometryError, InvalidInput
from registry.files import mask_storage, volumes
from registry.files.canonical import readable_json, sha256_bytes
from registry.files.geometry import require_same_grid, same_grid
from registry.privacy.patterns import in_labels
from registry.vocabulary.display import format_count

_RENAME = "give subjects, sessions and raters codes; sessions.tsv has days_from_baseline for the time of a visit."

_UNSTATED = "Its header states no position (neither qform nor sform is set)."

_UNITS = {1000.0: "metres", 0.001: "micrometres"}
"""Length of a unit in mm to its name, for each unit that is converted."""

_POINTERS = (b"version https://git-lfs", b"/annex/objects/", b"../.git/annex")


class RefusedError(Exception):
    """One file cannot be imported; the import of the others goes on."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Placed:
    """An image in the tree: its path from the tree's root, its name, checksum and grid."""

    path: str
    name: BidsName
    sha256: str
    header: volumes.Header


@dataclass(frozen=True)
class MaskSpec:
    """The derivative, the labels and the sidecar fields of a mask.

    Attributes:
        folder: the derivative, `derivatives/manual-<protocol>`.
        labels: label value to name; 0 is the background.
        fields: sidecar fields beside those that every mask has.
    """

    folder: str
    labels: Mapping[int, str]
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Staging:
    """The tree below `root`, filled for one recipe.

    Attributes:
        participants: participant id to its columns.
        sessions: participant id to session id to its columns.
        links: derivative folder to the images that its sidecars name.
        titles: derivative folder to the name in its description.
        refused: files that stay outside.
        used: files that were read and are not part of the tree themselves.
        notes: sentences for the person who imports.
        taken: lower-case form of each path written to the path.
        converted: length in mm of a unit to the files of the delivery that stated their lengths in it.
    """

    root: Path
    recipe: Recipe
    participants: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    links: dict[str, set[str]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)
    converted: dict[float, list[str]] = field(default_factory=dict)

    def write(self, path: str, data: bytes) -> None:
        """Write one new file.

        Raises:
            RefusedError: a file of that name exists, or of a name that differs by case alone; or a label of the name
                holds a date or a person's name.
        """
        if (trace := in_labels(path)) and not self.recipe.options.get("labels_hold_no_dates"):
            raise RefusedError(Reason.TELLING_NAME, f"Its name holds {trace}: {_RENAME}")
        if path.lower() in self.taken:
            raise RefusedError(
                Reason.DUPLICATE,
                f"Another file of the delivery is {self.taken[path.lower()]} already: names "
                "that differ by case alone, or by .nii and .nii.gz, are one.",
            )
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as stream:
            stream.write(data)
        self.taken[path.lower()] = path

    def readable(self, source: Path, paths: Iterable[str]) -> list[str]:
        """The paths below `source` that can be read; the others are refused (`require_file`)."""
        found = []
        for path in paths:
            try:
                require_file(source / path)
                found.append(path)
            except RefusedError as error:
                self.refuse(path, error.reason, error.detail)
        return found

    def refuse(self, path: str, reason: Reason, detail: str) -> None:
        """Record a file that stays outside.

        Args:
            path: relative to the source, POSIX.
            reason: the code in the report.
            detail: one sentence about this file.
        """
        self.refused.append(Refusal(path, reason.value, detail))

    def person(self, subject: str, person: str | None = None, **columns: Any) -> None:
        """Add a participant; columns that are not given come from the recipe.

        Args:
            subject: participant id, `sub-A000`.
            person: the person's id; None derives it from the subject.
            **columns: columns of `participants.tsv`; they win over the recipe's.
        """
        recipe = self.recipe
        self.participants[subject] = {
            "person_id": person or f"P-{subject.removeprefix('sub-')}",
            "species": recipe.species,
            "class": recipe.class_label,
            "diagnosis": recipe.diagnosis,
            "radiological_status": recipe.radiological_status,
            **columns,
        }

    def open_image(self, source: Path, path: str) -> CleanNifti:
        """The clean content of an image of the delivery; the report tells where its unit was no mm.

        Args:
            source: the delivery's folder.
            path: of the image, relative to it.

        Raises:
            RefusedError: as `open_nifti`.
        """
        content = open_nifti(source / path)
        if content.unit_mm != 1:
            self.converted.setdefault(content.unit_mm, []).append(path)
        return content

    def image(self, name: BidsName, data: bytes, fields: Mapping[str, Any], folder: str = "") -> Placed:
        """Write an image and, when there are fields, its sidecar.

        Args:
            name: BIDS name of the image.
            data: the bytes of a `.nii.gz`.
            fields: of the sidecar; empty writes none.
            folder: the derivative; empty for the raw root.

        Raises:
            RefusedError: as `write`.
        """
        path = str(Path(folder) / name.path)
        self.write(path, data)
        if folder:
            self.links.setdefault(folder, set())
        if fields:
            self.write(str(Path(folder) / name.sidecar.path), readable_json(dict(fields)))
        return Placed(path, name, sha256_bytes(data), volumes.read_header(self.root / path))

    def mask(self, name: BidsName, data: volumes.Array, image: Placed, spec: MaskSpec) -> None:
        """Write a checked mask on the grid of its image, with the sidecar that every mask has.

        Args:
            name: BIDS name of the mask.
            data: labels (I, J, K), as `read_mask` returned them.
            image: the image that the mask was drawn on; its place becomes the mask's.
            spec: where the mask goes, and its own sidecar fields.

        Raises:
            RefusedError: as `write`.
        """
        encoded = mask_storage.encode_on(data, self.root / image.path)
        source = places.uri(image.path)
        fields = {
            "Sources": [source],
            "SpatialReference": source,
            "SourceSHA256": image.sha256,
            "SHA256": sha256_bytes(encoded),
            **spec.fields,
        }
        self.write(f"{spec.folder}/{name.path}", encoded)
        self.write(f"{spec.folder}/{name.sidecar.path}", readable_json(fields))
        self.links.setdefault(spec.folder, set()).add(image.path)

    def label_table(self, stem: str, spec: MaskSpec) -> None:
        """Write the label names at the root of a derivative, where every label map of that stem inherits them."""
        rows = [{"index": value, "name": name} for value, name in sorted(spec.labels.items()) if value]
        self.write(f"{spec.folder}/{stem}.tsv", tables.table_bytes(rows, ("index", "name")))

    def finish(self) -> ImportReport:
        """Write tables, descriptions and READMEs, compare with the expected counts, and report."""
        recipe = self.recipe
        self.notes += check_people(recipe, self.participants, self.sessions)
        files = {**tables.participants(self.participants), **tables.sessions(self.sessions)}
        files |= {"README": tables.readme(recipe), "dataset_description.json": tables.description(recipe, recipe.title)}
        for folder, images in self.links.items():
            title = self.titles.get(folder, folder.removeprefix("derivatives/"))
            description = tables.description(recipe, f"{recipe.title}: {title}", places.links(images))
            files[f"{folder}/dataset_description.json"] = description
            files[f"{folder}/README"] = tables.readme(recipe, f"{title[:1].upper()}{title[1:]}.")
            if places.role(folder)[0] is places.Role.READINGS:
                files |= {f"{folder}/{k}": v for k, v in tables.raters(recipe.raters, places.role(folder)[1]).items()}
        for path, data in files.items():
            self.write(path, data)
        return self.report()

    def report(self) -> ImportReport:
        """The report of the tree as it is: counts, refusals in the order of their paths, and notes."""
        kept = count(self.root)
        expected = [
            f"Expected {wanted} {kind}, found {kept.get(kind, 0)}."
            for kind, wanted in sorted(self.recipe.expected.items())
            if kept.get(kind, 0) != wanted
        ]
        legible = [replace(item, path=printable(item.path), detail=printable(item.detail)) for item in self.refused]
        refused = sorted(legible, key=lambda item: (item.path.encode(), item.reason))
        used = tuple(sorted(map(printable, self.used), key=str.encode))
        notes = tuple(map(printable, [*self.notes, *self._list_converted()]))
        return ImportReport(self.recipe.name, kept, tuple(refused), used, (*notes, *expected))

    def _list_converted(self) -> list[str]:
        """A note for each unit that became mm; images that stayed outside do not count."""
        outside = {item.path for item in self.refused}
        notes = []
        for unit_mm, every in sorted(self.converted.items()):
            if paths := sorted(set(every) - outside):
                what = f"{format_count(len(paths), 'image')} stated in {_UNITS[unit_mm]}"
                notes.append(f"Lengths converted to mm: {what} ({paths[0]}).")
        return notes


def channel_name(channel: str, **entities: str) -> BidsName:
    """The name of an image whose channel is a suffix with entities: `ce-gadolinium_T1w`."""
    *own, suffix = channel.split("_")
    return build_name(suffix, **dict(part.split("-", 1) for part in own), **entities)


def require_file(path: Path) -> None:
    """Refuse a file that cannot be read to its end. Call this before opening it: opening a pipe waits for ever.

    Raises:
        RefusedError: a dead link, not a regular file, or a file without permission to read.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise RefusedError(Reason.NOT_FETCHED, "The link leads nowhere: fetch the content first.") from error
    if not stat.S_ISREG(mode):
        what = "a link to a folder" if stat.S_ISDIR(mode) else "a pipe, a socket or a device"
        raise RefusedError(Reason.NO_FILE, f"It is not a regular file: {what}.")
    if not os.access(path, os.R_OK):
        raise RefusedError(Reason.NOT_FETCHED, "Its permissions forbid to read it.")


def require_inside(source: Path, path: str) -> None:
    """Refuse a link out of the delivery: its target was never delivered. Git-annex may keep content in a folder above.

    Raises:
        RefusedError: it leads elsewhere.
    """
    if (source / path).resolve().is_relative_to(source.resolve()):
        return
    annexes = (folder / ".git/annex/objects" for folder in source.resolve().parents)
    if not any((source / path).resolve().is_relative_to(annex) for annex in annexes):
        raise RefusedError(Reason.LINK_OUTSIDE, "It is a link out of the delivery: put the file itself there.")


def open_nifti(path: Path) -> CleanNifti:
    """The clean content of an image.

    Raises:
        RefusedError: the file is a pointer to content kept elsewhere, or not a NIfTI file.
    """
    require_file(path)
    if path.stat().st_size < 1024 and any(mark in path.read_bytes() for mark in _POINTERS):
        raise RefusedError(Reason.NOT_FETCHED, "It is a pointer to content kept elsewhere: fetch the content first.")
    try:
        return clean(path)
    except InvalidInput as error:
        raise RefusedError(Reason.NOT_NIFTI, error.message) from error


def read_mask(path: Path, image: volumes.Header, labels: Mapping[int, str]) -> volumes.Array:
    """Labels (I, J, K) of a mask, checked against its image and its label set.

    Args:
        path: the mask's file.
        image: header of the image that it was drawn on; shape and position must agree. A mask that lies there once the
            unit of its header is ignored counts as lying there: programs that write masks rarely mean another unit.
        labels: label value to name; other values are refused.

    Raises:
        RefusedError: not a NIfTI file, no whole numbers, labels outside the set, or another grid.
    """
    volume = read_labels(path)
    try:
        require_same_grid(path.name, volume.data.shape, volume.affine_ras, image)
    except GeometryError as error:
        if not same_grid(volume.data.shape, _stated_affine(path, volume), image.shape[:3], image.affine_ras):
            unstated = volumes.read_header(path).forms_missing and not image.forms_missing
            raise RefusedError(Reason.OTHER_GRID, error.message + (f" {_UNSTATED}" if unstated else "")) from error
    import numpy as np

    if unknown := set(np.unique(volume.data).tolist()) - set(labels):
        raise RefusedError(Reason.LABEL_VALUES, f"It holds label {min(unknown)}; known are {sorted(labels)}.")
    return volume.data


def read_labels(path: Path) -> volumes.Volume:
    """A label map of which every byte was read.

    Raises:
        RefusedError: not a NIfTI file, damaged, or no whole numbers.
    """
    try:
        volume = volumes.load_labels(path)
        volumes.require_whole(path)
    except InvalidInput as error:
        raise RefusedError(_find_reason(path), error.message) from error
    return volume


def _stated_affine(path: Path, volume: volumes.Volume) -> volumes.Array:
    """The affine by the numbers of the header alone, as if its unit were mm."""
    unit = volumes.read_storage(path).unit_mm
    affine = volume.affine_ras.copy()
    affine[:3] /= unit
    return affine


def _find_reason(path: Path) -> Reason:
    try:
        volumes.load(path)
        volumes.require_whole(path)
    except InvalidInput:
        return Reason.NOT_NIFTI
    return Reason.LABEL_VALUES
