"""Compute all rows of one subject from its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.bids import places
from registry.bids.names import parse
from registry.bids.places import Role
from registry.bids.sidecars import Level, by_folder
from registry.index.rows.context import Context
from registry.index.rows.dataset import Roots
from registry.index.rows.images import image_row
from registry.index.rows.lesions import lesion_rows
from registry.index.rows.masks import RATED_SUFFIXES, mask_rows
from registry.index.rows.values import number, whole
from registry.tables import File, Image, Session, Subject, Table


@dataclass
class SubjectRows:
    """All rows of one subject, in the order in which they can be inserted."""

    subject: Subject
    sessions: list[Session] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    others: list[Table] = field(default_factory=list)

    def all(self) -> list[Table]:
        """Every row, parents before children."""
        return [self.subject, *self.sessions, *self.images, *self.others]


def subject_rows(subject_id: str, files: Iterable[File], roots: Roots) -> SubjectRows:
    """All rows of one subject.

    Args:
        subject_id: `sub-A000`.
        files: every file of the subject; those without a BIDS name give no rows.
        roots: facts above subjects.
    """
    by_path = {file.path: file for file in files}
    rows = SubjectRows(_subject(subject_id, roots))
    sessions: dict[str, dict[str, Any]] = {}
    facts = {path: file.facts for path, file in by_path.items()}
    own = by_folder((path, content["json"]) for path, content in facts.items() if "json" in content)
    sidecars = {**roots.sidecars, **own}
    sources = [path for path, content in facts.items() if "shape" in content or path.endswith("dseg.tsv")]
    for path in sorted(sources, key=_images_first):
        _add_rows(by_path[path], by_path, roots, sidecars, rows, sessions)
    _describe_sessions(subject_id, by_path, sessions)
    rows.sessions = [Session.row(**sessions[key]) for key in sorted(sessions)]
    return rows


_ORDER = {role: n for n, role in enumerate((Role.RAW, Role.IMAGES, Role.READINGS, Role.CONSENSUS, Role.LESIONS))}
"""Roles in the order in which their rows are made: images before the masks drawn on them, predictions last."""


def _images_first(path: str) -> tuple[int, str]:
    role = places.role(places.split_dataset(path)[0])[0] if path.startswith("derivatives/") else Role.RAW
    return _ORDER.get(role, len(_ORDER)), path


def _add_rows(
    file: File,
    by_path: Mapping[str, File],
    roots: Roots,
    sidecars: Mapping[str, Level],
    rows: SubjectRows,
    sessions: dict[str, dict[str, Any]],
) -> None:
    dataset, inner = places.split_dataset(file.path)
    role, protocol = places.role(dataset)
    name = parse(inner)
    if name is None or name.subject != rows.subject.subject_id:  # a name that contradicts its folder is no evidence
        return
    context = Context(file, name, dataset, protocol, by_path, roots, sidecars)
    if "shape" in file.facts and role in (Role.RAW, Role.IMAGES) and name.suffix not in RATED_SUFFIXES:
        key = name.session_key
        sessions.setdefault(key, {"session_key": key, "subject_id": name.subject, "session_id": name.session})
        rows.images.append(image_row(context))
        return
    images = {image.path: image for image in rows.images}
    if "shape" in file.facts and name.suffix in RATED_SUFFIXES:
        rows.others.extend(mask_rows(context, role, images))
    elif role is Role.LESIONS and name.suffix == "dseg" and name.extension == ".tsv":
        rows.others.extend(lesion_rows(context, images))


def _subject(subject_id: str, roots: Roots) -> Subject:
    row = roots.participants.get(subject_id, {})
    age = row.get("age")
    return Subject.row(
        subject_id=subject_id,
        person_id=roots.people.person(subject_id),
        sex=row.get("sex"),
        age=number(age),
        class_label=row.get("class"),
        diagnosis=row.get("diagnosis"),
        radiological_status=row.get("radiological_status"),
    )


def _describe_sessions(subject_id: str, by_path: Mapping[str, File], sessions: dict[str, dict[str, Any]]) -> None:
    table = by_path.get(f"{subject_id}/{subject_id}_sessions.tsv")
    for row in table.facts.get("rows", []) if table else []:
        key = f"{subject_id}/{row['session_id']}"
        described = {"days_from_baseline": whole(row.get("days_from_baseline"))}
        described |= {"site_id": row.get("site"), "scanner_id": row.get("scanner")}
        own = {"session_key": key, "subject_id": subject_id, "session_id": row["session_id"]}
        sessions[key] = {**sessions.get(key, own), **described}
