"""Queue a training run: a configuration and a frozen snapshot. A worker takes it."""

from __future__ import annotations

import streamlit as st

from registry import snapshots
from registry.app import shell, withdrawal
from registry.store import Registry
from registry.tables import Snapshot
from registry.vocabulary.display import escape_markdown, format_count, format_grid
from training import service
from training import spec as configs
from training.spec import Config


def render(registry: Registry) -> None:
    """Draw the page; `?snapshot=` chooses the snapshot."""
    st.title("Launch a run")
    known = {row.snapshot_id: row for row in snapshots.list_snapshots(registry)}
    if not known:
        st.info("A run is trained on a snapshot, and there is none yet.")
        shell.link("queries", "Freeze a snapshot", {"step": "3 · Snapshot"})
        return
    left, right = st.columns((4, 3), gap="large")
    with left:
        snapshot = _snapshot(known)
        name = st.selectbox("Configuration", sorted(path.stem for path in configs.CONFIGS.glob("*.toml")), key="config")
        withdrawn = withdrawal.warn(registry, snapshots.get(registry, snapshot))
        word = withdrawal.ask_for_word(f"word {snapshot}") if withdrawn else ""
        waits = withdrawn and not word.strip()
        if st.button("Queue the run", type="primary", icon=":material/play_arrow:", disabled=waits):
            _queue(registry, name, snapshot, word)
    with right:
        _describe(configs.load(name))


def _snapshot(known: dict[str, Snapshot]) -> str:
    wanted = st.query_params.get("snapshot", "")
    if wanted and wanted not in known:
        st.warning(f"There is no snapshot '{escape_markdown(wanted[:12])}' in this registry.")
    if wanted in known and "snapshot_id" not in st.session_state:
        st.session_state["snapshot_id"] = wanted
    chosen = st.selectbox("Snapshot", list(known), key="snapshot_id", format_func=lambda key: _title(known[key]))
    row = known[chosen]
    if row.split is None:
        st.warning("This snapshot has no split, so it has no validation and no test part.")
    return chosen


def _title(row: Snapshot) -> str:
    return f"{row.snapshot_id[:12]} · {row.query} · {row.split or 'no split'} · {format_count(row.n_samples, 'sample')}"


def _queue(registry: Registry, name: str, snapshot: str, word: str) -> None:
    with st.spinner("Looking for leaks between the parts"):
        run_id = service.enqueue(registry, name, snapshot, word)
    st.success(f"Run {run_id} waits for the worker.", icon=":material/check_circle:")
    shell.link("runs", "Follow it", {"run": run_id})


def _describe(config: Config) -> None:
    settings = config.training
    end = format_count(settings.epochs, "epoch") if settings.epochs else "as many epochs as this machine does"
    end += f", at most {settings.max_minutes:g} minutes" if settings.max_minutes else ""
    rows = {
        "Network": config.model.name,
        "Trains for": end,
        "Patch (voxels)": format_grid(config.sampling.patch),
        "Batch": str(settings.batch),
        "Learning rate": f"{settings.lr:g}",
        "Seed": str(config.seed),
    }
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(config.name)}**")
        st.text(config.description)
        st.table(rows, border="horizontal", hide_header=True)
