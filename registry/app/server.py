"""The app's server: on this machine only, no telemetry, no file watcher, works without a network."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from registry.app.theme import theme_options
from registry.errors import NotFound, UsageError
from registry.viewer.same_origin import SameOrigin

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

LOOPBACK = ("127.0.0.1", "localhost")
DEFAULT_PORT = 8501


def serve(script: Path, routes: Sequence[BaseRoute], *, port: int = DEFAULT_PORT, address: str = LOOPBACK[0]) -> None:
    """Serve the app until it is stopped (Ctrl+C, SIGTERM).

    Args:
        script: the app's script, `app.py`.
        routes: HTTP routes to mount beside the app, such as `volume_routes`.
        port: a free port.
        address: one of `LOOPBACK`; registries hold personal data and the app has no login.

    Raises:
        UsageError: another address, or a port that is taken.
        NotFound: the script does not exist.
    """
    if address not in LOOPBACK:
        raise UsageError(f"The app is served on this machine only, not on {address}.", "Use 127.0.0.1 and a tunnel.")
    if not script.is_file():
        raise NotFound(f"There is no app at {script}.", "Reinstall Cohortium.")
    _require_free(address, port)
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from streamlit.starlette import App

    # Another site that points its own name at 127.0.0.1 must not read volumes: only our own names are answered.
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK), www_redirect=False)
    App(script.resolve(), routes=routes, middleware=[hosts, Middleware(SameOrigin)]).run(config=options(port, address))


def options(port: int, address: str) -> dict[str, object]:
    """Streamlit options of the app, by dotted name; they win over any configuration file."""
    return {
        "server.port": port,
        "server.address": address,
        "server.allowedHosts": list(LOOPBACK),
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableXsrfProtection": True,
        "server.enableStaticServing": False,
        "runner.magicEnabled": False,
        "browser.gatherUsageStats": False,
        "browser.serverAddress": address,
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
        **theme_options(),
    }


def _require_free(address: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except (OSError, OverflowError) as error:
            raise UsageError(f"Port {port} cannot be used ({error}).", "Choose another with --port.") from error
