"""Count the images and persons that exclusions take from saved queries, by reason and by unit.

`registry.snapshots.left_out` counts what a snapshot would leave out for any reason. This module reads no masks, splits
or quality verdicts: an exclusion takes the same images under every target policy. So every saved query can be counted
without choosing a policy, also where a snapshot would be refused, as with masks of two protocols or with no image.
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
    """The loss of one query to one reason or to one excluded unit.

    Attributes:
        name: the reason's code, or the unit.
        images: number of images that the query returns and that are left out.
        persons: number of persons who lose at least one image.
    """

    name: str
    images: int
    persons: int


@dataclass(frozen=True)
class Losses:
    """The losses of one query to exclusions.

    Attributes:
        query: `name@version`.
        images: number of images that it returns; `images_left` of them are not excluded.
        persons: number of persons of these images; `persons_left` of them keep at least one image.
        by_reason: one entry per reason, sorted.
        by_unit: one entry per excluded unit that takes an image, named as in `exclusions.list_exclusions`, sorted.
    """

    query: str
    images: int
    images_left: int
    persons: int
    persons_left: int
    by_reason: tuple[Taken, ...]
    by_unit: tuple[Taken, ...]

    def to_json(self) -> dict[str, Any]:
        """The losses as plain JSON values."""
        return asdict(self)


def count_in_queries(registry: Registry) -> list[Losses]:
    """Present losses of the newest version of every saved query; a query that fails is left out."""
    newest = {query.name: query for query in versioned.list_all(registry, Query)}
    found = []
    for query in newest.values():
        try:
            found.append(count_in_query(registry, f"{query.name}@{query.version}"))
        except QueryError:
            continue
    return found


def count_in_query(registry: Registry, reference: str) -> Losses:
    """Present losses of one saved query. An image counts for the widest excluded unit that holds it.

    Raises:
        NotFound: there is no such query.
        QueryError: the query fails.
    """
    saved, catalog = queries.get(registry, reference), Catalog.of(registry)
    rows = catalog.rows(_ROWS.format(query=catalog.subquery(saved.sql)))
    reasons = exclusions.reasons(registry)
    names = _list_names(registry)
    gone = [(row, unit) for row in rows if (unit := find_first(list_units(row), reasons))]
    left = {row["path"] for row in rows} - {row["path"] for row, _ in gone}
    return Losses(
        f"{saved.name}@{saved.version}",
        len(rows),
        len(left),
        len({row["person_id"] for row in rows}),
        len({row["person_id"] for row in rows if row["path"] in left}),
        _count_taken(Loss(reasons[unit], reasons[unit], (row,)) for row, unit in gone),
        _count_taken(Loss(names[unit], reasons[unit], (row,)) for row, unit in gone),
    )


def _list_names(registry: Registry) -> dict[str, str]:
    """Present unit to the unit that was excluded; of several it is the first, as in `exclusions.reasons`."""
    known = people(registry)
    names: dict[str, str] = {}
    for item in exclusions.list_exclusions(registry):
        names.setdefault(known.now(item.unit), item.unit)
    return names


def _count_taken(losses: Iterable[Loss]) -> tuple[Taken, ...]:
    found = sorted(count(losses), key=lambda tally: tally.name.encode())
    return tuple(Taken(tally.name, tally.images, len(tally.persons)) for tally in found)
