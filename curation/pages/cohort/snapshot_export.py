"""The export of a snapshot to a folder on the machine that serves this page."""

from __future__ import annotations

import streamlit as st

from registry import export
from registry.app import shell, withdrawal
from registry.errors import CohortiumError
from registry.export import ExportReport
from registry.manifests import Manifest
from registry.store import Registry
from registry.vocabulary.display import format_count, format_number

_LAYOUTS = {
    "bids": "BIDS: images, masks and readings under their own names",
    "nnunet": "nnU-Net: imagesTr, labelsTr, dataset.json, splits_final.json",
    "decathlon": "Medical Segmentation Decathlon: imagesTr, labelsTr, dataset.json",
    "csv": "CSV: tables of samples, files and checksums, without images",
}
_ONE_GRID = ("nnunet", "decathlon")


def render(registry: Registry, manifest: Manifest) -> None:
    """Draw the choice of a layout and of a folder, and export."""
    layout = st.selectbox("Layout", list(_LAYOUTS), format_func=_LAYOUTS.__getitem__, key="export_layout")
    name = st.text_input(
        "Name of the folder",
        f"{manifest.query['name']}-{manifest.snapshot_id[:8]}-{layout}",
        key=f"export_name {manifest.snapshot_id} {layout}",
    )
    st.caption("The folder is made on the machine that serves this page, beside the registry. Nothing is overwritten.")
    resample = layout in _ONE_GRID and st.checkbox(
        "Bring channels onto the grid of their mask, linearly", key="export_resample"
    )
    withdrawn = withdrawal.warn(registry, manifest)
    word = withdrawal.ask_for_word(f"export word {manifest.snapshot_id}") if withdrawn else ""
    waits = withdrawn and not word.strip()
    if st.button("Export", icon=":material/drive_folder_upload:", disabled=waits):
        options = export.Options(resample=resample, fetch=True, despite_withdrawal=word)
        _export(registry, manifest, layout, name, options)


def _export(registry: Registry, manifest: Manifest, layout: str, name: str, options: export.Options) -> None:
    bar = st.progress(0.0, "Comparing checksums")

    def report(done: int, total: int, what: str) -> None:
        bar.progress(
            done / max(total, 1), f"{what.capitalize()}: {format_number(done)} of {format_count(total, 'file')}"
        )

    try:
        made = export.export(registry, manifest, export.place(registry, name), layout, options, report)
    except CohortiumError as error:
        shell.explain(error)
    else:
        _show_result(made)
    finally:
        bar.empty()


def _show_result(made: ExportReport) -> None:
    st.success(
        f"{format_count(made.samples, 'sample')} in {format_count(made.files, 'file')}, written to this folder of the "
        "machine that serves this page:",
        icon=":material/check_circle:",
    )
    st.code(made.folder, language=None)
    for note in made.notes:
        st.caption(note)
