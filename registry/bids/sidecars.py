"""Sidecars: read each JSON once, and merge those that apply to a file as BIDS' inheritance principle says.

Start at `by_folder` (JSON files become sidecars) and `metadata` (the merged metadata of one file): rows, checks and
imports use these two and nothing else.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from registry.bids import places
from registry.bids.filenames import parse_name
from registry.bids.walk import ABSENT, RACY_NS, Stamp
from registry.vocabulary.findings import Finding, Severity

Metadata = Mapping[str, Any]
_NOTHING: Metadata = {}
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON file as it was read.

    Attributes:
        stamp: size and time; None where the time was too fresh to prove later that nothing changed.
        content: its object, empty where the file has none.
        problem: why it has none, or empty.
    """

    stamp: Stamp | None
    content: Metadata
    problem: str = ""


class Sidecar(NamedTuple):
    """A JSON file that may apply to data files beside and below it."""

    path: str
    entities: Mapping[str, str]
    document: Document


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


def read_document(path: str, stamp: Stamp) -> Document:
    """Read one sidecar; `problem` in the answer says what is wrong with it."""
    if stamp[0] == ABSENT:
        return Document(None, _NOTHING, "has no content on this machine")
    kept = stamp if stamp[1] < time.time_ns() - RACY_NS else None
    try:
        content = read_json(_read(path, stamp[0]))
    except OSError as error:
        return Document(None, _NOTHING, f"cannot be read ({error.strerror})")
    except ValueError as error:
        return Document(kept, _NOTHING, f"is not readable JSON ({error})")
    if not isinstance(content, dict):
        return Document(kept, _NOTHING, "is no sidecar: its JSON is not an object")
    return Document(kept, content)


def _read(path: str, size: int) -> bytes:
    """The bytes of a file, read with one call where it still has this size."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(handle, size + 1)
        while len(data) != size and (more := os.read(handle, 1 << 20)):
            data += more
        return data
    finally:
        os.close(handle)


def inherit(levels: Sequence[Level], suffix: str, entities: Mapping[str, str], findings: list[Finding]) -> Metadata:
    """The merged metadata of a data file: from the dataset's root down, what stands lower wins.

    A sidecar applies when its suffix is the file's and the file has all its entities. BIDS allows one a folder; where
    there are more, the one with more entities wins and a finding says so.

    Args:
        levels: the sidecars of each folder from the dataset's root down.
        suffix: of the data file.
        entities: of the data file, short key to label.
        findings: gets a warning for each folder with several that apply.
    """
    merged: Metadata = _NOTHING
    own = entities.items()
    for level in levels:
        fitting = [item for item in level[suffix] if item.entities.items() <= own] if suffix in level else ()
        if len(fitting) > 1:
            fitting = sorted(fitting, key=lambda item: (len(item.entities), item.path))
            rivals = f"applies to the same files as {fitting[0].path}"
            findings.append(Finding("sidecars-compete", Severity.WARNING, fitting[-1].path, rivals))
        for item in fitting:
            merged = {**merged, **item.document.content} if merged else item.document.content
    return merged


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
            level.setdefault(name.suffix, []).append(Sidecar(path, name.entities, Document(None, content)))
    return {**levels}


def list_applying(path: str, folders: Mapping[str, Level]) -> list[Sidecar]:
    """The sidecars that apply to a file, in the order in which they are merged: the last one wins.

    Args:
        path: the file, relative to the registry or delivery.
        folders: each folder with its sidecars, as `by_folder` gives them.
    """
    name = parse_name(path.rpartition("/")[2])
    own = name.entities.items()
    levels = (folders[folder].get(name.suffix, ()) for folder in list_above(path) if folder in folders)
    fitting = ([item for item in level if item.entities.items() <= own] for level in levels)
    return [item for level in fitting for item in sorted(level, key=lambda item: (len(item.entities), item.path))]


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
    return {key: value for item in applying for key, value in item.document.content.items()}


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
