"""What a workspace says of one kind of long work."""

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
        name: for rows and sentences: `import`.
        program: where this object is, `module:NAME`, so that a process of its own finds it.
        perform: does the work and returns the name of its result; everything it needs is in the row and its folder
            (`files.folder`). It calls the progress callback often, which is how it is stopped.
        alone: whether a second one of this kind is refused while one is under way.
        event: the kind of the event by which the work enters the registry; its payload names the work under this
            key. None for work that leaves nothing there by itself.
        result: the name of the result, from that event; asked for when the process died after it.
        stopped: what to say of one that was stopped; `{id}` stands for the work's id.
        again: what to do after its process died; `{id}` as above.
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
    """The kind that is found at `module:NAME`.

    Raises:
        ImportError, AttributeError: nothing is there.
    """
    module, _, name = program.partition(":")
    kind: Kind = getattr(importlib.import_module(module), name)
    return kind
