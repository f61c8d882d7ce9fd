"""The language of patterns, and the laws of the importer that is driven by them alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tests.support.cohorts.importer_twins as twins
from curation.importers import ImportReport, stage
from curation.importers.patterns.language import fill, match
from curation.importers.patterns.masks import delivered_labels, remap
from curation.recipes import Rater, Recipe
from registry.errors import InvalidInput
from registry.files.canonical import read_tsv

COHORT = Recipe(
    name="x",
    title="X",
    importer="patterns",
    licence="CC0",
    protocol="x",
    subject_prefix="X",
    channels={"t1": "T1w", "t2": "T2w"},
    labels={0: "background", 1: "lesion"},
    raters=(Rater("e01"),),
    layout={"mask": "{patient}/mask_{rater}.nii[.gz]", "image": "{patient}/{channel}.nii[.gz]"},
    options={
        "subject": "{patient}",
        "session": "1",
        "masks": [{"kind": "mask", "on": ["T1w", "T2w"], "label": "L", "rater": "{rater}"}],
    },
)


@pytest.mark.parametrize(
    ("pattern", "path", "holes"),
    [
        ("{patient}/t1.nii", "a/t1.nii", {"patient": "a"}),
        ("{patient}/t1.nii", "a/b/t1.nii", None),
        ("**/{patient}/t1.nii", "x/y/a/t1.nii", {"patient": "a"}),
        ("**/{patient}/t1.nii", "a/t1.nii", {"patient": "a"}),
        (r"{p:\d+}_{c:t1|t2}.nii[.gz]", "07_t2.nii.gz", {"p": "07", "c": "t2"}),
        (r"{p:\d+}_{c:t1|t2}.nii[.gz]", "a7_t2.nii", None),
        ("{p}/{p}_x.nii", "a/a_x.nii", {"p": "a"}),
        ("{p}/{p}_x.nii", "a/b_x.nii", None),
        ("{p}[_acq-{acq}]_x.nii", "a_x.nii", {"p": "a"}),
        ("{p}[_acq-{acq}]_x.nii", "a_acq-lo_x.nii", {"p": "a", "acq": "lo"}),
        ("a+b(1).{end:[a-z]+}", "a+b(1).nii", {"end": "nii"}),
    ],
)
def test_a_pattern_says_which_paths_fit_and_what_fills_its_holes(
    pattern: str, path: str, holes: dict[str, str] | None
) -> None:
    found = match(path, {"kind": pattern})
    assert (dict(found.holes) if found else None) == holes


def test_the_first_complete_template_counts() -> None:
    assert fill(["{a}{b}", "{b}x"], {"b": "2"}) == "2x"
    assert fill("{a}", {"a": ""}) == ""
    assert fill("fixed", {}) == "fixed"


def test_values_are_translated_at_once_and_a_value_only_the_translation_gives_is_no_label() -> None:
    assert remap(np.array([1, 2, 0]), {1: 2, 2: 1}).tolist() == [2, 1, 0]
    assert set(delivered_labels({0: "b", 1: "n", 3: "e"}, {4: 3})) == {0, 1, 4}
    assert set(delivered_labels({0: "b", 1: "n", 2: "e"}, {1: 2, 2: 1})) == {0, 1, 2}


def run(tmp_path: Path, recipe: Recipe = COHORT) -> tuple[ImportReport, dict[str, str]]:
    report = stage(recipe, tmp_path / "delivery", tmp_path / "into")
    return report, {item.path: item.reason for item in report.refused}


def test_a_mask_goes_to_the_first_image_on_its_grid_or_is_refused(tmp_path: Path) -> None:
    moved = twins.AFFINE + np.array([[0, 0, 0, 1.0]] + [[0.0] * 4] * 3)
    delivery = tmp_path / "delivery"
    for patient in ("a", "b"):
        twins.put(delivery / patient / "t1.nii.gz", twins.voxels(1))
        twins.put(delivery / patient / "t2.nii.gz", twins.voxels(2), moved)
    twins.put(delivery / "a/mask_e01.nii.gz", twins.blob(1), moved)
    twins.put(delivery / "b/mask_e01.nii.gz", twins.blob(1), moved + np.eye(4) * 0.1)
    report, refused = run(tmp_path)
    assert [path.name for path in (tmp_path / "into").rglob("*_mask.nii.gz")] == [
        "sub-Xa_ses-1_space-T2w_label-L_desc-e01_mask.nii.gz"
    ]
    assert refused == {"b/mask_e01.nii.gz": "other-grid"}
    assert report.kept["masks"] == 1


def test_everything_that_does_not_fit_is_listed_with_its_reason(tmp_path: Path) -> None:
    delivery = tmp_path / "delivery"
    twins.put(delivery / "a/t1.nii.gz", twins.voxels(1))
    twins.put(delivery / "a/mask_e09.nii.gz", twins.blob(1))
    twins.put(delivery / "a/mask_e01.nii.gz", twins.blob(7))
    twins.put(delivery / "a_/t2.nii.gz", twins.voxels(1))
    twins.put(delivery / "a/swi.nii.gz", twins.voxels(1))
    twins.put(delivery / "b/mask_e01.nii.gz", twins.blob(1))
    twins.put(delivery / "c/t1.nii.gz", twins.voxels(1, (3, 4, 5, 2)))
    twins.write(delivery / "d/t1.nii.gz", "no image")
    twins.write(delivery / "a/t1.json", "{")
    twins.write(delivery / "notes.txt", "x")
    assert run(tmp_path)[1] == {
        "a/mask_e09.nii.gz": "not-listed",
        "a/mask_e01.nii.gz": "label-values",
        "a/swi.nii.gz": "unknown-kind",
        "a/t1.json": "unreadable-json",
        "a_/t2.nii.gz": "duplicate",
        "b/mask_e01.nii.gz": "mask-without-image",
        "c/t1.nii.gz": "not-carried",
        "d/t1.nii.gz": "not-nifti",
        "notes.txt": "unknown-kind",
    }


def test_a_table_that_decides_who_is_who_must_be_there_and_readable(tmp_path: Path) -> None:
    delivery = tmp_path / "delivery"
    twins.put(delivery / "1/t1.nii.gz", twins.voxels(1))
    twins.put(delivery / "2/t1.nii.gz", twins.voxels(2))
    layout = {"table": "who.csv", **COHORT.layout}
    table = {"key": "scan", "of": "{patient}", "required": True}
    recipe = replace(COHORT, layout=layout, options={**COHORT.options, "subject": "{who}", "table": table})
    with pytest.raises(InvalidInput, match="lacks the table"):
        run(tmp_path, recipe)
    for text in ("other\n1\n", "scan,who\n1\n", "scan,who\n1,a,b\n"):
        twins.write(delivery / "who.csv", text)
        with pytest.raises(InvalidInput, match="not a readable table"):
            run(tmp_path, recipe)
    twins.write(delivery / "who.csv", "scan,who\n001,anna\n")
    assert run(tmp_path, recipe)[1] == {"2/t1.nii.gz": "not-listed"}
    assert [row["participant_id"] for row in read_tsv(tmp_path / "into/participants.tsv")] == ["sub-Xanna"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"options": {**COHORT.options, "colour": 1}}, "key 'options.colour' is not known"),
        ({"options": {**COHORT.options, "sesion": "1"}}, "'options.sesion' is not known. Did you mean 'session'"),
        ({"options": {**COHORT.options, "masks": [{"kind": "mask"}]}}, r"'options.masks \(entry 1\).on' is missing"),
        ({"options": {**COHORT.options, "subject": 3}}, "'options.subject' must be text or a list, got 3"),
        ({"options": {"session": "1"}}, "key 'options.subject' is missing"),
        ({"layout": {**COHORT.layout, "picture": "x"}}, "'picture' of .layout. starts with none"),
        ({"layout": {**COHORT.layout, "mask_b": "x"}}, "'mask_b' must be in .layout. and have a rule"),
        ({"layout": {**COHORT.layout, "skip_b": "x"}}, "'skip_b' must be in .layout. and have a rule"),
        ({"layout": {"mask": "m", "image": "{a:(}"}}, "The recipe 'x': the pattern of 'image'"),
        ({"options": {**COHORT.options, "bidsignore": ["*_CT.*"]}}, "belong in a derivative"),
    ],
)
def test_a_recipe_that_is_not_sound_is_refused_before_any_file_is_read(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    twins.put(tmp_path / "delivery/a/t1.nii.gz", twins.voxels(1))
    with pytest.raises(InvalidInput, match=message) as caught:
        run(tmp_path, replace(COHORT, **change))  # type: ignore[arg-type]
    assert "docs/recipes.md" in caught.value.hint
