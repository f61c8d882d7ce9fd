"""Filters, and the SQL that they write. The same filters give the same text, in whatever order they were chosen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry.catalog.facets.kinds import FACETS, Facet, Kind, find_facet
from registry.errors import UsageError

Value = str | float | bool

_EXACT_DIGITS = 15
"""Decimals of so many digits are the same number in DuckDB's DECIMAL and in a double; longer ones are written as e0."""


@dataclass(frozen=True)
class Filter:
    """The filter of one facet: an image passes when it has one of the values, or lies in the range.

    Attributes:
        field: the facet's field.
        values: any of these passes; None is "not stated". A facet with a range takes no value but None.
        low: the range's lower end, included; None is open.
        high: the range's upper end, included; None is open.

    Raises:
        UsageError: there is no such facet, a value that its column cannot have, or a range that is empty or not
            possible.
    """

    field: str
    values: tuple[Value | None, ...] = ()
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        facet = find_facet(self.field)
        for value in self.values:
            _require_kind(facet, value)
        if facet.kind is not Kind.RANGE and (self.low, self.high) != (None, None):
            raise UsageError(f"'{self.field}' has no order, so it takes no range.", "Name its values one by one.")
        for bound in (self.low, self.high):
            if bound is not None and not _is_number(bound):
                raise UsageError(f"'{bound}' is no number.", f"Give {self.field} numbers, such as 18..65.")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise UsageError(f"No {self.field} lies between {self.low:g} and {self.high:g}.", "Swap the two.")

    @property
    def active(self) -> bool:
        """Whether it filters at all; a filter without values and range lets everything pass."""
        return bool(self.values) or self.low is not None or self.high is not None


def sql(filters: Iterable[Filter]) -> str:
    """The query of filters: one SELECT of image paths, with a line for each facet.

    Raises:
        UsageError: two filters for one facet.
    """
    where = "\n  AND ".join(conditions(filters).values())
    return "SELECT path\nFROM images" + (f"\nWHERE {where}" if where else "")


def conditions(filters: Iterable[Filter]) -> dict[str, str]:
    """Field to condition in SQL, for the active filters, in the order of the facets.

    Raises:
        UsageError: two filters for one facet.
    """
    held: dict[str, Filter] = {}
    for item in filters:
        if item.field in held:
            raise UsageError(f"'{item.field}' is filtered twice.", "Put its values into one filter.")
        held[item.field] = item
    return {
        facet.field: _format_condition(facet, held[facet.field])
        for facet in FACETS
        if facet.field in held and held[facet.field].active
    }


def _format_condition(facet: Facet, chosen: Filter) -> str:
    stated = sorted({value for value in chosen.values if value is not None}, key=rank)
    terms = [_format_any_of(facet, stated)] if stated else []
    if chosen.low is not None or chosen.high is not None:
        terms.append(_format_between(facet.column, chosen.low, chosen.high))
    if None in chosen.values:
        terms.append(f"{_bracket(facet.column)} IS NULL")
    return f"({' OR '.join(terms)})" if len(terms) > 1 else terms[0]


def _format_any_of(facet: Facet, values: Sequence[Value]) -> str:
    if facet.kind is Kind.YES_NO:
        column = _bracket(facet.column)
        return f"{column} IS NOT NULL" if len(values) > 1 else facet.column if values[0] else f"NOT {column}"
    if len(values) == 1:
        return f"{facet.column} = {literal(values[0])}"
    return f"{facet.column} IN ({', '.join(literal(value) for value in values)})"


def _format_between(column: str, low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{column} BETWEEN {literal(low)} AND {literal(high)}"
    return next(f"{column} {sign} {literal(end)}" for sign, end in ((">=", low), ("<=", high)) if end is not None)


def rank(value: Value) -> tuple[float, str]:
    """A key by which the values of one facet sort."""
    return (0.0, value) if isinstance(value, str) else (float(value), "")


def _bracket(column: str) -> str:
    return f"({column})" if " > " in column else column


def literal(value: Value) -> str:
    """A value as a literal of SQL, with quotes and digits that keep it exact.

    Raises:
        UsageError: a text that no query can hold, or a number that is not finite.
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        _require_text(value)
        return "'" + value.replace("'", "''") + "'"
    if not _is_number(value):
        raise UsageError(f"'{value}' is no number.", "Give a finite number.")
    return _format_decimal(float(value))


def _format_decimal(value: float) -> str:
    text = str(int(value)) if value.is_integer() and abs(value) < 10**_EXACT_DIGITS else repr(value)
    digits = sum(letter.isdigit() for letter in text)
    return text if "e" in text or digits <= _EXACT_DIGITS else f"{text}e0"


def _require_text(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UsageError("A value holds bytes that are no text.", "Write it in UTF-8.") from error
    if "\0" in value:
        raise UsageError("A value holds a zero byte, which no text in a registry has.", "Leave it out.")


def _require_kind(facet: Facet, value: Value | None) -> None:
    if value is None:
        return
    fits = {
        Kind.TEXT: isinstance(value, str),
        Kind.YES_NO: isinstance(value, bool),
        Kind.NUMBER: _is_number(value),
        Kind.RANGE: False,
    }[facet.kind]
    if not fits:
        raise UsageError(f"'{value}' is no value of {facet.field}.", f"It takes {facet.kind.value}.")
    if isinstance(value, str):
        _require_text(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
