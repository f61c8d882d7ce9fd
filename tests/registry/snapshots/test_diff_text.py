"""A comparison in sentences says exactly what was done, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import export as exporting
from registry import readings, snapshots
from registry.catalog import Catalog
from registry.cohorts import exclusions, queries
from registry.errors import UsageError
from registry.export import export, place
from registry.files.volumes import load_labels
from registry.snapshots import diff_text
from registry.snapshots.targets import in_words, list_offers, parse_policy
from registry.store import Registry
from tests.support.cohorts import frozen_cohort

FIRST = parse_policy(["expert:e01"])


def test_one_mask_and_one_person(registry: Registry) -> None:
    """The acceptance of a cohort version: one mask changes, one person is excluded, and the first still verifies."""
    first = snapshots.create(registry, "flair", "main", FIRST)
    newer = load_labels(registry.root / frozen_cohort.mask("sub-A002", "e03"))
    readings.accept(registry, frozen_cohort.image("sub-A002"), "e01", newer)
    exclusions.exclude(registry, "P001", "consent-withdrawn")
    second = snapshots.create(registry, "flair", "main", FIRST)
    found = snapshots.compare(registry, first.snapshot_id, second.snapshot_id)
    assert diff_text.sentences(found) == [
        "1 sample of person P001 left the cohort (excluded: consent withdrawn).",
        "The mask that is the target is another one in sub-A002_ses-M00.",
    ]
    shown = diff_text.tables(found)
    assert [(title, len(rows)) for title, rows in shown.items()] == [("Left the cohort", 1), ("Changed", 1)]
    assert snapshots.verify(first, registry).ok
    back = diff_text.sentences(snapshots.compare(registry, second.snapshot_id, first.snapshot_id))
    assert back[0] == "1 sample of person P001 joined the cohort (until now, excluded: consent withdrawn)."
    assert list(snapshots.frozen_at(registry)) == [first.snapshot_id, second.snapshot_id]


def test_nothing_and_settings(registry: Registry) -> None:
    first = snapshots.create(registry, "flair", "main", FIRST)
    assert diff_text.sentences(snapshots.compare(registry, first.snapshot_id, first.snapshot_id)) == [
        "Nothing differs: both hold the same samples, files and settings."
    ]
    queries.save(registry, "flair", "SELECT path FROM images WHERE suffix = 'FLAIR' AND site = 'siteA'")
    second = snapshots.create(registry, "flair", "main", parse_policy(["expert:e02"]))
    said = " ".join(diff_text.sentences(snapshots.compare(registry, first.snapshot_id, second.snapshot_id)))
    for phrase in (
        "the query's SQL changed",
        "the target policy changed",
        "The target comes from somebody else",
        "the query does not return it",
    ):
        assert phrase in said
    assert "sha256" not in said


def test_freezing_and_exporting_tell_their_progress(registry: Registry, tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    made = snapshots.create(registry, "both", "main", FIRST, lambda *words: told.append(words))
    assert told[-1] == (16, 16, "choosing masks")
    told.clear()
    export(registry, made, tmp_path / "out", "bids", progress=lambda *words: told.append(words))
    files = len(made.files())
    assert [(done, total) for done, total, what in told if what == "writing"] == [
        (number, files) for number in range(1, files + 1)
    ]


def test_an_export_by_name_lies_beside_the_registry(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place(registry, "flair-1") == registry.root.with_name("registry-exports") / "flair-1"
    monkeypatch.setenv(exporting.bundle.ENVIRONMENT, "/srv/exports")
    assert place(registry, "flair-1") == Path("/srv/exports/flair-1")
    for name in ("", "../x", "a/b", ".hidden", "/etc", "x" * 200, "a b"):
        with pytest.raises(UsageError, match="cannot be the name of a folder"):
            place(registry, name)


def test_every_offered_target_is_one_that_a_policy_takes(registry: Registry) -> None:
    offers = list_offers(Catalog.of(registry), 7)
    assert [word for word in offers.words if word.startswith("expert:")] == ["expert:e01", "expert:e02", "expert:e03"]
    for word, said in offers.words.items():
        assert parse_policy([word]).order
        assert said == in_words(word)
        assert "{}" not in said
        assert said
    assert offers.protocols == ("ms",)
