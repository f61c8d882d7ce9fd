"""The widgets of the facets: a list of ticks or two numbers for each; the widgets' keys hold what is chosen."""

from __future__ import annotations

import json
from collections.abc import Iterator

import streamlit as st

from registry.app import shell
from registry.catalog.facets import FACETS, Choice, Counts, Facet, Filter, Kind, Span, Value, shown
from registry.errors import UsageError
from registry.vocabulary.display import escape_markdown, format_number

_PREFIX = "facet "
_OPEN = 5
"""Number of facets that are unfolded at first."""

_LONG = 10
"""Number of values above which a list scrolls."""

_MOST = 200


def chosen() -> tuple[Filter, ...]:
    """The filters that the widgets hold; an empty range is explained on the page and filters nothing."""
    found = []
    for facet in FACETS:
        try:
            item = Filter(facet.field, tuple(_list_ticks(facet)), _bound(facet, "from"), _bound(facet, "to"))
        except UsageError as error:
            shell.explain(error)
        else:
            found.append(item)
    return tuple(item for item in found if item.active)


def clear() -> None:
    """Untick everything."""
    for key in list(st.session_state):
        if str(key).startswith(_PREFIX):
            st.session_state[key] = None if str(key).endswith((" from", " to")) else False


def draw(counts: Counts) -> None:
    """Draw a fold for each facet that tells images apart."""
    shown_facets = [facet for facet in FACETS if _is_useful(facet, counts)]
    for position, facet in enumerate(shown_facets):
        with st.expander(facet.title, expanded=position < _OPEN):
            if facet.kind is Kind.RANGE:
                _range(facet, counts.spans[facet.field])
            else:
                _choices(facet, counts.choices[facet.field])


def _is_useful(facet: Facet, counts: Counts) -> bool:
    """Whether the facet offers a choice, or something of it is chosen."""
    if facet.kind is Kind.RANGE:
        span = counts.spans[facet.field]
        return span.low is not None and (span.low != span.high or span.missing > 0)
    return len(counts.choices[facet.field]) > 1 or any(_list_ticks(facet))


def _choices(facet: Facet, choices: tuple[Choice, ...]) -> None:
    with st.container(height=340 if len(choices) > _LONG else "content", border=False, gap="xsmall"):
        for choice in choices[:_MOST]:
            st.checkbox(_label(facet, choice.value, choice.images), key=_key(facet, choice.value))
        if len(choices) > _MOST:
            st.caption(f"The first {_MOST} of {format_number(len(choices))}; write the others in SQL.")


def _range(facet: Facet, span: Span) -> None:
    unit = f" ({facet.unit})" if facet.unit else ""
    for column, end, bound in zip(st.columns(2), ("from", "to"), (span.low, span.high), strict=True):
        column.number_input(
            f"{end.capitalize()}{unit}",
            value=None,
            key=f"{_PREFIX}{facet.field} {end}",
            placeholder=f"{bound:.4g}",
            format="%g",
        )
    st.caption(f"{format_number(span.stated)} images state it")
    if span.missing or None in _list_ticks(facet):
        st.checkbox(_label(facet, None, span.missing), key=_key(facet, None))


def _label(facet: Facet, value: Value | None, images: int) -> str:
    return f"{escape_markdown(shown(facet, value))} :gray[{format_number(images)}]"


def _key(facet: Facet, value: Value | None) -> str:
    return f"{_PREFIX}{facet.field} {json.dumps(value)}"


def _list_ticks(facet: Facet) -> Iterator[Value | None]:
    start = f"{_PREFIX}{facet.field} "
    for key, held in st.session_state.items():
        text = str(key)
        if held is True and text.startswith(start):
            yield json.loads(text.removeprefix(start))


def _bound(facet: Facet, end: str) -> float | None:
    held: float | None = st.session_state.get(f"{_PREFIX}{facet.field} {end}")
    return held
