"""The flow of a query: how many persons, sessions, images and samples remain at each step, and why others do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from registry.catalog import Catalog, conditions
from registry.cohorts import exclusions, queries, splits
from registry.errors import QueryError
from registry.manifests import Manifest
from registry.snapshots import tally
from registry.snapshots.selection import Outcome, select
from registry.snapshots.targets import TargetPolicy
from registry.store import Registry
from registry.vocabulary.reasons import OUTDATED

FILTERED = "query"
"""Reason of images that a condition of the query does not keep."""

_COUNT = """SELECT count(DISTINCT i.person_id) AS persons, count(DISTINCT i.session) AS sessions,
    count(DISTINCT i.path) AS images FROM {query} q JOIN images i ON i.path = q.path"""
_EXTRA = """SELECT count(*) FROM (SELECT q.path FROM {more} q JOIN images i ON i.path = q.path)
    WHERE path NOT IN (SELECT q.path FROM {less} q JOIN images i ON i.path = q.path)"""

Stage = tuple[str, Callable[[str], bool]]

_STAGES: tuple[Stage, ...] = (
    ("not excluded by a person", lambda reason: reason.startswith("excluded:")),
    ("every channel, once", lambda reason: reason in ("missing-channel", "several-images")),
    ("a mask the target policy takes", lambda reason: reason in ("no-target", "target-undecided", OUTDATED)),
    ("in the split", lambda reason: reason == "not-in-split"),
)


@dataclass(frozen=True)
class Loss:
    """What a step left out for one reason: samples it will never become, and images; None where nobody counted them."""

    reason: str
    samples: int
    images: int | None


@dataclass(frozen=True)
class Step:
    """What remains after one step.

    Attributes:
        name: `all images`, `where`, then the rules of the selection.
        detail: the condition in SQL, or empty.
        persons: who remain; None where nobody counted them, as for sessions and images.
        samples: units that may become a sample; None before images are grouped.
        lost: what this step left out; remaining and lost add up to the step before.
    """

    name: str
    detail: str
    persons: int | None
    sessions: int | None
    images: int | None
    samples: int | None
    lost: tuple[Loss, ...]


@dataclass(frozen=True)
class Flow:
    """A query, split and policy as steps from every image of the registry to the samples of a snapshot."""

    query: str
    split: str | None
    target_policy: Mapping[str, Any]
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        return asdict(self)


def flow(registry: Registry, query: str, split: str | None = None, policy: TargetPolicy | None = None) -> Flow:
    """Count what remains at each step of what `snapshots.create` would do now.

    Raises:
        NotFound: no such query or split.
        QueryError: the query returns no image.
    """
    saved = queries.get(registry, query)
    return of_sql(registry, saved.sql, split, policy, f"{saved.name}@{saved.version}")


def of_sql(
    registry: Registry, sql: str, split: str | None = None, policy: TargetPolicy | None = None, name: str = "unsaved"
) -> Flow:
    """The same for a query that need not be saved; `name` is what the flow calls it.

    Raises:
        NotFound: no such split.
        QueryError: the query returns no image.
    """
    divided = splits.get(registry, split) if split else None
    policy = policy or TargetPolicy()
    catalog = Catalog.of(registry)
    parts = splits.parts_now(registry, divided) if divided else None
    outcomes = select(catalog, sql, policy, parts, exclusions.reasons(registry)).outcomes
    filters = list(_filters(catalog, sql))
    steps = (*filters[:-1], *_rules(filters[-1], outcomes, _STAGES if divided else _STAGES[:-1]))
    versioned = f"{divided.name}@{divided.version}" if divided else None
    return Flow(name, versioned, policy.to_json(), steps)


def of_manifest(manifest: Manifest) -> Flow:
    """What was frozen, from the units that the query returned then to the samples; no query is run.

    A manifest names what it left out but not the persons and images behind it, so these are counted at the end alone.
    """
    persons = {item.person for item in manifest.samples}
    sessions = {(item.subject, item.session) for item in manifest.samples}
    total = sum(len(item.images) for item in manifest.samples)
    frozen = Step("frozen", "", len(persons), len(sessions), total, len(manifest.samples), ())
    split = f"{manifest.split['name']}@{manifest.split['version']}" if manifest.split else None
    query = f"{manifest.query['name']}@{manifest.query['version']}"
    return Flow(query, split, manifest.target_policy, (*_frozen_steps(manifest), frozen))


def _frozen_steps(manifest: Manifest) -> Iterator[Step]:
    """From the units that the query returned through each rule, as far as a manifest tells."""
    samples = {item.sample for item in manifest.samples}
    units = [item for item in manifest.excluded if not _is_image_of_a_sample(item.unit, samples)]
    images = [item for item in manifest.excluded if _is_image_of_a_sample(item.unit, samples)]
    left = len(samples) + len(units)
    yield Step("returned by the query", " ".join(str(manifest.query["sql"]).split()), None, None, None, left, ())
    for name, is_of_stage in _STAGES if manifest.split else _STAGES[:-1]:
        lost = Counter(item.reason for item in units if is_of_stage(item.reason))
        alone = Counter(item.reason for item in images if is_of_stage(item.reason))
        left -= lost.total()
        found = tuple(
            Loss(reason, lost[reason], None if lost[reason] else alone[reason]) for reason in sorted(lost | alone)
        )
        yield Step(name, "", None, None, None, left, found)


def _is_image_of_a_sample(unit: str, samples: Collection[str]) -> bool:
    """Left-out units are sessions; of a session that became a sample, single images, whose names begin as it does."""
    return any("_".join(words) in samples for words in _beginnings(unit.split("_")))


def _beginnings(words: Sequence[str]) -> Iterator[Sequence[str]]:
    return (words[:count] for count in range(1, len(words)))


def _filters(catalog: Catalog, sql: str) -> Iterator[Step]:
    """From every image through each condition; a query that cannot be taken apart is one step."""
    chain = [("all images", "", "SELECT path FROM images")]
    bare, found = conditions.split(catalog, sql)
    if found and _count(catalog, bare) != _count(catalog, chain[0][2]):
        chain.append(("selected from", "", bare))
    chain += [("where", item.text, item.sql) for item in found] or [("query", " ".join(sql.split()), sql)]
    if not _narrows(catalog, [text for *_, text in chain], sql):
        chain = [chain[0], ("query", " ".join(sql.split()), sql)]
    before = None
    for name, detail, text in chain:
        now = _count(catalog, text)
        gone = before["images"] - now["images"] if before else 0
        lost = (Loss(FILTERED, 0, gone),) if gone else ()
        yield Step(name, detail, now["persons"], now["sessions"], now["images"], None, lost)
        before = now


def _narrows(catalog: Catalog, chain: Sequence[str], sql: str) -> bool:
    """Whether each step only takes away, and the last one is the query itself."""
    try:
        pairs = [*pairwise(chain), (sql, chain[-1]), (chain[-1], sql)]
        return not any(_extra(catalog, more, less) for less, more in pairs)
    except QueryError:  # a condition that fails on rows which an earlier one used to keep away
        return False


def _extra(catalog: Catalog, more: str, less: str) -> int:
    return int(catalog.value(_EXTRA.format(more=catalog.subquery(more), less=catalog.subquery(less))))


def _count(catalog: Catalog, sql: str) -> dict[str, int]:
    return catalog.rows(_COUNT.format(query=catalog.subquery(sql)))[0]


def _rules(first: Step, outcomes: Sequence[Outcome], stages: Sequence[Stage]) -> Iterator[Step]:
    """The query's last step, now with its units, and each rule of the selection."""
    yield replace(first, samples=len(outcomes))
    left = list(outcomes)
    for name, is_of_stage in stages:
        losses = (loss for outcome in left for loss in tally.list_by_reason(outcome) if is_of_stage(loss.reason))
        found = sorted(tally.count(losses), key=lambda item: item.name)
        left = [item for item in left if item.sample or not is_of_stage(item.exclusions[0].reason)]
        yield _remaining(name, left, tuple(Loss(item.name, item.samples, item.images) for item in found))


def _remaining(name: str, left: Sequence[Outcome], lost: tuple[Loss, ...]) -> Step:
    """Images of a unit that became a sample are those it uses; the others were left out by a person."""
    persons = {row["person_id"] for item in left for row in item.rows}
    sessions = {row["session"] for item in left for row in item.rows}
    images = sum(len(item.sample.images) if item.sample else len(item.rows) for item in left)
    return Step(name, "", len(persons), len(sessions), images, len(left), lost)
