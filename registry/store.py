"""Open a registry and its database. Start here.

A registry is a folder: a DataLad dataset (the BIDS raw root with its derivatives) and `.cohortium/`, which git
ignores, with the database, staging area, caches and runs of this machine.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from registry.errors import NotFound, StorageError
from registry.tables import Setting

ENVIRONMENT = "COHORTIUM_REGISTRY"
DATABASE_ENVIRONMENT = "COHORTIUM_DATABASE"
ACTOR_ENVIRONMENT = "COHORTIUM_ACTOR"


@dataclass(frozen=True)
class Registry:
    """One copy of a registry on this machine.

    Attributes:
        root: the dataset's root, absolute.
        url: the database's URL; SQLite below `.cohortium/` unless `COHORTIUM_DATABASE` says otherwise.
    """

    root: Path
    url: str

    @property
    def local(self) -> Path:
        """`.cohortium/`: what belongs to this machine and is never committed."""
        return self.root / ".cohortium"

    @property
    def runs(self) -> Path:
        """Training runs of this machine, one folder each."""
        return self.local / "runs"

    @cached_property
    def engine(self) -> Engine:
        """The database engine; its schema is brought up to date on first use."""
        from registry.migrations import upgrade

        engine = make_engine(self.url)
        upgrade(engine)
        return engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for questions; nothing is written, and every answer is about the same moment."""
        with Session(self.engine, expire_on_commit=False) as session:
            begin = (
                "BEGIN" if self.engine.dialect.name == "sqlite" else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
            )
            session.execute(text(begin))
            yield session

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """A session that commits when the block ends and rolls back when it raises. Services never commit themselves.

        Raises:
            StorageError: the database refused to write (disk full, locked, read-only).
        """
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                if self.engine.dialect.name == "sqlite":
                    session.execute(text("BEGIN IMMEDIATE"))
                yield session
                session.commit()
        except OperationalError as error:
            raise StorageError(f"The database did not accept the change: {_cause(error)}.",
                               "Free disk space or try again; nothing was changed.") from error  # fmt: skip

    @cached_property
    def writer(self) -> str:
        """The code of this copy in the event log, chosen once per database."""
        with self.unit_of_work() as session:
            setting = session.get(Setting, "writer")
            if setting is None:
                setting = Setting(key="writer", value=f"w{secrets.token_hex(4)}")
                session.add(setting)
            return setting.value


def make_engine(url: str) -> Engine:
    """An engine with Cohortium's guarantees: for SQLite WAL, full sync, foreign keys, and patient waiting."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 60, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy then leaves BEGIN to us
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=60000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "checkin")
    def clean(connection: Any, _: Any) -> None:
        if connection is not None:  # a commit that failed (disk full) leaves its transaction open
            connection.rollback()

    return engine


def open_registry(path: Path | None = None) -> Registry:
    """Open the registry at `path`, or at `COHORTIUM_REGISTRY`, or in the current folder.

    Raises:
        NotFound: the folder does not exist or is not a registry.
    """
    root = Path(path or os.environ.get(ENVIRONMENT) or ".").absolute()
    if not root.is_dir():
        raise NotFound(f"There is no folder at {root}.", f"Make a registry with: cohortium init {root}")
    if not (root / ".datalad").is_dir() or not (root / "dataset_description.json").is_file():
        raise NotFound(f"{root} is not a registry.",
                       f"Name one with --registry or {ENVIRONMENT}, or make one with: cohortium init PATH")  # fmt: skip
    return registry_at(root)


def registry_at(root: Path) -> Registry:
    """The registry in a folder that is one, or is about to become one; `open_registry` checks."""
    (root / ".cohortium").mkdir(exist_ok=True)
    url = os.environ.get(DATABASE_ENVIRONMENT) or f"sqlite:///{root / '.cohortium' / 'registry.sqlite'}"
    return Registry(root, url)


def actor() -> str:
    """Who acts: the pseudonymous code in `COHORTIUM_ACTOR`, or `local`."""
    return os.environ.get(ACTOR_ENVIRONMENT) or "local"


def _cause(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]
