"""The plan of a DICOM delivery as a table to correct: one line a series, with the BIDS name it gets."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import streamlit as st

from curation import inbox
from curation.dicom.planning import Planned
from curation.inbox import Corrected
from registry.viewer import shell
from registry.wording import counted, plain

_COLUMNS = ("description", "keep", "name", "subject", "session", "days_from_baseline", "files", "volumes", "shape",
            "spacing_mm", "plane", "echo_time_ms", "reason")  # fmt: skip
_FIXED = ("description", "files", "volumes", "shape", "spacing_mm", "plane", "echo_time_ms")


def edit(planned: Planned) -> Corrected:
    """Draw the table and what keeps it from being followed; returns the plan as it was corrected."""
    st.markdown(f"**{counted(len(planned.rows), 'series', 'series')}**, each with the BIDS name it would get")
    st.caption("Correct what is wrong: keep (yes or no), the name without subject and session, such as "
               "anat/ce-gadolinium_T1w, the subject and the session.")  # fmt: skip
    rows = [{"line": number, **{key: asdict(row)[key] for key in _COLUMNS}}
            for number, row in enumerate(planned.rows, start=1)]  # fmt: skip
    cells: list[dict[str, Any]] = st.data_editor(
        rows, key="plan", hide_index=True, disabled=["line", *_FIXED], column_config=_config(),
        height=shell.table_height(len(rows), 560),
    )  # fmt: skip
    corrected = inbox.correct(planned, cells)
    _problems(corrected)
    return corrected


def _problems(corrected: Corrected) -> None:
    if not corrected.problems:
        st.caption(f":material/check_circle: {counted(corrected.kept, 'series', 'series')} would be imported, each "
                   "under a name of its own.")  # fmt: skip
        return
    listed = "\n".join(f"- {plain(problem)}" for problem in corrected.problems)
    st.warning(f"To settle before it can be imported:\n{listed}", icon=":material/rule:")


def _config() -> dict[str, Any]:
    text = st.column_config.TextColumn
    return {
        "line": st.column_config.NumberColumn("Line", width=50, pinned=True),
        "keep": st.column_config.SelectboxColumn("Keep", options=["yes", "no", "ask"], required=True, width=70),
        "name": text("BIDS name", width=220),
        "subject": text("Subject", width=130),
        "session": text("Session", width=80),
        "days_from_baseline": text("Days", width=60, help="Days from the person's first session, never a date."),
        "reason": text("Why it is not simply kept", width=320),
        "description": text("Series description", width=150, pinned=True),
        "files": text("Files", width=55),
        "volumes": text("Volumes", width=70),
        "shape": text("Voxels", width=110),
        "spacing_mm": text("Voxel size (mm)", width=120),
        "plane": text("Plane", width=60),
        "echo_time_ms": text("Echo time (ms)", width=110),
    }
