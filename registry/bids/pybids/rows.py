"""The rows that pybids' indexer would write for one dataset: files, entities, inherited metadata, associations.

Nothing here imports pybids: `PathRules` holds what only pybids knows, the patterns of its entities and of the paths
that it ignores.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from registry.bids.pybids.files import IMAGES, Files, is_ignored, list_upwards
from registry.bids.sidecars import Metadata, read_document

_LABEL = "X0cohortium0X"
"""Stands for a subject's label while a name is matched, so that a name that several subjects have is matched once."""

_LINKED_TO_RUNS = {"physio": ("bold",), "stim": ("bold",), "events": ("bold",), "sbref": ("bold", "dwi")}
"""Suffix of a file to the suffixes of the images that it belongs to when they have all its entities."""


@dataclass(frozen=True)
class PathRules:
    """How pybids reads the paths of one dataset.

    Attributes:
        root: the dataset's folder, absolute.
        patterns: an entity's name to the pattern that finds its value in a path.
        types: an entity's name to the type of its values: `str`, `int`, ...
        ignored: patterns of paths that are left out; a path begins with a slash at the root.
        is_bids: whether such a path is a valid name; None where names are not checked.
    """

    root: str
    patterns: Mapping[str, re.Pattern[str]]
    types: Mapping[str, str]
    ignored: Sequence[re.Pattern[str]]
    is_bids: Callable[[str], bool] | None


class LayoutFile(NamedTuple):
    """One file as pybids reads its path.

    Attributes:
        path: absolute.
        folder: relative to the dataset.
        entities: pybids' names to the text in the path.
        compared: the same without suffix and extension, indices as numbers: `run-1` is `run-01`.
    """

    path: str
    folder: str
    entities: Mapping[str, str]
    compared: Mapping[str, str | int]
    suffix: str
    extension: str

    def belongs_to(self, other: LayoutFile) -> bool:
        """Whether the other file has every entity of this one."""
        return self.compared.items() <= other.compared.items()


def row(file: LayoutFile) -> tuple[str, str, str, bool, str]:
    """Path, name, folder, whether it is a folder, and pybids' class of a file."""
    dirname, _, filename = file.path.rpartition("/")
    return file.path, filename, dirname, False, _class(filename)


def _class(filename: str) -> str:
    if filename.endswith((".nii", ".nii.gz", ".gii")):
        return "image_file"
    return {".tsv": "data_file", ".tsv.gz": "data_file", ".json": "json_file"}.get(
        "." + filename.partition(".")[2], "file"
    )


class _Names:
    """Reads paths with pybids' own patterns; a path that several subjects have is matched once."""

    def __init__(self, rules: PathRules) -> None:
        self._rules = rules
        self._known: dict[str, Mapping[str, str] | None] = {}

    def read(self, path: str) -> LayoutFile | None:
        """The file at a path relative to the dataset; None where pybids leaves it out."""
        folder = path.rpartition("/")[0]
        subject = folder.partition("/")[0]
        label = subject[4:] if subject.startswith("sub-") and subject[4:].isalnum() and subject.isascii() else ""
        shape = _anonymise(path, subject) if label else path
        if shape not in self._known:
            self._known[shape] = self._match(shape)
        matched = self._known[shape]
        if matched is None:
            return None
        entities = {name: text.replace(_LABEL, label) for name, text in matched.items()}
        compared = {name: int(text) if self._rules.types[name] == "int" else text for name, text in entities.items()}
        suffix, extension = str(compared.pop("suffix", "")), str(compared.pop("extension", ""))
        return LayoutFile(f"{self._rules.root}/{path}", folder, entities, compared, suffix, extension)

    def _match(self, shape: str) -> Mapping[str, str] | None:
        rules, inside = self._rules, f"/{shape}"
        if is_ignored(inside, rules.ignored) or (rules.is_bids and not rules.is_bids(inside)):
            return None
        path = rules.root + inside
        return {name: match[1] for name, regex in rules.patterns.items() if (match := regex.search(path))}


def _anonymise(path: str, subject: str) -> str:
    """The path with `_LABEL` in place of its subject's label."""
    return path.replace(f"{subject}/", f"sub-{_LABEL}/").replace(f"/{subject}_", f"/sub-{_LABEL}_")


