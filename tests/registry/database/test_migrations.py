"""The migrations make exactly the tables that the models declare."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from registry.database import migrations
from registry.database.dialects import make_engine
from registry.database.migrations import HEAD, current, upgrade
from registry.tables import Table

SCRIPTS = Path(migrations.__file__).parent


def test_a_fresh_database_has_the_tables_of_the_models(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []


def test_the_head_that_the_code_knows_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_an_upgrade_repeated_does_nothing(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'twice.sqlite'}")
    assert current(engine) is None
    upgrade(engine)
    upgrade(engine)
    assert current(engine) == HEAD


def test_an_upgrade_cut_short_leaves_an_empty_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'cut.sqlite'}")
    from alembic import command

    complete = command.upgrade

    def cut(config: Config, revision: str) -> None:
        complete(config, revision)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "upgrade", cut)
    with pytest.raises(KeyboardInterrupt):
        upgrade(engine)
    assert inspect(engine).get_table_names() == []
    monkeypatch.undo()
    upgrade(engine)
    assert current(engine) == HEAD


def test_every_table_and_column_of_a_view_is_documented_by_its_model() -> None:
    for mapper in Table._sa_registry.mappers:
        assert (mapper.class_.__doc__ or "").strip(), mapper.class_
