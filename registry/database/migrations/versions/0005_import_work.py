"""Imports that the app starts and a process of their own does."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_TEXTS = ("import_id", "state", "recipe", "source", "actor", "what", "started")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "import_work",
        *(sa.Column(name, sa.String(), nullable=False) for name in _TEXTS),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("message", "hint", "ended", "report")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("done", "total")),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("stop_asked", "put_away")),
        sa.PrimaryKeyConstraint("import_id", name="pk_import_work"),
    )
    op.create_index("ix_import_work_state", "import_work", ["state"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("import_work")
