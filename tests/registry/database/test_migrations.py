"""The migrations make exactly the tables that the models declare."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlmodel import Session, select

from registry.database import migrations
from registry.database.dialects import make_engine
from registry.database.migrations import HEAD, current, upgrade
from registry.tables import Run, Table, Work
from registry.work import kinds

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


def test_every_table_says_what_a_row_is() -> None:
    """In words of its own: SQLModel gives a class without a docstring that of its base."""
    tables = [mapper.class_ for mapper in Table._sa_registry.mappers]
    sentences = [(table.__dict__.get("__doc__") or "").strip() for table in tables]
    assert [table.__name__ for table, sentence in zip(tables, sentences, strict=True) if not sentence] == []
    assert len(set(sentences)) == len(tables) == len(Table.metadata.tables)


def test_imports_and_runs_of_an_earlier_version_are_work_afterwards(tmp_path: Path) -> None:
    from alembic import command

    engine = make_engine(f"sqlite:///{tmp_path / 'earlier.sqlite'}")
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        for import_id, state, report in (("i1", "finished", "bids-01"), ("i2", "queued", None)):
            connection.execute(
                text("""INSERT INTO import_work (import_id, state, recipe, source, actor, what, started, report, done,
                    total, stop_asked, put_away) VALUES (:id, :state, 'bids', '/data/b', 'r07', 'files',
                    '2001-02-03T04:05:06Z', :report, 3, 12, false, true)"""),
                {"id": import_id, "state": state, "report": report},
            )
        for run_id, status in (("r1", "finished"), ("r2", "queued"), ("r3", "failed"), ("r4", "cancelled")):
            connection.execute(
                text("""INSERT INTO run (run_id, snapshot_id, config, status, actor, message, done, total, scores)
                    VALUES (:id, 'abc', 'demo', :status, 'r07', 'why', 1, 2, '{}')"""),
                {"id": run_id, "status": status},
            )
    upgrade(engine)
    with Session(engine) as database:
        found = {work.work_id: work for work in database.exec(select(Work)).all()}
        assert [run.run_id for run in database.exec(select(Run)).all()] == ["r1"]
    assert {key: work.state for key, work in found.items()} == {
        "i1": "finished",
        "i2": "running",
        "r2": "waiting",
        "r3": "failed",
        "r4": "stopped",
    }
    assert (found["i1"].result, found["i1"].put_away) == ("bids-01", True)
    assert found["i2"].inputs == {"recipe": "bids", "source": "/data/b"}
    assert (found["r3"].message, found["r3"].inputs["snapshot_id"]) == ("why", "abc")
    assert not inspect(engine).has_table("import_work")
    assert all(kinds.load(work.program).name == work.kind for work in found.values())


def test_images_of_an_earlier_version_get_their_entities_and_rated_field_strength(tmp_path: Path) -> None:
    from alembic import command

    engine = make_engine(f"sqlite:///{tmp_path / 'earlier.sqlite'}")
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    stated = {
        "sub-01/anat/sub-01_part-phase_T2starw.nii.gz": 2.89362,
        "sub-01/ses-part1/anat/sub-01_ses-part1_echo-2_MEGRE.nii.gz": 30000.0,
        "sub-01/anat/sub-01_acq-rec_T1w.nii": None,
    }
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        connection.execute(text("PRAGMA foreign_keys = OFF"))
        for path, tesla in stated.items():
            connection.execute(
                text("""INSERT INTO image (path, dataset, subject_id, session_key, datatype, suffix, channel, sha256,
                    size, n_i, n_j, n_k, n_t, spacing_i_mm, spacing_j_mm, spacing_k_mm, affine_ras, dtype, orientation,
                    forms_agree, field_strength_t) VALUES (:path, 'raw', 'sub-01', 'sub-01', 'anat', 'x', 'x', 'x',
                    1, 1, 1, 1, 1, 1, 1, 1, '[]', 'int16', 'RAS', true, :tesla)"""),
                {"path": path, "tesla": tesla},
            )
        command.upgrade(config, HEAD)
    with engine.connect() as connection:
        columns = "part, echo, rec, nominal_field_t"
        rows = connection.execute(text(f"SELECT {columns} FROM image ORDER BY rowid")).all()
    assert [tuple(row) for row in rows] == [("phase", None, None, 3.0), (None, "2", None, None), (None,) * 4]
