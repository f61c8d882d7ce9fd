"""Alembic migrations: `upgrade` brings a database to the newest schema, and returns at once when it has it.

Start at `upgrade`; a new step is a file in `versions/`, and `HEAD` names it.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

HEAD = "0007"
"""The newest revision; a test compares it with the scripts in `versions/`."""

_LOCK_KEY = 0x636F686F7274
"""The number under which PostgreSQL knows our lock: "cohort" in ASCII."""


def current(engine: Engine) -> str | None:
    """The revision of a database, or None for an empty one."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(engine: Engine) -> None:
    """Bring the schema to `HEAD`, in one transaction; a schema at `HEAD` stays as it is.

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
        _order_by_bytes(connection)


def _wait_for_turn(connection: Connection) -> None:
    """Begin the transaction and take the lock; SQLite's driver begins none by itself: each step would stand alone."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("BEGIN IMMEDIATE"))
    elif connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})


def _order_by_bytes(connection: Connection) -> None:
    """Let PostgreSQL order text by bytes, as SQLite and Python do, and not by its server's language."""
    if connection.dialect.name != "postgresql":
        return
    columns = text("""SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'character varying'
        AND collation_name IS DISTINCT FROM 'C' AND table_name <> 'alembic_version'""")
    changes: dict[str, list[str]] = {}
    for table, column in connection.execute(columns).all():
        changes.setdefault(table, []).append(f'ALTER COLUMN "{column}" TYPE varchar COLLATE "C"')
    for table, clauses in sorted(changes.items()):
        connection.execute(text(f'ALTER TABLE "{table}" {", ".join(clauses)}'))
