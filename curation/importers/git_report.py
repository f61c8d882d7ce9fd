"""The report of an import as the registry keeps it: without file names of the delivery that can name a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from curation.importers.bids.items import CLOSED, HEADS, SUFFIXES
from curation.importers.report import ImportReport
from registry.privacy.patterns import in_labels, in_path

_FOLDERS = frozenset({*CLOSED, *SUFFIXES, "imagesTr", "imagesTs", "labelsTr", "labelsTs", "labels"})
_LABELLED = re.compile(r"[a-z]+-[A-Za-z0-9+]+")
_FILE = re.compile(r"(?:[a-z]+-[A-Za-z0-9+]+_)+[A-Za-z0-9]+")
_EXTENSIONS = frozenset(
    {".nii", ".nii.gz", ".json", ".tsv", ".tsv.gz", ".csv", ".txt", ".bval", ".bvec", ".dcm", ".xlsx", ".md", ".pdf"}
)
_NOTE = "Names of files that are not BIDS are hashes here: they can hold names. The machine that imported knows them."


def trackable(report: ImportReport, hashed: Callable[[str], str]) -> ImportReport:
    """The report in which every path that is not BIDS is shortened to its known folders, a hash and the extension.

    Args:
        report: the report of one import, with the delivery's own paths.
        hashed: returns the salted hash of a path in hexadecimal digits.
    """
    paths = {*report.used, *(item.path for item in report.refused)}
    names = {path: short for path in paths if (short := shortened(path, hashed)) != path}
    if not names:
        return report
    words = {PurePosixPath(path).name: PurePosixPath(short).name for path, short in names.items()} | names
    refused = [
        replace(item, path=names.get(item.path, item.path), detail=_clean(item.detail, words, item.path))
        for item in report.refused
    ]
    return replace(
        report,
        refused=tuple(sorted(refused, key=lambda item: (item.path.encode(), item.reason))),
        used=tuple(sorted((names.get(path, path) for path in report.used), key=str.encode)),
        notes=(*(_clean(note, words, *(path for path in names if " " in path)) for note in report.notes), _NOTE),
    )


def _clean(text: str, words: Mapping[str, str], *paths: str) -> str:
    """A sentence with short file names: these `paths` are replaced everywhere, other names only as whole words."""
    for path in (path for path in paths if path in words):
        for word in (path, PurePosixPath(path).name):
            text = text.replace(word, words[word])
    return re.sub(r"[^\s'\"(),:;]+", lambda match: _shorten_word(match[0], words), text)


def _shorten_word(word: str, words: Mapping[str, str]) -> str:
    bare = word.rstrip(".")
    return words.get(word) or (words[bare] + word[len(bare) :] if bare in words else word)


def shortened(path: str, hashed: Callable[[str], str]) -> str:
    """The path itself if all of it is BIDS and identifies nobody; else its known folders, a hash and the extension."""
    *folders, name = path.split("/")
    known = [folder for folder in folders if _is_known(folder)]
    stem = name.partition(".")[0]
    if len(known) == len(folders) and (name in HEADS or _FILE.fullmatch(stem)) and not _tells(path):
        return path
    before = known[: next((at for at, folder in enumerate(folders) if not _is_known(folder)), len(folders))]
    return "/".join([*before, f"file-{hashed(path)[:16]}{_extension(name)}"])


def _is_known(folder: str) -> bool:
    return (folder in _FOLDERS or bool(_LABELLED.fullmatch(folder))) and not _tells(folder)


def _tells(path: str) -> bool:
    return bool(in_labels(path)) or any(in_path(path))


def _extension(name: str) -> str:
    parts = [f".{part}" for part in name.lower().split(".")[1:]]
    return next((end for end in ("".join(parts[-2:]), "".join(parts[-1:])) if end in _EXTENSIONS), "")
