"""The bytes of a manifest: written, read, and compared with the id in their file name."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry.errors import IntegrityError, InvalidInput, NotFound
from registry.files.canonical import gzip_bytes
from registry.manifests import schema_1, schema_2
from registry.manifests.manifest import SCHEMA, SCHEMA_1, Exclusion, Manifest, canonical


def encode(manifest: Manifest) -> bytes:
    """The bytes of `code/registry/snapshots/<id>.json.gz`."""
    return gzip_bytes(canonical(manifest))


def decode(data: bytes) -> Manifest:
    """The manifest in bytes that `encode` made, or in the JSON inside them.

    Raises:
        InvalidInput: not a manifest of this schema.
    """
    try:
        raw = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        if raw["schema"] not in (SCHEMA, SCHEMA_1):
            raise InvalidInput(
                f"This snapshot has schema '{raw['schema']}', expected '{SCHEMA}' or '{SCHEMA_1}'.",
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
    if raw["schema"] == SCHEMA_1:
        labels = {value: name for value, name in raw["labels"].items() if value != "0"}
        samples = tuple(schema_1.sample(item, labels) for item in raw["samples"])
    else:
        samples = tuple(schema_2.sample(item) for item in raw["samples"])
    return Manifest(
        **{
            **raw,
            "channels": tuple(raw["channels"]),
            "samples": samples,
            "excluded": tuple(Exclusion(**item) for item in raw["excluded"]),
            "licences": tuple(raw["licences"]),
        }
    )
