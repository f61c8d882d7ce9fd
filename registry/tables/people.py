"""Who was scanned, where and when: person above subject, site and scanner at the session."""

from typing import Optional

from sqlmodel import Field

from registry.tables.base import Table


class Person(Table, table=True):
    """A human being. Several subjects can be one person; splits and bootstraps group by person."""

    person_id: str = Field(primary_key=True)


class PersonLink(Table, table=True):
    """A statement on whether two subjects are one person."""

    __tablename__ = "person_link"
    subject_a: str = Field(primary_key=True)
    subject_b: str = Field(primary_key=True)
    kind: str = Field(description="same_person, suspected or cleared")
    method: str = Field(description="checksum, series, study, demographics, fingerprint, declared")
    score: Optional[float] = Field(
        default=None, description="how alike the images are, up to 1; null where not compared"
    )
    reviewer: Optional[str] = None
    reason: Optional[str] = None


class Subject(Table, table=True):
    """A BIDS participant, `sub-A000`."""

    subject_id: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.person_id", index=True)
    sex: Optional[str] = None
    age: Optional[float] = Field(default=None, description="years at baseline")
    class_label: Optional[str] = Field(default=None, description="the class used for training")
    diagnosis: Optional[str] = None
    radiological_status: Optional[str] = Field(default=None, description="normal, incidental_lesions, pathological")


class Site(Table, table=True):
    """A centre."""

    site_id: str = Field(primary_key=True)


class Scanner(Table, table=True):
    """One machine of one site."""

    scanner_id: str = Field(primary_key=True)
    site_id: Optional[str] = Field(default=None, foreign_key="site.site_id")


class Session(Table, table=True):
    """One visit of one subject (BIDS session, never a database or browser session)."""

    session_key: str = Field(primary_key=True, description="sub-A000/ses-M00, or sub-A000 without sessions")
    subject_id: str = Field(foreign_key="subject.subject_id", index=True)
    session_id: Optional[str] = None
    days_from_baseline: Optional[int] = None
    site_id: Optional[str] = Field(default=None, foreign_key="site.site_id", index=True)
    scanner_id: Optional[str] = Field(default=None, foreign_key="scanner.scanner_id")
