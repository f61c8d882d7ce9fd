"""Volumes over HTTP: by checksum only, in ranges, cached for ever, and nothing else on the disk."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from registry.viewer.volume_routes import niivue_path, volume_routes

CONTENT = bytes(range(256)) * 40
DIGEST = sha256(CONTENT).hexdigest()
ABSENT = "0" * 64


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    """One volume behind a link as git-annex keeps it, one link whose content is elsewhere, one secret beside them."""
    store = tmp_path / "objects"
    store.mkdir()
    (store / "key").write_bytes(CONTENT)
    (tmp_path / "image.nii.gz").symlink_to("objects/key")
    (tmp_path / "absent.nii.gz").symlink_to("objects/not-here")
    (tmp_path / "secret").write_text("names")
    known = {DIGEST: tmp_path / "image.nii.gz", ABSENT: tmp_path / "absent.nii.gz"}
    return Starlette(routes=list(volume_routes(known.get)))


def ask(app: Starlette, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One request straight to the application: the address reaches it as written, no client cleans it up."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    answer = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return sent[0]["status"], answer, b"".join(message.get("body", b"") for message in sent[1:])


def test_a_volume_comes_whole_and_may_be_kept_for_ever(app: Starlette) -> None:
    status, headers, body = ask(app, f"/volumes/{DIGEST}.nii.gz")
    assert (status, body) == (200, CONTENT)
    assert headers["etag"] == f'"{DIGEST}"'
    assert "immutable" in headers["cache-control"]
    assert headers["content-type"] == "application/gzip"
    assert "content-encoding" not in headers


def test_a_range_gives_these_bytes_only(app: Starlette) -> None:
    status, headers, body = ask(app, f"/volumes/{DIGEST}.nii.gz", range="bytes=100-199")
    assert (status, body) == (206, CONTENT[100:200])
    assert headers["content-range"] == f"bytes 100-199/{len(CONTENT)}"
    assert ask(app, f"/volumes/{DIGEST}.nii.gz", range="bytes=999999-")[0] == 416


def test_a_browser_that_holds_the_volume_gets_no_bytes_again(app: Starlette) -> None:
    status, _, body = ask(app, f"/volumes/{DIGEST}.nii.gz", if_none_match=f'"{DIGEST}"')
    assert (status, body) == (304, b"")


def test_an_unknown_checksum_is_answered_in_a_sentence(app: Starlette) -> None:
    status, _, body = ask(app, f"/volumes/{'a' * 64}.nii.gz")
    assert status == 404
    assert b"no volume with this checksum" in body


def test_content_that_is_elsewhere_is_said_to_be_so(app: Starlette) -> None:
    status, _, body = ask(app, f"/volumes/{ABSENT}.nii.gz")
    assert status == 404
    assert b"not on this machine" in body


@pytest.mark.parametrize(
    "path",
    [
        "/volumes/../secret",
        "/volumes/..%2fsecret.nii.gz",
        "/volumes/../../etc/passwd.nii.gz",
        f"/volumes/{DIGEST.upper()}.nii.gz",
        f"/volumes/{DIGEST}\n.nii.gz",
        f"/volumes/{DIGEST}",
        "/volumes/secret.nii.gz",
        "/volumes/",
        "/assets/viewer/../routes.py",
        "/assets/viewer/viewer.css",
        "/assets/viewer/%2e%2e/routes.py",
        "/assets/",
    ],
)
def test_nothing_else_on_the_disk_can_be_reached(app: Starlette, path: str) -> None:
    status, _, body = ask(app, path)
    assert status == 404
    assert b"names" not in body
    assert b"import" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_routes_only_give(app: Starlette, method: str) -> None:
    assert ask(app, f"/volumes/{DIGEST}.nii.gz", method)[0] == 405


def test_niivue_is_in_the_installed_wheel_and_is_served(app: Starlette) -> None:
    status, headers, body = ask(app, "/assets/niivue.js")
    assert status == 200
    assert headers["content-type"].startswith("text/javascript")
    assert body == niivue_path().read_bytes()
    assert b"Niivue" in body
    assert ask(app, "/assets/niivue.js", if_none_match=headers["etag"])[0] == 304


@pytest.mark.parametrize("name", ["viewer", "scene", "masks", "overlay", "parts", "panel"])
def test_every_module_of_the_viewer_is_served(app: Starlette, name: str) -> None:
    assert ask(app, f"/assets/viewer/{name}.js")[0] == 200


def test_what_the_modules_import_is_served_too() -> None:
    import re

    from registry.viewer.component import STATIC
    from registry.viewer.volume_routes import _SCRIPTS

    wanted = {name for script in _SCRIPTS for name in re.findall(r'from "\./(.+?)"', (STATIC / script).read_text())}
    assert wanted <= set(_SCRIPTS)
