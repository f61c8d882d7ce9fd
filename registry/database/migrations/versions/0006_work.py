"""One table for all long work: imports of the app come over, and runs that are not in the registry's files."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TEXTS = ("work_id", "kind", "program", "title", "actor", "state", "what", "asked")
_PERHAPS = ("message", "hint", "started", "ended", "result")
_STATES = {"queued": "waiting", "cancelled": "stopped"}


def upgrade() -> None:
    """Apply."""
    work = op.create_table(
        "work",
        *(sa.Column(name, sa.String(), nullable=False) for name in _TEXTS),
        *(sa.Column(name, sa.String(), nullable=True) for name in _PERHAPS),
        sa.Column("inputs", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("done", "total")),
        sa.Column("pid", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("stop_asked", "put_away")),
        sa.PrimaryKeyConstraint("work_id", name="pk_work"),
    )
    for name in ("kind", "state"):
        op.create_index(f"ix_work_{name}", "work", [name])
    op.bulk_insert(work, [*_imports(), *_runs()])
    op.execute("DELETE FROM run WHERE status <> 'finished'")
    op.drop_table("import_work")


def _imports() -> list[dict[str, object]]:
    """An import that waited for its process is as good as running: whether that lives is looked at anyway."""
    flags = sa.column("stop_asked", sa.Boolean()), sa.column("put_away", sa.Boolean())
    names = ("import_id", "state", "recipe", "source", "actor", "done", "total", "what", "message", "hint", "started")
    table = sa.table("import_work", *map(sa.column, (*names, "ended", "report")), *flags)
    return [
        {
            "work_id": row["import_id"],
            "kind": "import",
            "program": "curation.imports.work:IMPORT",
            "title": f"Importing {row['source']}",
            "inputs": {"recipe": row["recipe"], "source": row["source"]},
            "state": "running" if row["state"] == "queued" else row["state"],
            "asked": row["started"],
            "result": row["report"],
            "pid": None,
            **{key: row[key] for key in ("actor", "done", "total", "what", "message", "hint", "started", "ended")},
            **{key: row[key] for key in ("stop_asked", "put_away")},
        }
        for row in op.get_bind().execute(sa.select(table)).mappings()
    ]


def _runs() -> list[dict[str, object]]:
    """Nobody wrote down when a run was wanted; its id sorts by it."""
    names = ("run_id", "snapshot_id", "config", "status", "actor", "message", "done", "total")
    table = sa.table("run", *map(sa.column, names))
    unfinished = sa.select(table).where(table.c.status != "finished")
    return [
        {
            "work_id": row["run_id"],
            "kind": "run",
            "program": "training.service:RUN",
            "title": f"Training {row['config']} on {row['snapshot_id'][:12]}",
            "inputs": {"config": row["config"], "snapshot_id": row["snapshot_id"], "score": True},
            "state": _STATES.get(row["status"], row["status"]),
            "what": "",
            "hint": None,
            "asked": "",
            "started": None if row["status"] in _STATES else "",
            "ended": None if row["status"] in ("queued", "running") else "",
            "result": None,
            "pid": None,
            "stop_asked": False,
            "put_away": False,
            **{key: row[key] for key in ("actor", "message", "done", "total")},
        }
        for row in op.get_bind().execute(unfinished).mappings()
    ]


def downgrade() -> None:
    """Undo; the work is forgotten."""
    op.drop_table("work")
    texts = ("import_id", "state", "recipe", "source", "actor", "what", "started")
    op.create_table(
        "import_work",
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("message", "hint", "ended", "report")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("done", "total")),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("stop_asked", "put_away")),
        sa.PrimaryKeyConstraint("import_id", name="pk_import_work"),
    )
    op.create_index("ix_import_work_state", "import_work", ["state"])
