"""The page QC sweep: see each image once, give a verdict by key, go on to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from curation import quality
from curation.quality import Show, SweepImage
from curation.quality.component import sweep
from curation.quality.routes import standing, today
from registry.catalog import Catalog, overview
from registry.store import Registry, actor
from registry.vocabulary.display import format_count, format_number

_SHOWN = {
    Show.UNSEEN: "Not yet seen by me",
    Show.LATER: "Put off by me",
    Show.FLAGGED: "Flagged by anyone",
    Show.ALL: "All",
}
_NOTHING = {
    Show.UNSEEN: "You have judged every image here.",
    Show.LATER: "You have put nothing off.",
    Show.FLAGGED: "Nothing is flagged.",
    Show.ALL: "No image fits.",
}

Chosen = tuple[Show, tuple[str, ...], tuple[str, ...], bool, int]


def render(registry: Registry) -> None:
    """Draw the page; the worklist is made once for each choice of filters and then stays as it is."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):  # one row: the image needs the height
        st.title("QC sweep", width="content")
        chosen = _choose(Catalog.of(registry))
        st.button(
            "New list",
            icon=":material/refresh:",
            on_click=_make_new_list,
            help="The list stays as it was made, so that nothing moves while you work.",
        )
    cases, total = _worklist(registry, chosen)
    if not cases:
        st.info(_NOTHING[chosen[0]] if _has_images(registry, chosen) else "There is no image to judge.")
        return
    if total > len(cases):
        st.caption(
            f"The first {format_number(len(cases))} of {format_count(total, 'image')}; make it anew when they are done."
        )
    sweep(
        cases,
        _standing_verdicts(registry, cases),
        key=f"sweep {actor()} {chosen}",
        name=registry.writer,
        rater=actor(),
        today=today(registry),
    )


def _choose(catalog: Catalog) -> Chosen:
    """Draw the filters and return what they choose; all but the first are folded away."""
    sites, channels = overview.sites(catalog), quality.channels(catalog)
    show = st.segmented_control(
        "Show",
        list(Show),
        key="qc show",
        default=Show.UNSEEN,
        required=True,
        format_func=_SHOWN.__getitem__,
        label_visibility="collapsed",
    )
    active = sum(bool(st.session_state.get(key)) for key in ("qc sites", "qc channels", "qc copies"))
    with st.popover(f"Filters ({active})" if active else "Filters", icon=":material/filter_alt:", key="qc filters"):
        at = st.pills("Sites", sites, selection_mode="multi", key="qc sites", help="No choice shows every site.")
        of = st.pills(
            "Channels", channels, selection_mode="multi", key="qc channels", help="No choice shows every channel."
        )
        copies = st.toggle(
            "Resampled copies too",
            key="qc copies",
            help="Images computed from a raw image of the same visit and channel.",
        )
    return Show(show or Show.UNSEEN), tuple(at), tuple(of), copies, st.session_state.get("qc list", 0)


def _make_new_list() -> None:
    st.session_state["qc list"] = st.session_state.get("qc list", 0) + 1


def _worklist(registry: Registry, chosen: Chosen) -> tuple[Sequence[SweepImage], int]:
    held: dict[str, Any] = st.session_state.get("qc worklist", {})
    if held.get("chosen") != chosen:
        show, sites, channels, copies, _ = chosen
        found = quality.worklist(Catalog.of(registry), actor(), show, sites, channels, copies)
        held = st.session_state["qc worklist"] = {"chosen": chosen, "cases": found.cases, "total": found.total}
    return held["cases"], held["total"]


def _has_images(registry: Registry, chosen: Chosen) -> bool:
    """Whether the filters leave any image, judged or not: only then can all have been judged."""
    _, sites, channels, copies, _ = chosen
    return quality.worklist(Catalog.of(registry), actor(), Show.ALL, sites, channels, copies).total > 0


def _standing_verdicts(registry: Registry, cases: Sequence[SweepImage]) -> dict[str, dict[str, Any]]:
    """Path of an image to the acting rater's verdict on it as it stands now."""
    wanted = {case.image for case in cases}
    rows = [row for row in quality.of_rater(registry, actor()) if row.image_path in wanted]
    return {row.image_path: verdict for row in rows if (verdict := standing(row))}
