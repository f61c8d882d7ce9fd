"""Find units of a registry (persons, subjects, sessions, images) by a part of their name, and put them into words."""

from __future__ import annotations

from dataclasses import dataclass

from registry.bids.names import parse
from registry.catalog import Catalog
from registry.vocabulary.display import format_visit
from registry.vocabulary.units import IMAGE, SESSION, find_kind

_UNITS = """WITH units AS (
    SELECT person_id AS unit, 'person' AS kind, 1 AS level FROM subjects GROUP BY ALL
    UNION ALL SELECT subject, 'subject', 2 FROM subjects
    UNION ALL SELECT session, 'session', 3 FROM sessions WHERE contains(session, '/')
    UNION ALL SELECT path, 'image', 4 FROM images)
    SELECT unit, kind FROM units WHERE contains(lower(unit), lower($1))
    ORDER BY lower(unit) <> lower($1), level, unit LIMIT $2"""


@dataclass(frozen=True)
class Unit:
    """One unit. `kind` is person, subject, session or image; `unit` is its id, key or path."""

    unit: str
    kind: str


def find(catalog: Catalog, text: str, most: int = 50) -> list[Unit]:
    """Units whose name holds the text, in any case: the exact one first, then persons, subjects, sessions, images.

    Args:
        catalog: the registry's views.
        text: at least one character; an empty text finds nothing.
        most: the largest number of units.
    """
    if not text.strip():
        return []
    return [Unit(**row) for row in catalog.rows(_UNITS, [text.strip(), most])]


def in_words(unit: str) -> str:
    """A unit in words: `Person P001`, `Subject sub-A000`, `Visit M00 of sub-A000`, `Image FLAIR of sub-A000, M00`."""
    kind = find_kind(unit)
    if kind == IMAGE:
        return _image(unit)
    if kind == SESSION:
        subject, _, session = unit.partition("/")
        return f"Visit {format_visit(session)} of {subject}"
    return f"{kind.capitalize()} {unit}"


def _image(path: str) -> str:
    name = parse(path)
    if name is None:
        return f"Image {path}"
    more = [f"{key} {value}" for key, value in name.entities.items() if key not in ("sub", "ses")]
    where = f"{name.subject}, {format_visit(name.session)}" if name.session else name.subject
    kept = f" in {path.split('/')[1]}" if path.startswith("derivatives/") else ""
    return f"Image {' '.join([name.suffix, *more])} of {where}{kept}"
