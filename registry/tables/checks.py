"""What the checks of content measured and found, and which findings people acknowledged."""

from typing import Optional

from sqlmodel import Field

from registry.tables.base import Table


class ImageMeasures(Table, table=True):
    """What was measured in the voxels of one image. `curation.checks.measures.numbers` says what each column means."""

    __tablename__ = "image_measures"
    path: str = Field(primary_key=True)
    subject_id: str = Field(index=True)
    sha256: str = Field(description="of the image that was measured; it is another one once the image changed")
    version: str = Field(description="of the measuring code")
    problem: Optional[str] = Field(default=None, description="why nothing could be measured")
    voxels_sha256: Optional[str] = Field(default=None, index=True)
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    nonfinite: Optional[int] = None
    distinct: Optional[int] = None
    negative_share: Optional[float] = None
    saturated_share: Optional[float] = None
    foreground_ml: Optional[float] = None
    foreground_mean: Optional[float] = None
    foreground_p1: Optional[float] = None
    foreground_p99: Optional[float] = None
    contrast: Optional[float] = None
    noise: Optional[float] = None
    sharpness: Optional[float] = None
    extent_r_mm: Optional[float] = None
    extent_a_mm: Optional[float] = None
    extent_s_mm: Optional[float] = None
    empty_share: Optional[float] = None
    empty_end_mm: Optional[float] = None
    touches: Optional[str] = None


class CheckFinding(Table, table=True):
    """One thing that a check of content found. It counts while the image still has the same checksum."""

    __tablename__ = "check_finding"
    code: str = Field(primary_key=True)
    unit: str = Field(primary_key=True, description="image path, sub-A000/ses-M00, or a channel")
    subject_id: Optional[str] = Field(default=None, index=True)
    channel: Optional[str] = None
    site_id: Optional[str] = None
    severity: str
    message: str
    score: Optional[float] = Field(default=None, description="how far from ordinary; the check says in which unit")
    sha256: Optional[str] = Field(default=None, description="of the image; null where the unit is no image")
    origin: str
    version: str


class Acknowledgement(Table, table=True):
    """A person has seen a finding and lets it stand. It ends when the image's checksum changes."""

    code: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    sha256: Optional[str] = None
    rater_id: str
    reason: str
