"""The facts that an import of DICOM needs from its registry: the salt, and the persons it holds already."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from sqlmodel import select

from curation.dicom.pseudonyms import of_registry
from curation.recipes import Recipe
from registry.store import Registry
from registry.tables import Image


def prepare(recipe: Recipe, registry: Registry) -> Recipe:
    """The recipe with the registry's salt and the persons that the registry holds."""
    known = {"pseudonyms": of_registry(registry.local), "held": held(registry)}
    return replace(recipe, options={**recipe.options, **known})


def held(registry: Registry) -> dict[str, dict[str, str]]:
    """Subject to salted study to session, for every image in the registry."""
    studies: dict[str, dict[str, str]] = defaultdict(dict)
    with registry.reading() as database:
        rows = database.exec(select(Image.subject_id, Image.session_key, Image.study)).all()
    for subject, key, study in rows:
        studies[subject][study or f"unknown:{key}"] = key.rpartition("/")[2]
    return dict(studies)
