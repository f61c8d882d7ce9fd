"""A path and its entities are a bijection (law 1), in the order and with the words of BIDS."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.bids import names
from registry.bids.filenames import strip_extension
from registry.bids.names import DATATYPES, ENTITY_ORDER, BidsName, mask_name, name, parse, to_label
from registry.errors import InvalidInput

labels = st.text("abcXYZ019+", min_size=1, max_size=5)
entities = st.dictionaries(st.sampled_from(ENTITY_ORDER), labels, max_size=6)
suffixes = st.sampled_from(["FLAIR", "T1w", "mask", "dseg", "T2star", "x"])
extensions = st.sampled_from([".nii.gz", ".nii", ".json", ".tsv"])
datatypes = st.sampled_from([*sorted(DATATYPES), ""])


@st.composite
def bids_names(draw: st.DrawFn) -> BidsName:
    held = {**draw(entities), "sub": draw(labels)}
    return name(draw(suffixes), extension=draw(extensions), datatype=draw(datatypes), **held)


@given(bids_names())
def test_a_name_is_read_back_from_its_path(built: BidsName) -> None:
    assert parse(built.path) == built
    assert parse(str(built.path)) == built


@given(bids_names(), st.sampled_from(["", "derivatives/prep-20.2.1/", "v1.0/a.b/"]))
def test_a_path_loses_its_extension_and_no_folder(built: BidsName, above: str) -> None:
    folder = f"{above}{built.path.parent.as_posix()}/"
    assert strip_extension(f"{folder}{built.path.name}") == f"{folder}{built.stem}"


@given(bids_names(), bids_names())
def test_different_names_have_different_paths(one: BidsName, other: BidsName) -> None:
    assume(one != other)
    assert one.path != other.path


@given(bids_names())
def test_a_path_is_in_the_folders_its_entities_say(built: BidsName) -> None:
    folders = built.path.parts[:-1]
    assert folders[0] == built.subject
    assert (built.session in folders) == (built.session is not None)
    assert built.sidecar.path == PurePosixPath(str(built.path).removesuffix(built.extension) + ".json")


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_none(text: str) -> None:
    found = parse(text)
    assert found is None or "sub" in found.entities


@pytest.mark.parametrize(
    "path",
    [
        "",
        "README",
        "participants.tsv",
        "sub-01",
        "sub-01.nii.gz",
        "sub-_T1w.nii.gz",
        "sub-01_T1w-x.nii.gz",
        "sub-01_lesion-manual.nii.gz",
        "sub-01_rater-1_mask.nii.gz",
        "sub-01_sub-02_T1w.nii.gz",
        "ses-1_T1w.nii.gz",
        "sub-a-b_T1w.nii.gz",
        "sub-é_T1w.nii.gz",
        "sub-01__T1w.nii.gz",
        "sub-01_T1w ",
        "sub-01_acq_T1w.nii.gz",
        "SUB-01_T1w.nii.gz",
    ],
)
def test_names_that_are_not_bids_are_none(path: str) -> None:
    assert parse(path) is None


def test_an_old_name_with_entities_out_of_order_is_understood_and_written_in_order() -> None:
    found = parse("sub-01/anat/sub-01_run-1_acq-x_T1w.nii.gz")
    assert found is not None
    assert found.path.name == "sub-01_acq-x_run-1_T1w.nii.gz"


@pytest.mark.parametrize(
    ("suffix", "more", "sentence"),
    [
        ("T1w", {"sub": "01", "rater": "1"}, "'rater' is not a BIDS entity"),
        ("T1w", {"sub": "a-b"}, "'a-b' is not a BIDS label"),
        ("T1w", {"acq": "x"}, "needs the entity 'sub'"),
        ("T1-w", {"sub": "01"}, "'T1-w' is not a BIDS suffix"),
        ("T1w", {"sub": "01", "datatype": "brain"}, "'brain' is not a BIDS datatype"),
        ("T1w", {"sub": "01", "extension": "nii"}, "'nii' is not an extension"),
    ],
)
def test_a_name_that_bids_does_not_have_cannot_be_built(suffix: str, more: dict[str, str], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        name(suffix, **more)


def test_a_mask_copies_its_image_and_says_its_space() -> None:
    image = name("FLAIR", sub="A000", ses="M00", acq="3d", run="2", chunk="1")
    built = mask_name(image, desc="e01")
    assert built.path.name == "sub-A000_ses-M00_acq-3d_run-2_space-FLAIR_chunk-1_label-L_desc-e01_mask.nii.gz"


@pytest.mark.parametrize(("text", "label"), [("Dr. No 7", "DrNo7"), ("é1", "1"), ("a-b_c", "abc")])
def test_any_text_with_a_letter_or_digit_becomes_a_label(text: str, label: str) -> None:
    assert to_label(text) == label


def test_a_text_without_letters_is_no_label() -> None:
    with pytest.raises(InvalidInput, match="no letter or digit"):
        to_label("-_ é".replace("é", ""))


@pytest.mark.realdata
def test_pybids_understands_every_public_example_the_same_way(realdata: Path) -> None:
    from bids.layout import parse_file_entities

    known = {
        "subject": "sub",
        "session": "ses",
        "acquisition": "acq",
        "ceagent": "ce",
        "reconstruction": "rec",
        "direction": "dir",
        "task": "task",
        "run": "run",
        "echo": "echo",
        "inv": "inv",
        "part": "part",
        "space": "space",
        "label": "label",
        "desc": "desc",
        "mt": "mt",
        "flip": "flip",
        "hemi": "hemi",
        "res": "res",
        "den": "den",
        "chunk": "chunk",
        "proc": "proc",
        "mod": "mod",
    }
    compared = 0
    for place in sorted(realdata.glob("bids_examples/**/sub-*.*")):
        dataset = place.parents[len(place.parts) - 1 - place.parts.index("bids_examples") - 2]
        ours = parse(place.relative_to(dataset).as_posix())
        if ours is None or place.is_dir():
            continue
        theirs = parse_file_entities(str(place), config=["bids", "derivatives"])
        shared = {short: str(theirs[long]) for long, short in known.items() if long in theirs}
        mine = {key: value for key, value in ours.entities.items() if key in shared}
        assert {key: _number(value) for key, value in mine.items()} == {k: _number(v) for k, v in shared.items()}
        assert ours.suffix == theirs["suffix"]
        assert ours.extension == theirs["extension"]
        compared += 1
    assert compared > 500


@pytest.mark.realdata
def test_every_imaging_file_of_the_public_examples_is_understood(realdata: Path) -> None:
    missed = [place.name for place in realdata.glob("bids_examples/**/sub-*_*.nii.gz") if parse(place.name) is None]
    assert missed == []


def _number(text: str) -> str:
    return text.lstrip("0") or "0"


def test_the_module_knows_which_entities_a_mask_copies() -> None:
    assert set(names.IMAGE_ENTITIES) < set(ENTITY_ORDER)


LABELS = {"task": "rest", "acq": "high", "ce": "gad", "rec": "norm", "dir": "AP", "run": "1", "echo": "2"} | {
    "flip": "1",
    "inv": "2",
    "mt": "on",
    "part": "mag",
    "chunk": "3",
}
HELD = st.sets(st.sampled_from(sorted(LABELS)))


@given(HELD, HELD, st.sampled_from(["anat", "func", "dwi"]), st.sampled_from([None, "MNI"]))
def test_masks_of_two_images_never_share_a_name(
    one: set[str], other: set[str], datatype: str, space: str | None
) -> None:
    """Whichever entities distinguish the images of one suffix, and whether they are raw or of a space."""
    images = [
        name("MTS", datatype=datatype, sub="01", space=space, **{key: LABELS[key] for key in held})
        for held in (one, other)
    ]
    masks = {mask_name(image, desc="e01").path for image in images}
    assert len(masks) == len({image.path for image in images})
    assert mask_name(images[0], desc="e01").path != mask_name(images[0].replace(suffix="T1w"), desc="e01").path


@pytest.mark.parametrize(
    ("entities", "suffix", "expected"),
    [
        ({}, "FLAIR", "sub-01_space-FLAIR_label-L_desc-e01_mask"),
        ({"acq": "2d", "run": "1"}, "FLAIR", "sub-01_acq-2d_run-1_space-FLAIR_label-L_desc-e01_mask"),
        ({"echo": "1", "part": "mag"}, "MEGRE", "sub-01_echo-1_part-mag_space-MEGRE_label-L_desc-e01_mask"),
        ({"flip": "1", "mt": "on"}, "MTS", "sub-01_space-MTSflip1mton_label-L_desc-e01_mask"),
        ({"inv": "2"}, "MP2RAGE", "sub-01_space-MP2RAGEinv2_label-L_desc-e01_mask"),
        ({"space": "MNI", "desc": "preproc"}, "T1w", "sub-01_space-MNIT1w_label-L_desc-e01_mask"),
    ],
)
def test_a_mask_s_space_holds_what_bids_allows_nowhere_else(
    entities: dict[str, str], suffix: str, expected: str
) -> None:
    assert mask_name(name(suffix, sub="01", **entities), desc="e01").stem == expected
