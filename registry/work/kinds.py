"""The description of one kind of long work, which a workspace gives."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from registry.files.progress import Progress
from registry.store import Registry
from registry.tables import Event, Work

Perform = Callable[[Registry, Work, Progress], str | None]


def _nothing(event: Event) -> str | None:
    return None


@dataclass(frozen=True)
class Kind:
    """One kind of work.

    Attributes:
        name: its name in rows and sentences, such as `import`.
        program: where this object is, `module:NAME`, so that another process finds it.
        perform: does the work and returns the name of its result; everything it needs is in the row and its folder
            (`files.folder`). It calls the progress callback often, and stops where that raises `Stopped`.
        alone: whether a second piece of this kind is refused while one is under way.
        event: the kind of the event by which the work enters the registry; the event's payload holds the work's id
            under this key. None for work that changes nothing in the registry by itself.
        result: returns the name of the result from that event; used where the process died after the event.
        stopped: the message of work that was stopped; `{id}` stands for the work's id.
        again: what the user can do after the process died; `{id}` as above.
    """

    name: str
    program: str
    perform: Perform
    alone: bool = False
    event: str | None = None
    result: Callable[[Event], str | None] = _nothing
    stopped: str = "It was stopped; nothing was changed."
    again: str = "Start it again."


def load(program: str) -> Kind:
    """The kind at `module:NAME`.

    Raises:
        ImportError, AttributeError: there is no such object.
    """
    module, _, name = program.partition(":")
    kind: Kind = getattr(importlib.import_module(module), name)
    return kind
