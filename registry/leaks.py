"""Find what crosses the parts of a split: a person, or the same bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from registry import queries, splits
from registry.catalog import Catalog
from registry.manifests import Manifest
from registry.store import Registry


@dataclass(frozen=True)
class Leak:
    """Two files in different parts that share a key.

    Attributes:
        kind: `person` or `checksum`.
        key: the person's id, or the checksum.
        first: a file, and `second` another one, in the parts named.
    """

    kind: str
    key: str
    first: str
    first_part: str
    second: str
    second_part: str

    def to_json(self) -> dict[str, str]:
        """A plain mapping."""
        return asdict(self)


@dataclass(frozen=True)
class Placed:
    """One file in one part, with the keys that must not cross parts."""

    path: str
    part: str
    keys: Mapping[str, str | None]


def find(files: Iterable[Placed]) -> list[Leak]:
    """Every key that is in more than one part, with one pair of files that shows it."""
    seen: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for file in sorted(files, key=lambda item: item.path.encode()):
        for kind, key in file.keys.items():
            if key is not None:
                seen[kind, key].setdefault(file.part, file.path)
    leaks = []
    for (kind, key), parts in sorted(seen.items()):
        if len(parts) > 1:
            (part_a, a), (part_b, b) = sorted(parts.items())[:2]
            leaks.append(Leak(kind, key, a, part_a, b, part_b))
    return leaks


def check_split(registry: Registry, name: str) -> list[Leak]:
    """Leaks among the images of the query that a split divides."""
    split = splits.get(registry, name)
    parts = splits.assignments(registry, split)
    catalog = Catalog(registry)
    query = catalog.subquery(queries.get(registry, split.query).sql)
    rows = catalog.rows(f"SELECT i.path, i.person_id, i.sha256 FROM {query} q JOIN images i ON i.path = q.path")
    placed = [
        Placed(row["path"], parts[row["person_id"]], {"person": row["person_id"], "checksum": row["sha256"]})
        for row in rows
        if row["person_id"] in parts
    ]
    return find(placed)


def check_manifest(manifest: Manifest) -> list[Leak]:
    """Leaks inside a frozen cohort; training asks before it starts."""
    placed = [
        Placed(ref.path, sample.part, {"person": sample.person, "checksum": ref.sha256})
        for sample in manifest.samples
        if sample.part
        for ref in sample.images.values()
    ]
    return find(placed)
