"""Find what is missing in a cohort, judged by what others of the same kind have. The overview and the checks use it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

_LETTERS = re.compile(r"[A-Za-z]*")

MOST = 2 / 3
"""A thing is called missing where at least this share of the other subjects of the group have it."""

Row = dict[str, Any]
Cell = Mapping[str, Any]
Group = tuple[str, str, str]
"""Site, source data set, and the letters that the subjects' labels begin with: two parts of one data set, such as
patients who came twice and patients who came once, differ in them (`sub-OMSL01`, `sub-OMSX07`)."""

Thing = tuple[str, Group, str, str | None]
"""Kind, group, session label, and channel where the kind has one."""


def gaps(cells: Sequence[Cell], others: int) -> list[Row]:
    """Rows `subject, session, channel, site, missing` of what is expected and not there.

    A visit is expected of a subject, an image of a channel at a visit that is there, a reading and a consensus mask of
    an image that is there: each where at least `MOST` of the other subjects of the same group have it: of one site, one
    source data set and one kind of label. What only another group has is never missing. Of each cell only the first
    thing that it lacks is named.

    Args:
        cells: rows of `registry.catalog.overview.completeness`.
        others: the least number of other subjects of the group that could have the thing; with fewer, nothing is
            expected.
    """
    shares, rows = _Shares(cells), dict[tuple[Thing, str], Row]()
    for cell in cells:
        lacking = (kind for kind in _list_possible(cell) if not _has(cell, kind))
        if missing := next((kind for kind in lacking if shares.is_expected(cell, kind, others)), None):
            thing = _thing(cell, missing)
            rows[thing, cell["subject"]] = {
                "subject": cell["subject"],
                "session": cell["session"],
                "channel": thing[-1],
                "site": cell["site"],
                "missing": missing,
            }
    return list(rows.values())


def _list_possible(cell: Cell) -> tuple[str, ...]:
    """The kinds of thing that can be missing in a cell, in the order in which they are named."""
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
    return kind, _group(cell), cell["session"], None if kind == "session" else cell["channel"]


def _group(cell: Cell) -> Group:
    letters = _LETTERS.match(cell["subject"].removeprefix("sub-"))
    return cell["site"], cell["source"], letters[0] if letters else ""


class _Shares:
    """For each thing the subjects that can have it, and those that do."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._possible: dict[Thing, set[str]] = defaultdict(set)
        self._having: dict[Thing, set[str]] = defaultdict(set)
        for cell in cells:
            for kind in _list_possible(cell):
                self._possible[_thing(cell, kind)].add(cell["subject"])
                if _has(cell, kind):
                    self._having[_thing(cell, kind)].add(cell["subject"])

    def is_expected(self, cell: Cell, kind: str, others: int) -> bool:
        """Whether most of the others have what this subject lacks."""
        thing = _thing(cell, kind)
        count = len(self._possible[thing]) - 1
        return count >= max(others, 1) and len(self._having[thing]) >= MOST * count
