"""Lesions: a track in one subject, its instances in images, and the links between instances."""

from typing import Optional

from sqlmodel import Field

from registry.tables.base import Table


class Lesion(Table, table=True):
    """One lesion of one subject, followed over sessions and modalities."""

    lesion_key: str = Field(primary_key=True, description="sub-A000/T0001")
    subject_id: str = Field(foreign_key="subject.subject_id", index=True)


class LesionInstance(Table, table=True):
    """One lesion in one image. An invisible lesion is a row without a box, never a copied box."""

    __tablename__ = "lesion_instance"
    table_path: str = Field(primary_key=True, description="the dseg.tsv that states it")
    index: int = Field(primary_key=True)
    lesion_id: str
    subject_id: str = Field(foreign_key="subject.subject_id", index=True)
    image_path: str = Field(foreign_key="image.path", index=True)
    visibility: str = Field(default="visible")
    i_min: Optional[int] = None
    j_min: Optional[int] = None
    k_min: Optional[int] = None
    i_max: Optional[int] = Field(default=None, description="exclusive, like j_max and k_max")
    j_max: Optional[int] = None
    k_max: Optional[int] = None
    x_mm: Optional[float] = Field(default=None, description="centre of mass, RAS")
    y_mm: Optional[float] = None
    z_mm: Optional[float] = None
    volume_mm3: Optional[float] = None


class LesionLink(Table, table=True):
    """Two instances of one lesion: over time, or in two modalities."""

    __tablename__ = "lesion_link"
    table_path: str = Field(primary_key=True)
    index: int = Field(primary_key=True)
    subject_id: str = Field(foreign_key="subject.subject_id", index=True)
    track_id: str
    from_session: Optional[str] = None
    from_lesion: Optional[str] = None
    to_session: Optional[str] = None
    to_lesion: Optional[str] = None
    event: str = Field(description="same, new, disappeared, split, merge, growing, shrinking, stable")
