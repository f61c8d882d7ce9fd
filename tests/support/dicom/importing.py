"""What the tests of DICOM imports share: a recipe with a salt, what may never be written, an edited plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from curation import recipes
from curation.dicom.pseudonyms import Pseudonyms
from curation.recipes import Recipe
from registry.files.canonical import read_tsv, tsv_bytes
from tests.support.dicom import twins
from tests.support.dicom.twins import Series

SALT = Pseudonyms(b"a salt of thirty-two bytes length")
SECRETS = (
    twins.PATIENT,
    "Roe",
    "Jane",
    twins.DATE,
    "2001",
    "1960",
    "4711",
    "Doe",
    "Invented Road",
    Series().uid,
    Series().study_uid,
)


def nothing(done: int, total: int, what: str) -> None:
    """No progress."""


def recipe(**options: Any) -> Recipe:
    base = recipes.load("dicom")
    return replace(base, options={**base.options, "pseudonyms": SALT, **options})


def edited(path: Path, **cells: str) -> Path:
    rows = read_tsv(path)
    rows = [{**row, **cells} for row in rows]
    path.write_bytes(tsv_bytes(rows, list(rows[0])))
    return path
