"""The tables and the chart of the page Subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from curation.pages import charts
from registry.app import shell
from registry.catalog import Catalog, subjects
from registry.readings import overlap
from registry.readings.overlays import Drawing, Kind
from registry.store import Registry
from registry.vocabulary.display import format_count, format_place, format_volume

Point = tuple[float, float, float]

_DRAWERS = {Kind.READING: "Rater", Kind.CONSENSUS: "Consensus", Kind.PREDICTION: "Model"}


def name_layer(drawing: Drawing, drawn: Sequence[Drawing]) -> str:
    """The name of a drawing among others in the legend: with its protocol and structure where they are not the same."""
    several = len({other.protocol for other in drawn if other.protocol}) > 1
    parted = len({other.structure for other in drawn if other.structure}) > 1
    return title(drawing, several) + (f", {drawing.structure}" if parted and drawing.structure else "")


def title(drawing: Drawing, several_protocols: bool = False) -> str:
    """Who made a drawing."""
    name = f"{_DRAWERS[drawing.kind]} {drawing.source}"
    if drawing.kind is Kind.CONSENSUS:
        name = f"Consensus ({drawing.source})"
    return f"{name} ({drawing.protocol})" if several_protocols and drawing.protocol else name


def lesions(image: str, found: Sequence[dict[str, Any]]) -> Point | None:
    """Draw the lesions of the consensus; return the centre of the chosen one (RAS mm), at first the largest."""
    placed = [row for row in found if row["x_mm"] is not None]
    if not placed:
        st.caption("No lesion is listed for this image.")
        return None
    total = format_volume(sum(row["volume_mm3"] or 0 for row in placed))
    st.markdown(f"**{format_count(len(placed), 'lesion')}**, together {total}")
    current = _current_index(image, len(placed))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Previous", key="last_lesion", shortcut="p", on_click=_go, args=(image, current - 1), disabled=current == 0
        )
        st.button(
            "Next",
            key="next_lesion",
            shortcut="n",
            on_click=_go,
            args=(image, current + 1),
            disabled=current == len(placed) - 1,
        )
    st.caption(f"Last opened: {placed[current]['lesion']}. Choose a row to go to another lesion.")
    st.dataframe(
        [_lesion_row(row) for row in placed],
        hide_index=True,
        height=shell.table_height(len(placed), 500),
        on_select=lambda: _choose_selected(image),
        selection_mode="single-row",
        key="lesions",
        column_config={
            "Lesion": st.column_config.TextColumn(width=56),
            "Volume": st.column_config.NumberColumn("Volume (mm³)", format="localized", width=94),
            "Centre": st.column_config.TextColumn("Centre (mm)", width=126),
        },
    )
    chosen = placed[current]
    return chosen["x_mm"], chosen["y_mm"], chosen["z_mm"]


def masks(registry: Registry, drawn: Sequence[Drawing]) -> None:
    """Draw the volume of each mask and its agreement with the consensus."""
    st.subheader("Readings")
    if not drawn:
        st.caption("Nobody has read this image, and nothing was computed on it.")
        return
    references = list_references(drawn)
    with st.spinner("Comparing masks"):
        rows = [
            {"Drawn by": name_layer(drawing, drawn), **_mask_row(registry, drawing, references[drawing.path])}
            for drawing in drawn
        ]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "mm3": st.column_config.NumberColumn("Volume (mm³)", format="localized"),
            "ml": st.column_config.NumberColumn("Volume (mL)", format="%.2f"),
            "dice": st.column_config.ProgressColumn(
                "Agreement with the consensus (Dice)", min_value=0, max_value=1, format="%.2f"
            ),
        },
    )
    if any(references.values()):
        st.caption(
            "Dice: 1 is full overlap, 0 is none. A rater's own mask is part of the consensus it is compared with."
        )


def list_references(drawn: Sequence[Drawing]) -> dict[str, Drawing | None]:
    """Path of each drawing to the consensus that it is compared with: the first one that shows the same structure.

    A model's drawing names no structure. It is compared where all consensus masks show one.
    """
    consensus = [drawing for drawing in drawn if drawing.kind is Kind.CONSENSUS]
    first: dict[str, Drawing] = {}
    for drawing in consensus:
        first.setdefault(drawing.structure, drawing)
    only = consensus[0] if len(first) == 1 else None
    return {
        drawing.path: only if drawing.kind is Kind.PREDICTION else first.get(drawing.structure) for drawing in drawn
    }


def growth(catalog: Catalog, subject: str) -> None:
    """Draw the marked volume of every rater over time; draw nothing where there is only one day."""
    rows = [row for row in subjects.burden(catalog, subject) if row["day"] is not None]
    if len({row["day"] for row in rows}) < 2:
        return
    st.subheader("Change over time")
    st.altair_chart(charts.growth(rows, subjects.raters(catalog)), width="stretch")


def _mask_row(registry: Registry, drawing: Drawing, reference: Drawing | None) -> dict[str, Any]:
    measured = overlap.measure(registry, drawing.sha256)
    mm3 = drawing.volume_mm3
    if mm3 is None and measured is not None:  # predictions state no volume
        mm3 = measured.volume_mm3
    compared = reference is not None and drawing is not reference
    note = "nothing found" if drawing.none_found else "out of date" if drawing.stale else ""
    return {
        "mm3": round(mm3) if mm3 is not None else None,
        "ml": mm3 / 1000 if mm3 is not None else None,
        "Lesions": measured.parts if measured and drawing.binary else None,
        "dice": overlap.dice(registry, drawing.sha256, reference.sha256) if compared and reference else None,
        "Note": note,
    }


def _lesion_row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "Lesion": row["lesion"],
        "Volume": round(row["volume_mm3"] or 0),
        "Centre": format_place(row["x_mm"], row["y_mm"], row["z_mm"]),
    }


def _current_index(image: str, count: int) -> int:
    at, index = st.session_state.get("lesion", (image, 0))
    return min(index, count - 1) if at == image else 0


def _go(image: str, index: int) -> None:
    st.session_state["lesion"] = (image, index)


def _choose_selected(image: str) -> None:
    rows = st.session_state["lesions"].selection.rows
    if rows:
        _go(image, rows[0])
