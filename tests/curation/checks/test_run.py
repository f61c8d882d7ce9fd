"""Runs over a registry: what is kept, what a rebuild gives, and what people say about findings."""

from __future__ import annotations

import gzip
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from curation import checks
from curation.checks import Wanted, review
from curation.checks.measures import read as measuring
from curation.cli.checks import check_app
from registry.catalog import Catalog
from registry.cli.main import app
from registry.errors import InvalidInput, NotFound, UsageError
from registry.files import parallel
from registry.maintenance import rebuild, validation
from registry.maintenance.validation import stored_findings
from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.store import Registry
from tests.support import ROOT
from tests.support.cohorts import tiny_bids
from tests.support.templates import registry_state

LOCAL = ("intent", "setting")


@pytest.fixture
def spoiled(cohort: Registry) -> Registry:
    """The tiny cohort with one more subject, whose FLAIR ends early: its header is sound, so it can be published."""
    put(cohort, "sub-A009", lambda data: data[: len(data) // 2])
    return cohort


def put(registry: Registry, subject: str, change: Any) -> None:
    path = tiny_bids.image_path(subject)

    def write(tree: Path) -> None:
        tiny_bids.write_cohort(tree, [subject])
        for left in (tree / "derivatives").rglob("*"):
            if left.is_file() and subject in left.name:
                left.unlink()
        (tree / path).write_bytes(change((tree / path).read_bytes()))

    publish(registry, Change("import", "Import", replaces=frozenset({path})), write)


def codes(registry: Registry, state: str | None = "open") -> set[tuple[str, str]]:
    return {(row["code"], row["unit"]) for row in checks.list_findings(registry, Wanted(state))}


PATH = tiny_bids.image_path("sub-A009")
CHANNELS = {("sidecar-incomplete", "FLAIR"), ("sidecar-incomplete", "T1w")}


def test_a_truncated_image_is_named_and_nothing_else_is(spoiled: Registry) -> None:
    outcome = checks.run(spoiled)
    assert (outcome.images, outcome.absent) == (14, ())
    assert codes(spoiled) == {("image-unreadable", PATH), *CHANNELS}
    report = validation.validate(spoiled, bids=False)
    assert [finding.path for finding in report.errors] == [PATH]
    (row,) = checks.list_findings(spoiled, Wanted(code="image-unreadable"))
    assert (row["channel"], row["subject"], row["site"]) == ("FLAIR", "sub-A009", "siteB")
    assert row["origin"].startswith("cohortium ")
    assert row["version"]


def test_progress_says_how_many_images_there_are_before_the_first_is_read(cohort: Registry) -> None:
    told: list[tuple[int, int]] = []
    checks.run(cohort, lambda done, total, _: told.append((done, total)))
    assert told == [(done, 12) for done in range(13)]


def test_a_rebuild_gives_the_same_measures_findings_and_acknowledgements(spoiled: Registry) -> None:
    checks.run(spoiled)
    checks.acknowledge(spoiled, PATH, "asked for it again")
    commit_pending(spoiled)
    before = registry_state.rows(spoiled, without=LOCAL, drop=("intent_id",))
    assert len(before["image_measures"]) == 14
    assert (len(before["check_finding"]), len(before["acknowledgement"])) == (3, 1)
    rebuild.rebuild(spoiled)
    assert registry_state.rows(spoiled, without=LOCAL, drop=("intent_id",)) == before


def test_an_image_is_read_once_and_a_run_that_finds_nothing_new_writes_nothing(
    spoiled: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = measuring.read
    monkeypatch.setattr(parallel, "cores_here", lambda: 1)
    monkeypatch.setattr(measuring, "read", lambda place, own: (read.append(place.name), real(place, own))[1])
    first = checks.run(spoiled)
    assert len(read) == 14
    commit_pending(spoiled)
    before = registry_state.everything(spoiled)
    read.clear()
    again = checks.run(spoiled)
    assert read == []
    assert [row.model_dump() for row in again.findings] == [row.model_dump() for row in first.findings]
    assert registry_state.everything(spoiled) == before
    put(spoiled, "sub-A009", lambda data: data)
    checks.run(spoiled)
    assert read == [Path(PATH).name]


def test_what_is_kept_is_what_was_read(tmp_path: Path, spoiled: Registry) -> None:
    place = spoiled.root / tiny_bids.image_path("sub-A000", "T1w")
    made = measuring.read(place)
    measuring._save(tmp_path / "x.npz", made)
    kept = measuring._load(tmp_path / "x.npz")
    assert kept == made
    (tmp_path / "x.npz").write_bytes((tmp_path / "x.npz").read_bytes()[:50])
    assert measuring._load(tmp_path / "x.npz") is None


def test_a_file_that_was_changed_outside_is_named_and_nothing_of_it_is_kept(cohort: Registry) -> None:
    """The same bytes but one: the size and the stream are as they were."""
    place = cohort.root / tiny_bids.image_path("sub-A003")
    whole = place.read_bytes()
    place.unlink()
    place.write_bytes(whole[:9] + bytes([whole[9] ^ 1]) + whole[10:])
    checks.run(cohort)
    (row,) = checks.list_findings(cohort, Wanted(code="image-unreadable"))
    assert (row["unit"], "not those that the registry accepted" in row["message"]) == (
        tiny_bids.image_path("sub-A003"),
        True,
    )
    place.write_bytes(whole)
    checks.run(cohort)
    assert checks.list_findings(cohort, Wanted(code="image-unreadable")) == []


def test_an_acknowledgement_ends_when_the_image_changes(spoiled: Registry) -> None:
    checks.run(spoiled)
    (made,) = checks.acknowledge(spoiled, PATH, "  asked for it again ")
    assert (made.reason, made.code) == ("asked for it again", "image-unreadable")
    assert ("image-unreadable", PATH) in codes(spoiled, "acknowledged")
    assert codes(spoiled) == CHANNELS
    checks.run(spoiled)
    assert codes(spoiled) == CHANNELS, "another run forgets no acknowledgement"
    put(spoiled, "sub-A009", lambda data: data[: len(data) // 3])
    assert codes(spoiled, "outdated") == {("image-unreadable", PATH)}
    checks.run(spoiled)
    assert codes(spoiled) == {("image-unreadable", PATH), *CHANNELS}
    put(spoiled, "sub-A009", lambda data: data)
    checks.run(spoiled)
    assert codes(spoiled, None) == CHANNELS


def test_only_the_named_findings_are_acknowledged_and_mistakes_change_nothing(spoiled: Registry) -> None:
    checks.run(spoiled)
    before = registry_state.rows(spoiled)
    for unit, reason, chosen, kind in [
        (PATH, "", (), UsageError),
        (PATH, "two\nlines", (), UsageError),
        ("sub-X", "seen", (), NotFound),
        (PATH, "seen", ("image-empty",), NotFound),
    ]:
        with pytest.raises(kind):
            checks.acknowledge(spoiled, unit, reason, chosen)
    assert registry_state.rows(spoiled) == before
    checks.acknowledge(spoiled, "FLAIR", "no sidecars were delivered", ("sidecar-incomplete",))
    assert codes(spoiled) == {("image-unreadable", PATH), ("sidecar-incomplete", "T1w")}
    with pytest.raises(UsageError, match="no state"):
        checks.list_findings(spoiled, Wanted("ready"))


def test_measures_of_content_that_is_elsewhere_stay_and_nothing_is_said_about_it(cohort: Registry) -> None:
    checks.run(cohort)
    held = registry_state.rows(cohort)["image_measures"]
    gone = cohort.root / tiny_bids.image_path("sub-A003")
    gone.unlink()
    gone.symlink_to("nowhere")
    outcome = checks.run(cohort)
    assert outcome.absent == (tiny_bids.image_path("sub-A003"),)
    assert registry_state.rows(cohort)["image_measures"] == held


def test_views_join_what_was_measured_with_who_and_where(spoiled: Registry) -> None:
    checks.run(spoiled)
    catalog = Catalog.of(spoiled)
    asked = "SELECT count(*) FROM measures JOIN images USING (path) WHERE noise > 0 AND measures.site = 'siteA'"
    assert catalog.value(asked) == 6
    assert catalog.value("SELECT count(*) FROM findings WHERE image IS NOT NULL AND session = 'sub-A009/ses-M00'") == 1
    assert catalog.value("SELECT problem IS NOT NULL FROM measures WHERE path = ?", [PATH])
    put(spoiled, "sub-A009", lambda data: data)
    assert Catalog.of(spoiled).value("SELECT count(*) FROM measures WHERE path = ?", [PATH]) == 0


def test_a_header_that_declares_terabytes_does_not_come_in(cohort: Registry) -> None:
    def huge(data: bytes) -> bytes:
        raw = bytearray(gzip.decompress(data))
        raw[40:48] = b"\x03\x00" + b"\xff\x7f" * 3
        return gzip.compress(bytes(raw))

    with pytest.raises(InvalidInput, match="32767 x 32767 x 32767 voxels"):
        put(cohort, "sub-A009", huge)


def test_lines_of_a_hand_edited_record_never_stop_a_rebuild(cohort: Registry) -> None:
    checks.run(cohort)
    folder = cohort.root / "code/registry/checks"
    lines = ("code\tunit\tscore\tseverity", "x\tsub-A000\tfar\tbad", "x\tsub-A000\t2\tworse", "n/a\tn/a\t1\tn/a")
    (folder / "findings.tsv").write_text("\n".join(lines) + "\n")
    (folder / "acknowledged.tsv").write_text("something\telse\n1\t2\n")
    (folder / "measures/sub-A001.tsv").write_text("path\tnoise\nsub-A001/x.nii.gz\tinf\n")
    rebuild.rebuild(cohort)
    assert len(registry_state.rows(cohort)["check_finding"]) == 1
    assert review.list_findings(cohort)[0]["score"] == 2
    assert [finding.code for finding in stored_findings(cohort)] == ["x"]


def test_the_commands_print_one_json_value(spoiled: Registry) -> None:
    def call(*words: str) -> Any:
        done = CliRunner().invoke(app, ["--registry", str(spoiled.root), "check", *words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    if "check" not in {group.name for group in app.registered_groups}:
        app.add_typer(check_app, name="check")
    ran = call("run")
    assert (ran["images"], ran["by_code"]) == (14, {"sidecar-incomplete": 2, "image-unreadable": 1})
    assert registry_state.uncommitted(spoiled) == ""
    (first, *_) = call("list")["findings"]
    assert (first["unit"], first["severity"]) == (PATH, "error")
    assert call("acknowledge", PATH, "--reason", "seen")["acknowledged"][0]["unit"] == PATH
    assert len(call("list")["findings"]) == 2
    assert len(call("list", "--state", "all")["findings"]) == 3
    explained = call("explain")
    assert {item["code"] for item in explained["checks"]} == {check.code for check in checks.CHECKS}
    assert call("explain", "maybe-mirrored")["checks"][0]["advice"]


def test_the_commands_and_the_query_of_the_documentation_run(cohort: Registry) -> None:
    page = (ROOT / "docs" / "checks.md").read_text()
    if "check" not in {group.name for group in app.registered_groups}:
        app.add_typer(check_app, name="check")
    lines = page.split("```\n")[1].splitlines()
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        done = CliRunner().invoke(app, ["--registry", str(cohort.root), *words])
        assert done.exit_code == 0, f"{line}: {done.output}"
    assert len(lines) == 5
    assert Catalog.of(cohort).rows(page.split("```sql\n")[1].split("```")[0]) != []
    named = {word for code in checks.CHECKS for word in (code.code, "outlier-...") if f"`{word}`" in page}
    assert {check.code for check in checks.CHECKS if not check.code.startswith("outlier-")} <= named
