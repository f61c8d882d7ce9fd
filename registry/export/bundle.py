"""What every layout works with: the snapshot, where its frozen bytes are, and the folder being filled."""

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
from registry.manifests import FileRef, Manifest, Sample, Target
from registry.snapshots.content import Contents
from registry.store import Registry

ENVIRONMENT = "COHORTIUM_EXPORTS"
"""Names the folder for exports of the app."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True)
class Options:
    """How a snapshot is exported.

    Attributes:
        link: hard links to annexed files, which are read-only, instead of copies; other files are copied.
        resample: bring channels that lie on another grid onto the target's, linearly, instead of refusing.
        fetch: ask remotes for content that is not on this machine.
        identifying: also images in which somebody saw burned-in text or a face.
    """

    link: bool = False
    resample: bool = False
    fetch: bool = False
    identifying: bool = False


@dataclass(frozen=True)
class ExportReport:
    """What was written. `notes` are sentences about what a reader of the folder should know."""

    folder: str
    layout: str
    snapshot: str
    samples: int
    files: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        return asdict(self)


@dataclass
class Bundle:
    """One export under way."""

    registry: Registry
    manifest: Manifest
    contents: Contents
    folder: Path
    options: Options
    progress: Progress | None = None
    notes: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def source(self, ref: FileRef) -> Path:
        """The file that holds the frozen bytes; each one is told once."""
        if self.progress and ref.path not in self.used:
            self.used.add(ref.path)
            self.progress(len(self.used), len(self.contents.places), "writing")
        return self.contents.places[ref.path]

    def put(self, ref: FileRef, path: str) -> None:
        """Copy or link a frozen file to a path in the export; compress it where only the new name says so."""
        place, source = self._new(path), self.source(ref).resolve()
        if path.endswith(".gz") and not ref.path.endswith(".gz"):
            place.write_bytes(gzip_bytes(source.read_bytes()))
        elif self.options.link and not source.stat().st_mode & stat.S_IWUSR:
            _hard_link(source, place)
        else:
            shutil.copyfile(source, place)

    def write(self, path: str, data: bytes) -> None:
        """A file that is made here."""
        self._new(path).write_bytes(data)

    def write_json(self, path: str, value: Any) -> None:
        """A readable JSON file whose keys stay in the given order."""
        self.write(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())

    def target(self, sample: Sample) -> Target:
        """The mask of a sample.

        Raises:
            UsageError: its truth is no single mask.
        """
        if sample.target is None:
            raise UsageError(
                f"{sample.sample} has no single mask: its target is the share of raters per voxel.",
                "Export it with --layout bids or csv, or freeze it with another --target.",
            )
        return sample.target

    def report(self, into: Path, layout: str) -> ExportReport:
        """Count what lies in the finished folder."""
        files = sum(len(names) for _, _, names in os.walk(into))
        samples = len(self.manifest.samples)
        return ExportReport(str(into), layout, self.manifest.snapshot_id, samples, files, tuple(self.notes))

    def _new(self, path: str) -> Path:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place


def _hard_link(source: Path, place: Path) -> None:
    try:
        os.link(source, place)
    except OSError as error:
        raise StorageError(
            f"This disk cannot link the registry's files ({error.strerror}).", "Export without --link."
        ) from error


def place(registry: Registry, name: str) -> Path:
    """The folder for an export that is known by name alone, as in the app.

    It is `<registry>-exports/<name>`, or lies below the folder that `COHORTIUM_EXPORTS` names.

    Raises:
        UsageError: a name that is no simple word.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be the name of a folder here.", "Use letters, digits, - and _; at most 100 characters."
        )
    above = os.environ.get(ENVIRONMENT) or f"{registry.root}-exports"
    return Path(above).absolute() / name
