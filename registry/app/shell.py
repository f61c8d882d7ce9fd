"""The app's frame: opens the registry, lists the workspaces' pages in the side bar, runs the chosen one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import NoReturn

import streamlit as st

from registry.app import work_panel
from registry.app.page import GROUP, Page, arrange
from registry.app.theme import ICON
from registry.errors import CohortiumError
from registry.maintenance import status
from registry.store import ACTOR_ENVIRONMENT, Registry, actor
from registry.vocabulary.display import escape_markdown

_BUILT = "cohortium:pages"


def run(open_registry: Callable[[], Registry], pages: Sequence[Page] | None = None) -> None:
    """Draw the app.

    Args:
        open_registry: opens the registry; a `CohortiumError` becomes one sentence on the page.
        pages: pages to draw instead of those that the installed workspaces announce; for tests.
    """
    st.set_page_config(page_title="Cohortium", page_icon=ICON, layout="wide")
    try:
        registry = open_registry()
    except CohortiumError as error:
        explain(error)
        st.stop()
    sections = arrange(list(pages) if pages is not None else list_pages())
    built = {name: [_build(page, registry) for page in section] for name, section in sections.items()}
    st.session_state[_BUILT] = {
        page.url_path: entry
        for name, section in sections.items()
        for page, entry in zip(section, built[name], strict=True)
    }
    chosen = st.navigation(built, expanded=True)
    _draw_foot(registry)
    work_panel.draw(registry)
    chosen.run()


def list_pages() -> list[Page]:
    """Pages of the installed workspaces, sorted by the name of the workspace."""
    entries = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    return [page for entry in entries for page in entry.load()]


def explain(error: CohortiumError) -> None:
    """Show a mistake that the user can mend: what is wrong, then what to do."""
    st.error(error.message, icon=":material/error:")
    if error.hint:
        st.caption(error.hint)


def go_to(url_path: str, query: Mapping[str, str] | None = None) -> NoReturn:
    """Leave this page for another one.

    Args:
        url_path: the other page's `Page.url_path`.
        query: parameters of its address, which it reads from `st.query_params`.
    """
    st.switch_page(st.session_state[_BUILT][url_path], query_params=dict(query or {}))


def link(url_path: str, label: str, query: Mapping[str, str] | None = None) -> None:
    """Draw a link to another page.

    Args:
        url_path: the other page's `Page.url_path`.
        label: what the link says.
        query: as in `go_to`.
    """
    st.page_link(st.session_state[_BUILT][url_path], label=label, query_params=dict(query or {}))


def table_height(rows: int, most: int) -> int:
    """Height in pixels of a table that shows all its rows, or scrolls where they are higher than `most`."""
    return min(most, 38 + 35 * rows)


def _draw_foot(registry: Registry) -> None:
    """Draw, below the pages in the side bar, which cohort this is, where it lies, and who acts in it."""
    with st.sidebar.container(key="foot"):
        st.markdown(f"**{escape_markdown(status.title(registry))}**", help=escape_markdown(str(registry.root)))
        st.caption(
            f"You act as **{escape_markdown(actor())}**",
            help=f"Whoever starts the app chooses the code: {ACTOR_ENVIRONMENT}=e01 cohortium serve",
        )


def _build(page: Page, registry: Registry) -> st.Page:
    def draw() -> None:
        try:
            page.render(registry)
        except CohortiumError as error:
            explain(error)

    return st.Page(draw, title=page.title, icon=page.icon, url_path=page.url_path)
