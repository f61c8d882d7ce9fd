"""What an import says about where its images lie: not stated, stated twice and differently, or apart from each other.

The same function finds it for `cohortium validate` and for the checks; an import only asks it about more files.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from sqlmodel import col, select

from registry.bids.names import parse
from registry.index.facts import LABEL_SUFFIXES, of_header
from registry.maintenance.mask_checks import check_places
from registry.store import Registry
from registry.tables import File

_SHOWN = 3
"""Images named of each code; `cohortium validate` names all."""


def list_notes(registry: Registry, tree: Path) -> list[str]:
    """A note for each kind of finding about the images of a staged tree.

    An image is also compared with those that the registry holds of the same visit.

    Args:
        registry: the registry.
        tree: the staged tree.
    """
    staged = {file.path: file for path in tree.rglob("sub-*.nii.gz") if (file := _read(tree, path))}
    subjects = {file.subject_id for file in staged.values()}
    with registry.reading() as database:
        wanted = select(File).where(col(File.subject_id).in_(subjects), col(File.path).endswith(".nii.gz"))
        held = {file.path: file for file in database.exec(wanted)}
    found: dict[str, list[str]] = defaultdict(list)
    for item in check_places({**held, **staged}.values()):
        if item.path in staged:
            found[item.code].append(f"{item.path} {item.message}")
    notes = []
    for code, sentences in sorted(found.items()):
        more = f"; and {len(sentences) - _SHOWN} more, see: cohortium validate" if len(sentences) > _SHOWN else ""
        notes.append(f"{code} ({len(sentences)}): {'; '.join(sentences[:_SHOWN])}{more}.")
    return notes


def _read(tree: Path, path: Path) -> File | None:
    """The facts of a staged image's header; None for label maps, which lie on an image by law 2."""
    name = parse(path.name)
    if name is None or name.suffix in LABEL_SUFFIXES:
        return None
    inner = path.relative_to(tree).as_posix()
    return File(path=inner, subject_id=name.subject, sha256="", size=0, mtime_ns=0, facts=of_header(path))
