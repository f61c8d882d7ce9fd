"""Compute rows from file facts: a pure function of the files, so that a rebuild equals the live registry.

The unit is the subject: all rows of one subject are replaced together. Rows above subjects (persons, sites, raters,
queries, splits, snapshots, runs) come from the tables at the root and from `code/registry`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from registry import layout
from registry.facts import LABEL_SUFFIXES
from registry.layout import Role
from registry.names import BidsName, parse
from registry.tables import (
    ConsensusInput,
    ConsensusMask,
    File,
    Image,
    Lesion,
    LesionInstance,
    LesionLink,
    Mask,
    Prediction,
    Session,
    Subject,
    Table,
)

_RATED_SUFFIXES = LABEL_SUFFIXES | {"probseg"}
_BOX_COLUMNS = ("i_min", "j_min", "k_min", "i_max", "j_max", "k_max")
_BOX_FLOATS = ("x_mm", "y_mm", "z_mm", "volume_mm3")


@dataclass(frozen=True)
class Roots:
    """Facts that stand above subjects.

    Attributes:
        participants: participant id to its row.
        raters: (dataset folder, desc) to the row of `descriptions.tsv`.
        links: dataset folder to its `DatasetLinks`.
        labels: dataset folder to its label tables, stem of the table to {value: name}.
    """

    participants: Mapping[str, Mapping[str, str | None]]
    raters: Mapping[tuple[str, str], Mapping[str, str | None]]
    links: Mapping[str, dict[str, str]]
    labels: Mapping[str, Mapping[str, dict[str, str]]]


@dataclass
class SubjectRows:
    """All rows of one subject, in the order in which they can be inserted."""

    subject: Subject
    sessions: list[Session] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    others: list[Table] = field(default_factory=list)

    def all(self) -> list[Table]:
        """Parents before children."""
        return [self.subject, *self.sessions, *self.images, *self.others]


def read_roots(files: Iterable[File]) -> Roots:
    """Collect root facts from the files that belong to no subject."""
    participants: dict[str, Mapping[str, str | None]] = {}
    raters: dict[tuple[str, str], Mapping[str, str | None]] = {}
    links: dict[str, dict[str, str]] = {}
    labels: dict[str, dict[str, dict[str, str]]] = {}
    for file in files:
        dataset, inner = layout.split_dataset(file.path)
        rows = file.facts.get("rows", [])
        if file.path == "participants.tsv":
            participants = {row["participant_id"]: row for row in rows}
        elif inner == "descriptions.tsv":
            raters.update({(dataset, str(row["desc_id"]).removeprefix("desc-")): row for row in rows})
        elif inner == "dataset_description.json":
            links[dataset] = dict(file.facts.get("json", {}).get("DatasetLinks", {}))
        elif inner.endswith("dseg.tsv"):
            names = {str(row["index"]): str(row["name"]) for row in rows if row.get("index")}
            labels.setdefault(dataset, {})[inner.removesuffix(".tsv")] = names
    return Roots(participants, raters, links, labels)


def subject_rows(subject_id: str, files: Iterable[File], roots: Roots) -> SubjectRows:
    """All rows of one subject from its files. Files that are not BIDS names give no rows."""
    by_path = {file.path: file for file in files}
    rows = SubjectRows(_subject(subject_id, roots))
    sessions: dict[str, Session] = {}
    for file in sorted(by_path.values(), key=_images_first):
        _place(file, by_path, roots, rows, sessions)
    _describe_sessions(subject_id, by_path, sessions)
    rows.sessions = [sessions[key] for key in sorted(sessions)]
    return rows


def _images_first(file: File) -> tuple[int, str]:
    order = [Role.RAW, Role.IMAGES, Role.READINGS, Role.CONSENSUS, Role.LESIONS, Role.PREDICTION]
    return order.index(layout.role(layout.split_dataset(file.path)[0])[0]), file.path


def _place(
    file: File, by_path: Mapping[str, File], roots: Roots, rows: SubjectRows, sessions: dict[str, Session]
) -> None:
    dataset, inner = layout.split_dataset(file.path)
    role, protocol = layout.role(dataset)
    name = parse(inner)
    if name is None:
        return
    context = _Context(file, name, dataset, protocol, by_path, roots)
    images = {image.path: image for image in rows.images}
    if "shape" in file.facts and role in (Role.RAW, Role.IMAGES) and name.suffix not in _RATED_SUFFIXES:
        sessions.setdefault(name.session_key, _session(name))
        rows.images.append(_image(context))
    elif "shape" in file.facts and name.suffix in _RATED_SUFFIXES:
        rows.others.extend(_mask_rows(context, role, images))
    elif role is Role.LESIONS and name.suffix == "dseg" and name.extension == ".tsv":
        rows.others.extend(_lesion_rows(context, images))


@dataclass(frozen=True)
class _Context:
    file: File
    name: BidsName
    dataset: str
    protocol: str
    by_path: Mapping[str, File]
    roots: Roots

    @property
    def sidecar(self) -> dict[str, Any]:
        path = self.file.path
        stem = path[: -len(self.name.extension)]
        file = self.by_path.get(f"{stem}.json")
        return dict(file.facts.get("json", {})) if file else {}

    def resolve(self, uri: str) -> str | None:
        return layout.resolve(uri, self.dataset, self.roots.links.get(self.dataset, {}))

    def sources(self) -> list[str]:
        listed = self.sidecar.get("Sources") or []
        found = [self.resolve(uri) for uri in ([listed] if isinstance(listed, str) else listed)]
        return [path for path in found if path]

    def image_path(self) -> str | None:
        """The image whose grid the mask shares: SpatialReference, else the first source."""
        reference = self.sidecar.get("SpatialReference")
        if isinstance(reference, dict):
            reference = next(iter(reference.values()), None)
        if isinstance(reference, str) and (path := self.resolve(reference)) in self.by_path:
            return path
        return next((path for path in self.sources() if path in self.by_path), None)


def _subject(subject_id: str, roots: Roots) -> Subject:
    row = roots.participants.get(subject_id, {})
    age = row.get("age")
    return Subject(
        subject_id=subject_id,
        person_id=row.get("person_id") or f"P-{subject_id.removeprefix('sub-')}",
        sex=row.get("sex"),
        age=_float(age),
        class_label=row.get("class"),
        diagnosis=row.get("diagnosis"),
        radiological_status=row.get("radiological_status"),
    )


def _session(name: BidsName) -> Session:
    return Session(session_key=name.session_key, subject_id=name.subject, session_id=name.session)


def _describe_sessions(subject_id: str, by_path: Mapping[str, File], sessions: dict[str, Session]) -> None:
    table = by_path.get(f"{subject_id}/{subject_id}_sessions.tsv")
    for row in table.facts.get("rows", []) if table else []:
        key = f"{subject_id}/{row['session_id']}"
        session = sessions.setdefault(
            key, Session(session_key=key, subject_id=subject_id, session_id=row["session_id"])
        )
        days = _float(row.get("days_from_baseline"))
        session.days_from_baseline = None if days is None else int(days)
        session.site_id = row.get("site")
        session.scanner_id = row.get("scanner")


def _image(context: _Context) -> Image:
    name, facts, sidecar = context.name, context.file.facts, context.sidecar
    shape = [*facts["shape"], 1, 1, 1, 1]
    contrast = name.entities.get("ce")
    return Image(
        path=context.file.path,
        dataset=context.dataset.removeprefix("derivatives/") or "raw",
        subject_id=name.subject,
        session_key=name.session_key,
        datatype=name.datatype,
        suffix=name.suffix,
        channel=f"ce-{contrast}_{name.suffix}" if contrast else name.suffix,
        space=name.entities.get("space"),
        acq=name.entities.get("acq"),
        run=name.entities.get("run"),
        sha256=context.file.sha256,
        size=context.file.size,
        n_i=shape[0],
        n_j=shape[1],
        n_k=shape[2],
        n_t=shape[3],
        spacing_i_mm=facts["spacing"][0],
        spacing_j_mm=facts["spacing"][1],
        spacing_k_mm=facts["spacing"][2],
        affine_ras=facts["affine"],
        dtype=facts["dtype"],
        orientation=facts["orientation"],
        forms_agree=facts["forms_agree"],
        manufacturer=sidecar.get("Manufacturer"),
        model_name=sidecar.get("ManufacturersModelName"),
        field_strength_t=_float(sidecar.get("MagneticFieldStrength")),
    )


def _mask_rows(context: _Context, role: Role, images: Mapping[str, Image]) -> list[Table]:
    image_path = context.image_path()
    if image_path is None or image_path not in images:
        return []
    if role is Role.PREDICTION:
        return [
            Prediction(
                path=context.file.path,
                run_id=context.protocol,
                image_path=image_path,
                subject_id=context.name.subject,
                sha256=context.file.sha256,
            )
        ]
    common = _mask_columns(context, images[image_path])
    if role is Role.READINGS:
        return [_reading(context, common, images[image_path])]
    if role is Role.CONSENSUS:
        return [_consensus(context, common), *_inputs(context)]
    return []


def _mask_columns(context: _Context, image: Image) -> dict[str, Any]:
    facts, name = context.file.facts, context.name
    affine = facts["affine"]
    voxel = abs(_determinant(affine))
    n_voxels = sum(facts.get("counts", {}).values())
    return {
        "path": context.file.path,
        "image_path": image.path,
        "subject_id": name.subject,
        "protocol": context.protocol,
        "desc": name.entities.get("desc", ""),
        "label": name.entities.get("label"),
        "suffix": name.suffix,
        "sha256": context.file.sha256,
        "size": context.file.size,
        "labels": _labels(context),
        "n_voxels": n_voxels,
        "volume_mm3": n_voxels * voxel,
    }


def _labels(context: _Context) -> dict[str, str]:
    """The label table: a `dseg.tsv` beside the mask or at the dataset's root, else the mask's own type."""
    own = context.file.path[: -len(context.name.extension)]
    if (table := context.by_path.get(f"{own}.tsv")) is not None:
        names = {str(row["index"]): str(row["name"]) for row in table.facts.get("rows", [])}
    else:
        names = _inherited_labels(context)
    if not names:
        names = {"1": str(context.sidecar.get("Type") or context.name.entities.get("label", "foreground")).lower()}
    return {"0": "background", **names}


def _inherited_labels(context: _Context) -> dict[str, str]:
    parts = set(context.name.stem.split("_"))
    for stem, names in sorted(context.roots.labels.get(context.dataset, {}).items()):
        if set(stem.split("_")) <= parts:
            return names
    return {}


def _reading(context: _Context, common: dict[str, Any], image: Image) -> Mask:
    sidecar = context.sidecar
    described = context.roots.raters.get((context.dataset, common["desc"]), {})
    source_sha256 = sidecar.get("SourceSHA256")
    return Mask(
        **{**common, "stale": bool(source_sha256 and source_sha256 != image.sha256)},
        rater_id=sidecar.get("RaterID") or described.get("rater_id") or common["desc"],
        kind="mask" if common["n_voxels"] else "none_found",
        revision=int(sidecar.get("Revision") or 1),
        source_sha256=source_sha256,
    )


def _consensus(context: _Context, common: dict[str, Any]) -> ConsensusMask:
    stated = _input_checksums(context)
    stale = any(context.by_path[path].sha256 != sha for path, sha in stated.items() if path in context.by_path and sha)
    stale = stale or any(path not in context.by_path for path in stated)
    return ConsensusMask(
        **{**common, "stale": stale},
        method=str(context.sidecar.get("Algorithm") or "delivered"),
        parameters=dict(context.sidecar.get("Parameters") or {}),
    )


def _input_checksums(context: _Context) -> dict[str, str | None]:
    """Readings named in `Sources`, with the checksums of `SourcesSHA256` in the same order."""
    checksums = context.sidecar.get("SourcesSHA256") or []
    paths = context.sources()
    padded = [*checksums, *[None] * (len(paths) - len(checksums))]
    readings = {p: c for p, c in zip(paths, padded, strict=False) if p.startswith("derivatives/manual-")}
    return readings


def _inputs(context: _Context) -> list[Table]:
    return [
        ConsensusInput(
            consensus_path=context.file.path, mask_path=path, subject_id=context.name.subject, sha256=checksum
        )
        for path, checksum in _input_checksums(context).items()
    ]


def _lesion_rows(context: _Context, images: Mapping[str, Image]) -> list[Table]:
    rows = context.file.facts.get("rows", [])
    subject = context.name.subject
    if context.name.entities.get("seg") == "lesiontracks":
        tracks = sorted({str(row["track_id"]) for row in rows})
        lesions: list[Table] = [Lesion(lesion_key=f"{subject}/{track}", subject_id=subject) for track in tracks]
        return [*lesions, *(_link(context, row) for row in rows)]
    image_path = context.image_path()
    return [_instance(context, row, image_path) for row in rows] if image_path in images and image_path else []


def _instance(context: _Context, row: Mapping[str, str | None], image_path: str) -> LesionInstance:
    box: dict[str, Any] = {
        column: None if row.get(column) is None else int(str(row[column])) for column in _BOX_COLUMNS
    }
    box |= {column: _float(row.get(column)) for column in _BOX_FLOATS}
    return LesionInstance(
        table_path=context.file.path,
        index=int(str(row["index"])),
        lesion_id=str(row["lesion_id"]),
        subject_id=context.name.subject,
        image_path=image_path,
        visibility=row.get("visibility") or "visible",
        **box,
    )


def _link(context: _Context, row: Mapping[str, str | None]) -> LesionLink:
    kept = ("track_id", "from_session", "from_lesion", "to_session", "to_lesion", "event")
    stated: dict[str, Any] = {column: row.get(column) for column in kept}
    return LesionLink(
        table_path=context.file.path,
        index=int(str(row["index"])),
        subject_id=context.name.subject,
        **stated,
    )


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _determinant(affine: list[float]) -> float:
    a, b, c, _, d, e, f, _, g, h, i, _, *_ = affine
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
