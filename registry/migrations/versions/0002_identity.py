"""How alike two subjects are, which DICOM series and study an image comes from, and room for large numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_LARGE = {"mask": "size", "consensus_mask": "size", "split": "seed"}
"""Whole numbers that may pass 2^31; SQLite keeps any as they are."""


def upgrade() -> None:
    """Apply."""
    op.add_column("person_link", sa.Column("score", sa.Float(), nullable=True))
    for name in ("series", "study"):
        op.add_column("image", sa.Column(name, sa.String(), nullable=True))
        op.create_index(f"ix_image_{name}", "image", [name])
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _LARGE.items():
            op.alter_column(table, column, type_=sa.BigInteger())


def downgrade() -> None:
    """Undo."""
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _LARGE.items():
            op.alter_column(table, column, type_=sa.Integer())
    for name in ("series", "study"):
        op.drop_index(f"ix_image_{name}", table_name="image")
        op.drop_column("image", name)
    op.drop_column("person_link", "score")
