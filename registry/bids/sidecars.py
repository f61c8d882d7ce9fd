"""Sidecars: read each JSON once, and merge those that apply to a file as BIDS' inheritance principle says.

Start at `by_folder` (JSON files become sidecars) and `metadata` (the merged metadata of one file): rows, checks and
imports use these two and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from registry.bids import places
from registry.bids.filenames import parse_name

Metadata = Mapping[str, Any]
_NOTHING: Metadata = {}
_MARK = b"\xef\xbb\xbf"


class Sidecar(NamedTuple):
    """A JSON file that may apply to data files beside and below it."""

    path: str
    entities: Mapping[str, str]
    content: Metadata


Level = Mapping[str, Sequence[Sidecar]]
"""The sidecars of one folder, by suffix."""


def read_json(data: bytes) -> Any:
    """The value in a JSON file; a byte-order mark is skipped.

    Raises:
        ValueError: not JSON, not UTF-8, nested too deep, or a number that JSON does not know (NaN).
    """
    try:
        return _DECODER.decode(data.removeprefix(_MARK).decode())
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a JSON value; use null")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def read_document(path: str) -> Metadata:
    """The object in a JSON file; empty where there is none, or where the file cannot be read."""
    try:
        content = read_json(Path(path).read_bytes())
    except (OSError, ValueError):
        return _NOTHING
    return content if isinstance(content, dict) else _NOTHING


def by_folder(contents: Iterable[tuple[str, Any]]) -> dict[str, Level]:
    """Each folder with the sidecars in it.

    Args:
        contents: path and content of JSON files; a content that is no object, and a name that is no BIDS name, give
            no sidecar.
    """
    levels: dict[str, dict[str, list[Sidecar]]] = {}
    for path, content in contents:
        folder, _, filename = path.rpartition("/")
        name = parse_name(filename)
        if name.suffix and name.extension == ".json" and isinstance(content, dict):
            level = levels.setdefault(folder, {})
            level.setdefault(name.suffix, []).append(Sidecar(path, name.entities, content))
    return {**levels}


def list_applying(path: str, folders: Mapping[str, Level]) -> list[Sidecar]:
    """The sidecars that apply to a file, in the order in which they are merged: the last one wins.

    Args:
        path: the file, relative to the registry or delivery.
        folders: each folder with its sidecars, as `by_folder` gives them.
    """
    name = parse_name(path.rpartition("/")[2])
    own = name.entities.items()
    applying: list[Sidecar] = []
    for folder in list_above(path):
        if level := folders.get(folder):
            fitting = [item for item in level.get(name.suffix, ()) if item.entities.items() <= own]
            applying += sorted(fitting, key=lambda item: (len(item.entities), item.path))
    return applying


def metadata(path: str, folders: Mapping[str, Level]) -> Metadata:
    """The metadata of one file from all sidecars that apply to it.

    Two sidecars of one folder that apply to one file raise no finding here: the BIDS validator names them.

    Args:
        path: the file, relative to the registry or delivery.
        folders: each folder with its sidecars, as `by_folder` gives them.
    """
    return merge(list_applying(path, folders))


def merge(applying: Iterable[Sidecar]) -> Metadata:
    """The fields of these sidecars in one object: of a field that stands in several, the last value counts."""
    return {key: value for item in applying for key, value in item.content.items()}


def list_above(path: str) -> Iterator[str]:
    """The folders whose sidecars may apply to a file, from its dataset's root down."""
    dataset, inner = places.split_dataset(path)
    yield dataset
    above = f"{dataset}/" if dataset else ""
    at = inner.find("/")
    while at >= 0:
        yield above + inner[:at]
        at = inner.find("/", at + 1)


def described_suffix(path: str) -> str:
    """The suffix of the files that a JSON file may describe; empty where the file is no sidecar."""
    name = parse_name(path.rpartition("/")[2])
    return name.suffix if name.extension == ".json" else ""
