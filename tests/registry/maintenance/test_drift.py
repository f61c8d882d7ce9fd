"""What happens without the registry: edits wait for a person, deletions come back, nothing is written over."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from registry.cohorts import exclusions, queries
from registry.errors import CohortiumError, InvalidInput, NotFound, UsageError
from registry.maintenance import doctor, drift, rebuild, validation
from registry.maintenance.drift import Difference, Outside
from registry.maintenance.status import history
from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.publishing.git import run_git
from registry.store import Registry
from registry.tables import Subject
from tests.support.cohorts import tiny_bids
from tests.support.templates import registry_state

TABLE = "participants.tsv"
IMAGE = tiny_bids.image_path("sub-A000", "T1w")
"""Big enough for the annex."""


def edit_ages(registry: Registry) -> str:
    """The first subject is 30 years old; let it be 77."""
    place = registry.root / TABLE
    place.write_text(place.read_text().replace("\t30\t", "\t77\t"))
    return place.read_text()


def age(registry: Registry, subject: str = "sub-A000") -> float | None:
    with registry.reading() as database:
        return database.get_one(Subject, subject).age


def test_a_committed_registry_has_no_differences(cohort: Registry) -> None:
    assert drift.differences(cohort) == []
    assert doctor.doctor(cohort) == []


def test_an_edited_table_waits_for_a_person_and_adopting_takes_it_in(cohort: Registry) -> None:
    edited = edit_ages(cohort)
    assert doctor.doctor(cohort) == []
    assert drift.differences(cohort) == [Difference(TABLE, Outside.EDITED)]
    assert ((cohort.root / TABLE).read_text(), age(cohort)) == (edited, 30), "left alone, and not believed"
    assert drift.adopt(cohort, [TABLE], "Ages from the second form") == [TABLE]
    commit_pending(cohort)
    assert ((cohort.root / TABLE).read_text(), age(cohort)) == (edited, 77)
    assert (registry_state.uncommitted(cohort), drift.differences(cohort)) == ("", [])
    assert history(cohort, 1)[0]["kind"] == "adopt"
    before = registry_state.rows(cohort, without=("intent", "setting"), drop=("intent_id",))
    rebuild.rebuild(cohort)
    assert registry_state.rows(cohort, without=("intent", "setting"), drop=("intent_id",)) == before


def test_no_delivery_is_merged_over_an_edit(cohort: Registry) -> None:
    edited = edit_ages(cohort)
    before = registry_state.everything(cohort)
    with pytest.raises(InvalidInput, match="was changed outside the registry"):
        publish(cohort, Change("import", "Next"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A008"]))
    assert registry_state.everything(cohort) == before
    drift.adopt(cohort, [TABLE], "Ages")
    publish(cohort, Change("import", "Next"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A008"]))
    assert age(cohort) == 77
    assert age(cohort, "sub-A008") == 38
    assert set(edited.splitlines()) <= set((cohort.root / TABLE).read_text().splitlines())


def test_a_hand_edited_list_of_exclusions_is_not_overwritten(cohort: Registry) -> None:
    exclusions.exclude(cohort, "sub-A001", "motion")
    commit_pending(cohort)
    place = cohort.root / "code/registry/exclusions.tsv"
    place.write_text(place.read_text().replace("motion", "artifact"))
    with pytest.raises(InvalidInput, match="changed outside"):
        exclusions.exclude(cohort, "sub-A002", "motion")
    assert "artifact" in place.read_text()


def test_a_deleted_file_comes_back(cohort: Registry) -> None:
    before = registry_state.files(cohort.root)
    shutil.rmtree(cohort.root / "sub-A002")
    (cohort.root / IMAGE).unlink()
    mended = doctor.doctor(cohort)
    assert {item.what for item in mended} == {"deleted file restored"}
    assert IMAGE in {item.where for item in mended}
    assert registry_state.files(cohort.root) == before
    assert doctor.doctor(cohort) == []


def test_a_new_image_is_named_and_adopted_and_a_mask_on_another_grid_is_not(cohort: Registry) -> None:
    image, mask = tiny_bids.image_path("sub-A000", "T2w"), tiny_bids.reading_path("sub-A000", "e09")
    (cohort.root / image).write_bytes(tiny_bids.image("sub-A000", "T2w"))
    (cohort.root / mask).write_bytes(tiny_bids.image("sub-A000", "T1w"))
    sidecar = tiny_bids.reading_path("sub-A000", "e01", ".json")
    (cohort.root / mask.replace(".nii.gz", ".json")).write_bytes((cohort.root / sidecar).read_bytes())
    beside = mask.replace(".nii.gz", ".json")
    assert {item.path for item in drift.differences(cohort)} == {beside, mask, image}
    with pytest.raises(CohortiumError):
        drift.adopt(cohort, [image, mask, beside], "Arrived by mail")
    assert (cohort.root / image).exists(), "refused files stay where they were"
    assert drift.adopt(cohort, [image], "Arrived by mail") == [image]
    commit_pending(cohort)
    assert {item.path for item in drift.differences(cohort)} == {mask, beside}


def test_frozen_records_events_and_readings_are_never_adopted_edited(cohort: Registry) -> None:
    queries.save(cohort, "flair", "SELECT path FROM images WHERE suffix = 'FLAIR'")
    commit_pending(cohort)
    (log,) = (cohort.root / "logs").rglob("*.jsonl")
    mask = cohort.root / tiny_bids.reading_path("sub-A000", "e01")
    (query,) = (cohort.root / "code/registry/queries").glob("*.json")
    for place, words in ((log, "never changed"), (query, "never changed"), (mask, "only a newer revision")):
        place.write_bytes(place.read_bytes() + b" ")
        with pytest.raises(UsageError, match=words):
            drift.adopt(cohort, [place.relative_to(cohort.root).as_posix()], "why not")


def test_a_replaced_annexed_image_is_an_edit(cohort: Registry) -> None:
    place = cohort.root / IMAGE
    assert place.is_symlink()
    place.unlink()
    place.write_bytes(tiny_bids.image("sub-A000", "T1w")[:-8] + b"\0" * 8)
    assert drift.differences(cohort) == [Difference(IMAGE, Outside.EDITED)]


def test_damaged_content_is_named_and_never_believed(cohort: Registry) -> None:
    """Written through the link, against every permission: git sees nothing, the key says otherwise."""
    target = (cohort.root / IMAGE).resolve()
    target.chmod(0o644)
    target.write_bytes(tiny_bids.image("sub-A001", "FLAIR"))
    assert registry_state.uncommitted(cohort) == ""
    rows = registry_state.rows(cohort)
    assert doctor.doctor(cohort) == []
    assert drift.differences(cohort) == [Difference(IMAGE, Outside.DAMAGED)]
    assert registry_state.rows(cohort) == rows


def test_rows_follow_what_git_accepts(cohort: Registry) -> None:
    """A merge or a pull changes files behind the registry's back; git has them, so they count."""
    edit_ages(cohort)
    run_git(cohort.root, "commit", "--quiet", "-m", "Ages", "--", TABLE)
    assert age(cohort) == 30
    assert [item.where for item in doctor.doctor(cohort)] == [TABLE]
    assert age(cohort) == 77
    run_git(cohort.root, "rm", "--quiet", tiny_bids.reading_path("sub-A002", "e01"))
    run_git(cohort.root, "commit", "--quiet", "-m", "Withdrawn")
    assert tiny_bids.reading_path("sub-A002", "e01") in [item.where for item in doctor.doctor(cohort)]
    before = registry_state.rows(cohort, without=("intent", "setting"), drop=("intent_id",))
    rebuild.rebuild(cohort)
    assert registry_state.rows(cohort, without=("intent", "setting"), drop=("intent_id",)) == before


