"""Find what crosses the parts of a split or of a frozen cohort, from everything that the registry knows.

The checks are in `registry.cohorts.leakage`; this module gives them the present persons, DICOM series, masks and
ancestors.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from registry import manifests, runs
from registry.bids import places
from registry.catalog import Catalog
from registry.cohorts import persons, queries, splits
from registry.cohorts.leakage import (
    Ancestor,
    Keys,
    Leak,
    Placed,
    check_lineage,
    check_manifest,
    find,
    list_placed,
    predicting_runs,
    refuse,
)
from registry.errors import NotFound, SplitError
from registry.index.rows.persons import People
from registry.manifests import Manifest, Sample
from registry.store import Registry

TELLING_VOXELS = 100
"""Masks of fewer voxels can be equal by chance (empty ones always are), so equal ones do not prove a copy."""

_MASKS = f"SELECT path, image_path, subject_id, NULL, sha256, NULL, NULL FROM {{}} WHERE n_voxels >= {TELLING_VOXELS}"
_KEYS = " UNION ALL ".join(
    (
        """SELECT path, path AS image, subject_id AS subject, sha256 AS checksum, NULL AS mask, series, study
    FROM t_image""",
        _MASKS.format("t_mask"),
        _MASKS.format("t_consensus_mask"),
    )
)


def check_split(registry: Registry, name: str) -> list[Leak]:
    """Leaks among the images, and their masks, of the query that a split divides.

    Persons are the present ones: two that were found to be one after the split was made are a leak when they lie in two
    parts.
    """
    split = splits.get(registry, name)
    parts = splits.assignments(registry, split)
    people = persons.people(registry)
    catalog = Catalog.of(registry)
    query = catalog.subquery(queries.get(registry, split.query).sql)
    rows = catalog.rows(f"SELECT k.* FROM ({_KEYS}) k WHERE k.image IN (SELECT q.path FROM {query} q)")
    files = []
    for row in rows:
        declared, person = people.declared_person(row["subject"]), people.person(row["subject"])
        part = parts.get(declared) or parts.get(person)
        if part:
            files.append(Placed(row["path"], part, {"person": person, **_keys(row)}))
    return find(files)


def check_snapshot(registry: Registry, manifest: Manifest, initial_runs: Iterable[str] = ()) -> list[Leak]:
    """Leaks of a frozen cohort as it would be trained on today.

    Args:
        registry: holds the present persons, series, masks and run records.
        manifest: the cohort.
        initial_runs: runs whose weights the training starts from.

    Raises:
        SplitError: the record of an ancestor is not on this machine, so nobody can say whom it has seen.
    """
    people = persons.people(registry)
    present = with_persons(manifest, people)
    rows = Catalog.of(registry).rows(_KEYS)
    more = {row["path"]: _keys(row) for row in rows}
    lineage = [
        replace(item, manifest=with_persons(item.manifest, people))
        for item in ancestors(registry, manifest, initial_runs)
    ]
    return [*check_manifest(present, more), *check_lineage(present, lineage)]


def ancestors(registry: Registry, manifest: Manifest, initial_runs: Iterable[str] = ()) -> list[Ancestor]:
    """Every run whose weights or predictions go into a training on this cohort, and the ancestors of these runs.

    Args:
        registry: holds the run records.
        manifest: the cohort.
        initial_runs: runs whose weights the training starts from.

    Raises:
        SplitError: the record of an ancestor is not on this machine.
    """
    waiting = [*((run, "weights") for run in initial_runs), *predicting_runs(manifest).items()]
    found: dict[str, Ancestor] = {}
    while waiting:
        run, through = waiting.pop(0)
        if run not in found:
            record = _read_record(registry, run)
            found[run] = Ancestor(run, _read_manifest(registry, run, record), through)
            waiting += [(parent, "weights") for parent in _list_parents(record)]
            waiting += predicting_runs(found[run].manifest).items()
    return list(found.values())


def with_persons(manifest: Manifest, people: People) -> Manifest:
    """The same cohort with the present persons."""
    return replace(manifest, samples=tuple(_with_person(sample, people) for sample in manifest.samples))


def _with_person(sample: Sample, people: People) -> Sample:
    """The sample with its subject's present person; a subject that the registry lacks keeps its person, merged."""
    known = sample.subject in people.declared
    return replace(sample, person=people.person(sample.subject) if known else people.now(sample.person))


def _keys(row: Mapping[str, Any]) -> Keys:
    return {kind: row[kind] for kind in ("checksum", "mask", "series", "study") if row[kind] is not None}


def _read_record(registry: Registry, run: str) -> dict[str, Any]:
    try:
        folder = runs.folder(registry, run)
    except NotFound as error:
        raise SplitError(
            f"The record of run {run} is not on this machine, so nobody can say whom it has seen.", error.hint
        ) from error
    record: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return record


def _list_parents(record: Mapping[str, Any]) -> list[str]:
    """Ids of the run that this one continues and of the run whose weights it started from; usually the same."""
    weights = (record.get("model") or {}).get("initial_weights") or {}
    parents = [record.get("parent_run"), weights.get("run") if isinstance(weights, dict) else None]
    return sorted({str(run) for run in parents if run})


def _read_manifest(registry: Registry, run: str, record: Mapping[str, Any]) -> Manifest:
    snapshot = (record.get("data") or {}).get("snapshot")
    candidates = [
        registry.root / places.SNAPSHOTS / f"{snapshot}.json.gz",
        registry.runs / run / "snapshot.json.gz",
    ]
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        raise SplitError(
            f"The cohort that run {run} learned from is not here, so nobody can say whom it has seen.",
            f"Fetch snapshot {snapshot}, or start from another run.",
        )
    return manifests.read(path)


__all__ = [
    "Ancestor",
    "Leak",
    "Placed",
    "ancestors",
    "check_lineage",
    "check_manifest",
    "check_snapshot",
    "check_split",
    "find",
    "list_placed",
    "predicting_runs",
    "refuse",
    "with_persons",
]
