"""The one owner of DuckDB: read-only SQL over documented views of the registry.

Queries go to an in-memory database, filled from the registry's tables, with access to files, network and extensions
switched off. A statement that is not one SELECT is refused before it runs, and one that takes too long or too much
memory is stopped. `Catalog.of` gives the database that was filled last as long as nothing has been written since, so
that most queries wait for no filling.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Connection, cast, select, types
from sqlalchemy import Table as SqlTable

from registry.catalog.limits import MEMORY_ENVIRONMENT, SECONDS_ENVIRONMENT, Limits, deadline, read_limits
from registry.catalog.sources import find_sources
from registry.catalog.views import VIEWS
from registry.catalog.watch import Watch
from registry.errors import QueryError
from registry.store import Registry
from registry.tables import Table

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_HINT = "Queries are one SELECT over: " + ", ".join(VIEWS) + ". See docs/queries.md."
_LESS = "Ask for fewer rows or columns, or look for a join without a condition."

_BATCH = 20_000

_LEDGER = frozenset({"file", "event", "intent", "setting", "quality_action"})
"""Tables that no view shows: they are long, and about the registry's own work."""


class Catalog:
    """The views of one registry at one moment.

    Args:
        registry: the registry whose tables are copied into memory.
        limits: the limits of each query; those of this machine by default.
    """

    def __init__(self, registry: Registry, limits: Limits | None = None) -> None:
        import duckdb

        self._lock = threading.Lock()
        self._limits = limits or read_limits()
        self._connection = duckdb.connect(":memory:", config={"python_enable_replacements": "false"})
        with registry.reading() as database:
            for name, table in Table.metadata.tables.items():
                if name not in _LEDGER:
                    self._fill(name, _rows(database.connection(), table))
            self._fill("source", _source_rows(find_sources(database)))
        for name, view in VIEWS.items():
            self._connection.execute(f"CREATE TABLE {_quote(name)} AS {view.sql}")
        self._connection.execute(f"SET memory_limit = '{self._limits.memory_mb}MB'")
        self._connection.execute("SET temp_directory = ''")  # a query that needs more is refused, not spilt to disk
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    @classmethod
    def of(cls, registry: Registry) -> Catalog:
        """The catalog of the registry as it is now; shared with every other caller, and between threads."""
        return _CACHE.get(registry)

    def _fill(self, name: str, rows: pa.RecordBatchReader) -> None:
        self._connection.register("incoming", rows)
        self._connection.execute(f"CREATE TABLE {_quote('t_' + name)} AS SELECT * FROM incoming")
        self._connection.unregister("incoming")

    def arrow(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run one SELECT and return an Arrow table.

        Raises:
            QueryError: more than one statement, a statement that is not a SELECT, SQL that fails, or a query that
                takes more time or memory than the limits allow.
        """
        import duckdb

        own = self._connection.cursor()  # a slow query of another thread neither blocks nor stops this one
        with closing(own), deadline(self._limits.seconds, own.interrupt) as late:
            require_select(own, sql)
            try:
                return self._read(own.execute(sql, list(parameters)).to_arrow_reader(_BATCH))
            except duckdb.OutOfMemoryException as error:
                raise self._too_large() from error
            except (duckdb.Error, OSError) as error:  # Arrow's reader calls an interrupted query an OSError
                if late():
                    raise self._too_long() from error
                raise QueryError(f"The query failed: {_first_line(error)}.", _HINT) from error

    def _read(self, reader: pa.RecordBatchReader) -> pa.Table:
        """The whole result, read in batches: DuckDB's own limit does not see the memory of a result that never ends."""
        import pyarrow as pa

        batches, size = [], 0
        for batch in reader:
            batches.append(batch)
            size += batch.nbytes
            if size > self._limits.result_mb * 1_000_000:
                raise self._too_large()
        return pa.Table.from_batches(batches, reader.schema)

    def _too_long(self) -> QueryError:
        return QueryError(
            f"The query took longer than {self._limits.seconds:g} seconds and was stopped.",
            f"{_LESS} {SECONDS_ENVIRONMENT} allows more.",
        )

    def _too_large(self) -> QueryError:
        return QueryError(
            f"The query needs more than {self._limits.memory_mb:,} MB of memory and was stopped.",
            f"{_LESS} {MEMORY_ENVIRONMENT} allows more.",
        )

    def subquery(self, sql: str) -> str:
        """One SELECT in brackets, for a FROM clause; all that it holds, a comment at its end included, stays inside.

        Raises:
            QueryError: more than one statement, or one that is not a SELECT.
        """
        with self._lock:
            require_select(self._connection, sql)
        return f"({sql}\n)"

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Run one SELECT and return one mapping a row; SQL NULL is None."""
        rows: list[dict[str, Any]] = self.arrow(sql, parameters).to_pylist()
        return rows

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first cell of the first row, or None when there is no row."""
        rows = self.rows(sql, parameters)
        return next(iter(rows[0].values())) if rows else None


def require_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Refuse anything but exactly one SELECT.

    Raises:
        QueryError: names the kind of the statement.
    """
    import duckdb

    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(f"This is not SQL: {_first_line(error)}.", _HINT) from error
    if len(statements) != 1:
        raise QueryError(f"A query is one statement; this text holds {len(statements)}.", _HINT)
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = str(statements[0].type).rpartition(".")[2]
        raise QueryError(f"A query only reads; this one is {kind}.", _HINT)
    try:  # PRAGMA calls itself a SELECT, but cannot stand where one can
        connection.extract_statements(f"SELECT * FROM ({sql}\n)")
    except duckdb.Error as error:
        raise QueryError(f"This is not a SELECT: {_first_line(error)}.", _HINT) from error


class _CatalogCache:
    """The catalogs of the registries that this process queried last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Registry, tuple[Watch, Any, Catalog]] = {}

    def get(self, registry: Registry) -> Catalog:
        with self._lock:
            watch, seen, catalog = self._held.pop(registry, (Watch(registry), None, None))
            state = watch.state()  # before the filling: a commit meanwhile makes the next state another
            if catalog is None or seen != state:
                catalog = None  # frees its memory before the next one is filled
                catalog = Catalog(registry)
            self._held[registry] = (watch, state, catalog)
            if len(self._held) > _CACHED_REGISTRIES:
                self._held.pop(next(iter(self._held)))[0].close()
            return catalog


