"""A registry on PostgreSQL obeys the laws that one on SQLite obeys, and gives the same answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import col, func, select

from curation import checks
from curation.persons import links
from registry import snapshots
from registry.catalog import Catalog
from registry.cohorts import leaks, queries, splits
from registry.errors import InvalidInput
from registry.index import refresh
from registry.maintenance import rebuild, validation
from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.snapshots.targets import parse_policy
from registry.store import Registry, registry_at
from registry.tables import Event, File, Image, Subject, Table
from tests.support.cohorts import tiny_bids
from tests.support.templates import registry_state

SQL = "SELECT path FROM images WHERE suffix = 'FLAIR'"


@pytest.fixture
def twin(cohort: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The same files under SQLite."""
    shutil.copytree(cohort.root, tmp_path / "twin", symlinks=True)
    shutil.rmtree(tmp_path / "twin" / ".cohortium")
    monkeypatch.delenv("COHORTIUM_DATABASE")
    registry = registry_at(tmp_path / "twin")
    rebuild.rebuild(registry)
    return registry


def held(registry: Registry) -> dict[str, list[str]]:
    return registry_state.rows(registry, without=registry_state.LEDGER, drop=("mtime_ns",))


def freeze(registry: Registry) -> str:
    queries.save(registry, "flair", SQL)
    splits.create(registry, "parts", "flair")
    assert leaks.check_split(registry, "parts") == []
    return snapshots.create(registry, "flair", "parts", parse_policy(["expert:e01"])).snapshot_id


def test_the_database_is_postgresql_and_its_tables_are_those_of_the_models(cohort: Registry) -> None:
    assert cohort.engine.dialect.name == "postgresql"
    with cohort.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []


def test_both_databases_hold_the_same_rows(cohort: Registry, twin: Registry) -> None:
    assert held(cohort) == held(twin)


def test_both_databases_give_one_snapshot_id(cohort: Registry, twin: Registry) -> None:
    assert freeze(cohort) == freeze(twin)
    assert held(cohort) == held(twin)


def test_rebuilding_gives_the_same_registry(cohort: Registry) -> None:
    freeze(cohort)
    links.confirm(cohort, "sub-A000", "sub-A002", links.LinkDecision("same scan"))
    commit_pending(cohort)
    before = registry_state.rows(cohort, without=("intent", "setting"), drop=("mtime_ns", "intent_id"))
    rebuild.rebuild(cohort)
    assert registry_state.rows(cohort, without=("intent", "setting"), drop=("mtime_ns", "intent_id")) == before
    assert validation.validate(cohort, bids=False).errors == []


def test_a_lost_local_folder_is_made_anew_from_the_files(cohort: Registry) -> None:
    before = held(cohort)
    shutil.rmtree(cohort.local)
    again = registry_at(cohort.root)
    rebuild.rebuild(again)
    assert held(again) == before
    again.engine.dispose()


def test_text_is_ordered_by_its_bytes(cohort: Registry) -> None:
    names = ["sub-a", "sub-B", "sub-b", "sub-ä", "sub-Z", "sub_c"]
    with cohort.unit_of_work() as database:
        refresh.apply(database, [File(path=f"{name}.txt", sha256="0", size=0, mtime_ns=0) for name in names])
    with cohort.reading() as database:
        ordered = database.exec(select(File.path).where(File.sha256 == "0").order_by(col(File.path))).all()
    assert ordered == sorted(ordered, key=str.encode)


def test_a_reader_sees_one_moment_and_waits_for_nobody(cohort: Registry) -> None:
    count = select(func.count()).select_from(Subject)
    with cohort.reading() as database:
        before = database.exec(count).one()
        publish(cohort, Change("import", "More"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A007"]))
        assert database.exec(count).one() == before
    with cohort.unit_of_work() as writing, cohort.reading() as database:
        assert writing.exec(count).one() == database.exec(count).one() == before + 1
        assert Catalog(cohort).value("SELECT count(*) FROM subjects") == before + 1


def test_a_change_that_is_refused_leaves_no_row(cohort: Registry) -> None:
    before = registry_state.everything(cohort)

    def refuse(files: object) -> None:
        raise InvalidInput("The check says no.")

    with pytest.raises(InvalidInput):
        publish(cohort, Change("import", "More"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A007"]), check=refuse)
    assert registry_state.everything(cohort) == before


def test_a_number_that_no_column_can_hold_is_refused_in_a_sentence(cohort: Registry) -> None:
    queries.save(cohort, "flair", SQL)
    before = registry_state.everything(cohort)
    with pytest.raises(InvalidInput, match="cannot keep a value"):
        splits.create(cohort, "parts", "flair", splits.SplitRequest(seed=2**70))
    assert registry_state.everything(cohort) == before
    seed = 2**62
    assert splits.create(cohort, "parts", "flair", splits.SplitRequest(seed=seed)).seed == seed


def test_two_registries_on_one_server_never_meet(cohort: Registry, database: str, tmp_path: Path) -> None:
    from registry.maintenance.creation import create

    other = create(tmp_path / "other")
    with other.reading() as rows:
        assert rows.exec(select(func.count()).select_from(Image)).one() == 0
    assert other.writer != cohort.writer
    with cohort.reading() as rows:
        assert {event.writer for event in rows.exec(select(Event))} == {cohort.writer}
    other.engine.dispose()


def test_measures_findings_and_acknowledgements_are_rebuilt_and_equal_those_under_sqlite(
    cohort: Registry, twin: Registry
) -> None:
    for registry in (cohort, twin):
        checks.run(registry)
        checks.acknowledge(registry, "FLAIR", "no sidecars were delivered")
    kept = ("image_measures", "check_finding", "acknowledgement")
    assert {name: held(cohort)[name] for name in kept} == {name: held(twin)[name] for name in kept}
    assert checks.list_findings(cohort, checks.Wanted(None)) == checks.list_findings(twin, checks.Wanted(None))
    before = held(cohort)
    rebuild.rebuild(cohort)
    assert held(cohort) == before
