"""Whatever is wrong with the database is said in one sentence with a hint."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry.database import dialects
from registry.errors import StorageError, UsageError
from registry.store import Registry


@pytest.mark.parametrize("url", ["", "nothing", "mysql://host/name", "postgresql+nodriver://host/name", "://"])
def test_what_is_no_url_of_a_database_is_named(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="URL cannot be used") as error:
        dialects.open_database(url, tmp_path)
    assert "postgresql+psycopg://" in error.value.hint


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"does not open: .*refused") as error:
        dialects.open_database("postgresql+psycopg://nobody:secret@127.0.0.1:1/none", tmp_path)
    assert error.value.hint
    assert "secret" not in error.value.message


def test_a_driver_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError, match="driver psycopg is not installed") as error:
        dialects.open_database("postgresql+psycopg://127.0.0.1/none", tmp_path)
    assert "pip install" in error.value.hint


def test_a_role_that_may_not_make_a_schema_is_named(cohort: Registry, database: str, tmp_path: Path) -> None:
    from sqlalchemy import text

    with cohort.engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS guest"))
        connection.execute(text("CREATE ROLE guest LOGIN"))
    with pytest.raises(StorageError, match="permission denied"):
        dialects.open_database(database.replace("cohortium@", "guest@"), tmp_path)


def test_commands_work_by_the_environment_alone(database: str, tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "registry", "--registry", str(tmp_path / "cohort"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)

    assert run("init", str(tmp_path / "cohort")).returncode == 0
    assert run("status").returncode == 0
    assert run("doctor").returncode == 0
    assert run("rebuild").returncode == 0
    assert not list((tmp_path / "cohort" / ".cohortium").glob("*.sqlite"))
