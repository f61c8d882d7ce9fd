"""The QC sweep as a Streamlit component, which walks through the worklist and sends verdicts to `quality_routes`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from curation.quality import SweepImage
from registry.viewer.layers import volume_url
from registry.vocabulary.verdicts import ARTIFACTS

NAME = "cohortium_sweep"
STATIC = files(__package__) / "static"
VIEWER = files("registry.viewer") / "static"


@dataclass(frozen=True)
class Key:
    """One key of the sweep: the action it takes, the title on its button, and `about`, its line in the help."""

    key: str
    action: str
    title: str
    about: str


KEYS = (
    Key("a", "accept", "Accept", "good enough for its purpose"),
    Key("x", "reject", "Reject", "not usable; no snapshot takes it"),
    Key(" ", "later", "Later", "put off; it waits for the same rater"),
    Key("f", "flag", "Flag", "somebody else should look at it"),
    Key("u", "undo", "Undo", "take your last verdict back"),
    Key("k", "previous", "Previous", "to the image before, without a verdict"),
    Key("j", "next", "Next", "to the next image, without a verdict"),
    Key("c", "crosshair", "Crosshair", "show or hide it"),
    Key("h", "help", "Keys", "show or hide this list"),
    *(Key(str(item.key), item.code, item.title, item.about) for item in ARTIFACTS),
)
"""Every key of the page, in the order of the buttons; the browser has no table of its own."""


def sweep(
    cases: Sequence[SweepImage],
    standing: Mapping[str, Mapping[str, Any]],
    *,
    key: str,
    name: str,
    rater: str,
    today: int,
) -> None:
    """Show images one by one and take verdicts by key or button, without running the page again.

    Args:
        cases: the worklist, in order.
        standing: path of an image to the rater's verdict on it, as `routes.standing` gives it.
        key: unique in the page; with another key the sweep starts at the first image.
        name: name of this registry; the browser keeps unsent verdicts under this name and the rater's.
        rater: code of the rater who gives the verdicts.
        today: number of images that the rater has judged today.
    """
    artifacts = {item.code for item in ARTIFACTS}
    _component()(
        key=key,
        data={
            "name": name,
            "rater": rater,
            "today": today,
            "keys": [
                {
                    "key": item.key,
                    "action": item.action,
                    "title": item.title,
                    "about": item.about,
                    "artifact": item.action in artifacts,
                }
                for item in KEYS
            ],
            "cases": [
                {
                    "image": case.image,
                    "sha256": case.sha256,
                    "url": volume_url(case.sha256),
                    "title": case.title,
                    "facts": case.facts,
                    "notes": case.notes,
                    "now": standing.get(case.image),
                }
                for case in cases
            ],
        },
    )


@cache
def _component() -> Callable[..., Any]:
    from streamlit.components.v2 import component

    boot = (VIEWER / "boot.js").read_text("utf-8").replace("/assets/viewer/viewer.js", "/assets/quality/sweep.js")
    css = (VIEWER / "viewer.css").read_text("utf-8") + (STATIC / "sweep.css").read_text("utf-8")
    return component(NAME, css=css, js=boot)
