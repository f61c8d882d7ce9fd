"""The kinds of values of allowed fields: each is a function that returns the value to keep, or None to drop it.

No program can distinguish a surname from the name of a coil, so a kind allows as little as its fields need: numbers,
single words, a phrase with a number in it. Only few fields hold sentences; these are searched for traces of persons.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from registry.privacy.patterns import find_trace, in_label, in_name

Value = Callable[[Any], Any]
"""Takes a JSON value and returns the value to keep, or None to drop it."""

_WORD = re.compile(r"[^\s^@]{1,64}")
_PHRASE = re.compile(r"[\w .,:;()/%\\*+&\[\]'#=<>-]{1,128}")
_TWO_NAMES = re.compile(r"(?<!\w)[A-Z][a-z]+,? [A-Z][a-z]+(?!\w)")
_KEY = re.compile(r"[A-Za-z][\w.-]{0,39}")
_PLACE = re.compile(r"(?:bids:[\w.-]*:)?(?!/)[\w.+-]+(?:/[\w.+-]+)*/?")
_ADDRESS = re.compile(r"(?:https?://[^\s@]+|doi:\S+|10\.\d{4,9}/\S+|RRID:\S+)", re.I)
_VERSION = re.compile(r"(?<=\.)\d{8}(?!\d)|(?<![^\W_])[vr]\d{8}(?!\d)")
"""Programs number their releases by the day."""
_RELATIVE = re.compile(r"(?:file:)?\.\.?(?:/[\w.+-]*)*|bids:[\w.-]*:(?:[\w.+-]+/?)*")
_CHECKSUM = re.compile(r"[0-9a-f]{40,128}")
_LARGEST = 1e300
"""Larger whole numbers have no decimal form. NaN is never smaller, so it is dropped too."""
_LONGEST = 5000
"""Characters of a sentence field; a longer one is a document."""


def number(value: Any) -> float | int | None:
    """A finite number, also one written as text; eight digits that are a day are dropped."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
        return None
    return None if value == int(value) and find_trace(str(int(value))) else value


def flag(value: Any) -> bool | None:
    """True or false."""
    return value if isinstance(value, bool) else None


def word(value: Any) -> Any:
    """A text without blanks, a number or a truth value; dates, paths and names in DICOM's form are dropped."""
    if not isinstance(value, str):
        return flag(value) if isinstance(value, bool) else number(value)
    return value if _WORD.fullmatch(value) and not _tells(value) else None


def phrase(value: Any) -> Any:
    """A word, or a short text with a digit in it: `syngo MR E11`, `32Ch Head`."""
    return value if _is_short(value) and re.search(r"\d", value) and not _TWO_NAMES.search(value) else word(value)


def name(value: Any) -> str | None:
    """A short text that is public by nature: of a device, a site, a method, a task."""
    return value if _is_short(value) and value.strip() else None


def plain(value: Any) -> Any:
    """A word, or words in small letters: `corpus callosum`."""
    small = isinstance(value, str) and re.fullmatch(r"[a-zà-ÿ][a-zà-ÿ0-9 ,()-]{0,63}", value) and not _tells(value)
    return value if small else word(value)


def sentence(value: Any) -> str | None:
    """A text for people; a text that seems to hold a date, a person's name, a path or an address is dropped."""
    good = isinstance(value, str) and len(value) <= _LONGEST and not find_trace(value)
    return value if good else None


def place(value: Any) -> str | None:
    """A BIDS URI, or a path inside the dataset."""
    good = isinstance(value, str) and _PLACE.fullmatch(value) and not _tells(value) and ".." not in value.split("/")
    return value if good else None


def address(value: Any) -> str | None:
    """`https://...`, a DOI or an RRID."""
    return value if isinstance(value, str) and _ADDRESS.fullmatch(value) else None


def relative(value: Any) -> str | None:
    """Another dataset, named from this one: `file:../..`, `../manual-ms`, or `bids:raw:`."""
    return value if isinstance(value, str) and _RELATIVE.fullmatch(value) and not _tells(value) else None


def checksum(value: Any) -> str | None:
    """A hash in hexadecimal digits."""
    return value if isinstance(value, str) and _CHECKSUM.fullmatch(value) else None


def one_of(*values: str) -> Value:
    """The kind of one of these values."""
    return lambda value: value if isinstance(value, str) and value in values else None


def either(*kinds: Value) -> Value:
    """The kind of a value that one of these kinds keeps; the first that keeps it counts."""
    return lambda value: next((kept for kind in kinds if (kept := kind(value)) is not None), None)


def listed(kind: Value) -> Value:
    """The kind of one such value, or of a list (of lists) of them; a list with one bad item is dropped."""

    def keep(value: Any) -> Any:
        if not isinstance(value, list):
            return kind(value)
        kept = [keep(item) for item in value]
        return None if any(item is None for item in kept) else kept

    return keep


def items(kind: Value) -> Value:
    """The kind of a list, without the items that `kind` drops."""

    def keep(value: Any) -> Any:
        return [item for item in value if kind(item) is not None] or None if isinstance(value, list) else None

    return keep


def fields(**kinds: Value) -> Value:
    """The kind of an object with these keys; other keys are left out, and an object without any is dropped."""
    return lambda value: kept_fields(value, kinds) or None if isinstance(value, Mapping) else None


def mapped(kind: Value) -> Value:
    """The kind of an object with any short keys, except those known to identify a person."""

    def keep(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return None
        return kept_fields(value, {key: kind for key in value if is_key(key) or str(key).isdigit()}) or None

    return keep


def objects(**kinds: Value) -> Value:
    """The kind of a list of objects as `fields` keeps them; empty ones are left out."""

    def keep(value: Any) -> Any:
        one = fields(**kinds)
        return [kept for item in value if (kept := one(item)) is not None] or None if isinstance(value, list) else None

    return keep


def kept_fields(value: Mapping[str, Any], kinds: Mapping[str, Value]) -> dict[str, Any]:
    """The keys of an object with the values that their kinds keep."""
    kept = {key: kinds[key](inner) for key, inner in value.items() if key in kinds}
    return {key: inner for key, inner in kept.items() if inner is not None}


def is_word(text: str) -> bool:
    """Whether the name of a field or column can be shown: it is one short word that identifies nobody."""
    return bool(_KEY.fullmatch(text)) and not _tells(text)


def is_key(text: str) -> bool:
    """Whether a field or column of this name can be kept: it is a word, and no such field identifies a person."""
    return is_word(text) and not any(in_name(text))


def _is_short(value: Any) -> bool:
    return isinstance(value, str) and bool(_PHRASE.fullmatch(value)) and not _tells(value)


def _tells(text: str) -> bool:
    return bool(find_trace(text) or in_label(_VERSION.sub("", text)))
