"""Rewrite tables that others may rewrite too: compute the new one from the one that is there, or begin again.

Nobody waits for anybody while a table is computed. Only a table that is still the one it was computed from is replaced;
when somebody else was faster, theirs is read and the new one computed from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlmodel import col, select

from registry.errors import CohortiumError, StorageError
from registry.publishing import Change, publish, write_files
from registry.store import Registry
from registry.tables import File

_TRIES = 20


class _Overtaken(CohortiumError):
    """Another process rewrote the table between our reading and our writing."""


@dataclass(frozen=True)
class Draft:
    """The change, and the whole content that tables should have, by path."""

    change: Change
    files: Mapping[str, bytes]


def rewrite(registry: Registry, path: str, compute: Callable[[], Draft | None]) -> None:
    """Replace one table, or the tables of a folder, by what is computed from their rows.

    Args:
        registry: where.
        path: the table, a file of record, or the folder; it need not exist yet.
        compute: reads the rows and returns the tables as they should be, None where nothing is to do; what it raises
            ends the rewriting. Called once more each time somebody else was faster.

    Raises:
        StorageError: others kept being faster.
        CohortiumError: refused; the registry is as it was.
    """
    for _ in range(_TRIES):
        base = _checksums(registry, path)  # before the rows are read: these may be newer than it, never older
        draft = compute()
        if draft is None:
            return
        change = replace(draft.change, replaces=frozenset(draft.files))
        with suppress(_Overtaken):
            publish(registry, change, write_files(draft.files), check=_unchanged(registry, path, base))
            return
    raise StorageError(f"Others keep writing {path}.", "Try again in a moment; nothing was changed.")


def _checksums(registry: Registry, path: str) -> dict[str, str]:
    inside = col(File.path).startswith(f"{path}/", autoescape=True)
    with registry.reading() as database:
        return dict(database.exec(select(File.path, File.sha256).where((col(File.path) == path) | inside)).all())


def _unchanged(registry: Registry, path: str, base: Mapping[str, str]) -> Callable[[Sequence[File]], None]:
    def check(_: Sequence[File]) -> None:
        if _checksums(registry, path) != base:
            raise _Overtaken(f"{path} was rewritten meanwhile.")

    return check
