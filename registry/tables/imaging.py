"""Images, and every file the registry knows."""

from typing import Any, Optional

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field

from registry.tables.base import Table


class File(Table, table=True):
    """One tracked file with the facts that were read from it; the rows of all other tables are computed from them."""

    path: str = Field(primary_key=True, description="relative to the registry root, POSIX")
    subject_id: Optional[str] = Field(default=None, index=True)
    sha256: str = Field(index=True)
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    mtime_ns: int = Field(sa_column=Column(BigInteger, nullable=False))
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class Image(Table, table=True):
    """One acquired or preprocessed NIfTI image."""

    path: str = Field(primary_key=True)
    dataset: str = Field(description="raw, or the name of the derivative", index=True)
    subject_id: str = Field(foreign_key="subject.subject_id", index=True)
    session_key: str = Field(foreign_key="session.session_key", index=True)
    datatype: str
    suffix: str = Field(index=True)
    channel: str = Field(description="the suffix, with ce- in front where contrast was given", index=True)
    space: Optional[str] = None
    acq: Optional[str] = None
    run: Optional[str] = None
    task: Optional[str] = None
    rec: Optional[str] = Field(default=None, description="a reconstruction, such as norm: the scanner's filtered copy")
    dir: Optional[str] = Field(default=None, description="phase encoding direction")
    echo: Optional[str] = None
    flip: Optional[str] = None
    inv: Optional[str] = Field(default=None, description="inversion time")
    mt: Optional[str] = Field(default=None, description="magnetisation transfer: on or off")
    part: Optional[str] = Field(default=None, description="mag, phase, real or imag")
    sha256: str = Field(index=True)
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    n_i: int
    n_j: int
    n_k: int
    n_t: int = 1
    spacing_i_mm: float
    spacing_j_mm: float
    spacing_k_mm: float
    affine_ras: list[float] = Field(sa_column=Column(JSON, nullable=False), description="16 numbers, row by row")
    dtype: str
    orientation: str
    forms_agree: bool = True
    manufacturer: Optional[str] = None
    model_name: Optional[str] = None
    field_strength_t: Optional[float] = Field(default=None, description="as stated, such as 2.89362")
    nominal_field_t: Optional[float] = Field(default=None, description="the magnet's rated strength, such as 3")
    series: Optional[str] = Field(default=None, description="salted DICOM SeriesInstanceUID", index=True)
    study: Optional[str] = Field(default=None, description="salted DICOM StudyInstanceUID", index=True)
