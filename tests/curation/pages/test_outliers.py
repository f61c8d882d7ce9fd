"""The page of outliers: from an unchecked registry to a finding that was seen, acknowledged, or led to an exclusion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from curation import checks
from curation.checks import Wanted, outliers
from curation.checks.work import CHECK
from curation.pages.outliers import view
from registry.catalog import Catalog
from registry.cohorts import exclusions
from registry.publishing import Change, publish
from registry.store import Registry
from registry.work.rows import FINISHED
from tests.support.app import app_imports
from tests.support.app.pages import button, open_page, texts
from tests.support.chromium.app import opened, said, serving
from tests.support.chromium.browser import outside, viewer_ready
from tests.support.chromium.redrawing import redrawn
from tests.support.cohorts import app_cohort
from tests.support.templates.copies import copied

CUT = "sub-A000/ses-M00/anat/sub-A000_ses-M00_T1w.nii.gz"
IMAGE = "sub-A002/ses-M00/anat/sub-A002_ses-M00_FLAIR.nii.gz"


@pytest.fixture(scope="module")
def shown(own: Registry) -> Registry:
    """The app's cohort after a check, with one image that ends early; for tests that only read."""

    def cut(tree: Path) -> None:
        (tree / CUT).parent.mkdir(parents=True)
        (tree / CUT).write_bytes((own.root / CUT).read_bytes()[:-3000])

    publish(own, Change("import", "Cut", replaces=frozenset({CUT})), cut)
    checks.run(own)
    return own


@pytest.fixture
def checked(shown: Registry, tmp_path: Path) -> Iterator[Registry]:
    """A copy of it that a test may change."""
    shown.engine.dispose()
    with copied(shown.root, tmp_path / "checked") as registry:
        yield registry


def found(registry: Registry, state: str | None = "open") -> set[tuple[str, str]]:
    return {(row["code"], row["unit"]) for row in checks.list_findings(registry, Wanted(state))}


def looked_at(test: AppTest) -> str:
    return str(test.selectbox(key="outlier_unit").value)


def test_an_unchecked_registry_says_how_to_check_and_checks_by_a_button(writable: Registry) -> None:
    test = open_page(writable, "outliers")
    assert "No image was checked yet" in texts(test)
    assert "15 images not checked yet" in texts(test)
    assert "open finding" not in texts(test), "nothing was looked for: that is no good news"
    assert test.code[0].value == "cohortium check run"
    button(test, "Check all images").click().run()
    assert app_imports.ended(writable, CHECK).state == FINISHED
    test = open_page(writable, "outliers")
    assert not test.exception
    assert outliers.coverage(Catalog.of(writable)).measured == 15
    assert "Channel" in [item.label for item in test.selectbox]


def test_the_worst_finding_is_looked_at_first_and_cannot_be_shown(shown: Registry) -> None:
    test = open_page(shown, "outliers")
    assert not test.exception
    assert looked_at(test) == CUT
    assert "This file cannot be shown" in texts(test)
    assert "Image unreadable" in texts(test)
    assert "Copy or export the file again" in texts(test)
    frame = test.dataframe[0].value
    assert frame["Kind"][0] == "image unreadable"
    assert frame["What"][0] == "sub-A000 · M00 · T1w"
    assert frame["Finding"][0].startswith("the file ends before its voxels do")
    assert len(set(frame["What"])) == len(frame), "one row a unit"


def test_filters_leave_only_what_was_asked_for(shown: Registry) -> None:
    test = open_page(shown, "outliers")
    everything = len(test.dataframe[0].value)
    test = test.selectbox(key="outlier_site").set_value("siteA").run()
    assert 0 < len(test.dataframe[0].value) < everything
    assert set(test.dataframe[0].value["Site"]) == {"siteA"}
    test = test.selectbox(key="outlier_code").set_value("image-unreadable").run()
    assert len(test.dataframe[0].value) == 1
    test = test.selectbox(key="outlier_state").set_value("acknowledged").run()
    assert not test.dataframe
    assert "no such finding" in texts(test)


def test_the_address_chooses_what_is_looked_at_even_where_nothing_was_found(shown: Registry) -> None:
    test = open_page(shown, "outliers", unit=IMAGE)
    assert looked_at(test) == IMAGE
    assert "No check found anything odd here" in texts(test)
    assert "siteA" in test.text[0].value


