"""HTTP routes of the app: volumes by the SHA-256 of their file, and the viewer's own code. Read only."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from registry.errors import StorageError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

Resolve = Callable[[str], Path | None]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SCRIPTS = (
    "viewer.js",
    "scene.js",
    "masks.js",
    "overlay.js",
    "parts.js",
    "panel.js",
    "window.js",
)
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
_FOREVER = "private, max-age=31536000, immutable"  # the address is the content's digest: it can never go stale


def volume_routes(resolve: Resolve) -> list[Route]:
    """Routes to mount beside the app: `GET /volumes/{sha256}.nii.gz`, `/assets/niivue.js`, `/assets/viewer/*.js`.

    Args:
        resolve: returns the file with a SHA-256 (64 lower-case hex digits), or None; it runs in a worker thread. No
            part of a path comes from the address, so no address can leave the registry.
    """
    from starlette.routing import Route

    def volume(request: Request) -> Response:
        digest = request.path_params["digest"]
        path = resolve(digest) if _DIGEST.fullmatch(digest) else None
        if path is None:
            return _missing("There is no volume with this checksum in the registry.")
        if not path.is_file():  # a link to annexed content that this copy does not hold
            return _missing("The registry knows this volume, but its content is not on this machine. Fetch it first.")
        return _file(request, path.resolve(), digest, _FOREVER, "application/gzip")

    return [
        Route("/volumes/{digest}.nii.gz", volume, methods=["GET"]),
        Route("/assets/niivue.js", lambda request: _script(request, niivue_path()), methods=["GET"]),
        script_route("/assets/viewer", Path(str(files(__package__) / "static")), _SCRIPTS),
    ]


def script_route(address: str, folder: Path, names: Collection[str]) -> Route:
    """A route to the JavaScript modules of one room, `GET ADDRESS/{name}`.

    Args:
        address: where the browser finds the modules; it imports one of another room as `../viewer/scene.js`.
        folder: the folder that holds them.
        names: the files to serve; nothing else in the folder is served.
    """
    from starlette.routing import Route

    def script(request: Request) -> Response:
        name = request.path_params["name"]
        return _script(request, folder / name) if name in names else _missing("There is no such file.")

    return Route(f"{address}/{{name}}", script, methods=["GET"])


def niivue_path() -> Path:
    """Path of NiiVue (BSD-2) in the installed nilearn, whose wheel carries it; nothing is fetched from elsewhere.

    Raises:
        StorageError: this nilearn carries none.
    """
    path = Path(str(files("nilearn") / "_assets" / "js" / "niivue.umd.js"))
    if not path.is_file():
        raise StorageError("The installed nilearn does not carry NiiVue.", "Install the version in constraints.txt.")
    return path


def _script(request: Request, path: Path) -> Response:
    return _file(request, path, sha256(path.read_bytes()).hexdigest(), "no-cache", "text/javascript")


def _file(request: Request, path: Path, digest: str, cache: str, media_type: str) -> Response:
    from starlette.responses import FileResponse, Response

    headers = {**_HEADERS, "ETag": f'"{digest}"', "Cache-Control": cache}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if headers["ETag"] in known:
        return Response(status_code=304, headers=headers)
    return FileResponse(path, headers=headers, media_type=media_type)


def _missing(sentence: str) -> Response:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(sentence, status_code=404, headers={**_HEADERS, "Cache-Control": "no-store"})