_CACHED_REGISTRIES = 2
_LABELS = "labels"
_CACHE = _CatalogCache()


def _rows(source: Connection, table: SqlTable) -> pa.RecordBatchReader:
    """A table's rows; straight from the driver, without an object for each row.

    Of JSON columns only the tables of labels come along, as text: what a mask shows decides which target it can be.
    """
    import pyarrow as pa

    wanted = [column for column in table.columns if column.name == _LABELS or not isinstance(column.type, types.JSON)]
    schema = pa.schema([(column.name, _arrow_type(column)) for column in wanted])
    cursor = source.connection.cursor()
    cursor.execute(str(select(*map(_plain, wanted)).compile(dialect=source.dialect)))
    return pa.RecordBatchReader.from_batches(
        schema, (_batch(rows, schema) for rows in iter(lambda: cursor.fetchmany(_BATCH), []))
    )


def _source_rows(sources: Mapping[str, str]) -> pa.RecordBatchReader:
    import pyarrow as pa

    columns = {"subject_id": pa.array(list(sources), pa.string()), "source": pa.array(sources.values(), pa.string())}
    return pa.table(columns).to_reader()


def _batch(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = [_array(cells, field.type) for cells, field in zip(zip(*rows, strict=True), schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)


def _array(cells: Sequence[Any], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    # SQLite keeps booleans as numbers, PostgreSQL does not
    return pa.array(cells).cast(kind) if pa.types.is_boolean(kind) else pa.array(cells, type=kind)


def _plain(column: Column[Any]) -> ColumnElement[Any]:
    """The column in a form that every driver gives as text or number."""
    known = isinstance(column.type, types.Boolean | types.Integer | types.Float | types.String)
    return column if known else cast(column, types.String)


def _arrow_type(column: Column[Any]) -> pa.DataType:
    import pyarrow as pa

    kinds = ((types.Boolean, pa.bool_()), (types.Integer, pa.int64()), (types.Float, pa.float64()))
    return next((arrow for kind, arrow in kinds if isinstance(column.type, kind)), pa.string())


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")
