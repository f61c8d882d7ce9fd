"""The page Inbox without a browser: look at a delivery, wait for what goes on, read what is shown."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from curation.imports.work import LOOK
from registry.store import Registry
from tests.support.app import app_imports
from tests.support.app.pages import button, open_page, texts


def ended(registry: Registry, test: AppTest) -> AppTest:
    """The page after the look it started has ended."""
    app_imports.ended(registry, LOOK)
    return test.run()


def imported(registry: Registry, test: AppTest) -> AppTest:
    """The page after the import it started has ended."""
    assert "you may close this page" in texts(test)
    app_imports.ended(registry)
    return test.run()


def looked(registry: Registry, recipe: str, folder: object) -> AppTest:
    test = open_page(registry, "inbox")
    test.selectbox(key="inbox_recipe").set_value(recipe).run()
    test.text_input(key="inbox_folder").set_value(str(folder))
    return button(test, "Look at it").click().run()


def metrics(test: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in test.metric}


def labels(test: AppTest) -> list[str]:
    """Of the page's buttons; the side bar has its own."""
    return [item.label for item in test.main.button]
