"""Participants, sessions and scans of a BIDS dataset: allowed columns only, dates as days from baseline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from curation.importers import tables
from curation.importers.bids.import_state import Run
from curation.importers.bids.items import Item
from curation.importers.bids.tables import shown_all
from curation.importers.cleaning import sidecars, values
from curation.importers.cleaning.people import check_people
from curation.importers.report import Reason
from curation.importers.staging import RefusedError, require_inside
from registry.bids.table_keys import PARTICIPANTS, SESSIONS
from registry.files.canonical import read_tsv, readable_json, tsv_bytes

_UNKNOWN = frozenset({"", "n/a", "na", "-", "unknown", "nan", "none", "?"})
_SCAN_COLUMNS = ("filename", "status", "qc_final", "qc_n", "revision")

_STRONGEST_T = 100
"""What states a stronger field has written something else there."""

Row = dict[str, Any]


def describe_people(run: Run) -> None:
    """Fill the tree's participants and sessions for every subject that has a raw image or a mask."""
    stated = run.participants
    if stated is None:
        stated = read_rows(run, "participants.tsv", "participant_id")
    meaning = run.read_json("participants.json").get("sex")
    levels = meaning.get("Levels") if isinstance(meaning, dict) else None
    present = sorted({key.partition("/")[0] for key, _ in _visits(run)})
    for subject in present:
        row = stated.get(subject, {})
        columns = {key: _known(row.get(key)) for key in (*PARTICIPANTS, *_extra(run)) if key != "participant_id"}
        person_id = columns.pop("person_id", None)
        columns["sex"] = _sex(columns["sex"], levels)
        run.tree.person(subject, person_id, **{key: value for key, value in columns.items() if value is not None})
    for key, image in sorted(_visits(run), key=lambda visit: visit[0]):
        subject, _, session = key.partition("/")
        if session and session not in run.tree.sessions.get(subject, {}):
            person = run.visits.get(key, stated.get(subject, {}))
            row = _session(run, subject, session) | _place(run, image, person)
            run.tree.sessions.setdefault(subject, {})[session] = row
    for subject in run.tree.sessions:
        _offsets(run, subject)
    _note_columns(run, stated)
    if absent := sorted(set(stated) - set(present)):
        run.tree.notes.append(f"participants.tsv names {len(absent)} subjects without images here: left out.")


def copy_visits(run: Run, item: Item) -> None:
    """`sessions.tsv` is written anew; `scans.tsv` keeps its rows of kept files without acquisition times."""
    if "_sessions." in item.inner:
        if item.path.endswith(".tsv"):
            read_rows(run, item.path, "session_id")
        if all(other.path != item.path for other in run.tree.refused):
            run.tree.used.append(item.path)
        return
    if item.path.endswith(".json"):
        raise RefusedError(Reason.NOT_CARRIED, "Scans are described once, at the root of the dataset.")
    folder = item.target.rpartition("/")[0]
    try:
        rows = read_tsv(run.source / item.path)
    except ValueError as error:
        raise RefusedError(Reason.UNREADABLE_TSV, f"{error}.") from error
    columns = [name for name in _SCAN_COLUMNS if rows and name in rows[0]]
    kept = [
        {name: _scan_cell(name, row[name]) for name in columns}
        for row in rows
        if f"{folder}/{row.get('filename')}" in run.kept
    ]
    if len(columns) > 1 and kept:
        run.tree.write(item.target, tsv_bytes(kept, columns))
    else:
        run.tree.used.append(item.path)


def _scan_cell(column: str, cell: str | None) -> str | None:
    return cell if column == "filename" or cell is None or values.word(cell) is not None else None


def tables_json(run: Run) -> dict[str, bytes]:
    """The participants' and sessions' tables of the tree.

    What the source says of its own columns is kept; shared columns mean the same in every delivery, so a source's
    levels of them must not bind the others.
    """
    run.tree.notes += check_people(run.tree.recipe, run.tree.participants, run.tree.sessions)
    files = {**tables.participants(run.tree.participants), **tables.sessions(run.tree.sessions)}
    meanings = json.loads(files["participants.json"])
    stated = sidecars.column_meanings(run.read_json("participants.json"), _extra(run))
    return {**files, "participants.json": readable_json({**meanings, **stated})}


def _visits(run: Run) -> Iterator[tuple[str, str]]:
    """Session keys with the source path of one of their images."""
    for path, image in run.images.items():
        yield image.name.session_key, path


def _extra(run: Run) -> tuple[str, ...]:
    return tuple(run.tree.recipe.options.get("keep_columns", ()))


