"""Build a virtual environment that holds chosen packages and what they need, and nothing else, without a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.support import ROOT


def closure(names: list[str]) -> dict[str, Distribution]:
    """The installed distributions that `names` need, themselves included, by normalised name.

    A name may carry extras, `monai[scipy]`. Requirements whose marker does not hold here are passed over.
    """
    found: dict[str, Distribution] = {}
    waiting = [(Requirement(name), "") for name in names]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        key = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if key in found and not requirement.extras:
            continue
        try:
            found[key] = distribution(requirement.name)
        except PackageNotFoundError:
            continue  # an optional need that is not installed here either
        for line in found[key].requires or []:
            waiting += [(Requirement(line), item) for item in (requirement.extras or {""})]
    return found


def build(folder: Path, names: list[str]) -> Path:
    """Make the environment and return its interpreter; packages are links to those of this environment."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    for found in closure(names).values():
        for top in sorted({file.parts[0] for file in found.files or [] if file.parts[0] not in ("..", "__pycache__")}):
            source = Path(str(found.locate_file(top)))
            if source.exists() and not (site / top).exists():
                os.symlink(source, site / top)
    (site / "cohortium.pth").write_text(f"{ROOT}\n")
    return folder / "bin" / "python"
