"""Snapshots: freeze a saved query into a manifest with one content id; compare, verify and explain manifests.

Start at `create`. Public: the functions below, and the modules `targets` (which mask is the truth), `flow`,
`left_out`, `exclusion_impact`, `diff`, `content` (where the frozen bytes are).
"""

from __future__ import annotations

from registry.snapshots.freeze import (
    build,
    compare,
    create,
    find,
    frozen_at,
    get,
    list_snapshots,
    manifest_path,
)
from registry.snapshots.frozen_files import Verification, materialise, verify

__all__ = [
    "Verification",
    "build",
    "compare",
    "create",
    "find",
    "frozen_at",
    "get",
    "list_snapshots",
    "manifest_path",
    "materialise",
    "verify",
]
