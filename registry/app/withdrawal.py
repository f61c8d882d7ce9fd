"""Withdrawn consent on a page: the red line about a snapshot, and the field for the word that uses it nevertheless."""

from __future__ import annotations

import streamlit as st

from registry.cohorts import withdrawals
from registry.manifests import Manifest
from registry.store import Registry
from registry.vocabulary.display import escape_markdown


def warn(registry: Registry, manifest: Manifest) -> bool:
    """Draw the red line where somebody in the snapshot withdrew the consent, and return whether it was drawn."""
    units = withdrawals.list_withdrawn(registry, manifest)
    if units:
        st.error(f"{escape_markdown(withdrawals.describe(units))} Freeze the query again.", icon=":material/block:")
    return bool(units)


def ask_for_word(key: str) -> str:
    """Draw the field for the reason why the snapshot is used nevertheless, and return it; empty refuses.

    Args:
        key: the field's key on its page.
    """
    return st.text_input(
        "Use it despite the withdrawal, because",
        key=key,
        placeholder="the ethics committee's decision",
        help="It is recorded, with your code, in the registry's history and in what is made.",
    )
