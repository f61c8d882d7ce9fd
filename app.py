"""The app's script. `cohortium serve` runs it with the registry in `COHORTIUM_REGISTRY`; pages are in `*/pages/`."""

import streamlit as st

from registry.app import shell
from registry.store import Registry, open_registry


@st.cache_resource(show_spinner=False)
def opened() -> Registry:
    """One registry, with its database connections, for every visitor of this server."""
    return open_registry()


st.html("<style>.stMainBlockContainer { padding-top: 3rem; padding-bottom: 3rem; }</style>")  # less blank at the top
shell.run(opened)
