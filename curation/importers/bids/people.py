"""Participants, sessions and scans of a BIDS dataset: allowed columns only, dates as days from baseline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from curation.importers import tables
from curation.importers.bids.import_state import BidsImportState
from curation.importers.bids.items import Item
from curation.importers.bids.tables import format_columns
from curation.importers.cleaning import sidecars, values
from curation.importers.cleaning.people import check_people
from curation.importers.report import Reason
from curation.importers.staging import RefusedError, require_inside
from registry.bids.table_keys import PARTICIPANTS, SESSIONS
from registry.files.canonical import read_tsv, readable_json, tsv_bytes

_UNKNOWN = frozenset({"", "n/a", "na", "-", "unknown", "nan", "none", "?"})
_SCAN_COLUMNS = ("filename", "status", "qc_final", "qc_n", "revision")

_STRONGEST_T = 100
"""A larger value is not a field strength in tesla."""

Row = dict[str, Any]


def describe_people(state: BidsImportState) -> None:
    """Fill the tree's participants and sessions for every subject that has a raw image or a mask."""
    rows = state.participants
    if rows is None:
        rows = read_rows(state, "participants.tsv", "participant_id")
    meaning = state.read_json("participants.json").get("sex")
    levels = meaning.get("Levels") if isinstance(meaning, dict) else None
    present = sorted({key.partition("/")[0] for key, _ in _list_visits(state)})
    for subject in present:
        row = rows.get(subject, {})
        columns = {
            key: _clean_cell(row.get(key)) for key in (*PARTICIPANTS, *_extra_columns(state)) if key != "participant_id"
        }
        person_id = columns.pop("person_id", None)
        columns["sex"] = _normalize_sex(columns["sex"], levels)
        state.tree.person(subject, person_id, **{key: value for key, value in columns.items() if value is not None})
    for key, image in sorted(_list_visits(state), key=lambda visit: visit[0]):
        subject, _, session = key.partition("/")
        if session and session not in state.tree.sessions.get(subject, {}):
            person = state.visits.get(key, rows.get(subject, {}))
            row = _read_session(state, subject, session) | _find_site(state, image, person)
            state.tree.sessions.setdefault(subject, {})[session] = row
    for subject in state.tree.sessions:
        _fill_offsets(state, subject)
    _note_columns(state, rows)
    if absent := sorted(set(rows) - set(present)):
        state.tree.notes.append(f"participants.tsv names {len(absent)} subjects without images here: left out.")


def copy_visits(state: BidsImportState, item: Item) -> None:
    """Check `sessions.tsv`, which is written anew, or write the rows of kept files of `scans.tsv` without times."""
    if "_sessions." in item.inner:
        if item.path.endswith(".tsv"):
            read_rows(state, item.path, "session_id")
        if all(other.path != item.path for other in state.tree.refused):
            state.tree.used.append(item.path)
        return
    if item.path.endswith(".json"):
        raise RefusedError(Reason.NOT_CARRIED, "Scans are described once, at the root of the dataset.")
    folder = item.target.rpartition("/")[0]
    try:
        rows = read_tsv(state.source / item.path)
    except ValueError as error:
        raise RefusedError(Reason.UNREADABLE_TSV, f"{error}.") from error
    columns = [name for name in _SCAN_COLUMNS if rows and name in rows[0]]
    kept = [
        {name: _scan_cell(name, row[name]) for name in columns}
        for row in rows
        if f"{folder}/{row.get('filename')}" in state.kept
    ]
    if len(columns) > 1 and kept:
        state.tree.write(item.target, tsv_bytes(kept, columns))
    else:
        state.tree.used.append(item.path)


def _scan_cell(column: str, cell: str | None) -> str | None:
    return cell if column == "filename" or cell is None or values.word(cell) is not None else None


def tables_json(state: BidsImportState) -> dict[str, bytes]:
    """The participants' and sessions' tables of the tree.

    The source's meanings of its own columns are kept. Shared columns mean the same in every delivery, so the levels
    that a source gives them are left out.
    """
    state.tree.notes += check_people(state.tree.recipe, state.tree.participants, state.tree.sessions)
    files = {**tables.participants(state.tree.participants), **tables.sessions(state.tree.sessions)}
    meanings = json.loads(files["participants.json"])
    own = sidecars.column_meanings(state.read_json("participants.json"), _extra_columns(state))
    return {**files, "participants.json": readable_json({**meanings, **own})}


def _list_visits(state: BidsImportState) -> Iterator[tuple[str, str]]:
    """Yield the session key and the source path of each image."""
    for path, image in state.images.items():
        yield image.name.session_key, path


def _extra_columns(state: BidsImportState) -> tuple[str, ...]:
    return tuple(state.tree.recipe.options.get("keep_columns", ()))