def read_rows(run: Run, path: str, key: str) -> dict[str, Row]:
    """Rows of a table of the source by key; an unreadable table is refused and counts as empty."""
    if not (run.source / path).is_file():
        return {}
    try:
        require_inside(run.source, path)
        rows = read_tsv(run.source / path)
        if rows and key not in rows[0]:
            raise ValueError(f"It has no column '{key}'; a tab parts two columns")
        found = {str(row[key]): dict(row) for row in rows}
        if len(found) < len(rows):
            raise ValueError(f"A {key} appears twice")
    except (ValueError, OSError) as error:
        return _refused(run, path, Reason.UNREADABLE_TSV, f"{error}.")
    except RefusedError as error:
        return _refused(run, path, error.reason, error.detail)
    return found


def _refused(run: Run, path: str, reason: Reason, detail: str) -> dict[str, Row]:
    """List a table once, however often it is asked for; it counts as empty."""
    if all(item.path != path for item in run.tree.refused):
        run.tree.refuse(path, reason, detail)
    return {}


def _session(run: Run, subject: str, session: str) -> Row:
    row = read_rows(run, f"{subject}/{subject}_sessions.tsv", "session_id").get(session, {})
    kept = {key: _known(row.get(key)) for key in (*SESSIONS[1:], *_extra(run)) if key in row}
    time = row.get("acq_time") or _first_scan(run, subject, session)
    if values.number(days := kept.get("days_from_baseline")) is None and _date(days):
        kept["days_from_baseline"], time = None, time or days
    return {**dict.fromkeys(SESSIONS[1:]), **kept, "_time": time}


def _first_scan(run: Run, subject: str, session: str) -> str | None:
    """The earliest acquisition time that `scans.tsv` of a session states, or one that is no time."""
    rows = read_rows(run, f"{subject}/{session}/{subject}_{session}_scans.tsv", "filename").values()
    stated = [str(row["acq_time"]) for row in rows if row.get("acq_time")]
    return min((time for time in stated if _date(time)), default=stated[0] if stated else None)


def _place(run: Run, image: str, person: Mapping[str, Any]) -> Row:
    """Site and scanner as the image's sidecars and the participants' table say them; only what is known."""
    facts = run.metadata(image)
    site = _known(person.get("site")) or _known(facts.get("InstitutionName"))
    field_t = facts.get("MagneticFieldStrength")
    parts = [_known(facts.get("Manufacturer")), _known(facts.get("ManufacturersModelName"))]
    words = [
        *filter(None, parts),
        *([f"{float(field_t):g} T"] if isinstance(field_t, int | float) and abs(field_t) < _STRONGEST_T else []),
    ]
    return {"_site": site, "_scanner": " ".join(words) if any(parts) else None}


def _offsets(run: Run, subject: str) -> None:
    """Days from the first session where acquisition dates were given; sites and scanners where none were."""
    visits = run.tree.sessions[subject]
    stated = {session: row.pop("_time", None) for session, row in visits.items()}
    times = {session: _date(time) for session, time in stated.items()}
    if unread := sum(bool(time) and not times[session] for session, time in stated.items()):
        run.dropped["sessions.tsv acq_time, unreadable"] += unread
    first = min((time for time in times.values() if time), default=None)
    for session, row in visits.items():
        site, scanner = row.pop("_site", None), row.pop("_scanner", None)
        row["site"] = row["site"] or site
        named = values.name(row["site"])
        row["scanner"] = row["scanner"] or (f"{scanner}, {named}" if scanner and named else scanner)
        time = times[session]
        if row["days_from_baseline"] is None and first and time:
            row["days_from_baseline"] = (time.date() - first.date()).days


def _note_columns(run: Run, stated: Mapping[str, Row]) -> None:
    columns = {key for row in stated.values() for key in row}
    used = {*PARTICIPANTS, *_extra(run), "site"}
    if dropped := sorted(columns - used):
        run.tree.notes.append(f"Columns of participants.tsv left out: {shown_all(dropped)}.")


def _known(value: Any) -> str | None:
    return None if value is None or str(value).strip().lower() in _UNKNOWN else str(value).strip()


def _sex(value: str | None, levels: Any) -> str | None:
    """`F`, `M` or `O` where the value, or what the delivery's levels say of it, is a word for it; else as it is."""
    meaning = levels.get(value or "", value) if isinstance(levels, dict) else value
    known = {"female": "F", "f": "F", "male": "M", "m": "M", "other": "O", "o": "O"}
    return known.get(str(meaning).strip().lower(), value)


def _date(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        return None


def is_visit(item: Item) -> bool:
    """True for `sub-*_sessions.*` and `sub-*_scans.*`."""
    return item.name is not None and item.name.suffix in ("sessions", "scans")
