"""Snapshots: a saved query frozen into a manifest with one content id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import col, select

from registry import manifests
from registry.bids import places
from registry.catalog import Catalog
from registry.cohorts import exclusions, queries, splits
from registry.cohorts.recent import find_moments
from registry.errors import NotFound, QueryError, UsageError
from registry.files.canonical import readable_json
from registry.files.collector import pause_collector
from registry.files.progress import Progress
from registry.manifests import TRAIN, Manifest
from registry.publishing import Change, publish, write_files
from registry.snapshots.diff import SnapshotDiff, diff
from registry.snapshots.selection import Selection
from registry.snapshots.selection import select as select_samples
from registry.snapshots.targets import TargetPolicy
from registry.store import Registry
from registry.tables import ConsensusMask, Event, File, Mask, Query, Snapshot, Split

SHORTEST_ID = 6
_KIND = "snapshot.create"

NOT_STATED = "not stated"
LICENCE_KEY = "licence"
"""Key in the event of an import that holds the delivery's licence; empty where the delivery states none."""


def create(
    registry: Registry,
    query: str,
    split: str | None = None,
    policy: TargetPolicy | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Freeze what a saved query selects now, and return the manifest; the same registry state gives the same id.

    Args:
        registry: the registry.
        query: a saved query, `name` or `name@version`.
        split: a split, which gives each person a part; None gives no parts.
        policy: which mask is the truth; the consensus, else the only expert, by default.
        progress: called while masks are chosen.

    Raises:
        NotFound: there is no such query or split.
        QueryError: no image is selected, or the masks disagree about the meaning of their labels.
    """
    saved = queries.get(registry, query)
    divided = splits.get(registry, split) if split else None
    with pause_collector():
        manifest = build(registry, saved, divided, policy or TargetPolicy(), progress)
        if find(registry, manifest.snapshot_id) is None:
            _publish(registry, manifest)
        return manifest


def build(
    registry: Registry, query: Query, split: Split | None, policy: TargetPolicy, progress: Progress | None = None
) -> Manifest:
    """The manifest that `create` would write.

    Args:
        registry: the registry.
        query: the saved query.
        split: gives each person a part; None gives no parts.
        policy: which mask is the truth.
        progress: called while masks are chosen.

    Raises:
        QueryError: as `create`.
    """
    catalog = Catalog.of(registry)
    parts = splits.parts_now(registry, split) if split else None
    chosen = select_samples(catalog, query.sql, policy, parts, exclusions.reasons(registry), progress)
    if not chosen.samples:
        raise QueryError(
            "No image of the query has a mask that the target policy accepts.",
            "See the reasons with: cohortium query flow NAME, or choose another --target.",
        )
    made = Manifest(
        query={"name": query.name, "version": query.version, "sql": query.sql, "sha256": query.sha256},
        split=_split_record(split) if split else None,
        target_policy=chosen.policy.to_json(),
        channels=chosen.channels,
        labels=_labels(registry, chosen),
        samples=chosen.samples,
        excluded=chosen.excluded,
    )
    return replace(made, licences=list_licences(registry, (ref.path for ref in made.files())))


def get(registry: Registry, reference: str) -> Manifest:
    """The manifest of a snapshot, found by its id or by the first characters of the id (at least six).

    Raises:
        NotFound: there is no such snapshot.
        UsageError: several snapshots begin with these characters.
        IntegrityError: the manifest was changed after it was frozen.
    """
    found = find(registry, reference)
    if found is None:
        raise NotFound(f"There is no snapshot '{reference}'.", "List them with: cohortium snapshot list")
    return manifests.read(registry.root / manifest_path(found.snapshot_id))


def find(registry: Registry, reference: str) -> Snapshot | None:
    """The snapshot whose id begins with `reference`; None where there is none or fewer than six characters are given.

    Raises:
        UsageError: several snapshots begin with these characters.
    """
    if len(reference) < SHORTEST_ID:
        return None
    with registry.reading() as database:
        like = col(Snapshot.snapshot_id).startswith(reference, autoescape=True)
        found = database.exec(select(Snapshot).where(like)).all()
    if len(found) > 1:
        raise UsageError(f"{len(found)} snapshots begin with '{reference}'.", "Give more characters of the id.")
    return found[0] if found else None


def list_snapshots(registry: Registry) -> Sequence[Snapshot]:
    """Every snapshot, sorted by query and id."""
    with registry.reading() as database:
        return database.exec(select(Snapshot).order_by(col(Snapshot.query), col(Snapshot.snapshot_id))).all()


def frozen_at(registry: Registry) -> dict[str, str]:
    """Snapshot id to the moment of freezing (ISO 8601, UTC), oldest first; snapshots without an event are left out."""
    return find_moments(registry, _KIND, "snapshot_id")


def compare(registry: Registry, before: str, after: str) -> SnapshotDiff:
    """The difference between two snapshots; no query is run and no image is opened.

    Args:
        registry: the registry.
        before: id of the earlier snapshot, or its first characters.
        after: id of the later one, or its first characters.

    Raises:
        NotFound: one of them does not exist.
    """
    return diff(get(registry, before), get(registry, after), exclusions.reasons(registry))


def manifest_path(snapshot_id: str) -> str:
    """Path of a manifest in the registry."""
    return f"{places.SNAPSHOTS}/{snapshot_id}.json.gz"


def _publish(registry: Registry, manifest: Manifest) -> None:
    snapshot_id = manifest.snapshot_id
    summary = {
        "snapshot_id": snapshot_id,
        "query": f"{manifest.query['name']}@{manifest.query['version']}",
        "split": f"{manifest.split['name']}@{manifest.split['version']}" if manifest.split else None,
        "n_samples": len(manifest.samples),
        "n_excluded": len(manifest.excluded),
    }
    files = {
        manifest_path(snapshot_id): manifests.encode(manifest),
        f"{places.SNAPSHOTS}/{snapshot_id}.json": readable_json(summary),
    }
    publish(registry, Change(_KIND, f"Freeze snapshot {snapshot_id[:12]}", summary), write_files(files))


def _split_record(split: Split) -> dict[str, Any]:
    return {"name": split.name, "version": split.version, "seed": split.seed, "sha256": split.sha256}


def _labels(registry: Registry, chosen: Selection) -> Mapping[str, str]:
    """Value of the target to its name: the named classes 1, 2, ..., else the one table of all its masks.

    Raises:
        QueryError: the masks have several tables.
    """
    if classes := chosen.policy.classes:
        names = enumerate(("+".join(names) for names in classes), start=1)
        return {"0": "background", **{str(value): name for value, name in names}}
    wanted = {truth.path for sample in chosen.samples for truth in sample.truths if truth.use == TRAIN}
    with registry.reading() as database:
        rows = [row for table in (Mask, ConsensusMask) for row in database.exec(select(table.path, table.labels))]
    tables = {tuple(sorted(labels.items(), key=lambda item: int(item[0]))) for path, labels in rows if path in wanted}
    if len(tables) > 1:
        raise QueryError(
            "The masks of this query disagree about the meaning of their labels.",
            "Name the structures of the target with --label, or narrow the query to one protocol.",
        )
    return dict(next(iter(tables)))


def list_licences(registry: Registry, paths: Iterable[str]) -> tuple[str, ...]:
    """Licences of the deliveries that brought these files, sorted; empty where no delivery states one.

    Where some deliveries state a licence and others do not, `not stated` is added for the others. The dataset's own
    `License` counts for an import that recorded no licence, and where no import brought any of the files.
    """
    wanted, own = set(paths), _find_own_licence(registry)
    found = {licence for licence, brought in _list_imports(registry, own) if not wanted.isdisjoint(brought)} or {own}
    licences = found - {""}
    return tuple(sorted(licences | ({NOT_STATED} if licences and "" in found else set())))


def _list_imports(registry: Registry, unrecorded: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The licence of each import, and the files that it brought."""
    with registry.reading() as database:
        for payload in database.exec(select(Event.payload).where(Event.kind == "import")):
            yield str(payload.get(LICENCE_KEY, unrecorded)), payload.get("files", {})


def _find_own_licence(registry: Registry) -> str:
    with registry.reading() as database:
        description = database.get(File, "dataset_description.json")
    return str(description.facts["json"].get("License") or "") if description else ""
