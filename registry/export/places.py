"""Where an export goes when only its name is given, as in the app: beside the registry, on the machine that has it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from registry.errors import UsageError
from registry.store import Registry

ENVIRONMENT = "COHORTIUM_EXPORTS"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def place(registry: Registry, name: str) -> Path:
    """The folder for an export: `<registry>-exports/<name>`, or below the folder that `COHORTIUM_EXPORTS` names.

    Raises:
        UsageError: a name that is no simple word.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be the name of a folder here.", "Use letters, digits, - and _; at most 100 characters."
        )
    above = os.environ.get(ENVIRONMENT) or f"{registry.root}-exports"
    return Path(above).absolute() / name
