"""Saved queries, splits, snapshots and runs."""

from typing import Any, Optional

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field

from registry.tables.base import Table


class Query(Table, table=True):
    """A saved, read-only SQL statement. A version never changes."""

    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    sql: str
    sha256: str
    path: str


class Split(Table, table=True):
    """An assignment of persons to parts. A later version keeps every earlier assignment."""

    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    query: str = Field(description="name@version")
    seed: int = Field(sa_type=BigInteger)
    ratios: dict[str, float] = Field(sa_column=Column(JSON, nullable=False))
    stratify: list[str] = Field(sa_column=Column(JSON, nullable=False))
    sha256: str = Field(description="of the table of assignments")
    path: str


class SplitAssignment(Table, table=True):
    """One person's part in one split version."""

    __tablename__ = "split_assignment"
    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    person_id: str = Field(primary_key=True)
    part: str


class Snapshot(Table, table=True):
    """A frozen cohort, named by the SHA-256 of its manifest."""

    snapshot_id: str = Field(primary_key=True)
    query: str = Field(description="name@version")
    split: Optional[str] = None
    n_samples: int
    n_excluded: int
    path: str


class Run(Table, table=True):
    """One training run whose record is in `code/registry/runs/`; those without one are `Work`."""

    run_id: str = Field(primary_key=True)
    snapshot_id: str = Field(index=True)
    config: str = Field(description="name of the configuration")
    status: str = Field(description="queued, running, finished, failed, cancelled", index=True)
    actor: str
    message: Optional[str] = Field(default=None, description="why it failed, in one sentence")
    done: int = 0
    total: int = 0
    scores: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class QualityVerdict(Table, table=True):
    """A rater's verdict on one image as it stands. An image without a row was not looked at."""

    __tablename__ = "quality_verdict"
    image_path: str = Field(primary_key=True)
    rater_id: str = Field(primary_key=True)
    subject_id: str = Field(index=True)
    verdict: str = Field(description="accept, reject, later, flag")
    artifacts: Optional[str] = Field(default=None, description="codes with commas, in the order of their keys")
    comment: Optional[str] = None
    sha256: Optional[str] = Field(default=None, description="checksum of the image that was judged")
    at: Optional[str] = Field(default=None, description="UTC, ISO 8601, seconds")
    action_id: Optional[str] = Field(default=None, description="the action that gave this verdict")


class QualityAction(Table, table=True):
    """One thing a rater did in the quality check, in order; the last action on an image gives its verdict.

    An undo is an action too: it holds the values that stand again, none where there was no verdict before.
    """

    __tablename__ = "quality_action"
    rater_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True, description="1, 2, ... in the order of the rater's table")
    action_id: str = Field(index=True)
    at: str = Field(description="UTC, ISO 8601, seconds")
    image_path: str = Field(index=True)
    sha256: Optional[str] = None
    verdict: Optional[str] = None
    artifacts: Optional[str] = None
    comment: Optional[str] = None
    undoes: Optional[str] = Field(default=None, description="the action that this one takes back")
    waiting: bool = Field(default=False, description="not yet in the rater's table")


class ExclusionVerdict(Table, table=True):
    """A subject, session or image that is left out on purpose, with its reason and its second rater."""

    __tablename__ = "exclusion"
    unit: str = Field(primary_key=True, description="sub-A000, sub-A000/ses-M00, or an image path")
    subject_id: str = Field(index=True)
    reason: str
    comment: Optional[str] = None
    rater_id: str
    second_rater_id: Optional[str] = None
