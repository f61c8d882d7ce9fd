"""Filters in words: parse `FIELD=VALUE`, and format filters for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from registry.catalog.facets.filters import Filter, Value, rank
from registry.catalog.facets.kinds import Facet, Kind, find_facet
from registry.errors import UsageError

_WORDS = {"yes": True, "no": False}

Range = tuple[float | None, float | None]


def shown(facet: Facet, value: Value | None) -> str:
    """A value in words: `siteA`, `3 T`, `yes`, `incidental lesions`, `not stated`."""
    if value is None:
        return "not looked at" if facet.field == "quality" else "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value.replace("_", " ") if facet.field == "radiological_status" else value
    return f"{value:g} {facet.unit}".strip()


def format_filter(chosen: Filter) -> str:
    """A filter in words: `Channel: FLAIR or T1w`, `Age at baseline: 18 to 65 years or not stated`."""
    facet = find_facet(chosen.field)
    stated = sorted({value for value in chosen.values if value is not None}, key=rank)
    words = [shown(facet, value) for value in (*stated, *([None] if None in chosen.values else []))]
    if chosen.low is not None or chosen.high is not None:
        ends = [f"{word} {end:g}" for word, end in (("from", chosen.low), ("to", chosen.high)) if end is not None]
        words.insert(0, f"{' '.join(ends)} {facet.unit}".strip())
    return f"{facet.title}: {' or '.join(words)}"


def parse(words: Sequence[str]) -> tuple[Filter, ...]:
    """Filters from words: `site=A`, `site=` (not stated), `consensus=yes`, `age=18..65`, `age=18..`, `age=40`.

    Words about one field add up: `site=A` with `site=B` takes images of either site.

    Raises:
        UsageError: a word is none of these.
    """
    filters: dict[str, Filter] = {}
    for word in words:
        field, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f"'{word}' is no filter.", "Write FIELD=VALUE, for example site=A or age=18..65.")
        facet = find_facet(field)
        filters[field] = _add(filters.get(field, Filter(field)), _PARSERS[facet.kind](facet, text) if text else None)
    return tuple(filters.values())


def _add(before: Filter, new: Value | Range | None) -> Filter:
    if not isinstance(new, tuple):
        return replace(before, values=(*before.values, new))
    if (before.low, before.high) != (None, None):
        raise UsageError(f"'{before.field}' has two ranges.", "Give one, for example 18..65.")
    return replace(before, low=new[0], high=new[1])


def _number(facet: Facet, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"'{text}' is no number.", f"Give {facet.field} a number.") from error


def _yes_no(facet: Facet, text: str) -> bool:
    if text not in _WORDS:
        raise UsageError(f"'{text}' is neither yes nor no.", f"Write {facet.field}=yes or {facet.field}=no.")
    return _WORDS[text]


def _range(facet: Facet, text: str) -> Range:
    low, dots, high = text.partition("..")
    if not dots:
        high = low
    if not low and not high:
        raise UsageError(f"'{text}' is no range.", f"Write {facet.field}=18..65, 18.. or ..65.")
    return (_number(facet, low) if low else None), (_number(facet, high) if high else None)


_PARSERS: Mapping[Kind, Callable[[Facet, str], Value | Range]] = {
    Kind.TEXT: lambda _, text: text,
    Kind.NUMBER: _number,
    Kind.YES_NO: _yes_no,
    Kind.RANGE: _range,
}
