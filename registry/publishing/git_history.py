"""Earlier content of files, which git and git-annex keep after a path has a newer revision."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from registry.errors import StorageError
from registry.publishing.git import read_git, run_git

_BATCH = 500
_LINK = "120000"


@dataclass(frozen=True)
class Revision:
    """One state of a path: the commit that made it, git's id of its content, and whether it is a link to the annex."""

    path: str
    commit: str
    blob: str
    annexed: bool


def revisions(root: Path, paths: Sequence[str]) -> dict[str, list[Revision]]:
    """Every state that each path had in the present branch's history, newest first."""
    found: dict[str, list[Revision]] = {path: [] for path in paths}
    for start in range(0, len(paths), _BATCH):
        printed = run_git(
            root,
            "log",
            "--full-history",
            "--format=%x01%H",
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--",
            *paths[start : start + _BATCH],
        )
        for revision in _parse(printed):
            if revision.path in found:
                found[revision.path].append(revision)
    return found


def _parse(printed: str) -> Iterable[Revision]:
    commit = ""
    tokens = iter(printed.split("\0"))
    for token in tokens:
        word = token.strip()
        if word.startswith("\x01"):
            commit = word[1:]
        elif word.startswith(":"):
            _, mode, _, blob, status = word.split(" ")
            path = next(tokens)
            if status != "D":
                yield Revision(path, commit, blob, mode == _LINK)


def blobs(root: Path, ids: Iterable[str]) -> dict[str, bytes]:
    """Content of git objects by id; ids that git does not know are left out."""
    wanted = sorted(set(ids))
    printed = read_git(root, "cat-file", "--batch", stdin="".join(f"{item}\n" for item in wanted).encode())
    found, position = {}, 0
    for item in wanted:
        end = printed.index(b"\n", position)
        header = printed[position:end].split()
        if header[-1] == b"missing":
            position = end + 1
            continue
        size = int(header[-1])
        found[item] = printed[end + 1 : end + 1 + size]
        position = end + 2 + size
    return found


def places(root: Path, keys: Sequence[str], *, fetch: bool = False) -> dict[str, Path]:
    """Key to the file that holds its content in the annex; keys whose content is not on this machine are left out.

    Args:
        root: the dataset.
        keys: git-annex keys.
        fetch: first ask the remotes for content that is not on this machine.
    """
    found = _find_locations(root, keys)
    absent = [key for key in keys if key not in found]
    if not (fetch and absent):
        return found
    for key in absent:
        with suppress(StorageError):  # no remote has it: the caller names the file
            run_git(root, "annex", "get", "--quiet", f"--key={key}")
    return found | _find_locations(root, absent)


def _find_locations(root: Path, keys: Sequence[str]) -> dict[str, Path]:
    if not keys:
        return {}
    request = "".join(f"{key}\n" for key in keys).encode()
    lines = run_git(root, "annex", "contentlocation", "--batch", stdin=request).splitlines()
    return {key: root / line for key, line in zip(keys, lines, strict=False) if line}


def key_of(link: bytes) -> str:
    """The annex key that a link's text names."""
    return link.decode(errors="replace").rpartition("/")[2]


def states_checksum(key: str, sha256: str) -> bool:
    """Whether a SHA256E key names content with this checksum."""
    return key.startswith("SHA256") and key.partition("--")[2].partition(".")[0] == sha256


def matching(contents: Mapping[str, bytes], revision: Revision, sha256: str) -> bool:
    """Whether a revision's content has a checksum.

    Args:
        contents: content of git objects by id, as `blobs` returns it; a revision that is not in it counts as empty.
        revision: one state of a path.
        sha256: the checksum, in hex digits.
    """
    data = contents.get(revision.blob, b"")
    if revision.annexed:
        return states_checksum(key_of(data), sha256)
    return hashlib.sha256(data).hexdigest() == sha256
