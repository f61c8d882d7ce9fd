"""Gather what checks look at: every image's row, its sidecars, and what is missing where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import col, select

from curation.checks.check import Cohort, Shot
from curation.checks.measures.read import Measured
from registry.bids import places
from registry.bids.filenames import parse_name
from registry.bids.sidecars import Document, Level, Sidecar, inherit
from registry.catalog import Catalog, overview
from registry.store import Registry
from registry.tables import File, Image, Session
from registry.vocabulary.display import NOT_STATED


def shots(registry: Registry) -> list[Shot]:
    """Every image of the registry by path, nothing measured yet."""
    with registry.reading() as session:
        sites = dict(session.execute(select(Session.session_key, Session.site_id)).all())
        images = session.exec(select(Image).order_by(col(Image.path))).all()
        sidecars = _sidecars(session.execute(select(File.path, File.facts).where(col(File.path).endswith(".json"))))
    return [_shot(image, sites.get(image.session_key), sidecars) for image in images]


def gather(registry: Registry, found: Sequence[Shot], measured: Mapping[str, Measured]) -> Cohort:
    """The cohort of these images with what was measured in them."""
    cells = overview.completeness(Catalog.of(registry))
    return Cohort([replace(shot, measured=measured.get(shot.path)) for shot in found], cells)


def _shot(image: Image, site: str | None, sidecars: Mapping[str, Level]) -> Shot:
    return Shot(
        path=image.path,
        sha256=image.sha256,
        subject=image.subject_id,
        session=image.session_key,
        site=site or NOT_STATED,
        channel=image.channel,
        suffix=image.suffix,
        spacing_mm=(image.spacing_i_mm, image.spacing_j_mm, image.spacing_k_mm),
        shape=(image.n_i, image.n_j, image.n_k),
        sidecar=_inherited(image.path, sidecars),
    )


def _sidecars(rows: Iterable[Any]) -> dict[str, Level]:
    """Folder to the sidecars in it, from the paths and facts of JSON files."""
    found: dict[str, dict[str, list[Sidecar]]] = {}
    for path, facts in rows:
        folder, _, filename = path.rpartition("/")
        name, content = parse_name(filename), facts.get("json")
        if name.suffix and isinstance(content, dict) and not path.startswith("code/"):
            level = found.setdefault(folder, defaultdict(list))
            level[name.suffix].append(Sidecar(path, name.entities, Document(None, content)))
    return dict(found)


def _inherited(path: str, sidecars: Mapping[str, Level]) -> Mapping[str, Any]:
    name = parse_name(path.rpartition("/")[2])
    levels = [sidecars[folder] for folder in _above(path) if folder in sidecars]
    return inherit(levels, name.suffix, name.entities, [])  # rivals in one folder: the BIDS validator names them


def _above(path: str) -> Iterator[str]:
    """The folders whose sidecars may apply to an image, from its dataset's root down."""
    dataset, inner = places.split_dataset(path)
    parts = inner.split("/")[:-1]
    for length in range(len(parts) + 1):
        yield "/".join([*([dataset] if dataset else []), *parts[:length]])
