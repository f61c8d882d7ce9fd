"""Rows of images."""

from __future__ import annotations

from registry.bids.quantities import read_quantity
from registry.index.rows.context import Context
from registry.index.rows.values import text
from registry.tables import Image
from registry.vocabulary.field_strength import find_nominal

_ENTITIES = ("space", "acq", "run", "task", "rec", "dir", "echo", "flip", "inv", "mt", "part")
"""Entities with a column of their own: each can distinguish images of one suffix in one visit."""


def image_row(context: Context) -> Image:
    """The row of one NIfTI image."""
    name, facts, sidecar = context.name, context.file.facts, context.sidecar
    shape: list[int] = [*facts["shape"], 1, 1, 1, 1]
    spacing: list[float] = facts["spacing"]
    field_strength_t = read_quantity(sidecar, "MagneticFieldStrength")
    return Image.row(
        path=context.file.path,
        dataset=context.dataset.removeprefix("derivatives/") or "raw",
        subject_id=name.subject,
        session_key=name.session_key,
        datatype=name.datatype,
        suffix=name.suffix,
        channel=name.channel,
        **{entity: name.entities.get(entity) for entity in _ENTITIES},
        sha256=context.file.sha256,
        size=context.file.size,
        n_i=shape[0],
        n_j=shape[1],
        n_k=shape[2],
        n_t=shape[3],
        spacing_i_mm=spacing[0],
        spacing_j_mm=spacing[1],
        spacing_k_mm=spacing[2],
        affine_ras=facts["affine"],
        dtype=facts["dtype"],
        orientation=facts["orientation"],
        forms_agree=facts["forms_agree"],
        manufacturer=text(sidecar.get("Manufacturer")),
        model_name=text(sidecar.get("ManufacturersModelName")),
        field_strength_t=field_strength_t,
        nominal_field_t=find_nominal(field_strength_t),
        series=text(sidecar.get("SeriesInstanceUID")),
        study=text(sidecar.get("StudyInstanceUID")),
    )
