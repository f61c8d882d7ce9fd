"""What exclusions take from saved queries: images and persons, counted by reason and by unit.

`registry.snapshots.left_out` asks something else: what a snapshot would leave out, for whatever reason. Here no mask,
split or quality verdict is looked at: what an exclusion takes is the same under every target policy, and every saved
query can be counted without choosing one, also where a snapshot would refuse, as with masks of two protocols or with
no image.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from registry.catalog import Catalog
from registry.cohorts import exclusions, queries, versioned
from registry.cohorts.persons import people
from registry.errors import QueryError
from registry.snapshots.tally import Loss, count
from registry.store import Registry
from registry.tables import Query
from registry.vocabulary.units import find_first, list_units

_ROWS = """SELECT DISTINCT i.path, i.subject, i.session, i.person_id
    FROM {query} q JOIN images i ON i.path = q.path ORDER BY i.path"""


@dataclass(frozen=True)
class Taken:
    """What one reason, or one excluded unit, takes from a query.

    Attributes:
        name: the reason's code, or the unit.
        images: images that the query returns and that are left out.
        persons: persons who lose at least one image by it.
    """

    name: str
    images: int
    persons: int


@dataclass(frozen=True)
class Losses:
    """What exclusions take from one query.

    Attributes:
        query: `name@version`.
        images: that it returns; `images_left` of them are not excluded.
        persons: of whom it returns an image; `persons_left` of them keep at least one.
        by_reason: sorted by reason.
        by_unit: sorted by unit, as `exclusions.list_exclusions` names it; units that take nothing are not there.
    """

    query: str
    images: int
    images_left: int
    persons: int
    persons_left: int
    by_reason: tuple[Taken, ...]
    by_unit: tuple[Taken, ...]

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        return asdict(self)


def count_in_queries(registry: Registry) -> list[Losses]:
    """What exclusions take now from the newest version of every saved query; one that fails today is left out."""
    newest = {query.name: query for query in versioned.list_all(registry, Query)}
    found = []
    for query in newest.values():
        try:
            found.append(count_in_query(registry, f"{query.name}@{query.version}"))
        except QueryError:
            continue
    return found


def count_in_query(registry: Registry, reference: str) -> Losses:
    """What exclusions take now from one saved query. An image counts for the widest unit that leaves it out.

    Raises:
        NotFound: no such query.
        QueryError: it fails.
    """
    saved, catalog = queries.get(registry, reference), Catalog.of(registry)
    rows = catalog.rows(_ROWS.format(query=catalog.subquery(saved.sql)))
    reasons = exclusions.reasons(registry)
    names = _as_listed(registry)
    gone = [(row, unit) for row in rows if (unit := find_first(list_units(row), reasons))]
    left = {row["path"] for row in rows} - {row["path"] for row, _ in gone}
    return Losses(
        f"{saved.name}@{saved.version}",
        len(rows),
        len(left),
        len({row["person_id"] for row in rows}),
        len({row["person_id"] for row in rows if row["path"] in left}),
        _taken(Loss(reasons[unit], reasons[unit], (row,)) for row, unit in gone),
        _taken(Loss(names[unit], reasons[unit], (row,)) for row, unit in gone),
    )


def _as_listed(registry: Registry) -> dict[str, str]:
    """Unit that stands for an excluded one today to the one that was named, the first as in `exclusions.reasons`."""
    known = people(registry)
    names: dict[str, str] = {}
    for item in exclusions.list_exclusions(registry):
        names.setdefault(known.now(item.unit), item.unit)
    return names


def _taken(losses: Iterable[Loss]) -> tuple[Taken, ...]:
    found = sorted(count(losses), key=lambda tally: tally.name.encode())
    return tuple(Taken(tally.name, tally.images, len(tally.persons)) for tally in found)
