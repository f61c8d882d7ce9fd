"""The catalog that is kept: as quick as the last one while nothing was written, never older than the last commit."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading

import pytest

from registry.catalog import Catalog
from registry.maintenance import rebuild
from registry.publishing import Change, publish
from registry.store import Registry, registry_at
from tests.support.cohorts import tiny_bids

COUNT = "SELECT count(*) FROM subjects"


def more(registry: Registry, subject: str) -> None:
    publish(registry, Change("import", "More"), lambda tree: tiny_bids.write_cohort(tree, [subject]))


def test_a_second_question_finds_the_catalog_filled(cohort: Registry) -> None:
    assert Catalog.of(cohort) is Catalog.of(registry_at(cohort.root))


def test_what_this_process_writes_is_seen(cohort: Registry) -> None:
    assert Catalog.of(cohort).value(COUNT) == 6
    more(cohort, "sub-A008")
    assert Catalog.of(cohort).value(COUNT) == 7


def test_what_another_process_writes_is_seen(cohort: Registry) -> None:
    before = Catalog.of(cohort)
    script = (
        "import sys; from pathlib import Path; from sqlalchemy import text; from registry.store import open_registry\n"
        "with open_registry(Path(sys.argv[1])).unit_of_work() as session:\n"
        "    session.execute(text('UPDATE subject SET age = 99'))"
    )
    subprocess.run([sys.executable, "-c", script, str(cohort.root)], check=True)
    assert Catalog.of(cohort) is not before
    assert Catalog.of(cohort).value("SELECT min(age) FROM subjects") == 99


def test_a_transaction_that_is_not_committed_changes_nothing(cohort: Registry) -> None:
    if cohort.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's state tells more than commits: the catalog is filled again, which is only slower")
    before = Catalog.of(cohort)
    open_one = sqlite3.connect(cohort.local / "registry.sqlite")
    open_one.execute("DELETE FROM quality_verdict")
    assert Catalog.of(cohort) is before
    open_one.rollback()
    open_one.close()


def test_a_database_that_was_deleted_and_rebuilt_is_seen(cohort: Registry) -> None:
    before = Catalog.of(cohort)
    cohort.engine.dispose()
    for name in ("registry.sqlite", "registry.sqlite-wal", "registry.sqlite-shm"):
        (cohort.local / name).unlink(missing_ok=True)
    anew = registry_at(cohort.root)
    rebuild.rebuild(anew)
    assert Catalog.of(anew) is not before
    assert Catalog.of(anew).value(COUNT) == 6
    anew.engine.dispose()


def test_threads_share_one_catalog(cohort: Registry) -> None:
    seen: list[Catalog] = []
    threads = [threading.Thread(target=lambda: seen.append(Catalog.of(cohort))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert len({id(catalog) for catalog in seen}) == 1
