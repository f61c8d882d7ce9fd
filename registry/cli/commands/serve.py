"""Command `serve`: the app on this machine, with a worker for queued runs and a committer for what pages write."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import entry_points
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from registry import ENVIRONMENT
from registry.cli import console

ROUTES = "cohortium.routes"
"""The entry-point group of functions that take the open registry and give Starlette routes."""

_START_S = 60


def commands(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("serve")(serve)


def serve(
    port: Annotated[int, typer.Option(help="A free port of this machine.")] = 8501,
    worker: Annotated[bool, typer.Option(help="Also train queued runs.")] = True,
) -> None:
    """Open the app on 127.0.0.1 until Ctrl+C; queued runs are trained meanwhile."""
    from registry.app import server
    from registry.app.committer import committer
    from registry.cli.supervised import attendant
    from registry.index.by_checksum import resolver
    from registry.viewer.volume_routes import volume_routes

    registry = console.registry()
    os.environ[ENVIRONMENT] = str(registry.root)  # the app's script opens the same one
    routes = [*volume_routes(resolver(registry))]
    for entry in sorted(entry_points(group=ROUTES), key=lambda item: item.name):
        routes += entry.load()(registry)
    threading.Thread(target=_announce, args=(port,), daemon=True).start()
    with _until_stopped(), ExitStack() as beside:
        beside.enter_context(committer(registry))
        if worker:
            beside.enter_context(attendant(["--registry", str(registry.root), "worker"]))
        server.serve(app_script(), routes, port=port)


def app_script() -> Path:
    """Path of `app.py`, which lies beside the packages."""
    return Path(__file__).resolve().parents[3] / "app.py"


def _announce(port: int) -> None:
    """Print the address once the app answers there."""
    from urllib.request import urlopen

    for _ in range(_START_S * 4):
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
            console.note(f"The app: http://127.0.0.1:{port}   (stop it with Ctrl+C)")
            return
        time.sleep(0.25)


@contextmanager
def _until_stopped() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl+C does, so that everything started in it is stopped too."""
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    except KeyboardInterrupt:
        console.note("Stopped.")
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
