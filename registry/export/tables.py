"""The layout `csv`: every sample, file and exclusion of a snapshot as tables, without any voxel."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from registry.export.bundle import Bundle
from registry.manifests import Manifest, Sample

_FILE_COLUMNS = ("sample", "person", "part", "role", "name", "path", "sha256", "size")


def write(bundle: Bundle) -> None:
    """Write `samples.csv`, `files.csv`, `excluded.csv` and `snapshot.json`."""
    manifest = bundle.manifest
    bundle.write("samples.csv", samples_csv(manifest))
    bundle.write("files.csv", _csv((row for sample in manifest.samples for row in _list_files(sample)), _FILE_COLUMNS))
    bundle.write("excluded.csv", _csv((vars(item) for item in manifest.excluded), ("unit", "reason", "detail")))
    bundle.write_json("snapshot.json", describe(manifest))


def describe(manifest: Manifest) -> dict[str, Any]:
    """The facts of a snapshot without its samples."""
    return {
        "snapshot": manifest.snapshot_id,
        "query": dict(manifest.query),
        "split": dict(manifest.split) if manifest.split else None,
        "target_policy": dict(manifest.target_policy),
        "channels": list(manifest.channels),
        "labels": dict(manifest.labels),
        "licences": list(manifest.licences),
    }


def samples_csv(manifest: Manifest) -> bytes:
    """A table with one row per sample: person, session, site, part, and each file with its checksum."""
    channels = [column for name in manifest.channels for column in (name, f"{name}_sha256")]
    columns = [
        "sample",
        "person",
        "subject",
        "session",
        "site",
        "scanner",
        "class",
        "part",
        *channels,
        "target_kind",
        "target_source",
        "target",
        "target_sha256",
        "n_readings",
    ]
    return _csv((_sample_row(sample) for sample in manifest.samples), columns)


def _sample_row(sample: Sample) -> dict[str, Any]:
    row: dict[str, Any] = {
        "sample": sample.sample,
        "person": sample.person,
        "subject": sample.subject,
        "session": sample.session,
        "site": sample.site,
        "scanner": sample.scanner,
        "class": sample.class_label,
        "part": sample.part,
        "target_kind": "soft",
        "n_readings": len(sample.readings),
    }
    for name, ref in sample.images.items():
        row |= {name: ref.path, f"{name}_sha256": ref.sha256}
    if target := sample.target:
        row |= {
            "target_kind": target.role,
            "target_source": target.source,
            "target": " ".join(mask.path for mask in sample.targets),
            "target_sha256": " ".join(mask.sha256 for mask in sample.targets),
        }
    return row


def _list_files(sample: Sample) -> Iterator[dict[str, Any]]:
    """One row per file and role; the same mask can be target and reading."""
    masks = [("target", mask) for mask in sample.targets]
    masks += [("reading", item) for item in sample.readings]
    images = [("image", name, sample.images[name]) for name in sorted(sample.images)]
    for role, name, ref in [*images, *((role, mask.source, mask) for role, mask in masks)]:
        yield {
            "sample": sample.sample,
            "person": sample.person,
            "part": sample.part,
            "role": role,
            "name": name,
            "path": ref.path,
            "sha256": ref.sha256,
            "size": ref.size,
        }


def _csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: row.get(column) for column in columns} for row in rows)
    return text.getvalue().encode()
