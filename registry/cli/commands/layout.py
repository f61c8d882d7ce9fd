"""Command `layout`: the registry as a pybids database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli import console
from registry.cli.commands.snapshots import require_word
from registry.cli.console import AsJson, DespiteWithdrawal

if TYPE_CHECKING:
    from registry.store import Registry


def commands(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("layout")(layout)


def layout(
    snapshot: Annotated[
        str | None, typer.Option(help="Only the files of this snapshot, and what describes them.")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="The database's folder; by default in the registry's cache.")] = None,
    despite_withdrawal: DespiteWithdrawal = "",
    as_json: AsJson = False,
) -> None:
    """Write a pybids database, which bids.BIDSLayout(ROOT, database_path=FOLDER) opens at once."""
    from registry.bids.pybids import database

    registry = console.registry()
    name, paths = _list_frozen(registry, snapshot, despite_withdrawal) if snapshot else (database.WHOLE, None)
    folder = (to or registry.root / database.CACHE / name).absolute()
    database.open_layout(registry.root, folder, paths)
    console.emit({"database": str(folder)}, as_json, str(folder))


def _list_frozen(registry: Registry, reference: str, despite_withdrawal: str) -> tuple[str, list[str]]:
    """A snapshot's name in the cache and the paths of its files; notes how many are no longer in the registry."""
    from registry import snapshots

    manifest = snapshots.get(registry, reference)
    require_word(registry, manifest, "layout", despite_withdrawal)
    paths = [file.path for file in manifest.files()]
    gone = sum(not (registry.root / path).is_symlink() and not (registry.root / path).exists() for path in paths)
    if gone:
        console.note(f"{gone} of its files are not in the registry any more; cohortium snapshot folder has them.")
    return manifest.snapshot_id[:12], paths
