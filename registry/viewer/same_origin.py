"""Middleware that lets only pages of the app itself talk to the app."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class SameOrigin:
    """ASGI middleware that refuses requests and websockets sent by another site's page.

    Streamlit refuses foreign websockets too, but first asks a server outside for this machine's public address.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what has no `Origin` (a plain visit) or this host's own; refuse the rest."""
        if scope["type"] not in ("http", "websocket") or _is_own(dict(scope["headers"])):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the client sees 403
        else:
            from starlette.responses import PlainTextResponse

            await PlainTextResponse("Other sites may not use this app.", status_code=403)(scope, receive, send)


def _is_own(headers: dict[bytes, bytes]) -> bool:
    origin = headers.get(b"origin")
    return origin is None or urlsplit(origin).netloc == headers.get(b"host")
