"""What a delivery brings, subject by subject, visit by visit, channel by channel: new, changed, or there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from registry.bids import places
from registry.bids.names import BidsName, parse
from registry.vocabulary.display import format_code

IMAGE, MASK, CONSENSUS = "image", "mask", "consensus"
_KINDS = {
    places.Role.RAW: IMAGE,
    places.Role.IMAGES: IMAGE,
    places.Role.READINGS: MASK,
    places.Role.CONSENSUS: CONSENSUS,
}
_STATES = ("new", "changed", "there_already")
_ORDER = {IMAGE: 0, MASK: 1, CONSENSUS: 2}
_LABELS = ("mask", "dseg", "probseg")


@dataclass(frozen=True)
class Arrival:
    """The volumes of one kind and channel of one visit.

    Attributes:
        subject, session: `sub-A000` and `ses-M00`; the session is empty where the delivery has none.
        kind: `image`, `mask` or `consensus`.
        channel: of the image (`FLAIR`, `ce-gadolinium_T1w`); empty for masks.
        new, changed, there_already: how many volumes.
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
        said = [(getattr(self, state), format_code(state)) for state in _STATES if getattr(self, state)]
        return said[0][1] if [number for number, _ in said] == [1] else ", ".join(f"{n} {state}" for n, state in said)

    @property
    def column(self) -> str:
        """Where a table by visit shows it: the channel, `masks` or `consensus`."""
        return self.channel or {MASK: "masks"}.get(self.kind, self.kind)

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        return asdict(self)


def volumes(tree: Path) -> list[str]:
    """Every volume in a staged tree, before what the registry holds is dropped from it."""
    return [path.relative_to(tree).as_posix() for path in tree.rglob("*.nii*")]


def arriving(delivered: Iterable[str], changed: Collection[str], root: Path) -> list[Arrival]:
    """What came in a delivery, sorted by subject, session, kind and channel.

    Args:
        delivered: paths of volumes (`volumes`).
        changed: paths that would be written; of the others the registry holds the same bytes.
        root: the registry.
    """
    counts: dict[tuple[str, str, str, str], Counter[str]] = {}
    for path in delivered:
        if place := _place(path):
            there = "changed" if (root / path).exists() else "new"
            counts.setdefault(place, Counter())[there if path in changed else "there_already"] += 1
    return [Arrival(*place, *(found[state] for state in _STATES)) for place, found in sorted(counts.items())]


def by_visit(found: Sequence[Arrival]) -> list[dict[str, str | None]]:
    """One row a visit: `subject`, `session`, a column for each channel, then masks and consensus; None for nothing."""
    columns = dict.fromkeys(item.column for item in sorted(found, key=lambda item: (_ORDER[item.kind], item.channel)))
    rows: dict[tuple[str, str], dict[str, str | None]] = {}
    for item in found:
        row = rows.setdefault((item.subject, item.session), dict[str, str | None](dict.fromkeys(columns)))
        row[item.column] = str(item)
    return [{"subject": subject, "session": session, **row} for (subject, session), row in rows.items()]


def _place(path: str) -> tuple[str, str, str, str] | None:
    name = parse(path.rpartition("/")[2])
    kind = _KINDS.get(places.role(places.split_dataset(path)[0])[0])
    if name is None or kind is None or (kind == IMAGE and name.suffix in _LABELS):
        return None
    return name.subject, name.session or "", kind, _channel(name) if kind == IMAGE else ""


def _channel(name: BidsName) -> str:
    contrast = name.entities.get("ce")
    return f"ce-{contrast}_{name.suffix}" if contrast else name.suffix