def read_rows(state: BidsImportState, path: str, key: str) -> dict[str, Row]:
    """Rows of a table of the source by key; an absent or unreadable table is empty, the latter is refused.

    Args:
        state: the import.
        path: of the table, relative to the source.
        key: the column whose value names a row.
    """
    if not (state.source / path).is_file():
        return {}
    try:
        require_inside(state.source, path)
        rows = read_tsv(state.source / path)
        if rows and key not in rows[0]:
            raise ValueError(f"It has no column '{key}'; a tab parts two columns")
        by_key = {str(row[key]): dict(row) for row in rows}
        if len(by_key) < len(rows):
            raise ValueError(f"A {key} appears twice")
    except (ValueError, OSError) as error:
        return _refuse_once(state, path, Reason.UNREADABLE_TSV, f"{error}.")
    except RefusedError as error:
        return _refuse_once(state, path, error.reason, error.detail)
    return by_key


def _refuse_once(state: BidsImportState, path: str, reason: Reason, detail: str) -> dict[str, Row]:
    """Refuse a table, once however often it is read, and return no rows."""
    if all(item.path != path for item in state.tree.refused):
        state.tree.refuse(path, reason, detail)
    return {}


def _read_session(state: BidsImportState, subject: str, session: str) -> Row:
    row = read_rows(state, f"{subject}/{subject}_sessions.tsv", "session_id").get(session, {})
    kept = {key: _clean_cell(row.get(key)) for key in (*SESSIONS[1:], *_extra_columns(state)) if key in row}
    time = row.get("acq_time") or _first_scan(state, subject, session)
    if values.number(days := kept.get("days_from_baseline")) is None and _parse_date(days):
        kept["days_from_baseline"], time = None, time or days
    return {**dict.fromkeys(SESSIONS[1:]), **kept, "_time": time}


def _first_scan(state: BidsImportState, subject: str, session: str) -> str | None:
    """The earliest acquisition time in `scans.tsv` of a session; the first value if none of them is a time."""
    rows = read_rows(state, f"{subject}/{session}/{subject}_{session}_scans.tsv", "filename").values()
    stated = [str(row["acq_time"]) for row in rows if row.get("acq_time")]
    return min((time for time in stated if _parse_date(time)), default=stated[0] if stated else None)


def _find_site(state: BidsImportState, image: str, person: Mapping[str, Any]) -> Row:
    """Site and scanner from the image's sidecars and the participants' table; None where unknown."""
    facts = state.metadata(image)
    site = _clean_cell(person.get("site")) or _clean_cell(facts.get("InstitutionName"))
    field_t = facts.get("MagneticFieldStrength")
    parts = [_clean_cell(facts.get("Manufacturer")), _clean_cell(facts.get("ManufacturersModelName"))]
    words = [
        *filter(None, parts),
        *([f"{float(field_t):g} T"] if isinstance(field_t, int | float) and abs(field_t) < _STRONGEST_T else []),
    ]
    return {"_site": site, "_scanner": " ".join(words) if any(parts) else None}


def _fill_offsets(state: BidsImportState, subject: str) -> None:
    """Fill the days from the first session from acquisition dates, and sites and scanners that the table lacks."""
    visits = state.tree.sessions[subject]
    stated = {session: row.pop("_time", None) for session, row in visits.items()}
    times = {session: _parse_date(time) for session, time in stated.items()}
    if unread := sum(bool(time) and not times[session] for session, time in stated.items()):
        state.dropped["sessions.tsv acq_time, unreadable"] += unread
    first = min((time for time in times.values() if time), default=None)
    for session, row in visits.items():
        site, scanner = row.pop("_site", None), row.pop("_scanner", None)
        row["site"] = row["site"] or site
        named = values.name(row["site"])
        row["scanner"] = row["scanner"] or (f"{scanner}, {named}" if scanner and named else scanner)
        time = times[session]
        if row["days_from_baseline"] is None and first and time:
            row["days_from_baseline"] = (time.date() - first.date()).days


def _note_columns(state: BidsImportState, rows: Mapping[str, Row]) -> None:
    columns = {key for row in rows.values() for key in row}
    used = {*PARTICIPANTS, *_extra_columns(state), "site"}
    if dropped := sorted(columns - used):
        state.tree.notes.append(f"Columns of participants.tsv left out: {format_columns(dropped)}.")


def _clean_cell(value: Any) -> str | None:
    return None if value is None or str(value).strip().lower() in _UNKNOWN else str(value).strip()


def _normalize_sex(value: str | None, levels: Any) -> str | None:
    """`F`, `M` or `O` if the value, or its meaning in the delivery's levels, is a word for it; else the value."""
    meaning = levels.get(value or "", value) if isinstance(levels, dict) else value
    known = {"female": "F", "f": "F", "male": "M", "m": "M", "other": "O", "o": "O"}
    return known.get(str(meaning).strip().lower(), value)


def _parse_date(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        return None


def is_visit(item: Item) -> bool:
    """Whether the file is `sub-*_sessions.*` or `sub-*_scans.*`."""
    return item.name is not None and item.name.suffix in ("sessions", "scans")
