"""Keep rows equal to files: replace the rows of every subject whose files changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, delete, func, select, update

from registry.bids import places
from registry.bids.places import Role
from registry.bids.sidecars import described_suffix
from registry.database import bulk
from registry.files.collector import pause_collector
from registry.index import check_rows
from registry.index.rows import Roots, SubjectRows, read_roots, subject_rows
from registry.index.rows.values import number
from registry.tables import (
    ConsensusInput,
    ConsensusMask,
    ExclusionVerdict,
    File,
    Image,
    Lesion,
    LesionInstance,
    LesionLink,
    Mask,
    Person,
    PersonLink,
    Prediction,
    Query,
    Rater,
    Run,
    Scanner,
    Site,
    Snapshot,
    Split,
    SplitAssignment,
    Subject,
    Table,
)
from registry.tables import Session as Visit

_SUBJECT_TABLES: tuple[Any, ...] = (
    ConsensusInput,
    LesionLink,
    Lesion,
    LesionInstance,
    Prediction,
    ConsensusMask,
    Mask,
    Image,
    Visit,
    Subject,
)
"""Tables whose rows belong to one subject, children before parents."""
_ORDER = {table: position for position, table in enumerate(reversed(_SUBJECT_TABLES))}
"""The order in which their rows are inserted, parents before children."""

_ROOT_TABLES: tuple[Any, ...] = (PersonLink, ExclusionVerdict, Snapshot, Query, Rater)
_SPLIT_TABLES: tuple[Any, ...] = (SplitAssignment, Split)

_LONG = (places.SPLITS, places.IMPORTS, places.CHECKS, places.QUALITY)
"""Folders of long files that no other row depends on: read when they change, not when another file does."""

_BATCH = 500


@pause_collector()
def apply(database: Session, changed: Sequence[File], removed: Collection[str] = ()) -> None:
    """Record changed and removed files and bring every row that depends on them up to date.

    Args:
        database: open for writing.
        changed: files that are new or have other content, as `facts` read them.
        removed: paths that are gone.
    """
    owners = {path: places.subject_of(path) for path in removed} | {file.path: file.subject_id for file in changed}
    subjects = {subject for subject in owners.values() if subject}
    above = [path for path, subject in owners.items() if not subject]
    before = _participants(database)
    _store_files(database, changed, removed)
    after = _participants(database)
    subjects |= {subject for subject in before.keys() | after.keys() if before.get(subject) != after.get(subject)}
    if places.PERSON_LINKS in owners or before != after:
        subjects |= _list_reassigned(database)
    for dataset in {places.split_dataset(path)[0] for path in above} - {""}:
        subjects |= _list_subjects_in(database, dataset)
    subjects |= _list_heirs(database, above)
    if above:
        refresh_roots(database)
        _refresh_splits(database, above)
        check_rows.refresh(database, above)
    refresh_subjects(database, sorted(subjects), changed)


def _participants(database: Session) -> dict[str, Any]:
    table = database.get(File, "participants.tsv")
    return {row["participant_id"]: row for row in table.facts["rows"]} if table else {}


def _list_reassigned(database: Session) -> set[str]:
    """Subjects whose row names another person than the root files do."""
    people = read_roots(_root_files(database)).people
    rows = database.exec(select(Subject.subject_id, Subject.person_id))
    return {subject for subject, person in rows if people.person(subject) != person}


def _list_subjects_in(database: Session, dataset: str) -> set[str]:
    inside = select(File.subject_id).where(col(File.path).startswith(f"{dataset}/", autoescape=True))
    return {subject for subject in database.exec(inside.distinct()) if subject}


def _list_heirs(database: Session, above: Iterable[str]) -> set[str]:
    """Subjects with a raw file that a changed sidecar at the raw root may describe, as `T1w.json` describes all T1w."""
    heirs: set[str] = set()
    for suffix in sorted({described_suffix(path) for path in above if "/" not in path} - {""}):
        raw = col(File.path).startswith("sub-") & col(File.path).contains(f"_{suffix}.", autoescape=True)
        heirs |= {subject for subject in database.exec(select(File.subject_id).where(raw).distinct()) if subject}
    return heirs


def refresh_subjects(database: Session, subjects: Sequence[str], changed: Iterable[File] = ()) -> None:
    """Replace all rows of these subjects by what their files say.

    Args:
        database: open for writing, with every file stored.
        subjects: those whose rows are replaced.
        changed: files whose facts are at hand; the facts of other files are loaded.
    """
    fresh = {file.path: file for file in changed}
    roots = read_roots(_root_files(database))
    for start in range(0, len(subjects), _BATCH):
        batch = subjects[start : start + _BATCH]
        _delete_subjects(database, batch)
        _insert_subjects(database, batch, _load_files(database, batch, fresh), roots)
    _place_scanners(database)
    _drop_orphans(database)


def _delete_subjects(database: Session, subjects: Sequence[str]) -> None:
    known = database.exec(select(Subject.subject_id).where(col(Subject.subject_id).in_(subjects))).all()
    for table in _SUBJECT_TABLES if known else ():  # no row of a subject without its own
        database.execute(delete(table).where(col(table.subject_id).in_(known)))


def refresh_roots(database: Session) -> None:
    """Replace the rows above subjects, except splits and verdicts, by what the root files say."""
    for table in _ROOT_TABLES:
        database.execute(delete(table))
    files = _root_files(database)
    database.add_all(row for file in files for row in _root_rows(file))
    for run in _finished_runs({file.path: file for file in files}):
        database.merge(run)
    database.flush()


def _refresh_splits(database: Session, paths: Iterable[str]) -> None:
    """Replace the rows of the split versions whose files changed: a split can name a hundred thousand persons."""
    stems = {path.removesuffix(".json").removesuffix(".tsv") for path in paths if path.startswith(f"{places.SPLITS}/")}
    for stem in sorted(stems):
        name, _, version = stem.rpartition("/")[2].rpartition("@")
        if not version.isdecimal():  # no file that Cohortium wrote
            continue
        for table in _SPLIT_TABLES:
            database.execute(delete(table).where(col(table.name) == name, col(table.version) == int(version)))
        files = database.exec(select(File).where(col(File.path).in_([f"{stem}.json", f"{stem}.tsv"]))).all()
        bulk.insert(database, (row for file in files for row in _root_rows(file)))


def _finished_runs(files: Mapping[str, File]) -> Iterator[Run]:
    """The rows of runs whose record is in the registry; other runs are work of this machine."""
    for path, file in files.items():
        folder, _, filename = path.rpartition("/")
        if folder.startswith(f"{places.RUNS}/") and filename == "run.json":
            evaluation = files.get(f"{folder}/evaluation.json")
            yield _run(file.facts["json"], evaluation.facts["json"].get("parts", {}) if evaluation else {})


def _run(record: dict[str, Any], scores: dict[str, Any]) -> Run:
    launcher = record.get("launcher") or {}
    return Run(
        run_id=record["run"],
        snapshot_id=record["data"]["snapshot"],
        config=record["name"],
        status="finished" if record["status"] == "trained" else record["status"],
        actor=launcher.get("actor") or "local",
        message=record.get("error"),
        done=1,
        total=1,
        scores=scores,
    )


def clear(database: Session) -> None:
    """Delete every row that is computed from files."""
    check_rows.clear_checks(database)
    for table in (*_SUBJECT_TABLES, *_ROOT_TABLES, *_SPLIT_TABLES, Person, Scanner, Site, File):
        database.execute(delete(table))
    check_rows.clear_quality(database)


def _store_files(database: Session, changed: Sequence[File], removed: Collection[str]) -> None:
    gone = [*removed, *(file.path for file in changed)]
    if database.exec(select(File.path).limit(1)).first() is None:
        gone = []  # a rebuild has forgotten them all
    for start in range(0, len(gone), _BATCH):
        database.execute(delete(File).where(col(File.path).in_(gone[start : start + _BATCH])))
    database.expunge_all()
    bulk.insert(database, changed)


def _load_files(database: Session, subjects: Sequence[str], fresh: Mapping[str, File]) -> list[File]:
    """The files of these subjects. A full index need not read back the long facts that it has just written."""
    here = col(File.subject_id).in_(subjects)
    paths = list(database.exec(select(File.path).where(here)))
    if all(path in fresh for path in paths):
        return [fresh[path] for path in paths]
    columns = list(File.__table__.columns)  # type: ignore[attr-defined]
    return [File.row(**row) for row in database.execute(select(*columns).where(here)).mappings()]


def _insert_subjects(database: Session, subjects: Sequence[str], files: Iterable[File], roots: Roots) -> None:
    grouped: dict[str, list[File]] = {subject: [] for subject in subjects}
    for file in files:
        grouped[str(file.subject_id)].append(file)
    rows = [subject_rows(subject, group, roots) for subject, group in grouped.items() if group]
    _ensure_parents(database, rows)
    bulk.insert(database, sorted((row for item in rows for row in item.all()), key=lambda row: _ORDER[type(row)]))


def _ensure_parents(database: Session, rows: Iterable[SubjectRows]) -> None:
    rows = list(rows)
    visits = [visit for item in rows for visit in item.sessions]
    sites = {visit.site_id for visit in visits if visit.site_id}
    scanners = {visit.scanner_id for visit in visits if visit.scanner_id}
    _add_missing(database, Person, "person_id", {item.subject.person_id for item in rows})
    _add_missing(database, Site, "site_id", sites)
    _add_missing(database, Scanner, "scanner_id", scanners)


def _add_missing(database: Session, table: type[Table], key: str, values: Collection[str]) -> None:
    column = getattr(table, key)
    there = set(database.exec(select(column).where(column.in_(values))))
    bulk.insert(database, (table.row(**{key: value}) for value in sorted(set(values) - there)))


def _place_scanners(database: Session) -> None:
    """Give each scanner the site of its sessions: the first by name where they contradict each other."""
    site = select(func.min(Visit.site_id)).where(Visit.scanner_id == Scanner.scanner_id).scalar_subquery()
    database.execute(update(Scanner).values(site_id=site))


def _drop_orphans(database: Session) -> None:
    pairs: list[tuple[Any, Any, Any]] = [
        (Person, Person.person_id, Subject.person_id),
        (Scanner, Scanner.scanner_id, Visit.scanner_id),
        (Site, Site.site_id, Visit.site_id),
    ]
    for table, key, user in pairs:
        used = select(user).where(col(user).is_not(None))
        database.execute(delete(table).where(col(key).not_in(used)))


def _root_files(database: Session) -> Sequence[File]:
    wanted = select(File).where(col(File.subject_id).is_(None))
    for folder in _LONG:
        wanted = wanted.where(~col(File.path).startswith(f"{folder}/", autoescape=True))
    return database.exec(wanted.order_by(col(File.path))).all()


def _root_rows(file: File) -> list[Table]:
    dataset, inner = places.split_dataset(file.path)
    role, protocol = places.role(dataset)
    if inner == "descriptions.tsv" and role is Role.READINGS:
        return [_rater(row, protocol) for row in file.facts["rows"]]
    if file.path == places.PERSON_LINKS:
        return [_person_link(row) for row in file.facts["rows"] if row.get("subject_a") and row.get("subject_b")]
    if file.path == places.EXCLUSIONS:
        return [_exclusion(row) for row in file.facts["rows"]]
    return _code_rows(file)


def _code_rows(file: File) -> list[Table]:
    """Rows of queries, splits and snapshots from their JSON, and of assignments from the split's table."""
    folder, _, filename = file.path.rpartition("/")
    record = file.facts.get("json", {})
    tables: dict[str, Any] = {places.QUERIES: Query, places.SNAPSHOTS: Snapshot, places.SPLITS: Split}
    if record and folder in tables:
        return [tables[folder](**record, path=file.path)]
    if folder == places.SPLITS and "rows" in file.facts:
        return _assignments(filename.removesuffix(".tsv"), file.facts["rows"])
    return []


def _exclusion(row: dict[str, Any]) -> ExclusionVerdict:
    return ExclusionVerdict(
        unit=row["unit"],
        subject_id=row.get("subject_id") or row["unit"],
        reason=row.get("reason") or "unstated",
        comment=row.get("comment"),
        rater_id=row.get("rater_id") or "unknown",
        second_rater_id=row.get("second_rater_id"),
    )


def _person_link(row: dict[str, Any]) -> PersonLink:
    return PersonLink(
        subject_a=row["subject_a"],
        subject_b=row["subject_b"],
        kind=row.get("kind") or "suspected",
        method=row.get("method") or "declared",
        score=number(row.get("score")),
        reviewer=row.get("reviewer"),
        reason=row.get("reason"),
    )


def _rater(row: dict[str, Any], protocol: str) -> Rater:
    code = row.get("rater_id") or str(row["desc_id"]).removeprefix("desc-")
    return Rater(rater_id=code, protocol=protocol, role=row.get("role"), description=row.get("description"))


def _assignments(versioned: str, rows: list[dict[str, Any]]) -> list[Table]:
    name, _, version = versioned.rpartition("@")
    return [
        SplitAssignment(name=name, version=int(version), person_id=row["person_id"], part=row["part"]) for row in rows
    ]
