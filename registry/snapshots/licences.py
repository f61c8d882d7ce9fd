"""Under which licences files came in: every import states its delivery's, a snapshot names those of its own files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlmodel import select

from registry.store import Registry
from registry.tables import Event, File

NOT_STATED = "not stated"
PAYLOAD_KEY = "licence"
"""Where the event of an import says it; empty where the delivery states none."""


def of_files(registry: Registry, paths: Iterable[str]) -> tuple[str, ...]:
    """The licences of the deliveries that brought these files, sorted; empty where none is stated for any.

    Files of a delivery without a licence, beside files of one with a licence, give `not stated`. An import that
    recorded nothing counts as the dataset's own `License`; so do files that no import brought, where all are such.
    """
    wanted, own = set(paths), _of_dataset(registry)
    found = {licence for licence, brought in _imports(registry, own) if not wanted.isdisjoint(brought)} or {own}
    stated = found - {""}
    return tuple(sorted(stated | ({NOT_STATED} if stated and "" in found else set())))


def _imports(registry: Registry, unrecorded: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The licence of each import, and the files it brought."""
    with registry.reading() as session:
        for payload in session.exec(select(Event.payload).where(Event.kind == "import")):
            yield str(payload.get(PAYLOAD_KEY, unrecorded)), payload.get("files", {})


def _of_dataset(registry: Registry) -> str:
    with registry.reading() as session:
        description = session.get(File, "dataset_description.json")
    return str(description.facts["json"].get("License") or "") if description else ""
