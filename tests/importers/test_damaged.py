"""Whatever the importer, an image or a mask whose compressed stream is not whole stays outside, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import importer_twins as twins
import pytest

from curation import recipes
from curation.importers import stage

DELIVERIES: dict[str, tuple[str, Callable[[Path], Path], str, str]] = {
    "bids": ("bids", twins.bids, "sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii.gz",
             "derivatives/manual-ms/sub-02/ses-b/anat/sub-02_ses-b_space-FLAIR_label-L_desc-e01_mask.nii.gz"),
    "decathlon": ("decathlon", twins.decathlon, "imagesTr/thing_001.nii.gz", "labelsTr/thing_002.nii.gz"),
    "nearly BIDS": ("gm-challenge", twins.near_bids, "sub-9Ses1/anat/sub-9Ses1_run-1_T2starw.nii.gz",
                    "derivatives/labels/sub-9Ses2/anat/sub-9Ses2_run-1_T2starw_seg-manual.nii.gz"),
}  # fmt: skip
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "ends early": lambda data: data[: len(data) * 3 // 4],
    "lacks its last bytes": lambda data: data[:-6],
    "another checksum": lambda data: data[:-8] + bytes([data[-8] ^ 255]) + data[-7:],
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_what_is_not_whole_is_refused_and_the_rest_comes_in(tmp_path: Path, delivery: str, damage: str) -> None:
    recipe, write, *spoiled = DELIVERIES[delivery]
    whole = stage(recipes.load(recipe), write(tmp_path / "whole"), tmp_path / "sound")
    source = write(tmp_path / "delivery")
    for path in spoiled:
        (source / path).write_bytes(DAMAGE[damage]((source / path).read_bytes()))
    report = stage(recipes.load(recipe), source, tmp_path / "into")
    refused = {item.path: item for item in report.refused}
    assert {refused[path].reason for path in spoiled} == {"not-nifti"}
    assert all(Path(path).name in refused[path].detail for path in spoiled)
    assert all(str(tmp_path) not in item.detail for item in report.refused)
    assert 0 < report.kept["images"] < whole.kept["images"]
    assert 0 < report.kept["masks"] < whole.kept["masks"]
