"""Find the row of the image at a path that a person wrote."""

from __future__ import annotations

from sqlmodel import Session

from registry.errors import NotFound
from registry.tables import Image


def get_image(database: Session, path: str) -> Image:
    """The row of the image at a path of the registry.

    Raises:
        NotFound: there is none.
    """
    image = database.get(Image, path)
    if image is None:
        raise NotFound(
            f"The registry has no image '{path}'.",
            "Write its path in the registry, such as sub-01/anat/sub-01_T1w.nii.gz.",
        )
    return image
