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

from sqlalchemy import Engine
from sqlmodel import Session

from registry import ENVIRONMENT
from registry.database import dialects
from registry.errors import NotFound
from registry.tables import Setting
from registry.vocabulary.codes import require_code

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
        return dialects.open_database(self.url, self.local)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give the database for questions: nothing is written, and every answer is about the same moment.

        Raises:
            StorageError: the database does not answer.
        """
        with dialects.reading_errors(), Session(self.engine, expire_on_commit=False) as database:
            dialects.begin_reading(database)
            yield database

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """Give the database for one change: it commits when the block ends and rolls back when the block raises.

        Services never commit themselves.

        Raises:
            StorageError: the database refused to write (disk full, locked, read-only).
            InvalidInput: a value that no column can hold.
        """
        with dialects.writing_errors(), Session(self.engine, expire_on_commit=False) as database:
            dialects.begin_writing(database)
            yield database
            database.commit()

    @cached_property
    def writer(self) -> str:
        """The code of this copy in the event log, chosen once per database."""
        with self.unit_of_work() as database:
            setting = database.get(Setting, "writer")
            if setting is None:
                setting = Setting(key="writer", value=f"w{secrets.token_hex(4)}")
                database.add(setting)
            return setting.value


def open_registry(path: Path | None = None) -> Registry:
    """Open the registry at `path`, or at `COHORTIUM_REGISTRY`, or in the current folder.

    Raises:
        NotFound: the folder does not exist or is not a registry.
    """
    root = Path(path or os.environ.get(ENVIRONMENT) or ".").absolute()
    if not root.is_dir():
        raise NotFound(f"There is no folder at {root}.", f"Make a registry with: cohortium init {root}")
    if not (root / ".datalad").is_dir() or not (root / "dataset_description.json").is_file():
        raise NotFound(
            f"{root} is not a registry.",
            f"Name one with --registry or {ENVIRONMENT}, or make one with: cohortium init PATH",
        )
    return registry_at(root)


def registry_at(root: Path) -> Registry:
    """The registry in a folder that is one, or is about to become one; `open_registry` checks."""
    (root / ".cohortium").mkdir(exist_ok=True)
    return Registry(root, dialects.url_for(root))


def actor() -> str:
    """The pseudonymous code of the person who acts: `COHORTIUM_ACTOR`, or `local`.

    Raises:
        UsageError: `COHORTIUM_ACTOR` is no code.
    """
    return require_code(os.environ.get(ACTOR_ENVIRONMENT) or "local", f"code for {ACTOR_ENVIRONMENT}")
