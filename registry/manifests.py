"""A snapshot manifest: the only thing training reads. Pure data, no database.

The content id is the SHA-256 of the canonical JSON of the manifest, so the same registry state gives the same
id on any machine. No time, host, user or commit is inside.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from registry.errors import IntegrityError, InvalidInput, NotFound
from registry.files.canonical import canonical_json, gzip_bytes, sha256_bytes

SCHEMA = "cohortium/snapshot/1"
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class FileRef:
    """One file: its path relative to the registry's root (POSIX), and the SHA-256 of its bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Target(FileRef):
    """The mask a sample is trained on.

    Attributes:
        kind: `consensus` or `expert`.
        source: the consensus recipe (`majority`) or the rater's code (`e01`).
        protocol: the protocol the raters followed.
        image: path of the image whose grid the mask shares.
    """

    kind: str
    source: str
    protocol: str
    image: str


@dataclass(frozen=True)
class Sample:
    """One unit of training: the images of one session and the mask that is its truth.

    Attributes:
        sample: unique key, `sub-A000_ses-M00`, or with `_run-1` and the like where a session has several.
        person: the human being; splits group by it.
        part: `train`, `validation`, `test`; None where the snapshot has no split.
        images: channel name (`FLAIR`, `T1w`) to file. Channels may lie on different grids.
        target: None only where the target policy allows it.
        class_label: the class used for stratifying, or None.
        readings: every expert mask of the target's image, for the human ceiling and rater policies.
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
    target: Target | None
    readings: tuple[Target, ...] = ()


@dataclass(frozen=True)
class Exclusion:
    """A unit that the query returned and the snapshot left out, and why (`reason` is a code)."""

    unit: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Manifest:
    """A frozen cohort.

    Attributes:
        query: {"name", "version", "sql", "sha256"}.
        split: {"name", "version", "seed", "sha256"} or None.
        target_policy: {"order": [{"kind": "consensus", "source": "majority"}, ...], "protocol": ...}.
        channels: channel names in the order the network sees them.
        labels: label value (as text, JSON has no integer keys) to name; "0" is the background.
        samples: sorted by `sample`.
        excluded: sorted by `unit`.
    """

    query: Mapping[str, Any]
    split: Mapping[str, Any] | None
    target_policy: Mapping[str, Any]
    channels: tuple[str, ...]
    labels: Mapping[str, str]
    samples: tuple[Sample, ...]
    excluded: tuple[Exclusion, ...] = ()
    licences: tuple[str, ...] = ()
    schema: str = SCHEMA

    @cached_property
    def snapshot_id(self) -> str:
        """Hex SHA-256 of the canonical form: the snapshot's name everywhere."""
        return sha256_bytes(_canonical(self))

    def files(self) -> tuple[FileRef, ...]:
        """Every distinct file, sorted by the bytes of its path."""
        refs: dict[str, FileRef] = {}
        for sample in self.samples:
            masks = (*sample.readings, *((sample.target,) if sample.target else ()))
            for ref in (*sample.images.values(), *masks):
                refs[ref.path] = FileRef(ref.path, ref.sha256, ref.size)
        return tuple(refs[path] for path in sorted(refs, key=str.encode))

    def part(self, name: str) -> tuple[Sample, ...]:
        """The samples of one part."""
        return tuple(sample for sample in self.samples if sample.part == name)


def encode(manifest: Manifest) -> bytes:
    """The bytes of `code/registry/snapshots/<id>.json.gz`."""
    return gzip_bytes(_canonical(manifest))


def _canonical(manifest: Manifest) -> bytes:
    """Canonical JSON of every field. Not made by `dataclasses.asdict`, which would copy each of a million values."""
    values = {field.name: getattr(manifest, field.name) for field in fields(manifest)}
    samples = [_plain(sample) for sample in manifest.samples]
    return canonical_json({**values, "samples": samples, "excluded": [vars(item) for item in manifest.excluded]})


def _plain(sample: Sample) -> dict[str, Any]:
    return {
        **vars(sample),
        "images": {channel: vars(ref) for channel, ref in sample.images.items()},
        "target": vars(sample.target) if sample.target else None,
        "readings": [vars(reading) for reading in sample.readings],
    }


def decode(data: bytes) -> Manifest:
    """The manifest in bytes that `encode` made, or in the JSON inside them.

    Raises:
        InvalidInput: not a manifest of this schema.
    """
    try:
        raw = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        if raw["schema"] != SCHEMA:
            raise InvalidInput(
                f"This snapshot has schema '{raw['schema']}', expected '{SCHEMA}'.",
                "Use the version of Cohortium that wrote it.",
            )
        return _from_json(raw)
    except (OSError, EOFError, zlib.error, RecursionError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput("This file is not a snapshot manifest.", "Expected <id>.json.gz.") from error


def read(path: Path) -> Manifest:
    """Read a manifest and check that its content still has the id that its file name gives.

    Raises:
        NotFound: no such file.
        IntegrityError: the content was changed after it was frozen.
    """
    if not path.is_file():
        raise NotFound(f"There is no snapshot at {path.name}.", "List them with: cohortium snapshot list")
    manifest = decode(path.read_bytes())
    snapshot_id = path.name.split(".")[0]
    if len(snapshot_id) == 64 and snapshot_id != manifest.snapshot_id:
        raise IntegrityError(
            f"Snapshot {snapshot_id[:12]} was changed after it was frozen.",
            "Fetch the original with git, or create a new snapshot.",
        )
    return manifest


def _from_json(raw: Mapping[str, Any]) -> Manifest:
    return Manifest(
        **{
            **raw,
            "channels": tuple(raw["channels"]),
            "samples": tuple(_sample(item) for item in raw["samples"]),
            "excluded": tuple(Exclusion(**item) for item in raw["excluded"]),
            "licences": tuple(raw["licences"]),
        }
    )


def _sample(raw: Mapping[str, Any]) -> Sample:
    return Sample(
        **{
            **raw,
            "images": {channel: FileRef(**ref) for channel, ref in raw["images"].items()},
            "target": Target(**raw["target"]) if raw["target"] else None,
            "readings": tuple(Target(**item) for item in raw["readings"]),
        }
    )
