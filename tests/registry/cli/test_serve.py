"""`cohortium serve`: one worker beside it, both gone when it is stopped; what pages write is committed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from registry.app.committer import committer
from registry.cli.supervised import attendant
from registry.cohorts import queries
from registry.maintenance.status import status
from registry.store import Registry
from tests.support.chromium.app import command
from tests.support.chromium.browser import free_port

pytestmark = pytest.mark.timeout(240)


@contextmanager
def served(registry: Registry, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    starts = command(registry.root, port, *options)
    process = subprocess.Popen(starts, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: answers(port) or process.poll() is not None, 90)
        yield process, port
    finally:
        process.kill()
        process.communicate()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
            return True
    except OSError:
        return False


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)


def workers(parent: int) -> list[int]:
    """Children of a process that attend it."""
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in found if b"registry.cli.supervised" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def alive(pid: int) -> bool:
    place = Path(f"/proc/{pid}/stat")
    return place.exists() and place.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_server_and_worker_stop_together(writable: Registry, sent: signal.Signals) -> None:
    with served(writable) as (process, port):
        (worker,) = workers(process.pid)
        process.send_signal(sent)
        assert process.wait(40) == 0, process.communicate()[1]
        until(lambda: not alive(worker))
        told = process.stderr.read() if process.stderr else ""
    assert f"The app: http://127.0.0.1:{port}" in told
    assert "Traceback" not in told


def test_worker_outlives_no_killed_server(writable: Registry) -> None:
    with served(writable) as (process, _):
        (worker,) = workers(process.pid)
        process.kill()
        process.wait()
        until(lambda: not alive(worker))


def test_without_worker_there_is_none(writable: Registry) -> None:
    with served(writable, "--no-worker") as (process, _):
        assert workers(process.pid) == []


def test_a_taken_port_is_a_sentence(writable: Registry) -> None:
    with served(writable, "--no-worker") as (_, port):
        again = command(writable.root, port)
        done = subprocess.run(again, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 2
    assert f"error: Port {port} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_committer_commits_what_was_written_meanwhile(writable: Registry) -> None:
    with committer(writable):
        queries.save(writable, "later", "SELECT path FROM images")
        until(lambda: status(writable)["waiting"] == 0)
        queries.save(writable, "last", "SELECT path FROM images WHERE suffix = 'T1w'")
    assert status(writable)["waiting"] == 0


def test_attendant_is_stopped_when_its_block_ends(writable: Registry) -> None:
    with attendant(["--registry", str(writable.root), "worker"]) as process:
        assert process.poll() is None
    assert process.poll() is not None
    assert os.getpid() != process.pid
