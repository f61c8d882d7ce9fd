"""The tab Snapshot: freeze a query, see what a snapshot holds and left out, verify, compare and export it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from curation.pages import charts
from curation.pages.cohort import left_out, snapshot_diff, snapshot_export, snapshot_form
from curation.pages.cohort.snapshot_form import NO_SPLIT
from registry import snapshots
from registry.app import shell, withdrawal
from registry.catalog import Catalog, overview
from registry.cohorts import composition
from registry.manifests import Manifest
from registry.snapshots import flow
from registry.store import Registry
from registry.vocabulary import reasons
from registry.vocabulary.display import format_count, format_number, format_size


def render(registry: Registry) -> None:
    """Draw the tab."""
    left, right = st.columns((3, 5), gap="large")
    with left:
        wanted = snapshot_form.choose(registry)
        pressed = wanted and st.button("Freeze", type="primary", icon=":material/ac_unit:")
        looked = wanted and st.toggle("Show what would be left out", key="snapshot_effects")
        made = snapshot_form.freeze(registry, wanted) if wanted and pressed else None
    with right:
        if wanted and looked:
            st.markdown(f"#### What would be left out of {wanted.query}")
            left_out.draw(registry, wanted.sql, wanted.split, wanted.policy, wanted.query)
            st.markdown("#### Snapshots")
        _draw_list(registry, made)


def _draw_list(registry: Registry, made: str | None) -> None:
    known = {row.snapshot_id: row for row in snapshots.list_snapshots(registry)}
    if not known:
        st.caption("There is no snapshot yet.")
        return
    when = snapshots.frozen_at(registry)
    newest = sorted(known, key=lambda key: when.get(key, ""), reverse=True)
    titles = {
        key: f"{key[:12]} · {known[key].query} · {known[key].split or NO_SPLIT} · "
        f"{format_count(known[key].n_samples, 'sample')}"
        for key in newest
    }
    if made:
        st.session_state["shown_snapshot"] = made
    st.dataframe(
        [
            {
                "Snapshot": key[:12],
                "Frozen (UTC)": when.get(key, "-")[:16].replace("T", " "),
                "Query": known[key].query,
                "Samples": known[key].n_samples,
                "Left out": known[key].n_excluded,
                "Split": known[key].split or "-",
            }
            for key in newest
        ],
        hide_index=True,
    )
    chosen = st.selectbox("Look at", newest, key="shown_snapshot", format_func=titles.__getitem__)
    manifest = snapshots.get(registry, chosen)
    _show(registry, manifest)
    snapshot_diff.render(registry, chosen, titles)
    with st.expander("Export this snapshot", icon=":material/drive_folder_upload:"):
        snapshot_export.render(registry, manifest)
    with st.expander("How it came about: the flow that was frozen", icon=":material/account_tree:"):
        left_out.picture(flow.of_manifest(manifest), f"flow-{chosen[:12]}")


def _show(registry: Registry, manifest: Manifest) -> None:
    withdrawal.warn(registry, manifest)
    st.code(manifest.snapshot_id, language=None)
    rows = composition.of_snapshot(manifest)
    labels = ", ".join(name for value, name in manifest.labels.items() if value != "0")
    files, persons = manifest.files(), {sample.person for sample in manifest.samples}
    st.caption(
        f"{format_count(len(manifest.samples), 'sample')} of {format_count(len(persons), 'person')} · "
        f"channels {', '.join(manifest.channels)} · labels {labels or 'not stated'} · "
        f"{format_count(len(files), 'file')}, {format_size(sum(ref.size for ref in files))}"
    )
    names = overview.names(Catalog.of(registry))
    for column, by in zip(st.columns(2), ("site", "class"), strict=True):
        column.altair_chart(charts.parts(rows, "samples", by, names[by]), width="stretch")
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Verify every file", icon=":material/verified:")
        shell.link("launch", "Train on this snapshot", {"snapshot": manifest.snapshot_id})
    if pressed:
        _verify(registry, manifest)
    _draw_left_out(manifest)


def _verify(registry: Registry, manifest: Manifest) -> None:
    bar = st.progress(0.0, "Comparing checksums")

    def report(done: int, total: int, what: str) -> None:
        bar.progress(
            done / max(total, 1), f"Comparing checksums: {format_number(done)} of {format_number(total)} files"
        )

    found = snapshots.verify(manifest, registry, report)
    bar.empty()
    if found.ok:
        st.success(f"All {format_count(found.n_files, 'file')} are as they were frozen.", icon=":material/verified:")
        return
    st.error(
        f"{format_count(len(found.missing), 'file')} missing, {format_number(len(found.changed))} changed.",
        icon=":material/error:",
    )
    rows: list[dict[str, Any]] = [{"File": path, "State": "missing"} for path in found.missing]
    st.dataframe([*rows, *({"File": path, "State": "changed"} for path in found.changed)], hide_index=True)


def _draw_left_out(manifest: Manifest) -> None:
    if not manifest.excluded:
        st.caption("Nothing that the query selects was left out.")
        return
    st.markdown(f"**Left out: {format_number(len(manifest.excluded))}**")
    rows = [
        {"What": item.unit, "Reason": reasons.in_words(item.reason), "Detail": item.detail}
        for item in manifest.excluded
    ]
    st.dataframe(rows, hide_index=True)
