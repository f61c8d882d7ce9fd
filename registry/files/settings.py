"""Read settings that people write in TOML, strictly, into frozen dataclasses, and write them again.

Start at `read_settings`. A dataclass that derives from `Settings` says what is allowed by its annotations
(`Annotated[float, Gt(0)]`, `Literal[...]`, another dataclass, a union with `Discriminator("kind")`); pydantic checks
them, and `_list_mistakes` alone turns its errors into our sentences: key, value, what is allowed, the nearest known
word. Importing this module does not load pydantic.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from registry.errors import CohortiumError, ConfigError

if TYPE_CHECKING:
    from pydantic import ConfigDict, TypeAdapter
    from pydantic_core import ErrorDetails

T = TypeVar("T")


class Settings:
    """Base of every dataclass that is read here: no unknown key, no conversion, no NaN and no infinity."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


def read_settings(
    kind: type[T],
    source: str | Path | Mapping[str, Any],
    where: str = "",
    error: Callable[[str, str], CohortiumError] = ConfigError,
) -> T:
    """Settings from a TOML text, a file, or a table that was read already. Every mistake is reported at once.

    Args:
        kind: a dataclass derived from `Settings`.
        source: the text of a TOML file, the path of one, or a table.
        where: dotted path of the table in its file, empty at the top.
        error: makes the error from a message and a hint.

    Raises:
        CohortiumError: made by `error`: invalid TOML, an unknown or missing key, a value of the wrong kind or out of
            range. The first mistake is the first line of the message and has the hint; the others follow, one a line.
    """
    from pydantic import ValidationError

    table = source if isinstance(source, Mapping) else _read_table(source, error)
    adapter: TypeAdapter[T] = _adapter(cast(Hashable, kind))
    try:
        # TOML holds what JSON holds (lists for tuples, text for every key), so pydantic's strict JSON mode fits it.
        return adapter.validate_json(json.dumps(table, default=_refuse_date))
    except _DateError as date:
        raise error(f"The date {date} stands where no key takes a date.", "Write it in quotes.") from date
    except ValidationError as failure:
        mistakes = _list_mistakes(adapter.json_schema(), failure.errors(include_url=False), where)
        first, *others = mistakes
        message = "\n".join([first.sentence, *(f"{other.sentence} {other.hint}" for other in others)])
        raise error(message, first.hint) from failure


def write_settings(settings: Any) -> str:
    """Settings as TOML with every default spelled out; a key whose value is None is left out."""
    import tomli_w

    return tomli_w.dumps(_plain(settings))


def nearest(word: str, known: Sequence[str]) -> str:
    """` Did you mean 'x'?` for the nearest known word, or nothing."""
    match = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f" Did you mean '{match[0]}'?" if match else ""


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    """Pydantic's validator of a dataclass; it is kept because making it takes longer than using it."""
    from pydantic import TypeAdapter

    return TypeAdapter(cast(Any, kind))


class _DateError(ValueError):
    """A value is a date, which TOML has and no setting takes."""


def _refuse_date(value: Any) -> None:
    raise _DateError(str(value))


def _read_table(source: str | Path, error: Callable[[str, str], CohortiumError]) -> dict[str, Any]:
    name = source.name if isinstance(source, Path) else "The configuration"
    try:
        return tomllib.loads(source.read_text(encoding="utf-8") if isinstance(source, Path) else source)
    except tomllib.TOMLDecodeError as failure:
        raise error(f"{name} is not valid TOML: {failure}.", "Correct the line it names.") from failure
    except UnicodeDecodeError as failure:
        raise error(f"{name} is not a text file.", "Write it as TOML in UTF-8.") from failure


