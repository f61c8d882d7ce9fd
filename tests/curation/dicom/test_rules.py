"""Series descriptions as people write them, and the BIDS names they are given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation import recipes
from curation.dicom.names import rules
from registry.errors import InvalidInput
from tests.support.dicom import twins
from tests.support.dicom.surveying import look, only
from tests.support.dicom.twins import Series

FLAIR = {"EchoTime": 90, "RepetitionTime": 9000, "InversionTime": 2500}
NAMES: list[tuple[str, dict[str, Any], str, str]] = [
    ("t1_mprage_sag_p2_iso", twins.T1, "anat/T1w", "yes"),
    ("Ax T1 SE +C", {**twins.T1, "ContrastBolusAgent": "Gadovist"}, "anat/ce-gadolinium_T1w", "yes"),
    ("T1post", {**twins.T1, "ContrastBolusAgent": "10ml multihance"}, "anat/ce-gadolinium_T1w", "yes"),
    ("T1 post", twins.T1, "anat/ce-gadolinium_T1w", "ask"),
    ("T1 pre", {**twins.T1, "ContrastBolusAgent": "Dotarem"}, "anat/ce-gadolinium_T1w", "ask"),
    ("T1 posterior fossa", twins.T1, "anat/T1w", "yes"),
    ("t2_spc_da-fl_dark-fluid_sag", FLAIR, "anat/FLAIR", "yes"),
    ("3D FLAIR", FLAIR, "anat/FLAIR", "yes"),
    ("FLAIR", {**FLAIR, "InversionTime": 200}, "anat/FLAIR", "ask"),
    ("Ax T2 TSE", twins.T2, "anat/T2w", "yes"),
    ("t2*_fl2d", {"EchoTime": 20, "RepetitionTime": 600}, "anat/T2starw", "yes"),
    ("PD/T2 dual", {"EchoTime": 14, "RepetitionTime": 2500}, "anat/PDw", "yes"),
    ("PD/T2 dual", {"EchoTime": 95, "RepetitionTime": 2500}, "anat/T2w", "yes"),
    ("MP2RAGE_UNI", twins.T1, "anat/UNIT1", "yes"),
    ("TOF 3D", {"EchoTime": 4, "RepetitionTime": 22}, "anat/angio", "yes"),
    ("ep2d_diff_ADC", twins.T2, "", "no"),
    ("SWI", twins.T2, "", "no"),
    ("MPR sag T1", twins.T1, "", "no"),
    ("AAHead_Scout", twins.T1, "", "no"),
    ("ep2d_diff_3scan", twins.T2, "dwi/dwi", "ask"),
    ("sT1W_3D_TFE", twins.T1, "anat/T1w", "yes"),
    ("AXT1", twins.T1, "anat/T1w", "yes"),
    ("3DT2 cor", twins.T2, "anat/T2w", "yes"),
    ("T2FLAIR", FLAIR, "anat/FLAIR", "yes"),
    ("CEST1", {"EchoTime": 50}, "", "ask"),
    ("fast2", {"EchoTime": 50}, "", "ask"),
    ("Changiote", {"EchoTime": 50}, "", "ask"),
    ("T1 mapping", twins.T1, "", "no"),
    ("t1_ep2d", {**twins.T1, "ScanningSequence": "EP"}, "anat/T1w", "ask"),
    ("T1 se", {**twins.T1, "ProtocolName": "t2_tse"}, "anat/T1w", "ask"),
    ("series", FLAIR, "anat/FLAIR", "ask"),
    ("series", twins.T1, "anat/T1w", "ask"),
]


@pytest.mark.parametrize(("description", "more", "name", "keep"), NAMES, ids=[f"{row[0]}-{row[3]}" for row in NAMES])
def test_a_description_gets_its_name(
    tmp_path: Path, description: str, more: dict[str, Any], name: str, keep: str
) -> None:
    twins.write(tmp_path, Series(description, more=more))
    seen = look(tmp_path)
    row = seen.rows[only(seen)]
    assert (row.name, row.keep) == (name, keep)


WORDS = ["rest{}", "test{}", "fast{}", "first{}", "latest{}", "cest{}", "dot{}", "est{}", "pilot{}", "cut{}"]


@pytest.mark.parametrize("contrast", ["t1", "t2"])
@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_ends_in_a_contrast_is_none(word: str, contrast: str) -> None:
    """`REST1` is the first resting series; every rule with an anatomical image is tried on such words."""
    words = word.replace("t{}", contrast)
    anat = [rule for rule in rules.read(recipes.load("dicom")).rules if rule.image.startswith("anat/") and rule.match]
    for text in (words, f"{words} eyes open", f"ep2d {words}"):
        assert [rule.image for rule in anat if rule.match and rule.match.search(rules.plain_words(text))] == []


@pytest.mark.parametrize(
    ("inside", "outside"),
    [("flair", "subflairing"), ("angio", "xangioma"), ("pdw", "updward"), ("proton", "protonic"), ("merge", "emerged")],
)
def test_a_contrast_is_found_as_a_word_and_not_inside_one(inside: str, outside: str) -> None:
    every = [rule for rule in rules.read(recipes.load("dicom")).rules if rule.image and rule.match]
    found = {
        text: {rule.image for rule in every if rule.match and rule.match.search(text)} for text in (inside, outside)
    }
    assert found[inside]
    assert not found[outside]


def test_a_dynamic_series_is_no_sure_anatomical_image(tmp_path: Path) -> None:
    twins.write(tmp_path, Series("t1_vibe_dyn", volumes=3))
    seen = look(tmp_path)
    row = seen.rows[only(seen)]
    assert (row.name, row.keep) == ("anat/T1w", "ask")
    assert "one volume, this one holds 3" in row.reason


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"rules": [{"match": "t1", "imagee": "anat/T1w"}]},
            r"'options.rules \(entry 1\).imagee' is not known. Did you",
        ),
        ({"rules": [{"match": "t1("}]}, r"'options.rules \(entry 1\).match' is 't1\(', which is no regular expression"),
        ({"rules": [{"needs": {"echo_time_ms": [5]}}]}, r"needs.echo_time_ms' needs 2 values, got 1"),
        ({"contrast": {"after": "post"}}, "'options.contrast.before' is missing"),
        ({"agents": "gd"}, "'options.agents' must be a table, got 'gd'"),
    ],
)
def test_naming_rules_that_cannot_be_read_are_refused_by_key(change: dict[str, Any], message: str) -> None:
    recipe = recipes.load("dicom")
    with pytest.raises(InvalidInput, match=message) as caught:
        rules.read(replace(recipe, options={**recipe.options, **change}))
    assert "docs/recipes.md" in caught.value.hint
