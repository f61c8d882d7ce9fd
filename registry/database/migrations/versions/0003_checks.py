"""What the checks of content measured and found, and what people said to it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NUMBERS = (
    "minimum",
    "maximum",
    "negative_share",
    "saturated_share",
    "foreground_ml",
    "foreground_mean",
    "foreground_p1",
    "foreground_p99",
    "contrast",
    "noise",
    "sharpness",
    "extent_r_mm",
    "extent_a_mm",
    "extent_s_mm",
    "empty_share",
    "empty_end_mm",
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "image_measures",
        *_texts("path", "subject_id", "sha256", "version"),
        *_texts("problem", "voxels_sha256", "touches", nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("nonfinite", "distinct")),
        *(sa.Column(name, sa.Float(), nullable=True) for name in _NUMBERS),
        sa.PrimaryKeyConstraint("path", name="pk_image_measures"),
    )
    op.create_table(
        "check_finding",
        *_texts("code", "unit", "severity", "message", "origin", "version"),
        *_texts("subject_id", "channel", "site_id", "sha256", nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("code", "unit", name="pk_check_finding"),
    )
    op.create_table(
        "acknowledgement",
        *_texts("code", "unit", "rater_id", "reason"),
        *_texts("sha256", nullable=True),
        sa.PrimaryKeyConstraint("code", "unit", name="pk_acknowledgement"),
    )
    for name in ("subject_id", "voxels_sha256"):
        op.create_index(f"ix_image_measures_{name}", "image_measures", [name])
    op.create_index("ix_check_finding_subject_id", "check_finding", ["subject_id"])


def downgrade() -> None:
    """Undo."""
    for table in ("image_measures", "check_finding", "acknowledgement"):
        op.drop_table(table)


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=nullable) for name in names]
