"""Long work, which goes on when the app ends."""

from typing import Any, Optional

from sqlalchemy import JSON, Column
from sqlmodel import Field

from registry.tables.base import Table


class Work(Table, table=True):
    """One piece of long work on this machine: an import, a training run. It holds no personal data."""

    work_id: str = Field(primary_key=True)
    kind: str = Field(description="import, run, ...", index=True)
    program: str = Field(description="where its `Kind` is: module:NAME")
    title: str = Field(description="a line for people")
    inputs: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    actor: str
    state: str = Field(description="waiting, running, finished, failed, stopped, lost", index=True)
    done: int = 0
    total: int = 0
    what: str = Field(default="", description="the present step; `done` of `total` tells how far it is")
    message: Optional[str] = Field(default=None, description="why it ended without a result, in one sentence")
    hint: Optional[str] = Field(default=None, description="what to do next")
    asked: str = Field(description="when somebody wanted it: UTC, ISO 8601, seconds")
    started: Optional[str] = Field(default=None, description="as `asked`; null while it waits for a worker")
    ended: Optional[str] = Field(default=None, description="as `asked`; null while it waits or runs")
    result: Optional[str] = Field(default=None, description="name of what it made: a report, a run")
    pid: Optional[int] = Field(default=None, description="its process, for people; its lock says whether it lives")
    stop_asked: bool = Field(default=False, description="somebody wants it to end")
    put_away: bool = Field(default=False, description="its end was seen, and its page shows it no longer")
