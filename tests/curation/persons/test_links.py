"""What a reviewer says about two subjects is kept, obeyed everywhere, and never asked again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from curation.persons import links
from curation.persons.links import LinkDecision
from registry.bids import places
from registry.catalog import Catalog
from registry.cohorts import persons
from registry.cohorts.persons import CLEARED, SAME, SUSPECTED
from registry.errors import NotFound, UsageError
from registry.files.canonical import read_tsv
from registry.files.volumes import load
from registry.maintenance import rebuild
from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.store import Registry
from tests.support.cohorts import tiny_bids
from tests.support.templates import registry_state

SEEN = LinkDecision("looked at both", "r01")


def person(registry: Registry, subject: str) -> str:
    found: str = Catalog(registry).value("SELECT person_id FROM subjects WHERE subject = ?", [subject])
    return found


def kinds(registry: Registry) -> dict[tuple[str, str], str]:
    return {(link.subject_a, link.subject_b): link.kind for link in links.list_links(registry)}


def deliver(registry: Registry, subject: str, path: str, data: bytes, sidecar: dict[str, object]) -> None:
    def write(tree: Path) -> None:
        rows = [{"participant_id": subject, "person_id": f"X{subject[4:]}"}]
        tiny_bids.put_table(tree, "participants.tsv", rows, ("participant_id", "person_id"))
        tiny_bids.put(tree, path, data)
        tiny_bids.put_json(tree, path.replace(".nii.gz", ".json"), sidecar)

    publish(registry, Change("import", subject), write)


@pytest.fixture
def heads_registry(cohort: Registry, heads: Path) -> Registry:
    """The tiny cohort with three subjects of two real heads, who are declared to be three persons."""
    for subject in ("sub-A001", "sub-B101", "sub-B002"):
        source = heads / subject / "ses-M00" / "anat" / f"{subject}_ses-M00_FLAIR.nii.gz"
        new = f"sub-H{subject[4:]}"
        deliver(cohort, new, f"{new}/anat/{new}_FLAIR.nii.gz", source.read_bytes(), {})
    return cohort


def test_equal_bytes_in_two_subjects_are_proposed(cohort: Registry) -> None:
    path = tiny_bids.image_path("sub-A001", "T1w")
    deliver(cohort, "sub-N1", "sub-N1/anat/sub-N1_T1w.nii.gz", (cohort.root / path).read_bytes(), {})
    (found,) = links.propose(cohort).proposals
    assert (found.first, found.second, found.method, found.score) == ("sub-A001", "sub-N1", "checksum", 1.0)
    assert path in found.reason


@pytest.mark.parametrize(("field", "method"), [("SeriesInstanceUID", "series"), ("StudyInstanceUID", "study")])
def test_one_series_or_study_in_two_subjects_is_proposed(cohort: Registry, field: str, method: str) -> None:
    for subject, source in (("sub-N1", "sub-A001"), ("sub-N2", "sub-A002")):
        data = load(cohort.root / tiny_bids.image_path(source, "T1w"))
        content = tiny_bids.encode(data.data + 1, data.affine_ras)
        deliver(cohort, subject, f"{subject}/anat/{subject}_T1w.nii.gz", content, {field: "5a17ed"})
    assert [(item.first, item.second, item.method) for item in links.propose(cohort).proposals] == [
        ("sub-N1", "sub-N2", method)
    ]


def test_one_head_in_two_subjects_is_proposed_and_two_heads_are_not(heads_registry: Registry) -> None:
    (found,) = links.propose(heads_registry).proposals
    assert (found.first, found.second, found.method) == ("sub-HA001", "sub-HB101", "fingerprint")
    assert found.score
    assert 0.9 < found.score <= 1


def test_an_image_that_cannot_be_read_is_named_and_stops_nothing(heads_registry: Registry) -> None:
    path = tiny_bids.image_path("sub-A000")
    (heads_registry.root / path).unlink()
    found = links.propose(heads_registry)
    assert [skipped for skipped, _ in found.skipped] == [path]
    assert len(found.proposals) == 1


def test_subjects_of_one_person_and_pairs_that_were_seen_are_not_proposed(cohort: Registry) -> None:
    data = (cohort.root / tiny_bids.image_path("sub-A001", "T1w")).read_bytes()
    deliver(cohort, "sub-N1", "sub-N1/anat/sub-N1_T1w.nii.gz", data, {})
    assert len(links.propose(cohort).proposals) == 1
    assert links.propose(cohort).proposals == (), "it waits for review already"
    links.clear(cohort, "sub-N1", "sub-A001", SEEN)
    assert links.propose(cohort).proposals == ()
    assert kinds(cohort) == {("sub-A001", "sub-N1"): CLEARED}
    links.confirm(cohort, "sub-N1", "sub-A001", SEEN)
    assert links.propose(cohort).proposals == ()


def test_a_reviewer_is_a_code_and_not_a_name(cohort: Registry) -> None:
    with pytest.raises(UsageError, match="reviewer's code"):
        links.confirm(cohort, "sub-A005", "sub-A002", links.LinkDecision("looked", "Dr. Jane Mueller"))


def test_confirming_merges_persons_and_clearing_parts_them_again(cohort: Registry) -> None:
    links.confirm(cohort, "sub-A005", "sub-A002", SEEN)
    assert {person(cohort, f"sub-A00{index}") for index in (2, 4, 5)} == {"P002"}, "whoever was one person comes along"
    assert Catalog(cohort).value("SELECT count(DISTINCT person_id) FROM images") == 4
    links.clear(cohort, "sub-A002", "sub-A005", SEEN)
    assert person(cohort, "sub-A002") == "P002"
    assert person(cohort, "sub-A005") == person(cohort, "sub-A004") == "P004"


def test_a_suspicion_merges_nobody(cohort: Registry) -> None:
    data = (cohort.root / tiny_bids.image_path("sub-A001", "T1w")).read_bytes()
    deliver(cohort, "sub-N1", "sub-N1/anat/sub-N1_T1w.nii.gz", data, {})
    links.propose(cohort)
    assert kinds(cohort) == {("sub-A001", "sub-N1"): SUSPECTED}
    assert person(cohort, "sub-N1") == "XN1"


def test_a_subject_that_comes_later_meets_the_person_it_was_linked_to(cohort: Registry) -> None:
    links.confirm(cohort, "sub-A001", "sub-A003", SEEN)
    publish(cohort, Change("import", "more"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A008"]))
    assert person(cohort, "sub-A003") == "P001"
    assert person(cohort, "sub-A008") == "P004", "another row of participants.tsv changes nothing"


def test_rebuilding_gives_the_same_persons(cohort: Registry) -> None:
    links.confirm(cohort, "sub-A001", "sub-A003", SEEN)
    links.clear(cohort, "sub-A000", "sub-A002", SEEN)
    commit_pending(cohort)
    before = registry_state.rows(cohort, without=("intent", "setting"), drop=("mtime_ns", "intent_id"))
    rebuild.rebuild(cohort)
    assert registry_state.rows(cohort, without=("intent", "setting"), drop=("mtime_ns", "intent_id")) == before


def test_the_file_of_record_says_who_decided_and_why(cohort: Registry) -> None:
    links.confirm(cohort, "sub-A003", "sub-A001", LinkDecision("same\tscar,\nsame teeth", "r07"))
    (row,) = read_tsv(cohort.root / places.PERSON_LINKS)
    assert row == {
        "subject_a": "sub-A001",
        "subject_b": "sub-A003",
        "kind": SAME,
        "method": "declared",
        "score": None,
        "reviewer": "r07",
        "reason": "same scar, same teeth",
    }


def test_a_decision_keeps_the_evidence_of_the_proposal(cohort: Registry) -> None:
    data = (cohort.root / tiny_bids.image_path("sub-A001", "T1w")).read_bytes()
    deliver(cohort, "sub-N1", "sub-N1/anat/sub-N1_T1w.nii.gz", data, {})
    links.propose(cohort)
    link = links.confirm(cohort, "sub-A001", "sub-N1", SEEN)
    assert (link.method, link.score) == ("checksum", 1.0)


def test_decisions_that_contradict_each_other_are_refused(cohort: Registry) -> None:
    links.confirm(cohort, "sub-A000", "sub-A001", SEEN)
    links.confirm(cohort, "sub-A001", "sub-A002", SEEN)
    before = registry_state.everything(cohort)
    with pytest.raises(UsageError, match="sub-A000 and sub-A002 cannot be two persons"):
        links.clear(cohort, "sub-A000", "sub-A002", SEEN)
    with pytest.raises(UsageError, match=r"participants\.tsv says that sub-A004 and sub-A005 are one person"):
        links.clear(cohort, "sub-A004", "sub-A005", SEEN)
    assert registry_state.everything(cohort) == before
    links.clear(cohort, "sub-A000", "sub-A003", SEEN)
    with pytest.raises(UsageError, match="sub-A000 and sub-A003 cannot be two persons"):
        links.confirm(cohort, "sub-A002", "sub-A003", SEEN)


def test_bad_input_is_named(cohort: Registry) -> None:
    with pytest.raises(NotFound, match="no subject 'sub-X'"):
        links.confirm(cohort, "sub-A000", "sub-X", SEEN)
    with pytest.raises(UsageError, match="named twice"):
        links.confirm(cohort, "sub-A000", "sub-A000", SEEN)
    with pytest.raises(UsageError, match="needs a reason"):
        links.clear(cohort, "sub-A000", "sub-A001", LinkDecision("  "))
    assert kinds(cohort) == {}


def test_two_reviewers_at_once_lose_no_decision(cohort: Registry) -> None:
    program = (
        "import sys; from pathlib import Path; from registry.store import open_registry;"
        "from curation.persons import links;"
        "links.confirm(open_registry(Path(sys.argv[1])), *sys.argv[2:4], links.LinkDecision('seen', sys.argv[2]))"
    )
    pairs = [("sub-A000", "sub-A001"), ("sub-A002", "sub-A003"), ("sub-A001", "sub-A002")]
    children = [subprocess.Popen([sys.executable, "-c", program, str(cohort.root), *pair]) for pair in pairs]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert kinds(cohort) == dict.fromkeys(sorted(pairs), SAME)
    who = persons.people(cohort)
    assert {who.person(f"sub-A00{index}") for index in range(4)} == {"P000"}


def test_commands_propose_list_confirm_and_clear(cohort: Registry) -> None:
    def run(*words: str) -> dict[str, object]:
        command = [sys.executable, "-m", "registry", "--registry", str(cohort.root), "persons", *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, object] = json.loads(done.stdout)
        return found

    assert run("propose") == {"proposals": [], "skipped": []}
    told = run("confirm", "sub-A001", "sub-A000", "--reason", "seen", "--reviewer", "r1")
    assert told["persons"] == {"sub-A000": "P000", "sub-A001": "P000"}
    assert run("clear", "sub-A001", "sub-A000", "--reason", "no")["persons"] == {"sub-A000": "P000", "sub-A001": "P001"}
    assert len(run("list", "--kind", "cleared")["links"]) == 1  # type: ignore[arg-type]
    assert registry_state.uncommitted(cohort) == ""
