"""What experts drew, and what was computed from it."""

from typing import Any, Optional

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field

from registry.tables.base import Table


class Rater(Table, table=True):
    """One expert under one protocol, by a pseudonymous code; names stay out of files."""

    rater_id: str = Field(primary_key=True)
    protocol: str = Field(primary_key=True)
    role: Optional[str] = None
    description: Optional[str] = None


class MaskColumns(Table):
    """Columns that expert and consensus masks share."""

    path: str = Field(primary_key=True)
    image_path: str = Field(foreign_key="image.path", index=True)
    subject_id: str = Field(foreign_key="subject.subject_id", index=True)
    protocol: str = Field(index=True)
    desc: str
    label: Optional[str] = None
    suffix: str = Field(description="mask, dseg or probseg")
    sha256: str
    size: int = Field(sa_type=BigInteger)
    labels: dict[str, str] = Field(sa_type=JSON, description="value to name")
    n_voxels: int = Field(description="voxels that are not background")
    volume_mm3: float
    stale: bool = Field(default=False, description="an input has changed since it was made")


class Mask(MaskColumns, table=True):
    """One rater's accepted reading of one image."""

    rater_id: str = Field(index=True)
    kind: str = Field(description="mask or none_found")
    revision: int = 1
    source_sha256: Optional[str] = Field(default=None, description="checksum of the image when it was read")


class ConsensusMask(MaskColumns, table=True):
    """A mask computed from several readings, or delivered as a consensus."""

    __tablename__ = "consensus_mask"
    method: str = Field(description="majority, staple, ..., or delivered")
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class ConsensusInput(Table, table=True):
    """One reading that went into a consensus, by checksum."""

    __tablename__ = "consensus_input"
    consensus_path: str = Field(primary_key=True, foreign_key="consensus_mask.path")
    mask_path: str = Field(primary_key=True)
    subject_id: str = Field(index=True)
    sha256: Optional[str] = None


class Prediction(Table, table=True):
    """A label map that a run wrote for one image."""

    path: str = Field(primary_key=True)
    run_id: str = Field(index=True)
    image_path: str
    subject_id: str = Field(foreign_key="subject.subject_id", index=True)
    sha256: str
