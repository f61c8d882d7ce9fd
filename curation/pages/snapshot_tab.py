"""Freeze a query into a snapshot, look at what it holds and what it left out, verify its files."""

from __future__ import annotations

from typing import Any

import streamlit as st

from curation.pages import charts
from registry import parts, queries, snapshots, splits
from registry.errors import CohortiumError
from registry.manifests import Manifest
from registry.store import Registry
from registry.tables import Snapshot
from registry.viewer import shell
from registry.wording import counted, number, size, words

_NO_SPLIT = "no split"


def render(registry: Registry) -> None:
    """Draw the tab."""
    left, right = st.columns((3, 5), gap="large")
    with left:
        made = _form(registry)
    with right:
        _listed(registry, made)


def _form(registry: Registry) -> str | None:
    saved = [f"{query.name}@{query.version}" for query in queries.listed(registry)]
    if not saved:
        st.info("A snapshot freezes a saved query. Save one first.")
        return None
    divided = [f"{split.name}@{split.version}" for split in splits.listed(registry)]
    with st.form("snapshot"):
        query = st.selectbox("Freeze the query", saved, index=len(saved) - 1, key="snapshot_query")
        split = st.selectbox("with the parts of", [*divided, _NO_SPLIT], key="snapshot_split")
        st.caption("The truth of each image is its consensus, else its only reading.")
        pressed = st.form_submit_button("Freeze", type="primary", icon=":material/ac_unit:")
    return _freeze(registry, query, None if split == _NO_SPLIT else split) if pressed else None


def _freeze(registry: Registry, query: str, split: str | None) -> str | None:
    try:
        with st.spinner("Freezing"):
            manifest = snapshots.create(registry, query, split)
    except CohortiumError as error:
        shell.explain(error)
        return None
    st.success(f"Snapshot {manifest.snapshot_id[:12]} holds {counted(len(manifest.samples), 'sample')}.",
               icon=":material/check_circle:")  # fmt: skip
    return manifest.snapshot_id


def _listed(registry: Registry, made: str | None) -> None:
    known = {row.snapshot_id: row for row in snapshots.listed(registry)}
    if not known:
        st.caption("There is no snapshot yet.")
        return
    if made:
        st.session_state["shown_snapshot"] = made
    st.dataframe([{"Snapshot": key[:12], "Query": row.query, "Split": row.split or "-", "Samples": row.n_samples,
                   "Left out": row.n_excluded} for key, row in known.items()], hide_index=True)  # fmt: skip
    chosen = st.selectbox("Look at", list(known), key="shown_snapshot", format_func=lambda key: _title(known[key]))
    _show(registry, snapshots.get(registry, chosen))


def _title(row: Snapshot) -> str:
    return f"{row.snapshot_id[:12]} · {row.query} · {row.split or _NO_SPLIT}"


def _show(registry: Registry, manifest: Manifest) -> None:
    st.code(manifest.snapshot_id, language=None)
    rows = parts.of_snapshot(manifest)
    labels = ", ".join(name for value, name in manifest.labels.items() if value != "0")
    files = manifest.files()
    st.caption(f"{counted(len(manifest.samples), 'sample')} of {counted(_persons(manifest), 'person')} · "
               f"channels {', '.join(manifest.channels)} · labels {labels or 'not stated'} · "
               f"{counted(len(files), 'file')}, {size(sum(ref.size for ref in files))}")  # fmt: skip
    for column, by in zip(st.columns(2), ("site", "class"), strict=True):
        column.altair_chart(charts.parts(rows, "samples", by), width="stretch")
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Verify every file", icon=":material/verified:")
        shell.link("launch", "Train on this snapshot", {"snapshot": manifest.snapshot_id})
    if pressed:
        _verify(registry, manifest)
    _left_out(manifest)


def _verify(registry: Registry, manifest: Manifest) -> None:
    bar = st.progress(0.0, "Comparing checksums")

    def report(done: int, total: int, what: str) -> None:
        bar.progress(done / max(total, 1), f"Comparing checksums: {number(done)} of {number(total)} files")

    found = snapshots.verify(manifest, registry, report)
    bar.empty()
    if found.ok:
        st.success(f"All {counted(found.n_files, 'file')} are as they were frozen.", icon=":material/verified:")
        return
    st.error(f"{counted(len(found.missing), 'file')} missing, {number(len(found.changed))} changed.",
             icon=":material/error:")  # fmt: skip
    rows: list[dict[str, Any]] = [{"File": path, "State": "missing"} for path in found.missing]
    st.dataframe([*rows, *({"File": path, "State": "changed"} for path in found.changed)], hide_index=True)


def _left_out(manifest: Manifest) -> None:
    if not manifest.excluded:
        st.caption("Nothing that the query selects was left out.")
        return
    st.markdown(f"**Left out: {number(len(manifest.excluded))}**")
    rows = [{"What": item.unit, "Reason": words(item.reason), "Detail": item.detail} for item in manifest.excluded]
    st.dataframe(rows, hide_index=True)


def _persons(manifest: Manifest) -> int:
    return len({sample.person for sample in manifest.samples})
