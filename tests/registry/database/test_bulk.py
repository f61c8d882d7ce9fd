"""Rows past the ORM are the rows that the ORM would have written."""

from __future__ import annotations

import pytest
from sqlmodel import delete, select

from registry.database import bulk
from registry.store import Registry
from registry.tables import File, Mask, QualityAction


@pytest.mark.parametrize("table", [File, Mask])
def test_rows_inserted_in_bulk_read_back_equal(cohort: Registry, table: type[File] | type[Mask]) -> None:
    with cohort.unit_of_work() as database:
        before = [row.model_dump() for row in database.exec(select(table).order_by(table.path))]
        assert before
        database.execute(delete(table))
        bulk.insert(database, [table.row(**values) for values in before])
        database.expire_all()
        assert [row.model_dump() for row in database.exec(select(table).order_by(table.path))] == before


def test_a_row_has_the_defaults_of_its_table_and_says_its_values() -> None:
    values = {"rater_id": "r01", "number": 1, "action_id": "a", "at": "", "image_path": "x", "sha256": None}
    assert QualityAction.row(**values).model_dump() == QualityAction(**values).model_dump()
