"""Whether a database is still as it was seen: one cheap question, exact, whoever wrote and from which process."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from registry.store import Registry


@dataclass
class Watch:
    """Gives a registry's database a state that is another one after every commit.

    SQLite counts the commits that other connections make (`PRAGMA data_version`), so the watch has a connection that
    never writes; a database file that was replaced is another file. PostgreSQL names the transactions it can see.
    """

    registry: Registry
    _file: tuple[int, int] | None = None
    _connection: sqlite3.Connection | None = field(default=None, repr=False)

    def state(self) -> Any:
        """Equal to an earlier state only where nothing was committed in between."""
        engine = self.registry.engine
        if engine.dialect.name == "sqlite":
            return self._sqlite(str(engine.url.database))
        with engine.connect() as connection:
            return connection.execute(text("SELECT pg_current_snapshot()::text")).scalar_one()

    def close(self) -> None:
        """Let go of the database's file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._file = None

    def _sqlite(self, path: str) -> Any:
        found = os.stat(path)
        if self._connection is None or self._file != (found.st_dev, found.st_ino):
            self.close()
            self._connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
            self._file = (found.st_dev, found.st_ino)
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return self._file, version
