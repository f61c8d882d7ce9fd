"""Commands of annotation."""

from __future__ import annotations

import typer


def commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
