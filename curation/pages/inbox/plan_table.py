"""The plan of a DICOM delivery as a table to correct, with a line for each series and the BIDS name it gets."""

from __future__ import annotations

from typing import Any

import streamlit as st

from curation.dicom.names.plan import Row
from curation.dicom.planning import Planned
from curation.imports import look
from curation.imports.look import Corrected
from registry.app import shell
from registry.vocabulary.display import escape_markdown, format_count

_COLUMNS = (
    "description",
    "keep",
    "reason",
    "name",
    "subject",
    "session",
    "days_from_baseline",
    "files",
    "volumes",
    "shape",
    "spacing_mm",
    "plane",
    "echo_time_ms",
)
_FIXED = ("line", "description", "reason", "files", "volumes", "shape", "spacing_mm", "plane", "echo_time_ms")
_NUMBERS = {"files": int, "volumes": int, "echo_time_ms": float}
_SIZES = ("shape", "spacing_mm")


def edit(planned: Planned, key: str) -> Corrected:
    """Draw the table `key` and the problems that are left; return the plan as it was corrected."""
    st.markdown(f"**{format_count(len(planned.rows), 'series', 'series')}**, each with the BIDS name it would get")
    st.caption(
        "Correct what is wrong: keep (yes or no), the name without subject and session, such as "
        "anat/ce-gadolinium_T1w, the subject and the session."
    )
    rows = [_format_row(number, row) for number, row in enumerate(planned.rows, start=1)]
    cells: list[dict[str, Any]] = st.data_editor(
        rows,
        key=key,
        hide_index=True,
        disabled=_FIXED,
        column_config=_configure_columns(),
        height=shell.table_height(len(rows), 560),
    )
    corrected = look.correct(planned, cells)
    _draw_problems(corrected)
    return corrected


def _format_row(number: int, row: Row) -> dict[str, Any]:
    """A line of the table: numbers as numbers, sizes with a multiplication sign."""
    values: dict[str, Any] = {key: getattr(row, key) for key in _COLUMNS}
    values |= {key: kind(values[key]) if values[key] else None for key, kind in _NUMBERS.items()}
    return {"line": number, **values, **{key: values[key].replace(" x ", " \u00d7 ") for key in _SIZES}}


def _draw_problems(corrected: Corrected) -> None:
    if not corrected.problems:
        st.caption(
            f":material/check_circle: {format_count(corrected.kept, 'series', 'series')} would be imported, each "
            "under a name of its own."
        )
        return
    listed = "\n".join(f"- {escape_markdown(problem)}" for problem in corrected.problems)
    st.warning(f"To settle before it can be imported:\n{listed}", icon=":material/rule:")


def _configure_columns() -> dict[str, Any]:
    text, count = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "line": count("Line", width=50, pinned=True),
        "keep": st.column_config.SelectboxColumn("Keep", options=["yes", "no", "ask"], required=True, width=70),
        "name": text("BIDS name", width=220),
        "subject": text("Subject", width=130),
        "session": text("Session", width=80),
        "days_from_baseline": text("Days", width=60, help="Days from the person's first session, never a date."),
        "reason": text("Why it is not simply kept", width=340, help="What was found; it cannot be edited."),
        "description": text("Series description", width=150, pinned=True),
        "files": count("Files", width=55),
        "volumes": count("Volumes", width=70),
        "shape": text("Voxels", width=110),
        "spacing_mm": text("Voxel size (mm)", width=120),
        "plane": text("Plane", width=60),
        "echo_time_ms": count("Echo time (ms)", width=110),
    }
