"""All training runs, and one of them in detail; a run that is going on is drawn again every two seconds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import streamlit as st

from registry import runs
from registry.app import shell
from registry.errors import UsageError
from registry.store import Registry
from registry.tables import Run
from registry.vocabulary.display import escape_markdown
from registry.work import queue
from training.pages import run_detail

_REFRESH_S = 2
_ACTIVE = ("queued", "running")
_STATES = {
    "queued": "waits for the worker",
    "running": "is training",
    "finished": "is finished",
    "failed": "failed",
    "cancelled": "was withdrawn",
}


def render(registry: Registry) -> None:
    """Draw the page; `?run=` chooses a run."""
    st.title("Runs")
    known = runs.list_runs(registry)
    if not known:
        st.info("Nothing was trained yet.")
        shell.link("launch", "Launch a run")
        return
    active = any(run.status in _ACTIVE for run in known)
    st.fragment(_table, run_every=_REFRESH_S if active else None)(registry, _states(known))
    run = _chosen(known)
    if run.status == "running":
        st.fragment(_detail, run_every=_REFRESH_S)(registry, run.run_id)
    else:
        _detail(registry, run.run_id)


def _table(registry: Registry, before: Any) -> None:
    known = runs.list_runs(registry)
    if _states(known) != before:
        st.rerun()  # a run began or ended: the whole page changes
    progress = st.column_config.ProgressColumn(min_value=0, max_value=1, format="percent")
    st.dataframe(
        [_row(run) for run in known],
        hide_index=True,
        height=shell.table_height(len(known), 290),
        column_config={"Progress": progress},
    )


def _states(known: Sequence[Run]) -> list[tuple[str, str]]:
    return [(run.run_id, run.status) for run in known]


def _row(run: Run) -> dict[str, Any]:
    share = 1.0 if run.status == "finished" else run.done / run.total if run.total else 0.0
    return {
        "Run": run.run_id,
        "Status": run.status,
        "Progress": share,
        "Configuration": run.config,
        "Snapshot": run.snapshot_id[:12],
        "Launched by": run.actor,
    }


def _chosen(known: Sequence[Run]) -> Run:
    ids = [run.run_id for run in known]
    wanted = st.query_params.get("run")
    if wanted is not None and wanted not in ids:
        st.warning(f"There is no run '{escape_markdown(wanted)}' in this registry.")
        st.query_params.pop("run")
    if st.session_state.get("run") not in (None, *ids):
        del st.session_state["run"]
    chosen = st.selectbox("Run", ids, key="run", bind="query-params")
    return known[ids.index(chosen)]


def _detail(registry: Registry, run_id: str) -> None:
    run = runs.get(registry, run_id)
    st.subheader(f"Run {run_id} {_STATES.get(run.status, run.status)}")
    if run.status == "failed":
        st.error(_format_reason(run.message), icon=":material/error:")
    if run.status == "queued" and st.button("Withdraw", icon=":material/undo:"):
        with suppress(UsageError):  # a worker took it meanwhile; the page then shows that
            queue.stop(registry, run_id)
        st.rerun()
    if run.status == "running":
        st.progress(run.done / run.total if run.total else 0.0, "Training")
    run_detail.render(registry, run)


def _format_reason(message: str | None) -> str:
    """Why a run failed, as a sentence; the names of interrupts become one."""
    if message in (None, "", "KeyboardInterrupt", "SystemExit"):
        return "It was stopped before it was finished."
    return escape_markdown(message or "")
