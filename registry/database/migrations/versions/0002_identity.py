"""How alike two subjects are, and which DICOM series and study an image comes from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.add_column("person_link", sa.Column("score", sa.Float(), nullable=True))
    for name in ("series", "study"):
        op.add_column("image", sa.Column(name, sa.String(), nullable=True))
        op.create_index(f"ix_image_{name}", "image", [name])


def downgrade() -> None:
    """Undo."""
    for name in ("series", "study"):
        op.drop_index(f"ix_image_{name}", table_name="image")
        op.drop_column("image", name)
    op.drop_column("person_link", "score")