@pytest.mark.parametrize(
    ("paths", "reason", "error", "words"),
    [
        ([TABLE], "why", NotFound, "was not changed outside"),
        (["nowhere.tsv"], "why", NotFound, "was not changed outside"),
        (["../../etc/passwd"], "why", NotFound, "was not changed outside"),
        ([TABLE], "  ", UsageError, "and why"),
        ([], "why", UsageError, "which files"),
    ],
)
def test_adopting_what_was_not_changed_is_refused(
    cohort: Registry, paths: list[str], reason: str, error: type[CohortiumError], words: str
) -> None:
    before = registry_state.everything(cohort)
    with pytest.raises(error, match=words):
        drift.adopt(cohort, paths, reason)
    assert registry_state.everything(cohort) == before


def test_validation_names_what_was_changed_outside(cohort: Registry) -> None:
    edit_ages(cohort)
    (cohort.root / "sub-A000" / "notes.txt").write_text("hello")
    found = {(item.code, item.path) for item in validation.validate(cohort, bids=False).findings}
    assert {("file-edited", TABLE), ("file-new", "sub-A000/notes.txt")} <= found


def test_the_command_lists_what_waits(cohort: Registry, tmp_path: Path) -> None:
    edit_ages(cohort)
    words = ["cohortium", "--registry", str(cohort.root)]
    told = subprocess.run([*words, "doctor"], capture_output=True, text=True, check=True).stdout
    assert "participants.tsv" in told
    assert "cohortium adopt" in told
    subprocess.run([*words, "adopt", TABLE, "--reason", "Ages"], capture_output=True, check=True)
    told = subprocess.run([*words, "doctor"], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "Nothing to mend."