class Dataset:
    """One dataset as pybids sees it. `terms` and `associations` are complete once `list_tags` has run to its end.

    Args:
        rules: how its paths are read.
        files: its files, relative to its root, in the order of pybids: of two sidecars in one folder the first wins.

    Attributes:
        files: those that the rules let in.
        terms: names of metadata.
        associations: path, path and kind.
    """

    def __init__(self, rules: PathRules, files: Files) -> None:
        names = _Names(rules)
        self.files = [file for path in files if (file := names.read(path))]
        self.terms: set[str] = set()
        self.associations: set[tuple[str, str, str]] = set()
        self._root = rules.root
        self._types = rules.types
        self._contents: dict[str, Metadata] = {}
        self._held: dict[tuple[str, str, str], list[LayoutFile]] = defaultdict(list)
        self._images: dict[tuple[str, str | None], list[LayoutFile]] = defaultdict(list)
        for file in self.files:
            self._held[file.folder, file.extension, file.suffix].append(file)
            if file.extension in IMAGES:
                self._images[file.suffix, file.entities.get("subject")].append(file)
                self._images[file.suffix, None].append(file)  # a file of no subject is one of all

    def list_tags(self) -> Iterator[tuple[str, str, str, str, bool]]:
        """The rows of every file's entities and inherited metadata."""
        for file in self.files:
            for name, text in file.entities.items():
                yield file.path, name, text, self._types[name], False
            for term, value in self._find_metadata(file).items():
                if value is not None and term not in file.entities:  # a null says nothing; a name is never overruled
                    self.terms.add(term)
                    yield file.path, term, *_encode(value), True

    def _find_metadata(self, file: LayoutFile) -> Metadata:
        """The merged metadata of a data file; its associations are noted on the way."""
        if not file.suffix or not file.extension or file.extension == ".json":
            return {}
        sidecars = self._list_applying(file, ".json")
        if not sidecars:
            return {}
        merged: dict[str, Any] = {}
        for sidecar in reversed(sidecars):
            merged |= self._read(sidecar)
        self._associate(sidecars[0].path, file.path, "Metadata", "Metadata")
        for chain in (sidecars, self._list_applying(file, file.extension)):
            for lower, upper in itertools.pairwise(chain):
                self._associate(lower.path, upper.path, "Child", "Parent")
        self._associate_targets(file, merged)
        return merged

    def _list_applying(self, file: LayoutFile, extension: str) -> list[LayoutFile]:
        """Files of the same suffix, in the file's folder and above, whose entities the file has; nearest first."""
        return [
            other
            for folder in list_upwards(file.folder)
            for other in self._held.get((folder, extension, file.suffix), ())
            if other.belongs_to(file)
        ]

    def _associate_targets(self, file: LayoutFile, metadata: Metadata) -> None:
        """Link a file to the images it is intended for, and events, recordings and references to their runs."""
        intended = metadata.get("IntendedFor")
        for target in intended if isinstance(intended, list) else [intended]:
            if isinstance(target, str) and (path := self._resolve(target, file.entities.get("subject"))):
                self._associate(file.path, path, "IntendedFor", "InformedBy")
        for suffix in _LINKED_TO_RUNS.get(file.suffix, ()):
            for image in self._images[suffix, file.entities.get("subject")]:
                if file.belongs_to(image):
                    self._associate(file.path, image.path, "IntendedFor", "InformedBy")

    def _resolve(self, target: str, subject: str | None) -> str | None:
        """The absolute path that `IntendedFor` names; None for another dataset, which pybids does not link."""
        if target.startswith("bids::"):
            return str(Path(self._root, target[6:]))
        if target.startswith("bids:") or subject is None:
            return None
        return str(Path(self._root, f"sub-{subject}", target))

    def _associate(self, source: str, target: str, kind: str, back: str) -> None:
        self.associations |= {(source, target, kind), (target, source, back)}

    def _read(self, sidecar: LayoutFile) -> Metadata:
        if sidecar.path not in self._contents:
            self._contents[sidecar.path] = read_document(sidecar.path)
        return self._contents[sidecar.path]


def _encode(value: Any) -> tuple[str, str]:
    """A value as pybids keeps it: its text, and the type that the text is turned back into."""
    if isinstance(value, list | dict):
        return json.dumps(value), "json"
    return str(value), type(value).__name__
