"""Which image a quality verdict was given on, and everything raters did in the quality check."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_COLUMNS = ("sha256", "at", "action_id")


def upgrade() -> None:
    """Apply."""
    for name in _COLUMNS:
        op.add_column("quality_verdict", sa.Column(name, sa.String(), nullable=True))
    texts = ("sha256", "verdict", "artifacts", "comment", "undoes")
    op.create_table(
        "quality_action",
        sa.Column("rater_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("image_path", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=True) for name in texts),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("rater_id", "number", name="pk_quality_action"),
    )
    for name in ("action_id", "image_path"):
        op.create_index(f"ix_quality_action_{name}", "quality_action", [name])


def downgrade() -> None:
    """Undo."""
    op.drop_table("quality_action")
    for name in _COLUMNS:
        op.drop_column("quality_verdict", name)
