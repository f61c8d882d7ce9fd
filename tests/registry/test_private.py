"""A registry is looked at for traces of persons whenever it is validated, and nothing that tells is adopted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest

from registry import validation
from registry.creation import create
from registry.errors import InvalidInput
from registry.findings import Severity
from registry.outside import adopt
from registry.privacy.kinds import SHOWN
from registry.publishing import Change, publish, written
from registry.store import Registry

SIDECAR = "sub-1/anat/sub-1_T1w.json"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    made = create(tmp_path / "registry", "Tiny")
    yield made
    made.engine.dispose()


def put(registry: Registry, files: dict[str, bytes]) -> None:
    publish(registry, Change("import", "Import"), written(files))


def found(registry: Registry) -> set[tuple[str, Severity, str]]:
    findings = validation.validate(registry, bids=False).findings
    return {(item.code, item.severity, item.path) for item in findings if item.code.startswith("privacy")}


def test_a_fresh_registry_tells_nothing(registry: Registry) -> None:
    assert found(registry) == set()
    assert "privacy" in validation.validate(registry, bids=False).ran


@pytest.mark.parametrize(
    ("content", "code", "severity"),
    [
        ({"PatientName": "Roe"}, "privacy-name", Severity.ERROR),
        ({"PatientBirthDate": {"Value": ["x"]}}, "privacy-name", Severity.ERROR),
        ({"Description": "seen 2001-02-03"}, "privacy-date", Severity.WARNING),
        ({"Description": "seen by Dr. Roe"}, "privacy-titled-name", Severity.WARNING),
    ],
)
def test_what_a_sidecar_tells_is_a_finding(registry: Registry, content: object, code: str, severity: Severity) -> None:
    put(registry, {SIDECAR: json.dumps(content).encode()})
    assert (code, severity, SIDECAR) in found(registry)


def test_text_in_a_header_is_an_error(registry: Registry, tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4))
    image.header["descrip"] = "Roe"
    nibabel.save(image, tmp_path / "x.nii.gz")
    put(registry, {"sub-1/anat/sub-1_T1w.nii.gz": (tmp_path / "x.nii.gz").read_bytes()})
    assert found(registry) == {("privacy-header-text", Severity.ERROR, "sub-1/anat/sub-1_T1w.nii.gz")}


def test_many_warnings_of_a_kind_are_counted(registry: Registry) -> None:
    told = json.dumps({"Description": "seen 2001-02-03"}).encode()
    put(registry, {f"sub-{number}/anat/sub-{number}_T1w.json": told for number in range(SHOWN + 7)})
    findings = [item for item in validation.validate(registry, bids=False).findings if item.code == "privacy-date"]
    assert len(findings) == SHOWN + 1
    assert "7 more" in findings[-1].message


def test_a_file_that_identifies_is_not_adopted(registry: Registry) -> None:
    path = "phenotype/x.json"
    (registry.root / path).parent.mkdir()
    (registry.root / path).write_text(json.dumps({"PatientName": "Roe"}))
    with pytest.raises(InvalidInput, match="tells who a person is"):
        adopt(registry, [path], "found on a disk")
    (registry.root / path).write_text(json.dumps({"x": {"Description": "a scale"}}))
    assert adopt(registry, [path], "found on a disk") == [path]
