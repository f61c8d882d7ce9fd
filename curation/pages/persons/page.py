"""The page Persons: pairs of subjects that may be one person, side by side, and the decisions about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from curation.pages.persons import pair_search, pair_view
from curation.persons import links, pairs
from curation.persons.links import LinkDecision
from curation.persons.proposals import pair
from registry.app import decisions, shell
from registry.catalog import Catalog, subjects
from registry.cohorts.persons import CLEARED, SAME, SUSPECTED
from registry.store import Registry, actor
from registry.tables import PersonLink
from registry.vocabulary.display import escape_markdown, format_count

_KINDS = {SUSPECTED: "To decide", SAME: "One person", CLEARED: "Two persons"}
_BADGES = {SUSPECTED: "to decide", SAME: "decided as one person", CLEARED: "decided as two persons"}
_COLOURS: dict[str, Literal["orange", "green", "gray"]] = {SUSPECTED: "orange", SAME: "green", CLEARED: "gray"}


def render(registry: Registry) -> None:
    """Draw the page; `?a=` and `?b=` choose a pair."""
    st.title("Persons")
    catalog = Catalog.of(registry)
    known = subjects.list_subjects(catalog)
    found = links.list_links(registry)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _summary(found)
        pair_search.button(registry, len(known) > 1)
    pair_search.outcome(registry)
    decisions.show_outcome()
    if len(known) < 2:
        st.info("There are not two subjects to compare yet. Bring a delivery in first.")
        shell.link("inbox", "Open the inbox")
        return
    link = _choose(found, known)
    if link is not None:
        _pair(registry, catalog, link)
    _several(catalog)


def _summary(found: Sequence[PersonLink]) -> None:
    for kind, title in _BADGES.items():
        count = sum(link.kind == kind for link in found)
        st.badge(f"{format_count(count, 'pair')} {title}", color=_COLOURS[kind] if count else "gray")
    st.badge(
        f"You decide as {escape_markdown(actor())}",
        icon=":material/badge:",
        color="blue",
        help="The code in COHORTIUM_ACTOR when the app was started.",
    )


def _choose(found: Sequence[PersonLink], known: Sequence[str]) -> PersonLink | None:
    """Draw the choice of a pair: one of a list, or any two subjects."""
    kinds = [*_KINDS, "any"]
    titles = {**_KINDS, "any": "Any two subjects"}
    wanted = (st.query_params.get("a"), st.query_params.get("b"))
    first = "any" if None not in wanted else SUSPECTED
    left, right = st.columns((3, 2), vertical_alignment="center")
    kind = left.segmented_control(
        "Pairs",
        kinds,
        default=first,
        format_func=titles.__getitem__,
        key="pair_kind",
        required=True,
        label_visibility="collapsed",
    )
    if kind == "any":
        return _choose_any(found, known, wanted)
    named = {f"{link.subject_a} and {link.subject_b}": link for link in found if link.kind == kind}
    if not named:
        st.info(
            {
                SUSPECTED: "No pair waits for a decision. Look for new ones, or compare any two subjects.",
                SAME: "No two subjects were joined by a decision yet.",
                CLEARED: "No pair was kept apart yet.",
            }[str(kind)],
            icon=":material/info:",
        )
        return None
    if st.session_state.get("pair") not in (None, *named):
        del st.session_state["pair"]
    chosen = right.selectbox(
        f"Which of {format_count(len(named), 'pair')}", list(named), key="pair", label_visibility="collapsed"
    )
    return named[chosen]


def _choose_any(
    found: Sequence[PersonLink], known: Sequence[str], wanted: tuple[str | None, str | None]
) -> PersonLink | None:
    left, right = st.columns(2)
    indices = [known.index(name) if name in known else index for index, name in enumerate(wanted)]
    a = left.selectbox("First subject", known, index=indices[0], key="pair_a")
    b = right.selectbox("Second subject", known, index=indices[1], key="pair_b")
    if a == b:
        st.info("Choose two different subjects.")
        return None
    names = pair(a, b)
    held = next((link for link in found if (link.subject_a, link.subject_b) == names), None)
    return held or PersonLink(subject_a=names[0], subject_b=names[1], kind="", method="declared")


def _pair(registry: Registry, catalog: Catalog, link: PersonLink) -> None:
    a, b = link.subject_a, link.subject_b
    stated = pairs.facts(catalog, a, b)
    st.text(pairs.evidence(link) if link.kind else "Nobody has proposed this pair.")
    if link.reviewer:
        st.caption(f"{_KINDS[link.kind]}, says {escape_markdown(link.reviewer)}: {escape_markdown(link.reason or '')}")
    left, right = st.columns((2, 1), gap="medium")
    with left:
        pair_view.pictures(registry, a, b)
    with right:
        if against := pairs.contradictions(stated):
            st.warning("  \n".join(map(escape_markdown, against)), icon=":material/difference:")
        _decide(registry, link)
        _changes(pairs.crossings(registry, a, b), link)
        for name in (a, b):
            shell.link("subject", f"Open {name}", {"subject": name})
    pair_view.facts(stated, a, b)


def _changes(found: Sequence[pairs.Crossing], link: PersonLink) -> None:
    if not found:
        st.caption(":material/check_circle: No split has the two in different parts.")
        return
    verb = "has" if link.kind == SAME else "would have"
    lines = [
        f"- {escape_markdown(item.split)} {verb} one person in {item.first_part} and in {item.second_part}"
        f" ({format_count(item.snapshots, 'snapshot')}, {format_count(item.runs, 'run')})"
        for item in found
    ]
    st.warning(
        "What one person means for splits:\n"
        + "\n".join(lines)
        + "\n\nSuch a split gets no new snapshot, and its snapshots are not trained on: make a new split.",
        icon=":material/call_split:",
    )


def _decide(registry: Registry, link: PersonLink) -> None:
    a, b = link.subject_a, link.subject_b
    with st.form(f"decide {a} {b}", border=False, enter_to_submit=False):
        reason = st.text_input("Why", key=f"why {a} {b}", placeholder="same sulci, same lesions, a year later")
        with st.container(horizontal=True):
            same = st.form_submit_button("One person", icon=":material/join:")
            two = st.form_submit_button("Two persons", icon=":material/call_split:")
    if same:
        _settle(registry, link, links.confirm, reason, "are one person from now on")
    elif two:
        _settle(registry, link, links.clear, reason, "are kept apart, for good")


def _settle(registry: Registry, link: PersonLink, decide: Callable[..., PersonLink], reason: str, then: str) -> None:
    a, b = link.subject_a, link.subject_b

    def change() -> None:
        decide(registry, a, b, LinkDecision(reason))
        pair_search.forget(registry)

    decisions.carry_out(change, f"{a} and {b} {then}.")


def _several(catalog: Catalog) -> None:
    st.subheader("Persons with several subjects")
    found = subjects.several(catalog)
    if not found:
        st.caption("Every person is one subject.")
        return
    rows = [
        {
            "Person": row["person_id"],
            "Subjects": ", ".join(row["subjects"]),
            "Visits": row["sessions"],
            "Images": row["images"],
            "Sites": ", ".join(row["sites"] or ["not stated"]),
        }
        for row in found
    ]
    st.dataframe(rows, hide_index=True, height=shell.table_height(len(rows), 320))
