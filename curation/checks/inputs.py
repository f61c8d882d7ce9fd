"""Gather the input of checks: every image's row and sidecars, and the completeness of every visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlmodel import col, select

from curation.checks.check import Cohort, Shot
from curation.checks.measures.read import Measured
from registry.bids.sidecars import Level, by_folder, metadata
from registry.catalog import Catalog, overview
from registry.maintenance.mask_checks import check_places
from registry.store import Registry
from registry.tables import File, Image, Session
from registry.vocabulary.display import NOT_STATED


def shots(registry: Registry) -> list[Shot]:
    """Every image of the registry, sorted by path, without measures."""
    with registry.reading() as database:
        sites = dict(database.execute(select(Session.session_key, Session.site_id)).all())
        images = database.exec(select(Image).order_by(col(Image.path))).all()
        documents = database.execute(select(File.path, File.facts).where(col(File.path).endswith(".json"))).all()
    sidecars = by_folder((path, facts.get("json")) for path, facts in documents)
    return [_shot(image, sites.get(image.session_key), sidecars) for image in images]


def gather(registry: Registry, images: Sequence[Shot], measured: Mapping[str, Measured]) -> Cohort:
    """The cohort of these images with their measures.

    Args:
        registry: the registry, for the completeness of its visits.
        images: every image, as `shots` returns it.
        measured: path of an image to its measures; images whose content is elsewhere are absent.
    """
    cells = overview.completeness(Catalog.of(registry))
    with registry.reading() as database:
        places = list(check_places(database.exec(select(File).where(col(File.path).in_(select(Image.path)))).all()))
    return Cohort([replace(shot, measured=measured.get(shot.path)) for shot in images], cells, places)


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
        sidecar=metadata(image.path, sidecars),
    )
