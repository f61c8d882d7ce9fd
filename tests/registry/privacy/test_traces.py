"""A registry is looked at for traces of persons whenever it is validated, and nothing that tells is adopted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from curation.checks import review
from curation.persons import links
from curation.quality.record import Judgement, record
from registry.cohorts import exclusions
from registry.errors import InvalidInput, UsageError
from registry.maintenance import validation
from registry.maintenance.drift import adopt
from registry.privacy.free_text import require_impersonal
from registry.privacy.kinds import SHOWN
from registry.privacy.patterns import in_labels
from registry.publishing import Change, publish, write_files
from registry.store import Registry
from registry.vocabulary.findings import Severity
from registry.vocabulary.verdicts import Verdict

SIDECAR = "sub-1/anat/sub-1_T1w.json"


@pytest.fixture
def registry(empty: Registry) -> Registry:
    return empty


def put(registry: Registry, files: dict[str, bytes]) -> None:
    publish(registry, Change("import", "Import"), write_files(files))


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


def speak(registry: Registry, text: str) -> dict[str, Callable[[], object]]:
    """Every place where somebody types a sentence that is tracked."""
    return {
        "exclude": lambda: exclusions.exclude(registry, "sub-1", "motion", text),
        "reinstate": lambda: exclusions.reinstate(registry, "sub-1", text),
        "qc": lambda: record(registry, Judgement(SIDECAR, Verdict.FLAG, comment=text)),
        "persons": lambda: links.confirm(registry, "sub-1", "sub-2", links.LinkDecision(text, "R1")),
        "adopt": lambda: adopt(registry, [SIDECAR], text),
        "acknowledge": lambda: review.acknowledge(registry, SIDECAR, text),
    }


@pytest.mark.parametrize("place", ["exclude", "reinstate", "qc", "persons", "adopt", "acknowledge"])
@pytest.mark.parametrize("text", ["came on 3.2.2001", "scanned 2001-02-03", "says Dr. Roe", "mail roe@centre.example"])
def test_what_people_type_says_neither_who_nor_when(registry: Registry, place: str, text: str) -> None:
    with pytest.raises(UsageError, match="it is kept for ever") as refused:
        speak(registry, text)[place]()
    assert text not in refused.value.message


@pytest.mark.parametrize("text", ["moved at day 203", "", None, "same head, see sub-2", "edss 3.5 to 4.0"])
def test_other_comments_pass(text: str | None) -> None:
    require_impersonal(text, "comment")


@pytest.mark.parametrize("folder", ["", "derivatives/prep/", "derivatives/prep-20.2.1/"])
def test_a_date_in_a_label_is_seen_below_every_folder(folder: str) -> None:
    assert in_labels(f"{folder}sub-01/anat/sub-01_acq-20010203_T1w.nii.gz")
    assert not in_labels(f"{folder}sub-01/anat/sub-01_acq-hi_T1w.nii.gz")
