"""HTTP routes of the QC sweep: record a verdict, undo one. A sweep uses them and never waits for a page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation import quality
from registry.errors import CohortiumError, InvalidInput, StorageError
from registry.store import Registry, actor
from registry.tables import QualityAction, QualityVerdict
from registry.viewer.volume_routes import script_route
from registry.vocabulary.verdicts import verdict_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

_SCRIPTS = ("sweep.js", "sweep_panel.js", "outbox.js")
_MOST_BYTES = 8192
_ACTION = re.compile(r"[A-Za-z0-9-]{8,64}")
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}

Answer = Callable[[Registry, dict[str, Any]], dict[str, Any]]


def quality_routes(registry: Registry) -> list[Route]:
    """Routes to mount beside the app: `POST /sweep/verdicts`, `POST /sweep/undo`, and the page's own code.

    Each request carries an `action`, an id that the browser chose: sent twice, it is done once. An answer holds the
    verdict that stands now. The status is 422 for a mistake, 409 where another verdict stands, and 503 where the
    database or the disk refuses; then the browser keeps the verdict and tries again. `SameOrigin` refuses other sites,
    which could not send JSON anyway.
    """
    from starlette.routing import Route

    return [
        Route("/sweep/verdicts", _endpoint(registry, _record), methods=["POST"]),
        Route("/sweep/undo", _endpoint(registry, _undo), methods=["POST"]),
        script_route("/assets/quality", Path(str(files(__package__) / "static")), _SCRIPTS),
    ]


def _endpoint(registry: Registry, answer: Answer) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import JSONResponse

        body = await request.body() if _is_json(request) else b""
        status, content = await run_in_threadpool(_respond, registry, answer, body)
        return JSONResponse(content, status_code=status, headers=_HEADERS)

    return endpoint


def _is_json(request: Request) -> bool:
    """Whether the request is JSON of a small size, which a form of another site cannot send."""
    kind, size = request.headers.get("content-type", ""), request.headers.get("content-length", "")
    return kind.partition(";")[0] == "application/json" and size.isdecimal() and int(size) <= _MOST_BYTES


def _respond(registry: Registry, answer: Answer, body: bytes) -> tuple[int, dict[str, Any]]:
    try:
        return 200, {**answer(registry, _parse(body)), "today": today(registry)}
    except quality.Overtaken as error:
        return 409, {"message": error.message, "hint": error.hint, "now": standing(error.now)}
    except StorageError as error:
        return 503, {"message": error.message, "hint": error.hint}
    except CohortiumError as error:
        return 422, {"message": error.message, "hint": error.hint}


def _parse(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
        if not _ACTION.fullmatch(values["action"]):
            raise ValueError(body)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput("This is no verdict.", "Load the page again.") from error
    return dict(values)


def _record(registry: Registry, values: dict[str, Any]) -> dict[str, Any]:
    try:
        judgement = quality.Judgement(
            str(values["image"]),
            verdict_of(values["verdict"]),
            tuple(map(str, values["artifacts"])),
            str(values["comment"] or ""),
            str(values["sha256"]),
        )
        made = quality.record(registry, judgement, action=values["action"], expected=values["expected"])
    except (KeyError, TypeError) as error:
        raise InvalidInput("This is no verdict.", "Load the page again.") from error
    return {"image": made.image_path, "now": standing(made)}


def _undo(registry: Registry, values: dict[str, Any]) -> dict[str, Any]:
    done = quality.undo(registry, action=values["action"])
    return {"image": done.now.image_path, "now": standing(done.now), "undone": standing(done.taken_back)}


def standing(row: QualityVerdict | QualityAction | None) -> dict[str, Any] | None:
    """A verdict as the plain mapping that the browser gets; None where no verdict stands."""
    if row is None or row.verdict is None:
        return None
    return {
        "action": row.action_id,
        "verdict": row.verdict,
        "comment": row.comment or "",
        "artifacts": row.artifacts.split(",") if row.artifacts else [],
        "sha256": row.sha256,
    }


def today(registry: Registry) -> int:
    """Number of images that the acting rater has judged since midnight of this machine's time."""
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    return quality.done_since(registry, actor(), midnight)