def test_acknowledging_takes_a_reason_and_takes_the_finding_from_the_list(checked: Registry) -> None:
    test = open_page(checked, "outliers")
    test = button(test, "Acknowledge").click().run()
    assert "takes a reason" in test.error[0].value
    assert found(checked, "acknowledged") == set()
    test.text_input(key=f"acknowledge why {CUT}").set_value("asked the site for it again")
    test = button(test, "Acknowledge").click().run()
    assert "acknowledged" in test.success[0].value
    assert ("image-unreadable", CUT) in found(checked, "acknowledged")
    assert ("image-unreadable", CUT) not in found(checked)


def test_excluding_takes_a_reason_and_is_an_exclusion_like_any_other(checked: Registry) -> None:
    test = open_page(checked, "outliers")
    test = button(test, "Exclude").click().run()
    assert "needs a reason" in test.error[0].value
    test.selectbox(key="outlier reason").set_value("incomplete")
    test = button(test, "Exclude").click().run()
    assert "second rater" in test.success[0].value
    assert exclusions.get(checked, CUT).reason == "incomplete"


def test_a_finding_about_a_channel_is_told_without_an_image(shown: Registry) -> None:
    test = open_page(shown, "outliers", unit="FLAIR")
    assert not test.exception
    assert "no single image to show" in texts(test)
    assert "state no RepetitionTime" in texts(test)
    assert [item.label for item in test.button if item.label == "Exclude"] == []


@pytest.mark.parametrize("measure", [item.name for item in checks.MEASURES])
def test_every_measure_can_be_drawn(shown: Registry, measure: str) -> None:
    test = open_page(shown, "outliers")
    test = test.selectbox(key="outlier_measure").set_value(measure).run()
    assert not test.exception
    assert test.selectbox(key="outlier_measure").value == measure
    assert len(test.get("vega_lite_chart") or test.get("arrow_vega_lite_chart")) == 1


def test_points_of_the_plot_are_the_measured_images_with_their_sites_median(shown: Registry) -> None:
    catalog = Catalog.of(shown)
    rows = outliers.values(catalog, "FLAIR", checks.MEASURES[0])
    assert len(rows) == 8
    assert {row["site"] for row in rows} == {"siteA", "siteB"}
    assert CUT not in {row["path"] for row in outliers.values(catalog, "T1w", checks.MEASURES[0])}
    beside = outliers.typical(catalog, IMAGE, checks.MEASURES[0])
    assert beside is not None
    assert (beside["path"] != IMAGE, beside["site"], beside["channel"]) == (True, "siteA", "FLAIR")
    assert app_cohort.SUBJECTS[2] in IMAGE


def test_units_are_short_and_still_tell_what_was_derived_from_what_was_acquired() -> None:
    flair = "sub-A1/ses-M00/anat/sub-A1_ses-M00_FLAIR.nii.gz"
    units = {
        flair: "sub-A1 · M00 · FLAIR",
        "sub-A1/anat/sub-A1_ce-gadolinium_run-2_T1w.nii.gz": "sub-A1 · ce-gadolinium_run-2_T1w",
        f"derivatives/mni-ms/{flair.replace('_FLAIR', '_space-MNI_desc-preproc_FLAIR')}": "sub-A1 · M00 · FLAIR (MNI)",
        f"derivatives/prep/{flair.replace('_FLAIR', '_desc-preproc_FLAIR')}": "sub-A1 · M00 · FLAIR (prep)",
        "sub-A1/ses-M12": "sub-A1 · M12",
        "FLAIR": "FLAIR",
    }
    assert {unit: view.short(unit) for unit in units} == units


@pytest.mark.browser
def test_a_finding_is_chosen_by_keyboard_and_its_image_is_beside_the_plot(shown: Registry, page: Any) -> None:
    """Tab to the choice, type, Enter: the plot's ring and the viewer follow."""
    with serving(shown.root) as address:
        opened(page, f"{address}/outliers?unit={IMAGE}", "Outliers")
        viewer_ready(page)
        assert page.get_by_text("No check found anything odd here").is_visible()
        page.get_by_role("combobox", name="Looked at").focus()
        page.keyboard.type("Image T1w of sub-A000")
        page.get_by_role("option", name="Image T1w of sub-A000").wait_for(timeout=30_000)
        with redrawn(page):
            page.keyboard.press("Enter")
        said(page, "This file cannot be shown")
        assert page.get_by_role("button", name="Acknowledge").is_visible()
        assert outside(page) == []
