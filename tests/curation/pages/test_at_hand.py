"""The query and the split that the snapshot's form offers: made last, belonging together, or chosen before."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from registry.catalog import Catalog
from registry.cohorts import composition, queries, recent, splits
from registry.publishing import Change, publish
from registry.snapshots import targets
from registry.store import Registry
from tests.support.app.pages import button, go_to, open_page, texts
from tests.support.cohorts import app_cohort


def offered(test: AppTest) -> tuple[str, str]:
    """The query and the split of the form."""
    assert not test.exception
    return test.selectbox(key="snapshot_query").value, test.selectbox(key="snapshot_split").value


def away_and_back(test: AppTest) -> AppTest:
    """The page again after another one was opened, where Streamlit forgets what widgets held."""
    assert "Leave something out" in texts(go_to(test, "exclusions"))
    return go_to(test, "queries")


def two_cohorts(registry: Registry) -> None:
    """Beside `read@1` and `by-person@1`: two more, of which the last saved comes first by name too."""
    queries.save(registry, "zzz", "SELECT path FROM images")
    splits.create(registry, "zsplit", "zzz")
    queries.save(registry, "aaa", "SELECT path FROM images WHERE channel = 'T1w'")
    splits.create(registry, "asplit", "aaa")


def test_what_was_made_last_comes_first(writable: Registry) -> None:
    two_cohorts(writable)
    assert list(recent.saved_queries(writable)) == ["aaa@1", "zzz@1", "read@1"]
    assert list(recent.list_splits(writable)) == ["asplit@1", "zsplit@1", "by-person@1"]
    queries.save(writable, "read", "SELECT path FROM images WHERE channel = 'FLAIR' AND n_readings > 0")
    assert list(recent.list_splits(writable, "read@2")) == ["by-person@1", "asplit@1", "zsplit@1"], "the same query's"


def test_a_first_look_offers_the_last_query_with_a_split_of_its_own(writable: Registry) -> None:
    two_cohorts(writable)
    assert offered(open_page(writable, "queries", step="4 · Snapshot")) == ("aaa@1", "asplit@1")
    queries.save(writable, "aaa", "SELECT path FROM images WHERE channel = 'T1w' AND n_readings > 0")
    test = open_page(writable, "queries")
    assert offered(test) == ("aaa@2", "no split"), "the split is another version's"
    assert "No split divides the persons of aaa@2 yet." in texts(test)


def test_a_choice_outlives_another_page(writable: Registry) -> None:
    two_cohorts(writable)
    test = open_page(writable, "queries")
    test = test.selectbox(key="snapshot_query").set_value("zzz@1").run()
    assert offered(test) == ("zzz@1", "zsplit@1"), "a split goes with its query"
    test = test.selectbox(key="snapshot_split").set_value("no split").run()
    test = away_and_back(test)
    assert offered(test) == ("zzz@1", "no split")
    assert test.selectbox(key="split_query").value == "zzz@1"


def test_a_query_saved_meanwhile_does_not_slip_in(writable: Registry) -> None:
    test = open_page(writable, "queries")
    assert offered(test) == ("read@1", "by-person@1")
    two_cohorts(writable)
    assert offered(test.run()) == ("read@1", "by-person@1")


def test_a_split_of_another_query_is_warned_of(writable: Registry) -> None:
    two_cohorts(writable)
    test = open_page(writable, "queries")
    assert "divides the persons" not in texts(test).replace("No split divides", "")
    test = test.selectbox(key="snapshot_split").set_value("by-person@1").run()
    assert "by-person@1 divides the persons of read@1, not of aaa@1." in texts(test)


def test_the_protocol_of_most_masks_is_taken_where_there_are_several(writable: Registry) -> None:
    """A snapshot is frozen at once; and where a query's images have masks of one protocol, none is asked for."""

    def other(tree: Path) -> None:
        mask = "sub-A000/ses-M00/anat/sub-A000_ses-M00_space-FLAIR_label-L_desc-e01_mask"
        for path in (writable.root / app_cohort.MANUAL).glob("*.*"):
            put(tree, path, path.read_bytes())
        for path in (writable.root / app_cohort.MANUAL).glob(f"{mask}.*"):
            put(tree, path, path.read_bytes())

    def put(tree: Path, path: Path, data: bytes) -> None:
        place = tree / "derivatives/manual-zz" / path.relative_to(writable.root / app_cohort.MANUAL)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    publish(writable, Change("import", "Another protocol"), other)
    catalog = Catalog.of(writable)
    assert targets.list_protocols(catalog, "SELECT path FROM images") == ("ms", "zz")
    assert targets.list_protocols(catalog, "SELECT path FROM images WHERE subject <> 'sub-A000'") == ("ms",)

    test = open_page(writable, "queries")
    assert test.selectbox(key="target_protocol").value == "ms"
    test = button(test, "Freeze").click().run()  # type: ignore[attr-defined]
    assert not test.error
    test.selectbox(key="target_protocol").set_value("zz")
    test = away_and_back(test.run())
    assert test.selectbox(key="target_protocol").value == "zz"
    test = test.toggle(key="cohort_effects").set_value(True).run()
    assert "Only masks of the protocol ms." in texts(test)
    assert not test.error
    assert not test.exception


def test_a_split_goes_on_to_the_snapshot_and_tells_the_class_that_a_part_lacks(writable: Registry) -> None:
    test = open_page(writable, "queries")
    test.text_input(key="split_name").set_value("apart")
    test = button(test, "Make the split").click().run()  # type: ignore[attr-defined]
    rows = composition.of_split(Catalog.of(writable), splits.get(writable, "apart"))
    lacking = [
        (label, part)
        for label in ("HC", "MS")
        for part in ("train", "validation", "test")
        if not any(row["class"] == label and row["part"] == part for row in rows)
    ]
    assert lacking, "six persons of two classes in three parts"
    told = [item.value for item in test.warning]
    assert told == [f"No person of the class {label} is in {part}." for label, part in lacking]
    test = button(test, "Next: freeze a snapshot").click().run()  # type: ignore[attr-defined]
    assert test.session_state["step"] == "4 · Snapshot"
    assert offered(test) == ("read@1", "apart@1")
