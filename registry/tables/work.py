"""Work that goes on without the app."""

from typing import Optional

from sqlmodel import Field

from registry.tables.base import Table


class ImportWork(Table, table=True):
    """One import that the app started and a process of its own does. It belongs to this machine, as queued runs do."""

    __tablename__ = "import_work"
    import_id: str = Field(primary_key=True, description="sorts by the time at which it was asked for")
    state: str = Field(description="queued, running, finished, failed, stopped", index=True)
    recipe: str
    source: str = Field(description="the delivery's folder, absolute")
    actor: str
    done: int = 0
    total: int = 0
    what: str = Field(default="", description="the present step; `done` of `total` tells how far it is")
    message: Optional[str] = Field(default=None, description="why it ended without a change, in one sentence")
    hint: Optional[str] = Field(default=None, description="what to do next")
    started: str = Field(description="UTC, ISO 8601, seconds")
    ended: Optional[str] = Field(default=None, description="as `started`; null while it waits or runs")
    report: Optional[str] = Field(default=None, description="name of the report that the registry keeps of it")
    stop_asked: bool = Field(default=False, description="somebody wants it to be taken back")
    put_away: bool = Field(default=False, description="its end was seen, and the page Inbox shows it no longer")
