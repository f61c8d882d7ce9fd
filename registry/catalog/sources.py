"""Where a subject came from: the data set that the event of its first import names."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import Session, col, select

from registry.bids.places import subject_of
from registry.tables import Event

RECIPE, DATASET = "recipe", "dataset"
"""Keys in the event of an import: the recipe, and the data set's own name, which is empty where it has none."""

_BROUGHT: dict[str, tuple[str | None, tuple[str, ...]]] = {}
"""Hash of an import's event to its data set and its subjects. The payload lists every file, so it is read once."""


def find_sources(database: Session) -> dict[str, str]:
    """Subject to the data set that brought it first; subjects of imports that name none are left out."""
    sources: dict[str, str] = {}
    for name, subjects in _list_imports(database):
        for subject in subjects if name else ():
            sources.setdefault(subject, str(name))
    return sources


def _list_imports(database: Session) -> Iterator[tuple[str | None, tuple[str, ...]]]:
    imports = select(Event.hash).where(Event.kind == "import").order_by(col(Event.at), col(Event.number))
    hashes = database.exec(imports).all()
    if fresh := [digest for digest in hashes if digest not in _BROUGHT]:
        for digest, payload in database.exec(select(Event.hash, Event.payload).where(col(Event.hash).in_(fresh))):
            subjects = {subject for path in payload.get("files", ()) if (subject := subject_of(path))}
            _BROUGHT[digest] = (payload.get(DATASET) or payload.get(RECIPE), tuple(sorted(subjects)))
    return (_BROUGHT[digest] for digest in hashes)
