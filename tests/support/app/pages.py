"""Opens pages of the app without a browser."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from registry.app import shell
from registry.app.page import Page
from registry.store import Registry

# Streamlit looks through every installed package for each page that a test opens; they stay the same meanwhile.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def open_page(registry: Registry, url_path: str, **query: str) -> AppTest:
    """One page as the app's start page, with these parameters in its address: `open_page(registry, "runs")`."""
    test = AppTest.from_function(_script, args=(registry, url_path), default_timeout=90)
    for key, value in query.items():
        test.query_params[key] = value
    return test.run()


def go_to(test: AppTest, url_path: str) -> AppTest:
    """Another page of the same browser session, as a click in the side bar opens it."""
    pages = {info["url_pathname"]: key for key, info in test._registered_pages.items()}
    test._page_hash = pages[url_path] if url_path in pages else pages[""]  # the start page has no path
    return test.run()


def with_start(url_path: str) -> list[Page]:
    """All announced pages, with this one first."""
    return [
        replace(page, section="Cohort", order=-1) if page.url_path == url_path else page for page in shell.list_pages()
    ]


def texts(test: AppTest) -> str:
    """Everything the page says, one element a line."""
    kinds = (test.title, test.markdown, test.caption, test.text, test.info, test.success, test.warning, test.error)
    return "\n".join(element.value for kind in kinds for element in kind)


def button(test: AppTest, label: str) -> object:
    """The page's button with this label."""
    return next(item for item in test.main.button if item.label == label)


def _script(registry: object, url_path: str) -> None:  # runs as a script of its own: builtin names only
    from registry.app import shell
    from tests.support.app.pages import with_start

    shell.run(lambda: registry, with_start(url_path))  # type: ignore[arg-type, return-value]
