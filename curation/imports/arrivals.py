"""The volumes of a delivery by subject, visit and channel: new, changed, or in the registry already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curation.importers.report import find_kind
from registry.bids.names import parse
from registry.vocabulary.display import format_code

IMAGE, MASK, CONSENSUS = "image", "mask", "consensus"
_KINDS = {"images": IMAGE, "masks": MASK, "consensus": CONSENSUS}
_STATES = ("new", "changed", "there_already")
_ORDER = {IMAGE: 0, MASK: 1, CONSENSUS: 2}


@dataclass(frozen=True)
class Arrival:
    """The volumes of one kind and channel of one visit.

    Attributes:
        subject, session: `sub-A000` and `ses-M00`; the session is empty where the delivery has none.
        kind: `image`, `mask` or `consensus`.
        channel: the image's channel (`FLAIR`, `ce-gadolinium_T1w`); empty for masks.
        new, changed, there_already: numbers of volumes.
    """

    subject: str
    session: str
    kind: str
    channel: str
    new: int = 0
    changed: int = 0
    there_already: int = 0

    def __str__(self) -> str:
        """`new` for one volume, else `2 new, 1 there already`."""
        counts = [(getattr(self, state), format_code(state)) for state in _STATES if getattr(self, state)]
        return counts[0][1] if [n for n, _ in counts] == [1] else ", ".join(f"{n} {state}" for n, state in counts)

    @property
    def column(self) -> str:
        """The column of a table by visit that shows it: the channel, `masks` or `consensus`."""
        return self.channel or {MASK: "masks"}.get(self.kind, self.kind)

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        return asdict(self)


def volumes(tree: Path) -> list[str]:
    """Paths of every volume in a staged tree, those that the registry holds already included."""
    return [path.relative_to(tree).as_posix() for path in tree.rglob("*.nii*")]


def arriving(delivered: Iterable[str], changed: Collection[str], root: Path) -> list[Arrival]:
    """The volumes of a delivery, counted and sorted by subject, session, kind and channel.

    Args:
        delivered: paths of volumes (`volumes`).
        changed: paths that would be written; the registry holds the same bytes of the others.
        root: the registry's folder.
    """
    counts: dict[tuple[str, str, str, str], Counter[str]] = {}
    for path in delivered:
        if cell := _find_cell(path):
            state = "changed" if (root / path).exists() else "new"
            counts.setdefault(cell, Counter())[state if path in changed else "there_already"] += 1
    return [Arrival(*cell, *(found[state] for state in _STATES)) for cell, found in sorted(counts.items())]


def by_visit(found: Sequence[Arrival]) -> list[dict[str, str | None]]:
    """One row a visit: `subject`, `session`, a column for each channel, then masks and consensus; None if empty."""
    columns = dict.fromkeys(item.column for item in sorted(found, key=lambda item: (_ORDER[item.kind], item.channel)))
    rows: dict[tuple[str, str], dict[str, str | None]] = {}
    for item in found:
        row = rows.setdefault((item.subject, item.session), dict[str, str | None](dict.fromkeys(columns)))
        row[item.column] = str(item)
    return [{"subject": subject, "session": session, **row} for (subject, session), row in rows.items()]


def _find_cell(path: str) -> tuple[str, str, str, str] | None:
    name = parse(path.rpartition("/")[2])
    counted_as = find_kind(path, name.suffix) if name else None
    if name is None or counted_as is None:
        return None
    kind = _KINDS[counted_as]
    return name.subject, name.session or "", kind, name.channel if kind == IMAGE else ""
