"""Alembic migrations: `upgrade` brings a database to the newest schema, quickly when it is there already."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

HEAD = "0002"
"""The newest revision; a test compares it with the scripts in `versions/`."""

_LOCK_KEY = 0x636F686F7274
"""The number under which PostgreSQL knows our lock: "cohort" in ASCII."""


def current(engine: Engine) -> str | None:
    """The revision a database is at, or None for an empty one."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(engine: Engine) -> None:
    """Bring the schema to `HEAD`, in one transaction; does nothing when it is there.

    Processes that open a new database at once wait for the first one.
    """
    if current(engine) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.begin() as connection:
        _wait_for_turn(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)


def _wait_for_turn(connection: Connection) -> None:
    """SQLite's driver does not begin by itself, so the change of schema would otherwise not be one transaction."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("BEGIN IMMEDIATE"))
    elif connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
