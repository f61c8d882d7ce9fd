"""The QC sweep without a browser: what its routes answer, and a worklist that stays while somebody works."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from curation import quality
from curation.quality import Judgement
from curation.quality.component import KEYS
from curation.quality.routes import quality_routes
from registry.maintenance.creation import create
from registry.store import ACTOR_ENVIRONMENT, Registry
from registry.tables import Image
from registry.vocabulary.verdicts import ARTIFACTS, Verdict
from tests.support.app.pages import button, open_page, texts

FIRST = "sub-A000/ses-M00/anat/sub-A000_ses-M00_FLAIR.nii.gz"


@pytest.fixture
def rated(writable: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv(ACTOR_ENVIRONMENT, "e01")
    return writable


def post(registry: Registry, path: str, asked: Any, kind: str = "application/json") -> tuple[int, dict[str, Any]]:
    body, sent = json.dumps(asked).encode(), []
    headers = {"content-type": kind, "content-length": str(len(body))}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Starlette(routes=list(quality_routes(registry)))(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def said(registry: Registry, action: str, verdict: str = "reject", **more: Any) -> dict[str, Any]:
    with registry.reading() as database:
        sha256 = database.get_one(Image, FIRST).sha256
    return {
        "action": action,
        "image": FIRST,
        "sha256": sha256,
        "verdict": verdict,
        "artifacts": ["motion"],
        "comment": "",
        "expected": None,
        **more,
    }


def standing(registry: Registry) -> list[tuple[str, str]]:
    return [(row.image_path, row.verdict) for row in quality.of_rater(registry, "e01")]


def test_a_verdict_is_confirmed_with_what_stands_and_todays_count(rated: Registry) -> None:
    status, told = post(rated, "/sweep/verdicts", said(rated, "action-1"))
    assert (status, told["image"], told["today"]) == (200, FIRST, 1)
    assert (told["now"]["verdict"], told["now"]["artifacts"]) == ("reject", ["motion"])
    assert standing(rated) == [(FIRST, "reject")]


def test_sent_again_it_is_done_once_and_undone_once(rated: Registry) -> None:
    for _ in range(2):
        assert post(rated, "/sweep/verdicts", said(rated, "action-1"))[0] == 200
    for _ in range(2):
        status, told = post(rated, "/sweep/undo", {"action": "action-2"})
        assert (status, told["now"], told["undone"]["verdict"]) == (200, None, "reject")
    assert standing(rated) == []
    quality.file_waiting(rated)
    assert len((rated.root / "code/registry/quality/e01.tsv").read_text().splitlines()) == 3


def test_another_window_is_told_and_nothing_is_overwritten(rated: Registry) -> None:
    post(rated, "/sweep/verdicts", said(rated, "action-1"))
    status, told = post(rated, "/sweep/verdicts", said(rated, "action-2", "accept"))
    assert (status, told["now"]["verdict"]) == (409, "reject")
    assert "In another window you said reject" in told["message"]
    assert standing(rated) == [(FIRST, "reject")]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"verdict": "perfect"}, "application/json"),
        ({"artifacts": ["rust"]}, "application/json"),
        ({"artifacts": None}, "application/json"),
        ({"image": "../../etc/passwd"}, "application/json"),
        ({"sha256": "short"}, "application/json"),
        ({"comment": "x" * 501}, "application/json"),
        ({"comment": "x" * 9000}, "application/json"),
        ({"action": "a"}, "application/json"),
        ({"action": 7}, "application/json"),
        ({"action": "a tab\tand more"}, "application/json"),
        ({}, "text/plain"),
        ({}, "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_verdict_is_refused_with_a_sentence(rated: Registry, change: dict[str, Any], kind: str) -> None:
    status, told = post(rated, "/sweep/verdicts", {**said(rated, "action-1"), **change}, kind)
    assert status == 422
    assert told["message"].endswith(".")
    assert standing(rated) == []


def test_every_key_is_one_of_its_own_and_every_artifact_has_its_number() -> None:
    keys = [item.key for item in KEYS]
    assert len(set(keys)) == len(keys)
    assert set("axufjkhc ") | set("123456789") == set(keys)
    assert [item.code for item in ARTIFACTS] == [item.action for item in KEYS if item.key.isdecimal()]


def test_the_worklist_stays_until_it_is_made_anew(rated: Registry) -> None:
    def images() -> list[str]:
        return [case.image for case in test.session_state["qc worklist"]["cases"]]

    test = open_page(rated, "quality")
    assert test.title[0].value == "QC sweep"
    before = images()
    assert before == sorted(before)
    assert len(before) == 15
    quality.record(rated, Judgement(before[3], Verdict.ACCEPT))
    test = test.run()
    assert images() == before, "nothing moves while somebody works"
    test = button(test, "New list").click().run()  # type: ignore[attr-defined]
    assert images() == before[:3] + before[4:]
    test = test.pills(key="qc channels").select("T1w").run()
    assert {image.rpartition("_")[2] for image in images()} == {"T1w.nii.gz"}
    assert not test.exception


@pytest.mark.parametrize(
    ("page", "sentence"),
    [("quality", "There is no image to judge."), ("queries", "This registry holds no images yet.")],
)
def test_a_registry_without_images_is_not_told_as_work_that_is_done(tmp_path: Path, page: str, sentence: str) -> None:
    """Nothing was judged in it, and nothing was ticked."""
    shown = texts(open_page(create(tmp_path / "new"), page))
    assert sentence in shown
    assert "judged every image" not in shown
    assert "Untick" not in shown


def test_nothing_left_is_a_sentence(rated: Registry) -> None:
    test = open_page(rated, "quality")
    for case in test.session_state["qc worklist"]["cases"]:
        quality.record(rated, Judgement(case.image, Verdict.ACCEPT))
    assert "You have judged every image here." in texts(open_page(rated, "quality"))
