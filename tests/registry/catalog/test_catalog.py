"""Queries read the documented views and nothing else: no writes, no files, no network, no settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from registry.catalog import Catalog
from registry.catalog.views import VIEWS
from registry.cohorts import queries, versioned
from registry.errors import NotFound, QueryError, UsageError
from registry.publishing import Change, publish
from registry.store import Registry
from registry.tables import Query
from tests.support import ROOT
from tests.support.cohorts import tiny_bids
from tests.support.templates import registry_state

DOCUMENTATION = ROOT / "docs" / "queries.md"


@pytest.fixture(scope="module")
def catalog(shared: Registry) -> Catalog:
    return Catalog(shared)


def test_a_question_gets_the_registrys_answer(catalog: Catalog) -> None:
    assert catalog.value("SELECT count(*) FROM images") == 12
    assert catalog.value("SELECT count(DISTINCT person_id) FROM subjects") == 5
    rows = catalog.rows("SELECT site, count(*) AS n FROM sessions GROUP BY site ORDER BY site")
    assert rows == [{"site": "siteA", "n": 3}, {"site": "siteB", "n": 3}]
    assert catalog.value("SELECT kind FROM masks WHERE subject = 'sub-A000' AND rater = 'e01'") == "none_found"


def test_a_missing_value_is_null_and_comes_back_as_none(catalog: Catalog) -> None:
    assert catalog.value("SELECT count(*) FROM subjects WHERE diagnosis IS NULL") == 6
    assert catalog.rows("SELECT DISTINCT diagnosis FROM subjects") == [{"diagnosis": None}]
    assert catalog.value("SELECT path FROM images WHERE false") is None


def test_parameters_are_values_and_never_sql(catalog: Catalog) -> None:
    asked = "SELECT count(*) FROM images WHERE suffix = ?"
    assert catalog.value(asked, ["FLAIR"]) == 6
    assert catalog.value(asked, ["FLAIR' OR '1'='1"]) == 0


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM images",
        "UPDATE images SET path = 'x'",
        "INSERT INTO images SELECT * FROM images",
        "DROP TABLE images",
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "ALTER TABLE images RENAME TO y",
        "TRUNCATE images",
        "COPY images TO '{file}'",
        "COPY images FROM '{file}'",
        "EXPORT DATABASE '{file}'",
        "IMPORT DATABASE '{file}'",
        "ATTACH '{file}' AS x",
        "DETACH memory",
        "PRAGMA database_list",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET enable_external_access",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CALL pragma_version()",
        "VACUUM",
        "CHECKPOINT",
        "BEGIN",
        "COMMIT",
        "PREPARE x AS DELETE FROM images",
        "EXECUTE x",
        "USE memory",
        "EXPLAIN ANALYZE DELETE FROM images",
        "WITH x AS (SELECT 1) DELETE FROM images",
    ],
)
def test_a_statement_that_does_more_than_read_is_refused(catalog: Catalog, tmp_path: Path, sql: str) -> None:
    before = catalog.value("SELECT count(*) FROM images")
    target = tmp_path / "out"
    with pytest.raises(QueryError) as refused:
        catalog.arrow(sql.format(file=target))
    assert refused.value.hint.startswith("Queries are one SELECT over: subjects")
    assert not target.exists()
    assert catalog.value("SELECT count(*) FROM images") == before


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hosts')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_blob('{file}')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_json('{file}')",
        "SELECT * FROM read_parquet('https://example.invalid/x.parquet')",
        "SELECT * FROM sqlite_scan('{file}', 'x')",
        "SELECT * FROM catalog",
        "SELECT * FROM tmp_path",
        "SELECT path FROM images UNION ALL SELECT content FROM read_text('/etc/passwd')",
    ],
)
def test_no_file_no_network_and_no_python_variable_can_be_read(catalog: Catalog, tmp_path: Path, sql: str) -> None:
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(QueryError, match=r"The query failed"):
        catalog.rows(sql.format(file=tmp_path / "secret"))


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELECT 1; SELECT 2", "A query is one statement; this text holds 2"),
        ("SELECT 1; DROP TABLE images", "A query is one statement"),
        ("", "this text holds 0"),
        ("-- nothing", "this text holds 0"),
        ("SELEC path", "This is not SQL"),
        ("SELECT nothing FROM images", "The query failed"),
        ("SELECT * FROM nowhere", "The query failed"),
        ("SELECT CAST('x' AS INTEGER)", "The query failed"),
    ],
)
def test_sql_that_is_not_one_working_question_says_why(catalog: Catalog, sql: str, sentence: str) -> None:
    with pytest.raises(QueryError, match=re.escape(sentence)):
        catalog.arrow(sql)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_documented_and_works(catalog: Catalog, view: str) -> None:
    assert f"| `{view}` | {VIEWS[view].about} |" in DOCUMENTATION.read_text()
    assert catalog.arrow(f"SELECT * FROM {view}").column_names


def test_a_catalog_is_one_moment_and_does_not_see_what_comes_later(cohort: Registry) -> None:
    catalog = Catalog(cohort)
    publish(cohort, Change("import", "More"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A008"]))
    assert catalog.value("SELECT count(*) FROM subjects") == 6
    assert Catalog(cohort).value("SELECT count(*) FROM subjects") == 7


FLAIR = "SELECT * FROM images WHERE suffix = 'FLAIR'"


def test_saving_the_same_sql_again_is_the_same_version(cohort: Registry) -> None:
    first = queries.save(cohort, "flair", FLAIR)
    assert queries.save(cohort, "flair", f"\n {FLAIR} ;\n") == first
    assert (first.name, first.version) == ("flair", 1)


def test_other_sql_is_the_next_version_and_the_first_stays(cohort: Registry) -> None:
    queries.save(cohort, "flair", FLAIR)
    second = queries.save(cohort, "flair", f"{FLAIR} AND n_readings > 0")
    assert second.version == 2
    assert queries.get(cohort, "flair") == second
    assert queries.get(cohort, "flair@1").sql == FLAIR
    assert [query.version for query in versioned.list_all(cohort, Query)] == [1, 2]


@pytest.mark.parametrize(
    "sql", [f"{FLAIR} -- the ones with lesions", f"{FLAIR} /* all */", f"{FLAIR} ORDER BY path LIMIT 3"]
)
def test_a_query_may_end_with_a_comment_or_a_limit(cohort: Registry, sql: str) -> None:
    queries.save(cohort, "flair", sql)
    assert len(queries.run(cohort, "flair")) in (3, 6)


@pytest.mark.parametrize(
    ("name", "sql", "kind", "sentence"),
    [
        ("a b", FLAIR, UsageError, "cannot be a name"),
        ("../x", FLAIR, UsageError, "cannot be a name"),
        ("é", FLAIR, UsageError, "cannot be a name"),
        ("x" * 65, FLAIR, UsageError, "cannot be a name"),
        ("q", "SELECT subject FROM images", QueryError, "returns no column 'path'"),
        ("q", "DELETE FROM images", QueryError, "A query only reads; this one is DELETE"),
        ("q", "SELECT * FROM images) x, (SELECT 1", QueryError, "This is not SQL"),
        ("q", "SELECT error('no')", QueryError, "The query failed"),
    ],
)
def test_a_query_that_cannot_be_saved_leaves_the_registry_as_it_was(
    cohort: Registry, name: str, sql: str, kind: type[Exception], sentence: str
) -> None:
    before = registry_state.everything(cohort)
    with pytest.raises(kind, match=sentence):
        queries.save(cohort, name, sql)
    assert registry_state.everything(cohort) == before


@pytest.mark.parametrize("reference", ["nobody", "flair@9", "flair@one", "@1"])
def test_a_query_that_is_not_there_is_not_found(cohort: Registry, reference: str) -> None:
    queries.save(cohort, "flair", FLAIR)
    with pytest.raises(NotFound, match="no saved query"):
        queries.get(cohort, reference)
