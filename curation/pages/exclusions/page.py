"""The page Exclusions: exclude, confirm as second rater, reinstate, and count what saved queries lose."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from curation.pages.exclusions import tables
from registry.app import decisions, shell
from registry.catalog import Catalog, units
from registry.cohorts import exclusions
from registry.store import Registry, actor
from registry.tables import ExclusionVerdict
from registry.vocabulary.display import escape_markdown, format_code, format_count, format_number


def render(registry: Registry) -> None:
    """Draw the page; `?unit=` chooses an exclusion, or what to exclude."""
    st.title("Exclusions")
    found = sorted(exclusions.list_exclusions(registry), key=lambda item: (item.second_rater_id is not None, item.unit))
    _summary(found)
    decisions.show_outcome()
    left, right = st.columns((3, 2), gap="large")
    with left:
        tables.current(found)
        if found:
            _one(registry, found)
    with right:
        _exclude(registry)
    if found:
        tables.effect(registry)
    tables.history(registry)


def _summary(found: Sequence[ExclusionVerdict]) -> None:
    waiting = sum(item.second_rater_id is None for item in found)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(f"{format_number(len(found))} excluded", icon=":material/block:", color="gray")
        st.badge(
            f"{format_number(waiting)} without a second rater",
            icon=":material/group:",
            color="orange" if waiting else "green",
        )
        st.badge(
            f"You act as {escape_markdown(actor())}",
            icon=":material/badge:",
            color="blue",
            help="The code in COHORTIUM_ACTOR when the app was started.",
        )


def _one(registry: Registry, found: Sequence[ExclusionVerdict]) -> None:
    """Draw the choice of an exclusion, who decided what about it, and what can be done."""
    named = {item.unit: item for item in found}
    wanted = st.query_params.get("unit")
    if wanted in named and "exclusion" not in st.session_state:
        st.session_state["exclusion"] = wanted
    if st.session_state.get("exclusion") not in (None, *named):
        del st.session_state["exclusion"]
    unit = st.selectbox("Exclusion", list(named), key="exclusion", format_func=units.in_words)
    item = named[unit]
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(units.in_words(unit))}**: {escape_markdown(format_code(item.reason))}")
        st.caption(
            f"Excluded by {escape_markdown(item.rater_id)}; "
            + (
                f"confirmed by {escape_markdown(item.second_rater_id)}."
                if item.second_rater_id
                else "no second rater has confirmed it yet. It counts all the same."
            )
        )
        if item.comment:
            st.text(f"Comment: {item.comment}")
        _confirm(registry, item)
        _reinstate(registry, item)
        if item.subject_id.startswith("sub-"):
            shell.link("subject", f"Look at {item.subject_id}", {"subject": item.subject_id})
        tables.unit_history(registry, unit)


def _confirm(registry: Registry, item: ExclusionVerdict) -> None:
    objection = exclusions.objection(item, actor())
    if st.button(
        "Confirm as second rater", type="primary", icon=":material/how_to_reg:", disabled=objection is not None
    ):
        decisions.carry_out(
            lambda: exclusions.confirm(registry, item.unit), f"{units.in_words(item.unit)}: confirmed by {actor()}."
        )
    if objection and not item.second_rater_id:
        st.caption(escape_markdown(objection))


def _reinstate(registry: Registry, item: ExclusionVerdict) -> None:
    with st.form(f"reinstate {item.unit}", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        comment = st.text_input("Why it counts again", key=f"why {item.unit}", placeholder="the scan was repeated")
        pressed = st.form_submit_button("Reinstate", icon=":material/undo:")
    if pressed and not comment.strip():
        st.error("A comment is needed, so that others know why it counts again.", icon=":material/error:")
    elif pressed:
        why = " ".join(comment.split())
        decisions.carry_out(
            lambda: exclusions.reinstate(registry, item.unit, why), f"{units.in_words(item.unit)} counts again."
        )


def _exclude(registry: Registry) -> None:
    st.markdown("**Leave something out**")
    st.caption("A person, subject, visit or image. New snapshots leave it out, frozen ones stay as they are.")
    named = st.query_params.get("unit", "")
    typed = st.text_input("Find by typing", value=named, key="find", placeholder="P001, sub-A000, ses-M12, FLAIR")
    matches = units.find(Catalog.of(registry), typed)
    if typed.strip() and not matches:
        st.warning(
            f"Nothing in this registry is called '{escape_markdown(typed.strip())}'.", icon=":material/search_off:"
        )
    if not matches:
        return
    unit = st.selectbox(
        f"Which of {format_count(len(matches), 'match', 'matches')}",
        [item.unit for item in matches],
        format_func=units.in_words,
        key="exclude unit",
    )
    reason = decisions.ask_why(registry, "exclude")
    if st.button("Exclude", type="primary", icon=":material/block:"):
        decisions.exclude(registry, unit, reason)
