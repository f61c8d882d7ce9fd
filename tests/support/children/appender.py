"""A child process that only adds events, without the locks that publishing takes: `appender.py REGISTRY COUNT`."""

from __future__ import annotations

import sys
from pathlib import Path

from registry.publishing import events
from registry.store import open_registry


def main(root: Path, count: int) -> None:
    """Add `count` events of the registry's one writer, each in a transaction of its own."""
    registry = open_registry(root)
    writer = registry.writer
    for number in range(count):
        with registry.unit_of_work() as database:
            events.append(database, writer, "local", "test", {"number": number})


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
