"""The tables of the page Exclusions: current exclusions, what saved queries lose, and the history."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from registry.app import shell
from registry.catalog import units
from registry.cohorts import exclusions
from registry.snapshots import exclusion_impact
from registry.snapshots.exclusion_impact import Losses
from registry.store import Registry
from registry.tables import ExclusionVerdict
from registry.vocabulary.display import escape_markdown, format_code, format_count, format_time


def current(found: Sequence[ExclusionVerdict]) -> None:
    """Draw what is excluded now, first what waits for a second rater."""
    if not found:
        st.info(
            "Nothing is excluded. Find a person, subject, visit or image on the right to leave it out.",
            icon=":material/info:",
        )
        return
    rows = [
        {
            "What": units.in_words(item.unit),
            "Reason": format_code(item.reason),
            "First rater": item.rater_id,
            "Second rater": item.second_rater_id or "waits",
        }
        for item in found
    ]
    st.dataframe(rows, hide_index=True, height=shell.table_height(len(rows), 320))


def effect(registry: Registry) -> None:
    """Draw what exclusions take from each saved query."""
    st.subheader("What they take from saved queries")
    found = exclusion_impact.count_in_queries(registry)
    if not found:
        st.caption("No query is saved yet, so there is nothing to count.")
        shell.link("queries", "Save a query")
        return
    st.dataframe([_remaining(item) for item in found], hide_index=True)
    with st.expander("Reason by reason, exclusion by exclusion"):
        _in_parts(found)


def _remaining(item: Losses) -> dict[str, object]:
    """The row of a query: how much of its result is excluded, how much remains, and the total."""
    row: dict[str, object] = {"Query": item.query}
    for what, total, left in (("Images", item.images, item.images_left), ("Persons", item.persons, item.persons_left)):
        row |= {f"{what} excluded": total - left, f"{what} remaining": left, f"{what} of all": total}
    return row


def _in_parts(found: Sequence[Losses]) -> None:
    """Draw what each reason and each exclusion takes."""
    parts = {
        "Reason": [(item.query, format_code(taken.name), taken) for item in found for taken in item.by_reason],
        "Exclusion": [(item.query, units.in_words(taken.name), taken) for item in found for taken in item.by_unit],
    }
    if not any(parts.values()):
        st.caption("No saved query asks for anything that is excluded.")
        return
    for title, rows in parts.items():
        st.dataframe(
            [
                {"Query": query, title: name, "Images excluded": taken.images, "Persons concerned": taken.persons}
                for query, name, taken in rows
            ],
            hide_index=True,
        )


def history(registry: Registry) -> None:
    """Draw every decision, newest first."""
    found = exclusions.history(registry)
    if not found:
        return
    with st.expander(f"History: {format_count(len(found), 'decision')}"):
        rows = [
            {
                "When": format_time(row["at"]),
                "Who": row["actor"],
                "Did": row["what"],
                "What": units.in_words(row["unit"] or ""),
                "Reason": format_code(row["reason"]) if row["reason"] else "",
                "Comment": row["comment"] or "",
            }
            for row in found
        ]
        st.dataframe(rows, hide_index=True, height=shell.table_height(len(rows), 420))


def unit_history(registry: Registry, unit: str) -> None:
    """Draw a line for each decision about one unit."""
    lines = []
    for row in exclusions.history(registry, unit):
        why = ", ".join(text for text in (row["reason"] and format_code(row["reason"]), row["comment"]) if text)
        lines.append(f"{format_time(row['at'])}: {row['what']} by {row['actor']}" + (f" ({why})" if why else ""))
    if lines:
        st.caption("  \n".join(escape_markdown(line) for line in lines))
