"""TOML to frozen dataclasses and back, strictly: what is not understood is refused by name."""

from __future__ import annotations

import difflib
import json
import math
import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from registry.errors import ConfigError

T = TypeVar("T")


def limits(*, low: float | None = None, high: float | None = None, above: float | None = None) -> dict[str, Any]:
    """Metadata of a dataclass field whose number (or each of its numbers) must lie in a range."""
    return {"low": low, "high": high, "above": above}


def choices_in(folder: Path) -> dict[str, Path]:
    """Bare name to file of the `.toml` files in a folder, sorted by name."""
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def table(text: str) -> dict[str, Any]:
    """The table in a TOML text.

    Raises:
        ConfigError: with the line where TOML ends to make sense.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The configuration is not valid TOML: {error}.", "Mend the line it names.") from error


def parse(kind: type[T], raw: Any, where: str) -> T:
    """A dataclass from a table.

    Args:
        kind: the dataclass.
        raw: the table.
        where: dotted path of the table, empty at the top.

    Raises:
        ConfigError: an unknown or missing key, a value of the wrong kind or outside its range.
    """
    if not isinstance(raw, dict):
        raise ConfigError(f"'{where}' must be a table.", f"Write [{where}] with its keys below.")
    known: dict[str, Field[Any]] = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    for key in raw:
        if key not in known:
            raise _unknown(_join(where, key), key, list(known))
    hints = get_type_hints(kind)
    values = {key: _value(hints[key], known[key], value, _join(where, key)) for key, value in raw.items()}
    for key, item in known.items():
        if key not in values and item.default is MISSING and item.default_factory is MISSING:
            raise ConfigError(f"The key '{_join(where, key)}' is missing.", "It has no default; add it.")
    return kind(**values)


def to_toml(value: Any) -> str:
    """A dataclass as TOML: plain keys first, then one table per nested dataclass or mapping; None is left out."""
    return "\n".join(_lines(value, "")).strip() + "\n"


def _lines(value: Any, where: str) -> list[str]:
    items = value.items() if isinstance(value, Mapping) else [(f.name, getattr(value, f.name)) for f in fields(value)]
    kept = [(key, item) for key, item in items if item is not None]
    plain = [f"{_key(key)} = {_text(item)}" for key, item in kept if not _nested(item)]
    out = ([f"\n[{where}]"] if where and (plain or not kept) else []) + plain
    for key, item in kept:
        if _nested(item):
            out += _lines(item, _join(where, _key(key)))
    return out


def _nested(value: Any) -> bool:
    return is_dataclass(value) or isinstance(value, Mapping)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    if isinstance(value, Mapping):  # inside a list: TOML's inline form
        return "{" + ", ".join(f"{_key(key)} = {_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # the one JSON leaves bare, TOML does not


def _value(hint: Any, item: Field[Any], value: Any, where: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    if is_dataclass(hint):
        return parse(hint, value, where)  # type: ignore[arg-type]
    if get_origin(hint) is tuple:
        return _tuple(hint, item, value, where)
    if get_origin(hint) is Literal:
        return _choice(get_args(hint), value, where)
    return _plain(hint, item, value, where)


def _tuple(hint: Any, item: Field[Any], value: Any, where: str) -> tuple[Any, ...]:
    kinds = get_args(hint)
    if not isinstance(value, list):
        raise ConfigError(f"'{where}' must be a list, got {value!r}.", "Write it in square brackets.")
    if kinds[-1] is not ... and len(value) != len(kinds):
        raise ConfigError(f"'{where}' needs {len(kinds)} values, got {len(value)}.", "One value per axis i, j, k.")
    return tuple(_value(kinds[0], item, entry, where) for entry in value)


def _choice(allowed: tuple[Any, ...], value: Any, where: str) -> Any:
    if value not in allowed or isinstance(value, bool):
        near = nearest(str(value), [str(option) for option in allowed])
        raise ConfigError(
            f"'{where}' is {value!r}, which is not allowed.{near}", f"Allowed: {', '.join(map(str, allowed))}."
        )
    return value


_WORDS: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def _plain(hint: Any, item: Field[Any], value: Any, where: str) -> Any:
    if get_origin(hint) is not None or hint not in _WORDS:  # a free mapping such as model.kwargs
        if not isinstance(value, dict):
            raise ConfigError(f"'{where}' must be a table.", f"Write [{where}] with its keys below.")
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise ConfigError(
            f"'{where}' must be {_WORDS[hint]}, got {value!r}.", "Check the quotes and the decimal point."
        )
    _require_range(item.metadata, value, where)
    return value


def _require_range(told: Mapping[str, Any], value: Any, where: str) -> None:
    low, high, above = (told.get(key) for key in ("low", "high", "above"))
    fine = (low is None or value >= low) and (high is None or value <= high) and (above is None or value > above)
    if fine and (not isinstance(value, float) or math.isfinite(value)):
        return
    parts = [
        f"at least {low}" if low is not None else "",
        f"above {above}" if above is not None else "",
        f"at most {high}" if high is not None else "",
    ]
    allowed = " and ".join(part for part in parts if part) or "a finite number"
    raise ConfigError(f"'{where}' is {value}, which is not possible.", f"Allowed: {allowed}.")


def _unknown(where: str, key: str, known: list[str]) -> ConfigError:
    return ConfigError(f"The key '{where}' is not known.{nearest(key, known)}", f"Allowed here: {', '.join(known)}.")


def nearest(word: str, known: list[str]) -> str:
    """` Did you mean 'x'?` for the nearest known word, or nothing."""
    match = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f" Did you mean '{match[0]}'?" if match else ""


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
