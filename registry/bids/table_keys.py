"""Tables of BIDS: the columns that the registry reads, and the column that names each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

KEYS = {
    "participants.tsv": "participant_id",
    "descriptions.tsv": "desc_id",
    "sessions.tsv": "session_id",
    "scans.tsv": "filename",
    "dseg.tsv": "index",
    "exclusions.tsv": "unit",
}
"""File name, or its end after an underscore, to the column that names a row."""

PARTICIPANTS = (
    "participant_id",
    "person_id",
    "species",
    "age",
    "sex",
    "class",
    "diagnosis",
    "radiological_status",
)
SESSIONS = ("session_id", "days_from_baseline", "site", "scanner")
DESCRIPTIONS = ("desc_id", "description", "rater_id", "role", "protocol")
"""The columns that the registry reads of these tables, in the order in which it writes them."""


def key_of(path: str) -> str | None:
    """The key column of the table at a path, or None where rows have no key."""
    name = path.rpartition("/")[2]
    return next((key for end, key in KEYS.items() if name == end or name.endswith(f"_{end}")), None)


def require_keys(rows: Sequence[Mapping[str, str | None]], key: str) -> None:
    """Check that every row has a key of its own.

    Raises:
        ValueError: the column is missing or empty, two rows share a key, or an index is no whole number.
    """
    seen: set[str] = set()
    for number, row in enumerate(rows, start=2):
        value = row.get(key)
        if value is None:
            raise ValueError(f"line {number} has no {key}")
        if value in seen:
            raise ValueError(f"line {number} repeats the {key} {value}")
        if key == "index" and not value.isdecimal():
            raise ValueError(f"line {number} has the index {value}, expected a whole number")
        seen.add(value)
