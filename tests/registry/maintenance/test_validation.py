"""Each check has its own code and fires on its own fault alone; a sound registry has no error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import select, update

from registry.files.volumes import encode
from registry.maintenance import bids_validator, rebuild, status, validation
from registry.publishing import Change, publish
from registry.publishing.git import run_git
from registry.store import Registry, registry_at
from registry.tables import Event
from registry.vocabulary.findings import Finding, Severity, ValidationReport
from tests.support.cohorts import tiny_bids

MASK = tiny_bids.reading_path("sub-A001", "e01")
SIDECAR = tiny_bids.reading_path("sub-A001", "e01", ".json")


def codes(registry: Registry) -> dict[str, str]:
    """Code to path of every finding of the registry's own checks, each code once."""
    found = validation.validate(registry, bids=False).findings
    assert len({finding.code for finding in found}) == len(found), found
    return {finding.code: finding.path for finding in found}


@pytest.mark.skipif(bids_validator.find_program() is None, reason="the official BIDS validator is not installed")
def test_a_published_cohort_is_valid_bids_for_the_official_validator(shared: Registry) -> None:
    report = validation.validate(shared)
    assert report.ok, report.text()
    assert "bids-validator-deno" in report.ran


def test_a_sound_registry_has_no_findings(shared: Registry) -> None:
    assert codes(shared) == {}


def replace_mask(data: np.ndarray, affine: np.ndarray = tiny_bids.AFFINE) -> Callable[[Path], None]:  # type: ignore[type-arg]
    return lambda root: tiny_bids.put(root, MASK, encode(data, affine))


def moved() -> np.ndarray:  # type: ignore[type-arg]
    affine = tiny_bids.AFFINE.copy()
    affine[2, 3] += 1
    return affine


def forms_apart() -> bytes:
    import gzip

    import nibabel

    image = nibabel.Nifti1Image(np.zeros(tiny_bids.SHAPE, np.uint8), tiny_bids.AFFINE)
    image.set_sform(tiny_bids.AFFINE, code=1)
    image.set_qform(moved(), code=1)
    return gzip.compress(image.to_bytes())


def edges_apart(edge: float) -> Callable[[Path], None]:
    """A mask with an sform alone, and another voxel edge in `pixdim`."""
    import gzip

    import nibabel

    image = nibabel.Nifti1Image(np.zeros(tiny_bids.SHAPE, np.uint8), tiny_bids.AFFINE)
    image.set_qform(None, code=0)
    image.header["pixdim"][1] = edge
    return lambda root: tiny_bids.put(root, MASK, gzip.compress(image.to_bytes()))


FAULTS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "two volumes": ("mask-other-grid", replace_mask(np.zeros((*tiny_bids.SHAPE, 2), np.uint8))),
    "another shape": ("mask-other-grid", replace_mask(np.zeros((20, 24, 13), np.uint8))),
    "another place": ("mask-other-grid", replace_mask(np.zeros(tiny_bids.SHAPE, np.uint8), moved())),
    "stored as float": ("mask-not-integer", replace_mask(np.zeros(tiny_bids.SHAPE, np.float32))),
    "a label without a name": ("mask-unknown-label", replace_mask(np.full(tiny_bids.SHAPE, 9, np.uint8))),
    "two forms": ("forms-disagree", lambda root: tiny_bids.put(root, MASK, forms_apart())),
    "voxel edges unlike the sform": ("forms-disagree", edges_apart(3)),
    "a voxel edge below zero": ("forms-disagree", edges_apart(-1)),
    "no source": ("mask-without-image", lambda root: tiny_bids.put_json(root, SIDECAR, {"RaterID": "e01"})),
    "a source that is not there": (
        "mask-without-image",
        lambda root: tiny_bids.put_json(root, SIDECAR, {"Sources": ["bids:raw:sub-A001/x"]}),
    ),
    "an image that changed": (
        "mask-stale",
        lambda root: tiny_bids.write_reading(root, "sub-A001", "e01", SourceSHA256="0" * 64),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_once_and_nothing_else_is(cohort: Registry, fault: str) -> None:
    code, make = FAULTS[fault]
    (cohort.root / MASK).unlink()
    (cohort.root / SIDECAR).unlink()
    tiny_bids.write_reading(cohort.root, "sub-A001", "e01")
    make(cohort.root)
    run_git(cohort.root, "add", "--all")
    run_git(cohort.root, "commit", "--quiet", "--allow-empty", "-m", "Somebody else's work")
    rebuild.rebuild(cohort)
    assert codes(cohort) == {code: MASK}


def test_a_file_that_is_gone_or_changed_outside_the_registry_is_named(cohort: Registry) -> None:
    (cohort.root / MASK).unlink()
    (cohort.root / "README").write_text("edited by hand\n")
    assert codes(cohort) == {"file-absent": MASK, "file-edited": "README"}


def test_a_fresh_clone_says_that_its_database_is_not_made(cohort: Registry, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "--quiet", str(cohort.root), str(tmp_path / "clone"))
    clone = registry_at(tmp_path / "clone")
    assert (status.status(cohort)["unread"], status.status(clone)["unread"]) == (False, True)
    clone.engine.dispose()


def test_an_edited_event_is_named(cohort: Registry) -> None:
    with cohort.unit_of_work() as database:
        event = database.exec(select(Event).order_by(Event.number)).first()
        assert event is not None
        database.execute(update(Event).where(Event.number == event.number).values(actor="somebody"))  # type: ignore[arg-type]
    assert codes(cohort) == {"event-chain-broken": ""}


def test_a_report_counts_errors_and_warnings_apart() -> None:
    findings = (
        Finding("a", Severity.WARNING, "x", "looks odd"),
        Finding("b", Severity.ERROR, "y", "is wrong"),
    )
    report = ValidationReport(findings, ("masks",))
    assert not report.ok
    assert report.to_json() | {"findings": []} == {
        "ok": False,
        "errors": 1,
        "warnings": 1,
        "ran": ["masks"],
        "findings": [],
    }
    assert report.text().splitlines() == [
        "error: y: is wrong [b]",
        "warning: x: looks odd [a]",
        "1 errors, 1 warnings; ran: masks",
    ]


def test_the_status_counts_what_is_there_and_what_waits(cohort: Registry) -> None:
    before = status.status(cohort)
    assert before["waiting"] == 0
    assert {name: before["counts"][name] for name in ("persons", "subjects", "sites", "images", "masks", "raters")} == {
        "persons": 5,
        "subjects": 6,
        "sites": 2,
        "images": 12,
        "masks": 18,
        "raters": 3,
    }
    publish(cohort, Change("import", "Waiting"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A008"]))
    after = status.status(cohort)
    assert (after["waiting"], after["counts"]["subjects"]) == (1, 7)


def test_the_history_is_newest_first_and_says_who_did_what(cohort: Registry) -> None:
    publish(cohort, Change("import", "One", actor="anna"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A008"]))
    newest, *earlier = status.history(cohort, 10)
    assert (newest["actor"], newest["message"], newest["commit"]) == ("anna", "One", None)
    assert [row["message"] for row in earlier] == ["Import the tiny cohort", "Create the registry"]
    assert all(row["commit"] for row in earlier)