def _plain(value: Any) -> Any:
    """The value with dataclasses as tables and tuples as lists, which TOML can hold; keys with None are left out."""
    if is_dataclass(value):
        value = {item.name: getattr(value, item.name) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class _Mistake:
    """One mistake in words for people."""

    sentence: str
    hint: str


@dataclass(frozen=True)
class _Place:
    """The place of a mistake in the settings.

    Attributes:
        path: dotted keys as the file has them, `masks (entry 2).kind`.
        key: the last of them.
        table: JSON schema of the table, or the list, that holds the value.
        value: JSON schema of the value.
    """

    path: str
    key: str
    table: Mapping[str, Any]
    value: Mapping[str, Any]


def _list_mistakes(schema: Mapping[str, Any], errors: Sequence[ErrorDetails], where: str) -> list[_Mistake]:
    """Pydantic's errors as our sentences, unknown keys first: a misspelt key explains the missing one."""
    mistakes: dict[str, _Mistake] = {}
    for error in sorted(errors, key=lambda item: item["type"] not in _UNKNOWN):
        place = _locate(schema, error["loc"], where)
        suggestions = [f"{item.sentence} " for item in mistakes.values()]
        explained = error["type"] == "missing" and any(f" Did you mean '{place.key}'? " in text for text in suggestions)
        if place.path not in mistakes and not explained:
            mistakes[place.path] = _describe(error, place)
    return list(mistakes.values())


def _locate(schema: Mapping[str, Any], loc: Sequence[int | str], where: str) -> _Place:
    """Follow pydantic's location through the JSON schema: it holds tags of unions and positions in lists, too."""
    definitions = schema.get("$defs", {})
    path, key, table, node = where, where, schema, _resolve(schema, definitions)
    for step, last in zip(loc, [*[False] * (len(loc) - 1), True], strict=True):
        if step == "[key]" or "anyOf" in node:  # the rest of the location names the kind of a union that does not fit
            break
        if tags := node.get("discriminator", {}).get("mapping"):
            node = _resolve({"$ref": tags[step]}, definitions)
        elif isinstance(step, int):
            kinds = node.get("prefixItems", [])
            table, node = node, _resolve(kinds[step] if step < len(kinds) else node.get("items"), definitions)
            path += "" if last and "properties" not in node else f" (entry {step + 1})"
        else:
            table, key, path = node, step, f"{path}.{step}" if path else step
            node = _resolve(node.get("properties", {}).get(step, node.get("additionalProperties", {})), definitions)
    return _Place(path, key, table, node)


def _resolve(node: Any, definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference; of an optional value, the schema of the value."""
    if not isinstance(node, Mapping):
        return {}
    kinds = [kind for kind in node.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        return _resolve(kinds[0], definitions)
    return _resolve(definitions[node["$ref"].rpartition("/")[2]], definitions) if "$ref" in node else node


_UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")
_TABLES = ("dataclass_type", "model_type", "dict_type", "mapping_type")
_RANGES = ("greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number")
_CHOICES = ("literal_error", "union_tag_invalid", "union_tag_not_found")
_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "array": "a list",
    "object": "a table",
}


def _describe(error: ErrorDetails, place: _Place) -> _Mistake:  # noqa: PLR0911 - one return for each kind of mistake
    kind, value, path, node = error["type"], error["input"], place.path, place.value
    if kind in _UNKNOWN:
        known = list(place.table.get("properties", {}))
        return _Mistake(
            f"The key '{path}' is not known.{nearest(place.key, known)}", f"Allowed here: {', '.join(known)}."
        )
    if size := {"missing": place.table, "too_long": node}.get(kind, {}).get("minItems"):
        return _Mistake(f"'{path}' needs {size} values, got {len(value)}.", f"Write {size} values in square brackets.")
    if kind == "missing":
        return _Mistake(f"The key '{path}' is missing.", "It has no default; add it.")
    if kind in _TABLES:
        return _Mistake(f"'{path}' must be a table, got {value!r}.", f"Write [{path}] with its keys below.")
    if kind in _CHOICES:
        return _describe_choice(value, place)
    if kind in _RANGES:
        return _Mistake(f"'{path}' is {value}, which is not possible.", f"Allowed: {_format_range(node)}.")
    if kind == "pattern_regex":
        return _Mistake(f"'{path}' is {value!r}, which is no regular expression.", "Check its brackets.")
    if kind == "int_parsing":
        return _Mistake(f"The key '{path}' must be a whole number.", "Write a number before the equals sign.")
    if words := " or ".join(_list_words(node)):
        hint = "Write it in square brackets." if words == "a list" else "Check the quotes and the decimal point."
        return _Mistake(f"'{path}' must be {words}, got {value!r}.", hint)
    return _Mistake(f"'{path}' is {value!r}, which is not possible.", f"{error['msg']}.")


def _describe_choice(value: Any, place: _Place) -> _Mistake:
    path, tag = place.path, place.value.get("discriminator")
    allowed = list(tag["mapping"]) if tag else place.value.get("enum", [place.value.get("const")])
    if tag:
        path, value = f"{path}.{tag['propertyName']}", value.get(tag["propertyName"])
    hint = f"Allowed: {', '.join(map(str, allowed))}."
    if tag and value is None:
        return _Mistake(f"The key '{path}' is missing.", hint)
    near = nearest(str(value), [str(option) for option in allowed])
    return _Mistake(f"'{path}' is {value!r}, which is not allowed.{near}", hint)


def _format_range(node: Mapping[str, Any]) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and low == high:
        return f"{low}"
    words = {"minimum": "at least", "exclusiveMinimum": "above", "exclusiveMaximum": "below", "maximum": "at most"}
    return " and ".join(f"{word} {node[key]}" for key, word in words.items() if key in node) or "a finite number"


def _list_words(node: Mapping[str, Any]) -> Iterator[str]:
    for kind in node.get("anyOf", [node]):
        if word := _WORDS.get(str(kind.get("type"))):
            yield word
