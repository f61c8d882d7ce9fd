"""Entities that distinguish images of one suffix, and the rated field strength, become columns of images.

Both follow from columns that are there, so that a registry of before needs no rebuild to be asked about them.
"""

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

from registry.vocabulary.field_strength import find_nominal

revision = "0007"
down_revision = "0006"

_ENTITIES = ("task", "rec", "dir", "echo", "flip", "inv", "mt", "part")
_ENTITY = re.compile(rf"_({'|'.join(_ENTITIES)})-([A-Za-z0-9+]+)(?=_)")


def upgrade() -> None:
    """Apply."""
    for name in _ENTITIES:
        op.add_column("image", sa.Column(name, sa.String(), nullable=True))
    op.add_column("image", sa.Column("nominal_field_t", sa.Float(), nullable=True))
    image = sa.table("image", *map(sa.column, ("path", "field_strength_t", "nominal_field_t", *_ENTITIES)))
    rows = op.get_bind().execute(sa.select(image.c.path, image.c.field_strength_t)).all()
    if changes := [_describe(path, stated) for path, stated in rows]:
        values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in (*_ENTITIES, "nominal_field_t")}
        change = sa.update(image).where(image.c.path == sa.bindparam("of_path")).values(**values)
        op.get_bind().execute(change, changes)


def _describe(path: str, stated: float | None) -> dict[str, object]:
    found = dict(_ENTITY.findall(path.rpartition("/")[2]))
    entities = {f"new_{name}": found.get(name) for name in _ENTITIES}
    return {"of_path": path, "new_nominal_field_t": find_nominal(stated), **entities}


def downgrade() -> None:
    """Undo."""
    for name in ("nominal_field_t", *_ENTITIES):
        op.drop_column("image", name)
