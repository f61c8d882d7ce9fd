"""Two subjects beside each other: the same slice of both heads, and the facts about both."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from curation.persons import fingerprints, side_by_side
from curation.persons.orientation_letters import add_letters
from curation.persons.pairs import Fact
from curation.persons.side_by_side import REACH_MM
from registry.app import shell
from registry.errors import CohortiumError
from registry.store import Registry
from registry.vocabulary.display import escape_markdown

_PLANES: tuple[side_by_side.Plane, ...] = ("axial", "coronal", "sagittal")
_ORIENTATION = {
    "axial": "The person's right is on the left, the face is at the top.",
    "coronal": "The person's right is on the left, as if the person faced you.",
    "sagittal": "The face looks to the right.",
}
_TOWARDS = {"axial": "up", "coronal": "forward", "sagittal": "to the person's right"}


def pictures(registry: Registry, a: str, b: str) -> None:
    """Draw the same slice of both heads, in one plane and at one distance from the centre of the head.

    Args:
        registry: the registry.
        a: the first subject, `sub-A000`.
        b: the second subject, whose head is turned like the first.
    """
    shared = side_by_side.shared_images(registry, a, b)
    if not shared:
        st.info("The two have no kind of image in common, so there is nothing to look at side by side.")
        return
    with st.container(horizontal=True, gap="medium"):
        channel = st.segmented_control(
            "Image",
            list(shared),
            default=next(iter(shared)),
            required=True,
            key=f"channel {a} {b}",
            label_visibility="collapsed",
        )
        plane = st.segmented_control(
            "Plane",
            _PLANES,
            default="axial",
            required=True,
            key="plane",
            format_func=str.capitalize,
            label_visibility="collapsed",
        )
    offset_mm = st.slider(
        f"Slice: mm {_TOWARDS[plane]} from the centre of the head",
        -REACH_MM,
        REACH_MM,
        0,
        3,
        key=f"offset {plane}",
        format="%d mm",
    )
    try:
        with st.spinner("Turning the second head like the first"):
            pair = _pair(registry, *shared[channel])
    except CohortiumError as error:
        shell.explain(error)
        return
    for column, subject, head in zip(st.columns(2), (a, b), (pair.first, pair.second), strict=True):
        column.image(
            add_letters(head.slice(plane, offset_mm), plane), caption=subject, width="stretch", output_format="PNG"
        )
    st.caption(_ORIENTATION[plane])
    st.caption(
        f"The second head is turned like the first: after that the images are alike to {pair.score:.2f}, where "
        f"1 is the same image and 0 nothing in common; from {fingerprints.ALIKE:g} on pairs are proposed."
    )


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs={Registry: lambda registry: str(registry.root)})
def _pair(registry: Registry, first: str, second: str) -> side_by_side.HeadPair:
    return side_by_side.pair(registry, first, second)


def facts(found: Sequence[Fact], a: str, b: str) -> None:
    """Draw a table of the facts about both subjects, with what agrees and what differs.

    Args:
        found: facts of `pairs.facts`.
        a: the first subject, `sub-A000`.
        b: the second subject.
    """
    lines = ["| | " + " | ".join(escape_markdown(name) for name in (a, b)) + " | |", "|---|---|---|---|"]
    for fact in found:
        mark = {True: ":green[agrees]", False: ":orange[differs]", None: ""}[fact.same]
        lines.append(f"| {fact.what} | {_cell(fact.first)} | {_cell(fact.second)} | {mark} |")
    st.markdown("\n".join(lines))


def _cell(text: str) -> str:
    return escape_markdown(" ".join(text.split()))
