"""Find out whether a database has changed: one cheap and exact query, whichever process wrote."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from registry.store import Registry


@dataclass
class Watch:
    """Gives the state of a registry's database, which is another one after every commit.

    SQLite counts the commits that other connections make (`PRAGMA data_version`), so the watch has a connection that
    never writes; the state also names the file, which may be replaced. PostgreSQL names the transactions it can see.
    """

    registry: Registry
    _file: tuple[int, int] | None = None
    _connection: sqlite3.Connection | None = field(default=None, repr=False)

    def state(self) -> Any:
        """The present state; it equals an earlier one only where nothing was committed in between."""
        engine = self.registry.engine
        if engine.dialect.name == "sqlite":
            return self._sqlite(str(engine.url.database))
        with engine.connect() as connection:
            return connection.execute(text("SELECT pg_current_snapshot()::text")).scalar_one()

    def close(self) -> None:
        """Close the connection to the database's file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._file = None

    def _sqlite(self, path: str) -> Any:
        state = os.stat(path)
        if self._connection is None or self._file != (state.st_dev, state.st_ino):
            self.close()
            self._connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
            self._file = (state.st_dev, state.st_ino)
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return self._file, version
