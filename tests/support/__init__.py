"""What tests share: small cohorts and twins, registries to copy, child processes that die, browsers and servers."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""
