"""Laws of every importer, on a generated twin of its layout."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import nibabel
import pytest

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import ImportReport, importers, stage
from registry.errors import InvalidInput
from tests.support.cohorts.cohort_twins import TWINS as COHORTS
from tests.support.cohorts.cohort_twins import make

TWINS: dict[str, Callable[[Path], Path]] = {
    "decathlon": twins.decathlon,
    "bids": twins.bids,
    "gm-challenge": twins.near_bids,
    "open-ms": twins.open_ms,
    "brats": lambda root: make(root, COHORTS["brats"]),
}
KEPT = {
    "decathlon": {"subjects": 3, "sessions": 3, "images": 3, "masks": 3, "consensus": 0},
    "bids": {"subjects": 2, "sessions": 4, "images": 4, "masks": 8, "consensus": 0},
    "gm-challenge": {"subjects": 1, "sessions": 2, "images": 2, "masks": 4, "consensus": 0},
    "open-ms": {"subjects": 2, "sessions": 3, "images": 16, "masks": 0, "consensus": 2},
    "brats": {"subjects": 4, "sessions": 5, "images": 20, "masks": 3, "consensus": 0},
}


@pytest.fixture(scope="module", params=sorted(TWINS))
def staged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Path]:
    """The name of a recipe, its twin delivery and the tree made from it."""
    name = request.param
    source = TWINS[name](tmp_path_factory.mktemp("source") / "delivery")
    into = tmp_path_factory.mktemp("into")
    report = stage(recipes.load(name), source, into)
    assert report.kept == KEPT[name]
    return name, source, into


def test_each_importer_has_a_twin() -> None:
    assert {recipes.load(name).importer for name in TWINS} == set(importers()) - {"dicom"}  # has tests of its own


def test_the_official_validator_finds_no_error(staged: tuple[str, Path, Path]) -> None:
    assert twins.validator_errors(staged[2]) == []


def test_the_source_is_only_read_and_equal_input_gives_equal_bytes(
    staged: tuple[str, Path, Path], tmp_path: Path
) -> None:
    name, source, into = staged
    before = twins.checksums(source)
    seen: list[tuple[int, int, str]] = []
    stage(recipes.load(name), source, tmp_path / "again", lambda *step: seen.append(step))
    assert twins.checksums(source) == before
    assert twins.checksums(tmp_path / "again") == twins.checksums(into)
    assert seen
    assert all(0 < done <= total for done, total, _ in seen)


def test_nothing_in_the_tree_says_who_or_when(staged: tuple[str, Path, Path]) -> None:
    for path in staged[2].rglob("*.nii.gz"):
        header: nibabel.Nifti1Header = nibabel.load(path).header  # type: ignore[attr-defined]
        text = [bytes(header[key].tobytes()).strip(b"\0") for key in ("descrip", "aux_file", "intent_name", "db_name")]
        assert text == [b""] * 4
        assert not header.extensions
        assert b"Roe" not in gzip.decompress(path.read_bytes())
    told = "".join(path.read_text() for path in staged[2].rglob("*") if path.suffix in (".json", ".tsv"))
    assert not [word for word in ("Roe", "Ann", "2020-0", "2021-05") if word in told]


def test_every_mask_names_an_image_on_its_own_grid(staged: tuple[str, Path, Path]) -> None:
    from registry.bids import places
    from registry.files import volumes
    from registry.files.geometry import require_same_grid

    into = staged[2]
    for mask in sorted(path for path in into.rglob("*_mask.nii.gz")) + sorted(into.rglob("*_dseg.nii.gz")):
        dataset, _ = places.split_dataset(mask.relative_to(into).as_posix())
        stated = json.loads(Path(str(mask).replace(".nii.gz", ".json")).read_text())
        links = json.loads((into / dataset / "dataset_description.json").read_text())["DatasetLinks"]
        image = places.resolve(stated["SpatialReference"], dataset, links)
        assert image is not None
        header = volumes.read_header(mask)
        require_same_grid(mask.name, header.shape, header.affine_ras, volumes.read_header(into / image))
        assert header.dtype == "uint8"


def test_every_file_of_the_source_is_accounted_for(staged: tuple[str, Path, Path], tmp_path: Path) -> None:
    name, source, _ = staged
    report = stage(recipes.load(name), source, tmp_path / "again")
    outside = {item.path for item in report.refused} | set(report.used)
    images = {path for path in twins.checksums(source) if path.endswith(".nii.gz")}
    kept = sum(1 for path in (tmp_path / "again").rglob("*.nii.gz") if "resampled" not in path.name)
    assert len(images - outside) == kept
    assert all(item.detail.endswith(".") for item in report.refused)


def test_a_report_survives_json_and_reads_as_text(tmp_path: Path) -> None:
    report = stage(recipes.load("decathlon"), twins.decathlon(tmp_path / "delivery"), tmp_path / "into")
    assert isinstance(report, ImportReport)
    told = json.loads(json.dumps(report.to_json()))
    assert told["kept"]["masks"] == 3
    assert told["refused"][0]["path"] == "imagesTr/thing_007.nii.gz"
    assert "mask-without-image (1)" in report.text()


def test_bad_folders_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    recipe = recipes.load("decathlon")
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("x")
    cases = [
        (tmp_path / "absent", tmp_path / "into", "no folder at"),
        (tmp_path / "file", tmp_path / "into", "is a file"),
        (tmp_path / "empty", tmp_path / "into", "no dataset.json"),
        (tmp_path / "empty", tmp_path / "full", "not an empty folder"),
        (tmp_path / "empty", tmp_path / "empty/into", "inside the delivery"),
    ]
    for source, into, message in cases:
        with pytest.raises(InvalidInput, match=message) as caught:
            stage(recipe, source, into)
        assert caught.value.hint
    assert not any((tmp_path / "into").glob("*"))
    assert (tmp_path / "full/x").read_text() == "x"


@pytest.mark.parametrize("name", ["bids", "gm-challenge", "open-ms", "brats"])
def test_a_folder_with_nothing_of_the_kind_is_refused(tmp_path: Path, name: str) -> None:
    twins.write(tmp_path / "delivery/notes.txt", "nothing here")
    with pytest.raises(InvalidInput, match=r"has no subject folders|holds no patients|holds no images"):
        stage(recipes.load(name), tmp_path / "delivery", tmp_path / "into")
