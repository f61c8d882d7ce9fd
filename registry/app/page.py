"""What a page of the app is. A workspace lists its pages as `PAGES` in `<workspace>/pages/__init__.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry.store import Registry

GROUP = "cohortium.pages"
"""The entry-point group that workspaces announce their `PAGES` in."""

SECTIONS = ("Cohort", "Readings", "Models")
"""The order of the sections in the side bar; other sections follow in alphabetical order."""


@dataclass(frozen=True)
class Page:
    """One page: a function that draws it, and where it stands in the side bar.

    Attributes:
        title: what the side bar and the browser's tab say.
        url_path: the last part of its address, lower case, unique in the app.
        icon: a Material symbol, `:material/monitoring:`.
        render: draws the page of the open registry; raises `CohortiumError` for what a user can mend.
        section: heading in the side bar.
        order: position within its section, lowest first; the first page of the first section is the start page.
    """

    title: str
    url_path: str
    icon: str
    render: Callable[[Registry], None]
    section: str = SECTIONS[0]
    order: int = 100


def arrange(pages: list[Page]) -> dict[str, list[Page]]:
    """Sections in the order of the side bar, each with its pages in order.

    Raises:
        ValueError: two pages share one address.
    """
    paths = [page.url_path for page in pages]
    if twice := sorted({path for path in paths if paths.count(path) > 1}):
        raise ValueError(f"two pages share one address: {', '.join(twice)}")
    extra = sorted({page.section for page in pages} - set(SECTIONS))
    sections: dict[str, list[Page]] = {name: [] for name in (*SECTIONS, *extra)}
    for page in sorted(pages, key=lambda page: (page.order, page.title)):
        sections[page.section].append(page)
    return {name: section for name, section in sections.items() if section}
