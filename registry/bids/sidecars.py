"""Sidecars: read each JSON once, and merge those that apply to a file as BIDS' inheritance principle says.

Start at `by_folder` (JSON files become sidecars) and `metadata` (what they say of one file): rows, checks and imports
ask these two and nothing else.
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
        content: its object, empty where it is not readable.
        problem: why it is not, or empty.
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
    """What a JSON file holds; a byte-order mark is passed over.

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


def read_document(place: str, stamp: Stamp) -> Document:
    """Read one sidecar; what is wrong with it is part of the answer."""
    if stamp[0] == ABSENT:
        return Document(None, _NOTHING, "has no content on this machine")
    kept = stamp if stamp[1] < time.time_ns() - RACY_NS else None
    try:
        content = read_json(_read(place, stamp[0]))
    except OSError as error:
        return Document(None, _NOTHING, f"cannot be read ({error.strerror})")
    except ValueError as error:
        return Document(kept, _NOTHING, f"is not readable JSON ({error})")
    if not isinstance(content, dict):
        return Document(kept, _NOTHING, "is no sidecar: its JSON is not an object")
    return Document(kept, content)


def _read(place: str, size: int) -> bytes:
    """A whole file; with one call where it is as large as it was."""
    handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
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
    found: dict[str, dict[str, list[Sidecar]]] = {}
    for path, content in contents:
        folder, _, filename = path.rpartition("/")
        name = parse_name(filename)
        if name.suffix and name.extension == ".json" and isinstance(content, dict):
            level = found.setdefault(folder, {})
            level.setdefault(name.suffix, []).append(Sidecar(path, name.entities, Document(None, content)))
    return {**found}


def metadata(path: str, folders: Mapping[str, Level]) -> Metadata:
    """What the sidecars say of one file, inherited ones included: the one answer for rows, checks and imports.

    Two sidecars of one folder that apply to one file raise no finding here: the BIDS validator names them.

    Args:
        path: the file, relative to the registry or delivery.
        folders: each folder with its sidecars, as `by_folder` gives them.
    """
    name = parse_name(path.rpartition("/")[2])
    levels = [folders[folder] for folder in list_above(path) if folder in folders]
    return inherit(levels, name.suffix, name.entities, []) if levels else _NOTHING


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
    """The suffix of the files that a JSON file may describe; empty where it is no sidecar."""
    name = parse_name(path.rpartition("/")[2])
    return name.suffix if name.extension == ".json" else ""
