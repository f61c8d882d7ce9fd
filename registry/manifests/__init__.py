"""A snapshot manifest: the only thing training reads. Pure data, no database.

Start at `Manifest`. Public: the names below. The content id is the SHA-256 of the canonical JSON of the manifest, so
the same registry state gives the same id on any machine. No time, host, user or commit is inside.
"""

from registry.manifests.bytes import decode, encode, read
from registry.manifests.manifest import PARTS, SCHEMA, SCHEMA_1, Exclusion, Manifest
from registry.manifests.sample import EVALUATION, TRAIN, FileRef, Sample, Truth

__all__ = [
    "EVALUATION",
    "PARTS",
    "SCHEMA",
    "SCHEMA_1",
    "TRAIN",
    "Exclusion",
    "FileRef",
    "Manifest",
    "Sample",
    "Truth",
    "decode",
    "encode",
    "read",
]
