"""What `query save` and `query build` say of the query they saved: how many images it finds at present."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry.store import Registry
    from registry.tables import Query


def count_images(registry: Registry, reference: str) -> int:
    """The number of images that the saved query finds now; one that it names twice counts once."""
    from registry.cohorts import queries

    return len({row["path"] for row in queries.run(registry, reference)})


def format_saved(saved: Query, images: int) -> str:
    """One line for people: a query that finds nothing is allowed, as its images may come later, but it is said."""
    from registry.vocabulary.display import format_count

    return f"Saved {saved.name}@{saved.version}: it finds {format_count(images, 'image') if images else 'no image'} now"
