"""The documented views that saved queries read. `docs/queries.md` is written from this table; a test compares them.

Tables of the database appear inside as `t_<name>`; they are an implementation detail and may change. Views may not.
"""

from __future__ import annotations

from dataclasses import dataclass

from registry.vocabulary.verdicts import Verdict


@dataclass(frozen=True)
class View:
    """One view: a sentence about its rows and columns, and its SQL."""

    about: str
    sql: str


_WHO = """s.person_id, s.sex, s.age, s.class_label AS class, s.diagnosis, s.radiological_status,
            (SELECT o.source FROM t_source o WHERE o.subject_id = s.subject_id) AS source"""
_WHEN = """v.session_key AS session, v.days_from_baseline, v.site_id AS site, v.scanner_id AS scanner"""
_WORST_FIRST = ", ".join(f"'{verdict}'" for verdict in Verdict)

VIEWS: dict[str, View] = {
    "subjects": View(
        "One row a BIDS subject. `source` is the data set whose import brought it first.",
        f"""SELECT s.subject_id AS subject, {_WHO},
            (SELECT count(*) FROM t_session v WHERE v.subject_id = s.subject_id) AS n_sessions,
            (SELECT count(*) FROM t_image i WHERE i.subject_id = s.subject_id) AS n_images
            FROM t_subject s""",
    ),
    "sessions": View(
        "One row a visit: where, on which scanner, how many days after the first.",
        f"""SELECT {_WHEN}, v.subject_id AS subject, {_WHO},
            (SELECT count(*) FROM t_image i WHERE i.session_key = v.session_key) AS n_images
            FROM t_session v JOIN t_subject s USING (subject_id)""",
    ),
    "images": View(
        "One row an image. `n_readings` counts readings, of one structure or several. Cohorts are lists of its paths.",
        f"""SELECT i.path, i.dataset, i.subject_id AS subject, {_WHEN}, {_WHO},
            i.datatype, i.suffix, i.channel, i.space, i.acq, i.run, i.task, i.rec, i.dir, i.echo, i.flip, i.inv, i.mt,
            i.part, i.sha256, i.size,
            i.n_i, i.n_j, i.n_k, i.n_t, i.spacing_i_mm, i.spacing_j_mm, i.spacing_k_mm, i.dtype, i.orientation,
            i.forms_agree, i.manufacturer, i.model_name, i.field_strength_t, i.nominal_field_t,
            coalesce(m.n_readings, 0) AS n_readings, coalesce(c.n_consensus, 0) AS n_consensus,
            q.verdict AS quality
            FROM t_image i JOIN t_session v USING (session_key) JOIN t_subject s ON s.subject_id = i.subject_id
            LEFT JOIN (SELECT image_path, count(DISTINCT (protocol, rater_id)) AS n_readings FROM t_mask GROUP BY 1) m
                ON m.image_path = i.path
            LEFT JOIN (SELECT image_path, count(*) AS n_consensus FROM t_consensus_mask GROUP BY 1) c
                ON c.image_path = i.path
            LEFT JOIN (SELECT v.image_path, arg_min(v.verdict, list_position([{_WORST_FIRST}], v.verdict)) AS verdict
                FROM t_quality_verdict v JOIN t_image j ON j.path = v.image_path AND j.sha256 = v.sha256 GROUP BY 1) q
                ON q.image_path = i.path""",
    ),
    "masks": View(
        "One row an accepted mask of one rater, a structure each. `kind` is mask or none_found.",
        """SELECT m.path, m.image_path AS image, m.subject_id AS subject, i.session_key AS session,
            m.rater_id AS rater, m.protocol, m.label, m.suffix, m.kind, m.revision, m.n_voxels, m.volume_mm3, m.stale,
            m.sha256
            FROM t_mask m JOIN t_image i ON i.path = m.image_path""",
    ),
    "consensus": View(
        "One row a consensus mask, with the method that made it.",
        """SELECT c.path, c.image_path AS image, c.subject_id AS subject, i.session_key AS session,
            c.protocol, c.label, c.suffix, c.method, c.n_voxels, c.volume_mm3, c.stale, c.sha256,
            (SELECT count(*) FROM t_consensus_input n WHERE n.consensus_path = c.path) AS n_inputs
            FROM t_consensus_mask c JOIN t_image i ON i.path = c.image_path""",
    ),
    "lesions": View(
        "One row a lesion instance: its box in voxels (max exclusive), its centre in RAS millimetres, its volume.",
        """SELECT l.subject_id AS subject, i.session_key AS session, l.image_path AS image, l.lesion_id, l.visibility,
            l.i_min, l.j_min, l.k_min, l.i_max, l.j_max, l.k_max, l.x_mm, l.y_mm, l.z_mm, l.volume_mm3
            FROM t_lesion_instance l JOIN t_image i ON i.path = l.image_path""",
    ),
    "quality": View(
        "One row a rater's verdict on an image. `stale`: the image was replaced since, so the verdict does not count.",
        """SELECT q.image_path AS image, q.subject_id AS subject, i.session_key AS session, q.rater_id AS rater,
            q.verdict, q.artifacts, q.comment, q.at AS judged_at, q.sha256,
            coalesce(i.sha256 <> q.sha256, true) AS stale
            FROM t_quality_verdict q LEFT JOIN t_image i ON i.path = q.image_path""",
    ),
    "findings": View(
        "One row a thing that a check of content found. `state` is open, acknowledged, or outdated: the image changed.",
        """SELECT f.code, f.severity, f.unit, i.path AS image, coalesce(i.subject_id, f.subject_id) AS subject,
            i.session_key AS session, coalesce(v.site_id, f.site_id) AS site, coalesce(i.channel, f.channel) AS channel,
            f.message, f.score, f.origin, f.version, f.sha256, a.rater_id AS acknowledged_by, a.reason,
            CASE WHEN f.sha256 IS DISTINCT FROM i.sha256 THEN 'outdated'
                WHEN a.code IS NOT NULL THEN 'acknowledged' ELSE 'open' END AS state
            FROM t_check_finding f LEFT JOIN t_image i ON i.path = f.unit LEFT JOIN t_session v USING (session_key)
            LEFT JOIN t_acknowledgement a
                ON a.code = f.code AND a.unit = f.unit AND a.sha256 IS NOT DISTINCT FROM f.sha256""",
    ),
    "measures": View(
        "One row an image that was measured as it is now. Intensities are of the foreground (Otsu).",
        """SELECT i.path, i.channel, i.subject_id AS subject, i.session_key AS session,
            coalesce(v.site_id, 'not stated') AS site, v.scanner_id AS scanner, m.* EXCLUDE (path, subject_id)
            FROM t_image_measures m JOIN t_image i ON i.path = m.path AND i.sha256 = m.sha256
            JOIN t_session v USING (session_key)""",
    ),
    "splits": View(
        "One row a person in one split version.",
        """SELECT name AS split, version, person_id, part FROM t_split_assignment""",
    ),
    "raters": View(
        "One row a rater under one protocol.",
        """SELECT rater_id AS rater, protocol, role, description FROM t_rater""",
    ),
}
