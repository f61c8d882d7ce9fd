"""Rows of lesions: instances with their boxes, and the links that join instances into tracks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.index.rows.context import Context
from registry.index.rows.values import number
from registry.tables import Image, Lesion, LesionInstance, LesionLink, Table

_BOX_COLUMNS = ("i_min", "j_min", "k_min", "i_max", "j_max", "k_max")
_BOX_FLOATS = ("x_mm", "y_mm", "z_mm", "volume_mm3")


def lesion_rows(context: Context, images: Mapping[str, Image]) -> list[Table]:
    """The rows of one table of instances or of links."""
    rows = context.file.facts.get("rows", [])
    subject = context.name.subject
    if context.name.entities.get("seg") == "lesiontracks":
        tracks = sorted({str(row["track_id"]) for row in rows})
        lesions: list[Table] = [Lesion.row(lesion_key=f"{subject}/{track}", subject_id=subject) for track in tracks]
        return [*lesions, *(_link(context, row) for row in rows)]
    image_path = context.image_path()
    return [_instance(context, row, image_path) for row in rows] if image_path in images and image_path else []


def _instance(context: Context, row: Mapping[str, str | None], image_path: str) -> LesionInstance:
    box: dict[str, Any] = {
        column: None if row.get(column) is None else int(str(row[column])) for column in _BOX_COLUMNS
    }
    box |= {column: number(row.get(column)) for column in _BOX_FLOATS}
    return LesionInstance.row(
        table_path=context.file.path,
        index=int(str(row["index"])),
        lesion_id=str(row["lesion_id"]),
        subject_id=context.name.subject,
        image_path=image_path,
        visibility=row.get("visibility") or "visible",
        **box,
    )


def _link(context: Context, row: Mapping[str, str | None]) -> LesionLink:
    kept = ("track_id", "from_session", "from_lesion", "to_session", "to_lesion", "event")
    values: dict[str, Any] = {column: row.get(column) for column in kept}
    return LesionLink.row(
        table_path=context.file.path,
        index=int(str(row["index"])),
        subject_id=context.name.subject,
        **values,
    )
