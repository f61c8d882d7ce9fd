"""The one owner of dialects: SQLite in the registry's folder, or PostgreSQL for a team, with the same guarantees.

Writers wait for each other, so the event log has neither gaps nor doubles; readers see one moment and never wait;
text is ordered by its bytes. On PostgreSQL each registry has a schema of its own, named in `.cohortium/schema`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, NoSuchModuleError, OperationalError, ProgrammingError
from sqlmodel import Session

from registry.errors import InvalidInput, StorageError, UsageError
from registry.files import atomic

ENVIRONMENT = "COHORTIUM_DATABASE"

_EXAMPLE = f"Set {ENVIRONMENT} to a URL such as postgresql+psycopg://user@host/database, or leave it out for SQLite."

_BEGIN_READING = {
    "sqlite": "BEGIN",
    "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
}

_BEGIN_WRITING = {
    "sqlite": "BEGIN IMMEDIATE",
    # Readers pass this lock. Serialisable isolation was rejected: it would make every service repeat itself.
    "postgresql": "SET LOCAL lock_timeout = '60s'; LOCK TABLE event IN EXCLUSIVE MODE",
}


def url_for(root: Path) -> str:
    """The URL of a registry's database: `COHORTIUM_DATABASE`, else a file below `.cohortium/`."""
    return os.environ.get(ENVIRONMENT) or f"sqlite:///{root / '.cohortium' / 'registry.sqlite'}"


def open_database(url: str, local: Path) -> Engine:
    """An engine on a database whose schema is brought to the newest version.

    Args:
        url: as `url_for` gives it.
        local: the registry's `.cohortium`, which remembers its schema.

    Raises:
        UsageError: the URL cannot be used, or its driver is not installed.
        StorageError: the database does not answer, or does not grant what is needed.
    """
    from registry.database.migrations import upgrade

    schema = _own_schema(url, local)
    with _storage_errors("The database does not open"):
        engine = make_engine(url, schema)
        if schema:
            _make_schema(engine, schema)
        upgrade(engine)
    return engine


def begin_reading(database: Session) -> None:
    """Begin a transaction that reads only; all its answers are about the same moment."""
    database.execute(text(_BEGIN_READING[database.get_bind().dialect.name]))


def begin_writing(database: Session) -> None:
    """Begin a transaction that writes alone; it waits until the one before it has ended."""
    database.execute(text(_BEGIN_WRITING[database.get_bind().dialect.name]))


@contextmanager
def reading_errors() -> Iterator[None]:
    """Turn a database's errors into ours, with a sentence."""
    with _storage_errors("The database did not answer"):
        yield


@contextmanager
def writing_errors() -> Iterator[None]:
    """Turn a database's errors into ours, with a sentence; nothing was changed then."""
    try:
        with _storage_errors("The database did not accept the change"):
            yield
    except DataError as error:
        raise InvalidInput(
            f"The database cannot keep a value: {_cause(error)}.",
            "Look for a number or a text that no column can hold.",
        ) from error


def make_engine(url: str, schema: str | None = None) -> Engine:
    """An engine with Cohortium's guarantees: for SQLite WAL, full sync, foreign keys, and a wait of a minute for locks.

    Args:
        url: the URL of a SQLite or PostgreSQL database.
        schema: PostgreSQL's schema for every table; None leaves it to the URL.

    Raises:
        UsageError: the URL cannot be used, or its driver is not installed.
    """
    try:
        parsed = _parse_url(url)
        engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed, schema)
    except (ArgumentError, NoSuchModuleError) as error:
        raise UsageError("The database's URL cannot be used.", _EXAMPLE) from error
    except ModuleNotFoundError as error:
        raise UsageError(f"The driver {error.name} is not installed.", "Run: pip install 'psycopg[binary]'") from error

    @event.listens_for(engine, "checkin")
    def clean(connection: Any, _: Any) -> None:
        if connection is not None:  # a commit that failed (disk full) leaves its transaction open
            connection.rollback()

    return engine


def _parse_url(url: str) -> URL:
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in _BEGIN_WRITING:
        raise ArgumentError(parsed.drivername)
    return parsed


_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000", "cache_size=-16384")
"""16 MiB of pages: with SQLite's own 2 MiB an index of ten thousand subjects writes pages out and reads them back."""


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 60, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy then leaves BEGIN to us
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgresql(url: URL, schema: str | None) -> Engine:
    options = {"options": f"-csearch_path={schema}"} if schema else {}
    return create_engine(url, pool_pre_ping=True, connect_args=options)


def _own_schema(url: str, local: Path) -> str | None:
    """The schema of a registry on PostgreSQL, chosen once; None for SQLite and where the URL names one."""
    if url.startswith("sqlite") or "search_path" in url:
        return None
    path = local / "schema"
    if not path.exists():
        atomic.write(path, f"cohort_{secrets.token_hex(6)}\n".encode(), once=True)
    return path.read_text().strip()


def _make_schema(engine: Engine, schema: str) -> None:
    with engine.begin() as connection:
        known = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
        if connection.execute(known, {"name": schema}).scalar() is None:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": schema})
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))


@contextmanager
def _storage_errors(what: str) -> Iterator[None]:
    try:
        yield
    except (OperationalError, ProgrammingError) as error:
        if isinstance(error, ProgrammingError) and "permission" not in str(error.orig):
            raise  # a mistake in our SQL, which must keep its traceback
        hint = "Check that it runs, has space and grants what is needed, then try again."
        raise StorageError(f"{what}: {_cause(error)}.", hint) from error


def _cause(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0].rstrip(".")
