"""A frozen cohort and its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from registry.files.canonical import canonical_json, sha256_bytes
from registry.manifests import schema_1, schema_2
from registry.manifests.sample import FileRef, Sample

SCHEMA = "cohortium/snapshot/2"
SCHEMA_1 = "cohortium/snapshot/1"
"""The schema of older snapshots: one mask a sample, and one table of labels for all masks. It is read and written as
it was, so that every id that was ever cited stays true."""

PARTS = ("train", "validation", "test")


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
        target_policy: {"order": [{"kind": "consensus", "source": "majority"}, ...], "protocol": ..., "classes": ...}.
        channels: channel names in the order the network sees them.
        labels: value of the target (as text, JSON has no integer keys) to name; "0" is the background.
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
        return sha256_bytes(canonical(self))

    @property
    def classes(self) -> tuple[tuple[str, ...], ...]:
        """The structures of class 1, 2, ... of the target, where it is made of named structures.

        Empty where each mask is the target as it is: its values are the target's values.
        """
        return tuple(tuple(names) for names in self.target_policy.get("classes") or ())

    def files(self) -> tuple[FileRef, ...]:
        """Every distinct file, sorted by the bytes of its path."""
        refs: dict[str, FileRef] = {}
        for sample in self.samples:
            for ref in (*sample.images.values(), *sample.truths):
                refs[ref.path] = FileRef(ref.path, ref.sha256, ref.size)
        return tuple(refs[path] for path in sorted(refs, key=str.encode))

    def part(self, name: str) -> tuple[Sample, ...]:
        """The samples of one part."""
        return tuple(sample for sample in self.samples if sample.part == name)


def canonical(manifest: Manifest) -> bytes:
    """Canonical JSON of every field. Not made by `dataclasses.asdict`, which would copy each of a million values."""
    values = {one.name: getattr(manifest, one.name) for one in fields(manifest)}
    plain = schema_1.plain if manifest.schema == SCHEMA_1 else schema_2.plain
    samples = [plain(sample) for sample in manifest.samples]
    return canonical_json({**values, "samples": samples, "excluded": [vars(item) for item in manifest.excluded]})
