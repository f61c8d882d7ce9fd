"""A private PostgreSQL server on a loopback port, for the time of the tests. Loaded as a plugin or imported.

With `COHORTIUM_TEST_DATABASE=postgresql` (see `make test-postgresql`) every registry a test makes lies on it; a
registry that a test copies brings its rows along, as the file of SQLite would.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SWITCH = "COHORTIUM_TEST_DATABASE"
ENVIRONMENT = "COHORTIUM_DATABASE"

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",  # the data live as long as the tests
    "full_page_writes": "off",
    "shared_buffers": "64MB",
}


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, newest version first, or None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), reverse=True)
    beside = shutil.which("initdb")
    return found[0].parent if found else Path(beside).resolve().parent if beside else None


def why_not() -> str | None:
    """Why no server can be started here, or None."""
    if programs() is None:
        return "PostgreSQL is not installed: apt-get install postgresql"
    if os.geteuid() == 0 and _unprivileged() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or no setpriv"
    return None


def _unprivileged() -> list[str] | None:
    """The words before a command that run it as `postgres`."""
    setpriv = shutil.which("setpriv")
    known = subprocess.run(["id", "-u", "postgres"], capture_output=True, check=False).returncode == 0
    return [setpriv, "--reuid=postgres", "--regid=postgres", "--clear-groups"] if setpriv and known else None


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a server with its data in `folder` (empty); gives the URL of an empty database."""
    binaries = programs()
    assert binaries is not None
    before: list[str] = []
    if os.geteuid() == 0:
        before = _unprivileged() or []
        shutil.chown(folder, "postgres", "postgres")
    data, port = str(folder / "data"), _free_port()
    init = [str(binaries / "initdb"), "-D", data, "-U", "cohortium", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8"]
    done = subprocess.run([*before, *init, "--no-sync"], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    settings = [word for key, value in {**_SETTINGS, "port": str(port)}.items() for word in ("-c", f"{key}={value}")]
    with (folder / "log").open("wb") as log:
        command = [*_dying_with_us(before), str(binaries / "postgres"), "-D", data, *settings]
        child = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        url = f"postgresql+psycopg://cohortium@127.0.0.1:{port}/postgres"
        _wait(child, url, folder / "log")
        yield url
    finally:
        child.send_signal(signal.SIGQUIT)
        child.wait(60)


def _dying_with_us(before: list[str]) -> list[str]:
    """A test run that is killed must not leave its server behind."""
    setpriv = shutil.which("setpriv")
    return [*(before or ([setpriv] if setpriv else [])), *(["--pdeathsig", "QUIT"] if setpriv else [])]


def _wait(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    import psycopg

    for _ in range(600):
        if child.poll() is not None:
            raise RuntimeError(log.read_text(errors="replace"))
        try:
            psycopg.connect(url.replace("+psycopg", "")).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("PostgreSQL did not answer within a minute")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A server of this test process; skips with a reason where there is none."""
    if reason := why_not():
        pytest.skip(reason)
    # Not below pytest's own folder: that is private to this user, and the server may have to run as another one.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder, server(Path(folder)) as url:
        yield url


def follow_copies() -> None:
    """Make `shutil.copytree` of a registry copy its rows too: the folder does not hold them here."""
    plain = shutil.copytree

    def copytree(source: os.PathLike[str] | str, target: os.PathLike[str] | str, *arguments: object, **options: object):  # type: ignore[no-untyped-def]
        done = plain(source, target, *arguments, **options)  # type: ignore[arg-type]
        if (Path(target) / ".cohortium" / "schema").is_file():
            copy_rows(Path(target) / ".cohortium")
        return done

    shutil.copytree = copytree  # type: ignore[assignment]


def copy_rows(local: Path) -> None:
    """Give a copied registry a schema of its own with the rows of the first."""
    from sqlalchemy import text

    from registry.database import dialects
    from registry.tables import Table

    old = (local / "schema").read_text().strip()
    (local / "schema").unlink()
    engine = dialects.open_database(os.environ[ENVIRONMENT], local)
    with engine.begin() as connection:
        for table in Table.metadata.sorted_tables:
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            connection.execute(text(f'INSERT INTO "{table.name}" ({names}) SELECT {names} FROM "{old}"."{table.name}"'))
    engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def _every_registry_on_postgresql(request: pytest.FixtureRequest) -> Iterator[None]:
    if os.environ.get(SWITCH) != "postgresql":
        yield
        return
    os.environ[ENVIRONMENT] = request.getfixturevalue("postgresql_url")
    follow_copies()
    yield
    del os.environ[ENVIRONMENT]
