"""What is missing in a cohort, judged by what others of the same site have. Asked by the overview and by the checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

MOST = 2 / 3
"""Share of the other subjects of a site who must have what is called missing."""

Row = dict[str, Any]
Cell = Mapping[str, Any]
Thing = tuple[str, str, str, str | None]
"""Kind, site, session label, and channel where the kind has one."""


def gaps(cells: Sequence[Cell], others: int) -> list[Row]:
    """What is expected and not there: rows `subject, session, channel, site, missing`.

    Expected are a visit of a subject, an image of a channel at a visit that is there, a reading and a consensus mask of
    an image that is there: each where at least `MOST` of the other subjects of the same site have it. What only
    another site or another cohort has is never missing. Of one cell the first of these is named.

    Args:
        cells: of `registry.catalog.overview.completeness`.
        others: how many others a site must have of whom it can be expected; where it has fewer, nothing is.
    """
    shares, found = _Shares(cells), dict[tuple[Thing, str], Row]()
    for cell in cells:
        lacking = (kind for kind in _asked(cell) if not _has(cell, kind))
        if missing := next((kind for kind in lacking if shares.expected(cell, kind, others)), None):
            thing = _thing(cell, missing)
            found[thing, cell["subject"]] = {
                "subject": cell["subject"],
                "session": cell["session"],
                "channel": thing[-1],
                "site": cell["site"],
                "missing": missing,
            }
    return list(found.values())


def _asked(cell: Cell) -> tuple[str, ...]:
    """What can be missing in a cell, in the order in which it is named."""
    if not _has(cell, "session"):
        return ("session",)
    return ("session", "image", "reading", "consensus") if _has(cell, "image") else ("session", "image")


def _has(cell: Cell, kind: str) -> bool:
    if kind == "session":
        return bool(cell["state"] != "no session")
    if kind == "image":
        return cell["state"] not in ("no session", "no image")
    return bool(cell["consensus"] or (kind == "reading" and cell["readings"]))


def _thing(cell: Cell, kind: str) -> Thing:
    return kind, cell["site"], cell["session"], None if kind == "session" else cell["channel"]


class _Shares:
    """Of whom each thing is asked, and who has it: sets of subjects."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._whom: dict[Thing, set[str]] = defaultdict(set)
        self._had: dict[Thing, set[str]] = defaultdict(set)
        for cell in cells:
            for kind in _asked(cell):
                self._whom[_thing(cell, kind)].add(cell["subject"])
                if _has(cell, kind):
                    self._had[_thing(cell, kind)].add(cell["subject"])

    def expected(self, cell: Cell, kind: str, others: int) -> bool:
        """Whether most of the others have what this subject lacks."""
        thing = _thing(cell, kind)
        count = len(self._whom[thing]) - 1
        return count >= max(others, 1) and len(self._had[thing]) >= MOST * count
