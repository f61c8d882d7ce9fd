"""What a snapshot leaves out: by reason, by excluded unit, and as a flow diagram to download."""

from __future__ import annotations

import streamlit as st

from curation.pages import charts
from registry.app import shell
from registry.catalog import Catalog
from registry.errors import CohortiumError
from registry.snapshots import flow, flow_diagram, left_out, targets
from registry.snapshots.flow import Flow
from registry.snapshots.left_out import Effect
from registry.snapshots.targets import TargetPolicy
from registry.store import Registry
from registry.vocabulary import reasons
from registry.vocabulary.display import escape_markdown, format_count


def draw(
    registry: Registry, sql: str, split: str | None = None, policy: TargetPolicy | None = None, name: str = "at-hand"
) -> None:
    """Draw what a snapshot of this query would leave out now.

    Args:
        registry: the registry.
        sql: SQL of the query, which need not be saved.
        split: the split whose parts are taken.
        policy: which mask is the target; None takes the usual ones, of the commonest protocol and
            structure.
        name: name of the query, unique on the page.
    """
    try:
        policy = policy or targets.choose_usual(Catalog.of(registry), sql)
        found = left_out.effects(registry, sql, split, policy)
        steps = flow.of_sql(registry, sql, split, policy, name)
    except CohortiumError as error:
        shell.explain(error)
        return
    st.markdown(
        f"**{format_count(found.samples, 'sample')} of {format_count(found.sample_persons, 'person')}**, with "
        f"{found.sample_images:,} of the query's {format_count(found.images, 'image')}."
    )
    if policy.protocol:
        st.caption(f"Only masks of the protocol {escape_markdown(policy.protocol)}.")
    if policy.classes:
        shown = " and ".join("+".join(names) for names in policy.classes)
        st.caption(f"Only masks that show {escape_markdown(shown)}.")
    if found.by_reason:
        st.altair_chart(charts.effects([_row(item) for item in found.by_reason]), width="stretch")
        _table("By reason", found.by_reason, "Reason")
    else:
        st.caption("Nothing is left out.")
    if found.by_unit:
        _table("What people left out", found.by_unit, "Unit")
    picture(steps, f"flow-{name}")


def picture(steps: Flow, name: str) -> None:
    """Draw the flow in the colours of the page, the same in words, and a button that downloads it in those of paper."""
    dark = st.context.theme.type == "dark"
    st.image(flow_diagram.svg(steps, flow_diagram.DARK if dark else flow_diagram.PAPER))
    with st.expander("The same in words"):
        st.text(flow_diagram.words(steps))
    st.download_button(
        "Download the diagram (SVG)",
        flow_diagram.svg(steps),
        f"{name}.svg",
        "image/svg+xml",
        icon=":material/download:",
        key=f"download {name}",
        on_click="ignore",
    )


def _table(title: str, found: tuple[Effect, ...], what: str) -> None:
    st.markdown(f"**{title}**")
    rows = [({what: item.name} if what == "Unit" else {}) | _row(item) for item in found]
    st.dataframe(rows, hide_index=True)


def _row(item: Effect) -> dict[str, object]:
    return {
        "Reason": reasons.in_words(item.reason),
        "Samples": item.samples,
        "Images": item.images,
        "Persons": item.persons,
    }
