"""Run shell lines as a user would, with this environment's programs first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TINY = (
    'name = "tiny"\n[model]\nname = "UNet"\n[model.kwargs]\nchannels = [4, 8]\nstrides = [2]\n[training]\nepochs = 1\n'
)
"""A configuration that trains in a second."""


def shell(script: str, folder: Path) -> str:
    """Run lines in a shell that stops at the first failure, with this environment's programs first."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("COHORTIUM_REGISTRY", None)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
    return done.stdout
