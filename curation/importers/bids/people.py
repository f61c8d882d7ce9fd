"""Participants, sessions and scans of a BIDS dataset: allowed columns only, dates as days from baseline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from curation.importers import tables
from curation.importers.bids.import_state import BidsImportState
from curation.importers.bids.items import Item
from curation.importers.bids.rows import Row, match_rows, read_rows
from curation.importers.bids.tables import format_columns
from curation.importers.cleaning import sidecars, values
from curation.importers.cleaning.people import check_people
from curation.importers.report import Reason
from curation.importers.staging import RefusedError
from registry.bids.quantities import read_quantity
from registry.bids.table_keys import PARTICIPANTS, SESSIONS
from registry.files.canonical import readable_json, tsv_bytes
from registry.vocabulary.display import format_count
from registry.vocabulary.field_strength import name_scanner

_UNKNOWN = frozenset({"", "n/a", "na", "-", "unknown", "nan", "none", "?"})
SCAN_COLUMNS = ("filename", "status", "qc_final", "qc_n", "revision")


def describe_people(state: BidsImportState) -> None:
    """Fill the tree's participants and sessions for every subject that has a raw image or a mask."""
    rows = state.participants
    if rows is None:
        rows = read_rows(state, "participants.tsv", "participant_id")
    meaning = state.read_json("participants.json").get("sex")
    levels = meaning.get("Levels") if isinstance(meaning, dict) else None
    present = sorted({key.partition("/")[0] for key, _ in _list_visits(state)})
    delivered, rows = rows, match_rows(state, "participants.tsv", rows, present)
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
    _note_columns(state, delivered)
    _note_visits(state)


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
    rows = [*read_rows(state, item.path, "filename").values()]
    if any(other.path == item.path for other in state.tree.refused):
        return
    columns = [name for name in SCAN_COLUMNS if rows and name in rows[0]]
    kept = [
        {**{name: _scan_cell(name, row[name]) for name in columns}, "filename": scan}
        for row in rows
        if (scan := _find_scan(state, item, row.get("filename")))
    ]
    if len(columns) > 1 and kept:
        state.tree.write(item.target, tsv_bytes(kept, columns))
    else:
        state.tree.used.append(item.path)


def _find_scan(state: BidsImportState, item: Item, filename: str | None) -> str | None:
    """The name in the tree of a file that a table of scans names; None where it did not come in."""
    target = state.targets.get(f"{item.path.rpartition('/')[0]}/{filename}", "")
    folder = f"{item.target.rpartition('/')[0]}/"
    return target.removeprefix(folder) if target.startswith(folder) else None


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


def _read_session(state: BidsImportState, subject: str, session: str) -> Row:
    rows = read_rows(state, f"{subject}/{subject}_sessions.tsv", "session_id")
    row = rows.get(session) or rows.get(session.removeprefix("ses-"), {})
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
    field_t = read_quantity(facts, "MagneticFieldStrength")
    make, model = (_clean_cell(facts.get(key)) for key in ("Manufacturer", "ManufacturersModelName"))
    return {"_site": site, "_scanner": name_scanner(make, model, field_t)}


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


def _note_visits(state: BidsImportState) -> None:
    """Note the rows of tables of sessions and scans that name nothing that came in."""
    for ending, what in (("_sessions.tsv", "sessions"), ("_scans.tsv", "files")):
        absent = sum(
            not {key, f"ses-{key}"} & {*state.tree.sessions.get(path.partition("/")[0], {})}
            if what == "sessions"
            else f"{path.rpartition('/')[0]}/{key}" not in state.targets
            for path, rows in state.tables.items()
            if path.endswith(ending)
            for key in rows
        )
        if absent:
            state.tree.notes.append(f"*{ending} has {format_count(absent, 'row')} of {what} that did not come in.")


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
