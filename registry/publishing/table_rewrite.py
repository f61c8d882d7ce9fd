"""Rewrite tables that others may rewrite too: compute the new table from the present one, or begin again.

No process waits for another while a table is computed. A table is replaced only while it still is the one that the new
table was computed from; when another process was faster, its table is read and the new one is computed from that.
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
    """Another process rewrote the table after this one had read it."""


@dataclass(frozen=True)
class Draft:
    """A change, and the whole new content of each table, by path."""

    change: Change
    files: Mapping[str, bytes]


def rewrite(registry: Registry, path: str, compute: Callable[[], Draft | None]) -> None:
    """Replace one table, or the tables of a folder, by tables computed from their rows.

    Args:
        registry: the registry.
        path: the table, a file of record, or the folder; it need not exist yet.
        compute: reads the rows and returns the new tables, or None where there is nothing to do. It is called again
            each time another process was faster; an error that it raises ends the rewriting.

    Raises:
        StorageError: other processes were faster 20 times.
        CohortiumError: the change was refused; the registry is as it was.
    """
    for _ in range(_TRIES):
        base = _read_checksums(
            registry, path
        )  # before the rows are read, so the rows can be newer than the checksums, never older
        draft = compute()
        if draft is None:
            return
        change = replace(draft.change, replaces=frozenset(draft.files))
        with suppress(_Overtaken):
            publish(registry, change, write_files(draft.files), check=_make_check_unchanged(registry, path, base))
            return
    raise StorageError(f"Other processes keep writing {path}.", "Try again in a moment; nothing was changed.")


def _read_checksums(registry: Registry, path: str) -> dict[str, str]:
    inside = col(File.path).startswith(f"{path}/", autoescape=True)
    with registry.reading() as database:
        return dict(database.exec(select(File.path, File.sha256).where((col(File.path) == path) | inside)).all())


def _make_check_unchanged(registry: Registry, path: str, base: Mapping[str, str]) -> Callable[[Sequence[File]], None]:
    def check(_: Sequence[File]) -> None:
        if _read_checksums(registry, path) != base:
            raise _Overtaken(f"{path} was rewritten meanwhile.")

    return check
