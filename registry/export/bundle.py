"""The bundle that every layout writes with: the snapshot, its frozen bytes, and the folder that is filled."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from registry.errors import StorageError, UsageError
from registry.files.canonical import gzip_bytes
from registry.files.progress import Progress
from registry.manifests import FileRef, Manifest, Sample, Truth
from registry.snapshots.content import Contents
from registry.store import Registry

ENVIRONMENT = "COHORTIUM_EXPORTS"
"""Environment variable that names the folder for exports from the app."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True)
class Options:
    """Options of an export.

    Attributes:
        link: make hard links to annexed files, which are read-only, instead of copies; other files are copied.
        resample: resample channels on another grid onto the target's, linearly, instead of refusing them.
        fetch: ask the remotes for content that is not on this machine.
        identifying: also export images in which somebody saw burned-in text or a face.
        despite_withdrawal: why persons who withdrew their consent are exported nevertheless; empty refuses them.
    """

    link: bool = False
    resample: bool = False
    fetch: bool = False
    identifying: bool = False
    despite_withdrawal: str = ""


@dataclass(frozen=True)
class ExportReport:
    """What was written. `notes` are sentences for the people who use the folder."""

    folder: str
    layout: str
    snapshot: str
    samples: int
    files: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return asdict(self)


@dataclass
class Bundle:
    """One export under way.

    Attributes:
        notes: sentences for the report.
        written_anew, unreadable, unstated: samples to the reason why SimpleITK would not read their frozen files as the
            registry does, why it reads them in no form, and to a remark where their headers state no position.
    """

    registry: Registry
    manifest: Manifest
    contents: Contents
    folder: Path
    options: Options
    progress: Progress | None = None
    notes: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    written_anew: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    unstated: dict[str, str] = field(default_factory=dict)

    def source(self, ref: FileRef) -> Path:
        """The file that holds the frozen bytes; the progress callback is called once for each."""
        if self.progress and ref.path not in self.used:
            self.used.add(ref.path)
            self.progress(len(self.used), len(self.contents.places), "writing")
        return self.contents.places[ref.path]

    def put(self, ref: FileRef, path: str) -> None:
        """Copy or link a frozen file to a path in the export; compress it where only the new name ends in `.gz`."""
        new, source = self._new_path(path), self.source(ref).resolve()
        if path.endswith(".gz") and not ref.path.endswith(".gz"):
            new.write_bytes(gzip_bytes(source.read_bytes()))
        elif self.options.link and not source.stat().st_mode & stat.S_IWUSR:
            _hard_link(source, new)
        else:
            shutil.copyfile(source, new)

    def write(self, path: str, data: bytes) -> None:
        """Write a file that the layout makes."""
        self._new_path(path).write_bytes(data)

    def write_json(self, path: str, value: Any) -> None:
        """Write a readable JSON file whose keys keep their order."""
        self.write(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())

    def target(self, sample: Sample) -> Truth:
        """The first mask of a sample's target, whose grid is that of all its masks.

        Raises:
            UsageError: the sample has no single mask.
        """
        if sample.target is None:
            raise UsageError(
                f"{sample.sample} has no single mask: its target is the share of raters per voxel.",
                "Export it with --layout bids or csv, or freeze it with another --target.",
            )
        return sample.target

    def report(self, into: Path, layout: str) -> ExportReport:
        """The report on a finished folder, with the number of its files."""
        files = sum(len(names) for _, _, names in os.walk(into))
        samples = len(self.manifest.samples)
        notes = tuple(dict.fromkeys(self.notes))  # a sample that was written twice says things twice
        return ExportReport(str(into), layout, self.manifest.snapshot_id, samples, files, notes)

    def _new_path(self, path: str) -> Path:
        new = self.folder / path
        new.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)  # it may be a hard link to the registry's file, which is never written through
        return new


def _hard_link(source: Path, link: Path) -> None:
    try:
        os.link(source, link)
    except OSError as error:
        raise StorageError(
            f"This disk cannot link the registry's files ({error.strerror}).", "Export without --link."
        ) from error


def place(registry: Registry, name: str) -> Path:
    """The folder for an export that has only a name, as in the app.

    It is `<registry>-exports/<name>`, or `<name>` below the folder that `COHORTIUM_EXPORTS` names.

    Raises:
        UsageError: the name is not 1 to 100 letters, digits, `-` and `_`, the first of them a letter or digit.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be the name of a folder here.", "Use letters, digits, - and _; at most 100 characters."
        )
    above = os.environ.get(ENVIRONMENT) or f"{registry.root}-exports"
    return Path(above).absolute() / name
