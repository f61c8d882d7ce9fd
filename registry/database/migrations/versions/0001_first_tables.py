"""The first tables, as Alembic wrote them from the models of that day.

A migration is a frozen record: databases were brought forward with it, so it is never edited later. What the tables
should be instead is a new migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "event",
        sa.Column("writer", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("intent_id", sa.String(), nullable=True),
        sa.Column("commit", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("writer", "number", name=op.f("pk_event")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_intent_id"), ["intent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_kind"), ["kind"], unique=False)

    op.create_table(
        "exclusion",
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("rater_id", sa.String(), nullable=False),
        sa.Column("second_rater_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("unit", name=op.f("pk_exclusion")),
    )
    with op.batch_alter_table("exclusion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exclusion_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "file",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_file")),
    )
    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_file_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_file_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "intent",
        sa.Column("intent_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("commit", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("intent_id", name=op.f("pk_intent")),
    )
    with op.batch_alter_table("intent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_intent_state"), ["state"], unique=False)

    op.create_table(
        "person",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
    )
    op.create_table(
        "person_link",
        sa.Column("subject_a", sa.String(), nullable=False),
        sa.Column("subject_b", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("subject_a", "subject_b", name=op.f("pk_person_link")),
    )
    op.create_table(
        "quality_verdict",
        sa.Column("image_path", sa.String(), nullable=False),
        sa.Column("rater_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("artifacts", sa.String(), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("image_path", "rater_id", name=op.f("pk_quality_verdict")),
    )
    with op.batch_alter_table("quality_verdict", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quality_verdict_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "query",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sql", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_query")),
    )
    op.create_table(
        "rater",
        sa.Column("rater_id", sa.String(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("rater_id", "protocol", name=op.f("pk_rater")),
    )
    op.create_table(
        "run",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("config", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_snapshot_id"), ["snapshot_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_run_status"), ["status"], unique=False)

    op.create_table(
        "setting",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
    op.create_table(
        "site",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_site")),
    )
    op.create_table(
        "snapshot",
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("split", sa.String(), nullable=True),
        sa.Column("n_samples", sa.Integer(), nullable=False),
        sa.Column("n_excluded", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", name=op.f("pk_snapshot")),
    )
    op.create_table(
        "split",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("ratios", sa.JSON(), nullable=False),
        sa.Column("stratify", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_split")),
    )
    op.create_table(
        "split_assignment",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", "person_id", name=op.f("pk_split_assignment")),
    )
    op.create_table(
        "scanner",
        sa.Column("scanner_id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_scanner_site_id_site")),
        sa.PrimaryKeyConstraint("scanner_id", name=op.f("pk_scanner")),
    )
    op.create_table(
        "subject",
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("age", sa.Float(), nullable=True),
        sa.Column("class_label", sa.String(), nullable=True),
        sa.Column("diagnosis", sa.String(), nullable=True),
        sa.Column("radiological_status", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_subject_person_id_person")),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_subject")),
    )
    with op.batch_alter_table("subject", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subject_person_id"), ["person_id"], unique=False)

    op.create_table(
        "lesion",
        sa.Column("lesion_key", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.subject_id"], name=op.f("fk_lesion_subject_id_subject")),
        sa.PrimaryKeyConstraint("lesion_key", name=op.f("pk_lesion")),
    )
    with op.batch_alter_table("lesion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lesion_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "lesion_link",
        sa.Column("table_path", sa.String(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("track_id", sa.String(), nullable=False),
        sa.Column("from_session", sa.String(), nullable=True),
        sa.Column("from_lesion", sa.String(), nullable=True),
        sa.Column("to_session", sa.String(), nullable=True),
        sa.Column("to_lesion", sa.String(), nullable=True),
        sa.Column("event", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.subject_id"], name=op.f("fk_lesion_link_subject_id_subject")),
        sa.PrimaryKeyConstraint("table_path", "index", name=op.f("pk_lesion_link")),
    )
    with op.batch_alter_table("lesion_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lesion_link_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "prediction",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("image_path", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.subject_id"], name=op.f("fk_prediction_subject_id_subject")),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_prediction")),
    )
    with op.batch_alter_table("prediction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_prediction_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_prediction_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "session",
        sa.Column("session_key", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=True),
        sa.Column("days_from_baseline", sa.Integer(), nullable=True),
        sa.Column("site_id", sa.String(), nullable=True),
        sa.Column("scanner_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["scanner_id"], ["scanner.scanner_id"], name=op.f("fk_session_scanner_id_scanner")),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_session_site_id_site")),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.subject_id"], name=op.f("fk_session_subject_id_subject")),
        sa.PrimaryKeyConstraint("session_key", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_site_id"), ["site_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "image",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("session_key", sa.String(), nullable=False),
        sa.Column("datatype", sa.String(), nullable=False),
        sa.Column("suffix", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("space", sa.String(), nullable=True),
        sa.Column("acq", sa.String(), nullable=True),
        sa.Column("run", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("n_i", sa.Integer(), nullable=False),
        sa.Column("n_j", sa.Integer(), nullable=False),
        sa.Column("n_k", sa.Integer(), nullable=False),
        sa.Column("n_t", sa.Integer(), nullable=False),
        sa.Column("spacing_i_mm", sa.Float(), nullable=False),
        sa.Column("spacing_j_mm", sa.Float(), nullable=False),
        sa.Column("spacing_k_mm", sa.Float(), nullable=False),
        sa.Column("affine_ras", sa.JSON(), nullable=False),
        sa.Column("dtype", sa.String(), nullable=False),
        sa.Column("orientation", sa.String(), nullable=False),
        sa.Column("forms_agree", sa.Boolean(), nullable=False),
        sa.Column("manufacturer", sa.String(), nullable=True),
        sa.Column("model_name", sa.String(), nullable=True),
        sa.Column("field_strength_t", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["session_key"], ["session.session_key"], name=op.f("fk_image_session_key_session")),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.subject_id"], name=op.f("fk_image_subject_id_subject")),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_image")),
    )
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_channel"), ["channel"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_dataset"), ["dataset"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_session_key"), ["session_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_subject_id"), ["subject_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_suffix"), ["suffix"], unique=False)

    op.create_table(
        "consensus_mask",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("image_path", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("desc", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("suffix", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("n_voxels", sa.Integer(), nullable=False),
        sa.Column("volume_mm3", sa.Float(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["image_path"], ["image.path"], name=op.f("fk_consensus_mask_image_path_image")),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subject.subject_id"], name=op.f("fk_consensus_mask_subject_id_subject")
        ),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_consensus_mask")),
    )
    with op.batch_alter_table("consensus_mask", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consensus_mask_image_path"), ["image_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_consensus_mask_protocol"), ["protocol"], unique=False)
        batch_op.create_index(batch_op.f("ix_consensus_mask_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "lesion_instance",
        sa.Column("table_path", sa.String(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("lesion_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("image_path", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("i_min", sa.Integer(), nullable=True),
        sa.Column("j_min", sa.Integer(), nullable=True),
        sa.Column("k_min", sa.Integer(), nullable=True),
        sa.Column("i_max", sa.Integer(), nullable=True),
        sa.Column("j_max", sa.Integer(), nullable=True),
        sa.Column("k_max", sa.Integer(), nullable=True),
        sa.Column("x_mm", sa.Float(), nullable=True),
        sa.Column("y_mm", sa.Float(), nullable=True),
        sa.Column("z_mm", sa.Float(), nullable=True),
        sa.Column("volume_mm3", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["image_path"], ["image.path"], name=op.f("fk_lesion_instance_image_path_image")),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subject.subject_id"], name=op.f("fk_lesion_instance_subject_id_subject")
        ),
        sa.PrimaryKeyConstraint("table_path", "index", name=op.f("pk_lesion_instance")),
    )
    with op.batch_alter_table("lesion_instance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lesion_instance_image_path"), ["image_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_lesion_instance_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "mask",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("image_path", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("desc", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=True),
        sa.Column("suffix", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("n_voxels", sa.Integer(), nullable=False),
        sa.Column("volume_mm3", sa.Float(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("rater_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("source_sha256", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["image_path"], ["image.path"], name=op.f("fk_mask_image_path_image")),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.subject_id"], name=op.f("fk_mask_subject_id_subject")),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_mask")),
    )
    with op.batch_alter_table("mask", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mask_image_path"), ["image_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_mask_protocol"), ["protocol"], unique=False)
        batch_op.create_index(batch_op.f("ix_mask_rater_id"), ["rater_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mask_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "consensus_input",
        sa.Column("consensus_path", sa.String(), nullable=False),
        sa.Column("mask_path", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consensus_path"], ["consensus_mask.path"], name=op.f("fk_consensus_input_consensus_path_consensus_mask")
        ),
        sa.PrimaryKeyConstraint("consensus_path", "mask_path", name=op.f("pk_consensus_input")),
    )
    with op.batch_alter_table("consensus_input", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consensus_input_subject_id"), ["subject_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("consensus_input", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consensus_input_subject_id"))

    op.drop_table("consensus_input")
    with op.batch_alter_table("mask", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mask_subject_id"))
        batch_op.drop_index(batch_op.f("ix_mask_rater_id"))
        batch_op.drop_index(batch_op.f("ix_mask_protocol"))
        batch_op.drop_index(batch_op.f("ix_mask_image_path"))

    op.drop_table("mask")
    with op.batch_alter_table("lesion_instance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lesion_instance_subject_id"))
        batch_op.drop_index(batch_op.f("ix_lesion_instance_image_path"))

    op.drop_table("lesion_instance")
    with op.batch_alter_table("consensus_mask", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consensus_mask_subject_id"))
        batch_op.drop_index(batch_op.f("ix_consensus_mask_protocol"))
        batch_op.drop_index(batch_op.f("ix_consensus_mask_image_path"))

    op.drop_table("consensus_mask")
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_suffix"))
        batch_op.drop_index(batch_op.f("ix_image_subject_id"))
        batch_op.drop_index(batch_op.f("ix_image_sha256"))
        batch_op.drop_index(batch_op.f("ix_image_session_key"))
        batch_op.drop_index(batch_op.f("ix_image_dataset"))
        batch_op.drop_index(batch_op.f("ix_image_channel"))

    op.drop_table("image")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_subject_id"))
        batch_op.drop_index(batch_op.f("ix_session_site_id"))

    op.drop_table("session")
    with op.batch_alter_table("prediction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_prediction_subject_id"))
        batch_op.drop_index(batch_op.f("ix_prediction_run_id"))

    op.drop_table("prediction")
    with op.batch_alter_table("lesion_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lesion_link_subject_id"))

    op.drop_table("lesion_link")
    with op.batch_alter_table("lesion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lesion_subject_id"))

    op.drop_table("lesion")
    with op.batch_alter_table("subject", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subject_person_id"))

    op.drop_table("subject")
    op.drop_table("scanner")
    op.drop_table("split_assignment")
    op.drop_table("split")
    op.drop_table("snapshot")
    op.drop_table("site")
    op.drop_table("setting")
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_status"))
        batch_op.drop_index(batch_op.f("ix_run_snapshot_id"))

    op.drop_table("run")
    op.drop_table("rater")
    op.drop_table("query")
    with op.batch_alter_table("quality_verdict", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quality_verdict_subject_id"))

    op.drop_table("quality_verdict")
    op.drop_table("person_link")
    op.drop_table("person")
    with op.batch_alter_table("intent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_intent_state"))

    op.drop_table("intent")
    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_file_subject_id"))
        batch_op.drop_index(batch_op.f("ix_file_sha256"))

    op.drop_table("file")
    with op.batch_alter_table("exclusion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exclusion_subject_id"))

    op.drop_table("exclusion")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_kind"))
        batch_op.drop_index(batch_op.f("ix_event_intent_id"))

    op.drop_table("event")
