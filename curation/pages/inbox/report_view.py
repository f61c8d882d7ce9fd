"""Reports of imports: what was kept, what stayed outside and why, and the list of earlier imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from curation.importers.report import ImportReport, Refusal
from curation.imports import arrivals, listing, reasons, reports
from curation.imports.delivery import Rehearsal
from registry.app import shell
from registry.store import Registry
from registry.vocabulary.display import capitalise, escape_markdown, format_count, format_number, format_time

_KEPT = ("subjects", "sessions", "images", "masks", "consensus")
_MOST_NOTES = 6
_NOUNS = {"masks": "mask", "consensus": "consensus mask"}


def came_in(report: ImportReport | None) -> str:
    """A sentence on what an import kept: `2 subjects and 1 image are in the registry.`."""
    kept = {kind: report.kept.get(kind, 0) for kind in _KEPT} if report else {}
    parts = [format_count(value, _NOUNS.get(kind, kind.removesuffix("s"))) for kind, value in kept.items() if value]
    if not parts:
        return "It is in the registry."
    words = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"{words} {'are' if len(parts) > 1 or max(kept.values()) > 1 else 'is'} in the registry."


def arriving(rehearsal: Rehearsal) -> None:
    """Draw how much an import would write, and what it would write by visit and channel."""
    if rehearsal.obstacle:
        st.warning(escape_markdown(rehearsal.obstacle), icon=":material/block:")
        return
    st.info(f"{rehearsal.said} Nothing is written yet.", icon=":material/info:")
    visits = [_visit(row) for row in arrivals.by_visit(rehearsal.arriving)]
    st.markdown("**What comes in, by visit and channel**")
    st.dataframe(visits, hide_index=True, height=shell.table_height(len(visits), 300))


def _visit(row: Mapping[str, str | None]) -> dict[str, str]:
    titles = ("subject", "session", "masks", "consensus")
    return {capitalise(key) if key in titles else key: value or "" for key, value in row.items()}


def show(report: ImportReport, key: str) -> None:
    """Draw one report; `key` names its widgets, uniquely on the page."""
    columns = st.columns(len(_KEPT) + 1)
    for column, kind in zip(columns, _KEPT, strict=False):
        column.metric(kind.capitalize(), format_number(report.kept.get(kind, 0)), border=True)
    columns[-1].metric("Not imported", format_number(len(report.refused)), border=True)
    _notes(report.notes)
    refused(report.refused, key)


def refused(files: Sequence[Refusal], key: str) -> None:
    """Draw the files that are not imported: by reason with an example, and one by one."""
    if not files:
        st.caption(":material/check_circle: No file is left out.")
        return
    groups = reasons.grouped(files)
    st.markdown(f"**{format_count(len(files), 'file')} not imported**")
    rows = [{"Files": len(group.files), "Why": group.sentence, "For example": group.files[0].path} for group in groups]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "Files": st.column_config.NumberColumn(width=60),
            "Why": st.column_config.TextColumn(width="large"),
            "For example": st.column_config.TextColumn(width="large"),
        },
    )
    with st.expander("File by file"):
        _files(groups, key)


def _files(groups: Sequence[reasons.Group], key: str) -> None:
    sentences = {group.reason: f"{group.sentence} ({format_number(len(group.files))})" for group in groups}
    left, right = st.columns((3, 2))
    chosen = left.multiselect(
        "Only", list(sentences), format_func=sentences.__getitem__, key=f"{key} reasons", placeholder="Every reason"
    )
    wanted = right.text_input("Whose path holds", key=f"{key} text").strip().casefold()
    shown = [
        {"File": item.path, "Why": item.detail}
        for group in groups
        if group.reason in (chosen or sentences)
        for item in group.files
        if wanted in item.path.casefold()
    ]
    st.caption(format_count(len(shown), "file"))
    st.dataframe(
        shown,
        hide_index=True,
        height=shell.table_height(max(len(shown), 1), 420),
        column_config={"File": st.column_config.TextColumn(width="large")},
    )


def _notes(notes: Sequence[str]) -> None:
    for note in notes[:_MOST_NOTES]:
        st.caption(f":material/sticky_note_2: {escape_markdown(note)}")
    if len(notes) > _MOST_NOTES:
        with st.expander(f"{format_count(len(notes) - _MOST_NOTES, 'more note')}"):
            for note in notes[_MOST_NOTES:]:
                st.caption(escape_markdown(note))


def earlier(registry: Registry) -> None:
    """Draw every import that has ended, and the report of the chosen one."""
    st.subheader("Earlier imports")
    found = [line for line in listing.rows(registry) if line["state"] not in ("queued", "running")]
    if not found:
        st.caption("Nothing was imported into this registry yet.")
        return
    st.dataframe([_row(line) for line in found], hide_index=True, height=shell.table_height(len(found), 300))
    reported = {line["import"]: line for line in found if line["images"] is not None}
    chosen = st.selectbox(
        "Open a report",
        list(reported),
        index=None,
        key="earlier",
        placeholder="Choose an import",
        format_func=lambda key: _title(reported[key]),
    )
    if chosen:
        show(reports.get(registry, chosen).report, "earlier")


def _row(line: Mapping[str, Any]) -> dict[str, object]:
    kept = {kind.capitalize(): line[kind] for kind in _KEPT}
    return {
        "When": format_time(line["at"]),
        "Recipe": line["recipe"],
        "By": line["actor"] or "-",
        "State": line["state"],
        **kept,
        "Not imported": line["refused"],
    }


def _title(line: Mapping[str, Any]) -> str:
    return f"{format_time(line['at'])} · {line['recipe']} · {format_count(line['images'], 'image')}"
