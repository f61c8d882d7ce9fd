"""Code, packages and hardware of a run, with a numeric self-check. Nothing here names a person, host or path."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch

from registry import __version__
from registry.files.canonical import sha256_bytes

PACKAGES = ("torch", "monai", "nibabel", "numpy", "scipy")
"""Packages whose versions can change a result."""


def code() -> dict[str, Any]:
    """Version, git commit, hash of uncommitted changes, and packages; None for git's fields outside a checkout."""
    here = Path(__file__).resolve().parents[1]
    commit, diff = _git(here, "rev-parse", "HEAD"), _git(here, "diff", "HEAD", "--", ".", "../registry")
    return {
        "version": __version__,
        "commit": commit.decode().strip() if commit else None,
        "dirty_diff_sha256": sha256_bytes(diff) if diff else None,
        "packages": {name: _version(name) for name in PACKAGES},
    }


def software() -> dict[str, Any]:
    """Interpreter and operating system."""
    return {"python": platform.python_version(), "os": platform.system(), "machine": platform.machine()}


def hardware(device: torch.device) -> dict[str, Any]:
    """Processor, memory and GPU, with the self-check of the device that is used."""
    gpu = torch.cuda.get_device_properties(device) if device.type == "cuda" else None
    return {
        "device": device.type,
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_mb": _memory_mb(),
        "gpu": gpu.name if gpu else None,
        "gpu_memory_mb": int(gpu.total_memory >> 20) if gpu else None,
        "cuda": torch.version.cuda if gpu else None,
        "cudnn": torch.backends.cudnn.version() if gpu else None,  # type: ignore[no-untyped-call]
        "conv3d_max_error": conv3d_error(device),
    }


def conv3d_error(device: torch.device) -> float:
    """The largest difference between torch's 3-D convolution of small whole numbers and plain sums; it should be 0."""
    image = (np.arange(6 * 7 * 8).reshape(6, 7, 8) * 7 % 11).astype(np.float64)
    kernel = (np.arange(27).reshape(3, 3, 3) * 5 % 7 - 3).astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3, 3))
    expected = np.einsum("abcijk,ijk->abc", windows, kernel)
    x, w = (torch.from_numpy(a.astype(np.float32))[None, None].to(device) for a in (image, kernel))
    found = torch.nn.functional.conv3d(x, w)[0, 0].cpu().numpy()
    return float(np.abs(found - expected).max())


def _git(here: Path, *words: str) -> bytes | None:
    try:
        done = subprocess.run(["git", *words], cwd=here, capture_output=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(errors="replace").splitlines() if sys.platform == "linux" and info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_mb() -> int | None:
    try:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20)
    except (ValueError, OSError, AttributeError):
        return None
