"""The form of the Inbox: choose the delivery and its recipe, and start a look at it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from curation import recipes
from curation.imports import look
from curation.imports import work as imports
from curation.imports.look import Asked, Chosen, Look
from curation.recipes import Recipe
from registry.app import shell, work_progress
from registry.errors import CohortiumError
from registry.store import Registry
from registry.tables import Work
from registry.vocabulary.display import escape_markdown
from registry.work import files


def draw(registry: Registry, failed: Work | None) -> None:
    """Draw the form; after a look that failed, with what was typed then."""
    if failed is not None:
        work_progress.explain_end(failed)
        known: Look | None = files.read_found(registry, failed.work_id)
        fill(known.asked if known else Asked(failed.inputs["recipe"], Path(failed.inputs["source"])))
    st.caption(
        "Choose how the delivery is laid out and where it lies on this machine. You see what would come in "
        "before anything is written."
    )
    left, right = st.columns((3, 2), gap="large")
    with left:
        titles = {name: recipes.load(name) for name in recipes.known()}
        st.session_state.setdefault("inbox_recipe", "bids")
        name = st.selectbox(
            "Recipe", list(titles), key="inbox_recipe", format_func=lambda key: f"{titles[key].title} ({key})"
        )
        own = st.text_input(
            "Or a recipe of your own (optional)",
            key="inbox_own",
            placeholder="/home/me/recipes/my-ms.toml",
            help="The path of a TOML file as docs/recipes.md describes it. It counts instead of the recipe above.",
        )
        chosen = _find_recipe(name, own)
        folder = st.text_input("Folder of the delivery", key="inbox_folder", placeholder="/home/me/deliveries/centre-b")
        people = ""
        if chosen and chosen.has_plan:
            people = st.text_input(
                "Table of Patient IDs (optional)",
                key="inbox_people",
                placeholder="/home/me/ids.tsv",
                help="Columns patient_id and participant_id. It is read, never kept.",
            )
        same = st.checkbox(
            "Subjects that another dataset brought are the same persons",
            key="inbox_same",
            help="Two datasets can both have a sub-01. Such an import is refused unless this is set.",
        )
        if st.button("Look at it", type="primary", icon=":material/search:") and chosen:
            wanted = chosen.name
            _look(registry, lambda: look.asked(wanted, folder, people, same))
    with right:
        if chosen:
            _about(chosen.recipe)


def _find_recipe(name: str, own: str) -> Chosen | None:
    """The recipe; None where the file that was typed is none, which the page then explains below the field."""
    try:
        return look.find_recipe(name, own)
    except CohortiumError as error:
        shell.explain(error)
        return None


def fill(wanted: Asked) -> None:
    """Fill the fields that nobody has typed into yet."""
    key = "inbox_own" if wanted.recipe.endswith(recipes.ENDING) else "inbox_recipe"
    typed = {key: wanted.recipe, "inbox_folder": str(wanted.source), "inbox_people": wanted.people}
    st.session_state.setdefault("inbox_same", wanted.same_persons)
    for key, value in typed.items():
        if value is not None:
            st.session_state.setdefault(key, str(value))


def _about(recipe: Recipe) -> None:
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(recipe.title)}**")
        st.text(f"Licence: {recipe.licence or 'as the delivery states'}")
        if recipe.access:
            st.text(f"Access: {recipe.access}")
    if recipe.traps:
        with st.expander(f"Known traps ({len(recipe.traps)})", icon=":material/warning:"):
            for trap in recipe.traps:
                st.caption(escape_markdown(trap))


def _look(registry: Registry, read_form: Callable[[], Asked]) -> None:
    try:
        wanted = read_form()
    except CohortiumError as error:
        shell.explain(error)
        return
    work_progress.begin(lambda: imports.start_look(registry, Look(wanted)))
