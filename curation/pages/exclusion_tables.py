"""The tables of the exclusions page: what holds now, what it takes from saved queries, what was decided when."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from curation.pages.import_reports import moment
from registry import exclusions, losses, units
from registry.losses import Losses
from registry.store import Registry
from registry.tables import ExclusionVerdict
from registry.viewer import shell
from registry.wording import counted, plain, words


def now(found: Sequence[ExclusionVerdict]) -> None:
    """What is excluded now, first what waits for a second reader."""
    if not found:
        st.info("Nothing is excluded. Find a person, subject, visit or image on the right to leave it out.",
                icon=":material/info:")  # fmt: skip
        return
    rows = [{"What": units.in_words(item.unit), "Reason": words(item.reason), "First reader": item.rater_id,
             "Second reader": item.second_rater_id or "waits"} for item in found]  # fmt: skip
    st.dataframe(rows, hide_index=True, height=shell.table_height(len(rows), 320))


def effect(registry: Registry) -> None:
    """What exclusions take from each saved query."""
    st.subheader("What they take from saved queries")
    found = losses.of_queries(registry)
    if not found:
        st.caption("No query is saved yet, so there is nothing to count.")
        shell.link("queries", "Save a query")
        return
    st.dataframe([row for item in found for row in _by_reason(item)], hide_index=True)
    with st.expander("Exclusion by exclusion"):
        rows = [{"Query": item.query, "Exclusion": units.in_words(taken.name), "Images": taken.images,
                 "Persons": taken.persons} for item in found for taken in item.by_unit]  # fmt: skip
        if rows:
            st.dataframe(rows, hide_index=True)
        else:
            st.caption("No saved query asks for anything that is excluded.")


def _by_reason(item: Losses) -> list[dict[str, object]]:
    """One row a reason, then what is left of the query."""
    rows = [(f"out: {words(taken.name)}", taken.images, taken.persons) for taken in item.by_reason]
    rows.append(("left", item.images_left, item.persons_left))
    return [{"Query": item.query, "Reason": name, "Images": images, "of images": item.images, "Persons": persons,
             "of persons": item.persons} for name, images, persons in rows]  # fmt: skip


def history(registry: Registry) -> None:
    """Everything that was decided, newest first."""
    found = exclusions.history(registry)
    if not found:
        return
    with st.expander(f"History: {counted(len(found), 'decision')}"):
        rows = [{"When": moment(row["at"]), "Who": row["actor"], "Did": row["what"],
                 "What": units.in_words(row["unit"] or ""), "Reason": words(row["reason"]) if row["reason"] else "",
                 "Comment": row["comment"] or ""} for row in found]  # fmt: skip
        st.dataframe(rows, hide_index=True, height=shell.table_height(len(rows), 420))


def history_of(registry: Registry, unit: str) -> None:
    """What was decided about one unit, a line each."""
    lines = []
    for row in exclusions.history(registry, unit):
        why = ", ".join(text for text in (row["reason"] and words(row["reason"]), row["comment"]) if text)
        lines.append(f"{moment(row['at'])}: {row['what']} by {row['actor']}" + (f" ({why})" if why else ""))
    if lines:
        st.caption("  \n".join(plain(line) for line in lines))
