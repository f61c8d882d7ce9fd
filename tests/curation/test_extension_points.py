"""What another package can add with one file and one entry point: an importer, a check with its own number, a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from curation import checks, importers
from curation.checks.measures import read
from curation.dicom import planning
from curation.recipes import Recipe
from registry.app import shell
from registry.errors import InvalidInput
from registry.files import volumes
from registry.store import ACTOR_ENVIRONMENT, ENVIRONMENT, Registry
from tests.support import ROOT
from tests.support.cohorts import tiny_bids

Install = Callable[[str, str, str, str], None]

IMPORTER = '''
"""One image a file, named by its subject."""

from curation.importers.importer import Importer
from curation.importers.staging import Staging, channel_name, open_nifti


def stage(recipe, source, into, progress):
    tree = Staging(into, recipe)
    for place in sorted(source.glob("*.nii.gz")):
        name = channel_name("T1w", sub=place.name.partition(".")[0])
        tree.person(name.subject)
        tree.image(name, open_nifti(place).encode(), {})
    return tree.finish()


IMPORTER = Importer(stage)
'''

PLANNING = '''
"""One image a file, and a plan of their names."""

from curation.dicom.codes import Code
from curation.dicom.planning import Planned
from curation.importers.importer import Importer


def stage(recipe, source, into, progress):
    raise NotImplementedError


def propose(recipe, source, progress):
    return Planned([], [("list.txt", Code.NOT_DICOM, "It is the delivery's own list.")])


IMPORTER = Importer(stage, propose=propose)
'''

CHECK = '''
"""The voxels of an image are integers although it has no label table."""

from curation.checks import Check, Number
from curation.checks.check import each


def measure_whole(volume):
    return float((volume.data == volume.data.round()).mean())


def look(shot):
    share = shot.number("whole_share")
    return f"{share:.0%} of the voxels are whole numbers" if share == 1 else None


CHECK = Check(
    "values-whole",
    "Every voxel is a whole number.",
    "Ask whether it was rounded.",
    each(look),
    numbers=(Number("whole_share", measure_whole),),
)
'''

PAGE = '''
"""A page that says how many persons there are."""

import streamlit as st

from registry.app.page import Page
from registry.catalog import Catalog


def draw(registry):
    st.markdown(f"{Catalog.of(registry).value('SELECT count(DISTINCT person_id) FROM subjects')} persons from outside")


PAGES = [Page("Outside", "outside", ":material/star:", draw, order=-1)]
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a package of one module beside ours, as an installer does: a module, and the entry point that names it."""

    def put(module: str, code: str, group: str, entry: str) -> None:
        folder = tmp_path / f"site-{module}"
        stated = folder / f"{module}-1.0.dist-info"
        stated.mkdir(parents=True)
        (folder / f"{module}.py").write_text(code)
        (stated / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (stated / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
        monkeypatch.syspath_prepend(folder)

    return put


def test_an_importer_from_outside_stages_a_delivery(install: Install, tmp_path: Path) -> None:
    """A recipe that names it is staged as with our own, and the message about an unknown one lists it."""
    install("plain_files", IMPORTER, importers.GROUP, "plain-files = plain_files:IMPORTER")
    source = tmp_path / "delivery"
    source.mkdir()
    data = np.arange(27, dtype=np.int16).reshape(3, 3, 3)
    (source / "A01.nii.gz").write_bytes(volumes.encode(data, np.eye(4)))
    recipe = Recipe(name="mine", title="Mine", importer="plain-files")
    report = importers.stage(recipe, source, tmp_path / "tree")
    assert report.kept["images"] == report.kept["subjects"] == 1
    assert (tmp_path / "tree/sub-A01/anat/sub-A01_T1w.nii.gz").is_file()
    with pytest.raises(InvalidInput, match="asks for the importer") as refused:
        importers.find(Recipe(name="mine", title="Mine", importer="none"))
    assert "plain-files" in refused.value.hint


def test_an_importer_from_outside_makes_its_own_plan(install: Install, tmp_path: Path) -> None:
    """`import --plan` writes the plan that the recipe's importer proposes, not that of our DICOM importer."""
    install("planned_files", PLANNING, importers.GROUP, "planned-files = planned_files:IMPORTER")
    source = tmp_path / "delivery"
    source.mkdir()
    recipe = Recipe(name="mine", title="Mine", importer="planned-files")
    made = planning.make_plan(recipe, source, tmp_path / "plan.tsv", lambda done, total, what: None)
    assert [path for path, _, _ in made.outside] == ["list.txt"]
    assert (tmp_path / "plan.tsv").is_file()


def test_a_check_from_outside_measures_its_own_number(install: Install, cohort: Registry) -> None:
    """Its number is computed in the one reading of each image, and its findings stand beside ours."""
    before = {finding.code for finding in checks.run(cohort).findings}
    install("whole_check", CHECK, "cohortium.checks", "whole = whole_check:CHECK")
    (found,) = (check for check in checks.list_checks() if check.code == "values-whole")
    place = cohort.root / tiny_bids.image_path("sub-A000")
    whole = bool((volumes.load(place).data % 1 == 0).all())
    assert (read.read(place, found.numbers).numbers["whole_share"] == 1) is whole
    outcome = checks.run(cohort)
    assert {finding.code for finding in outcome.findings} - before == ({"values-whole"} if whole else set())


def test_a_page_from_outside_is_drawn(
    install: Install,
    cohort: Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install("outside_page", PAGE, "cohortium.pages", "outside = outside_page:PAGES")
    assert "outside" in {page.url_path for page in shell.list_pages()}
    monkeypatch.setenv(ENVIRONMENT, str(cohort.root))
    monkeypatch.setenv(ACTOR_ENVIRONMENT, "e07")
    page = AppTest.from_file(str(ROOT / "app.py")).run(timeout=60)
    assert not page.exception
    assert any("persons from outside" in item.value for item in page.markdown)
