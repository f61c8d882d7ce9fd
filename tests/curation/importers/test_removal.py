"""A file that leaves a staged tree takes along what would be nothing, or wrong, without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import tests.support.cohorts.importer_twins as twins
from curation.importers.cleaning.removal import leave_out
from curation.importers.report import Reason

SERIES = "sub-01/perf/sub-01_asl"
OTHER = "bids::sub-01/perf/sub-01_run-2_asl.nii.gz"


def put(tree: Path, image: str, *targets: str) -> Path:
    """An image for other images; returns its sidecar."""
    twins.put(tree / f"{image}.nii.gz", twins.voxels(1), text="")
    stated = {"IntendedFor": targets[0] if len(targets) == 1 else [*targets]} if targets else {}
    twins.write_json(tree / f"{image}.json", {"EchoTime": 0.01, **stated})
    return tree / f"{image}.json"


@pytest.mark.parametrize("form", ["bids::sub-01/", "sub-01/", ""])
def test_no_reference_to_a_file_that_stayed_outside_is_left(form: str, tmp_path: Path) -> None:
    put(tmp_path, SERIES)
    target = f"{form}perf/sub-01_asl.nii.gz"
    alone = put(tmp_path, "sub-01/perf/sub-01_m0scan", target)
    shared = put(tmp_path, "sub-01/perf/sub-01_acq-two_m0scan", target, OTHER)
    unrelated = put(tmp_path, "sub-01/perf/sub-01_acq-other_m0scan", OTHER)
    field_map = put(tmp_path, "sub-01/fmap/sub-01_dir-AP_epi", target)
    refused = leave_out(tmp_path, {f"{SERIES}.nii.gz": (Reason.NOT_VALID, "It is wrong.")})
    assert {item.path: item.reason for item in refused} == {
        f"{SERIES}.nii.gz": "not-valid",
        "sub-01/perf/sub-01_m0scan.nii.gz": "image-refused",
    }
    assert not alone.exists()
    assert not alone.with_suffix(".nii.gz").exists()
    kept = {path: json.loads(path.read_text()).get("IntendedFor") for path in (shared, unrelated, field_map)}
    assert kept == {shared: [OTHER], unrelated: OTHER, field_map: None}
    assert all(path.with_suffix(".nii.gz").is_file() for path in kept)
