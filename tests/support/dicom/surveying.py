"""What the tests of the DICOM survey share: a look at a folder, and what it says."""

from __future__ import annotations

from pathlib import Path

from curation import recipes
from curation.dicom.survey import DicomSettings, Survey, survey
from tests.support.dicom.importing import SALT

RECIPE = recipes.load("dicom")


def look(folder: Path, **settings: object) -> Survey:
    return survey(RECIPE, folder, DicomSettings(SALT, **settings), lambda done, total, what: None)  # type: ignore[arg-type]


def codes(seen: Survey) -> set[str]:
    return {item.code for found in seen.findings.values() for item in found}


def only(seen: Survey) -> str:
    (key,) = seen.stacks
    return key
