"""The flow of a query: the persons, sessions, images and samples that remain at each step, and why others do not."""

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
"""Reason of images that a condition of the query leaves out."""

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
class StepLoss:
    """What a step left out for one reason: units that will become no sample, and images (None where not counted)."""

    reason: str
    samples: int
    images: int | None


@dataclass(frozen=True)
class Step:
    """What remains after one step.

    Attributes:
        name: `all images`, `where`, then the rules of the selection.
        detail: the condition in SQL, or empty.
        persons: number of persons who remain; persons, sessions and images are None where they were not counted.
        samples: number of units that may become a sample; None before images are grouped.
        lost: what this step left out; what remains and what is lost add up to the step before.
    """

    name: str
    detail: str
    persons: int | None
    sessions: int | None
    images: int | None
    samples: int | None
    lost: tuple[StepLoss, ...]


@dataclass(frozen=True)
class Flow:
    """The steps from every image of the registry to the samples of a snapshot, for a query, split and policy."""

    query: str
    split: str | None
    target_policy: Mapping[str, Any]
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        """The flow as plain JSON values."""
        return asdict(self)


def flow(registry: Registry, query: str, split: str | None = None, policy: TargetPolicy | None = None) -> Flow:
    """The flow of what `snapshots.create` would do now.

    Args:
        registry: the registry.
        query: a saved query, `name` or `name@version`.
        split: gives each person a part; None leaves out the step of the split.
        policy: which mask is the truth; the consensus, else the only expert, by default.

    Raises:
        NotFound: there is no such query or split.
        QueryError: the query returns no image.
    """
    saved = queries.get(registry, query)
    return of_sql(registry, saved.sql, split, policy, f"{saved.name}@{saved.version}")


def of_sql(
    registry: Registry, sql: str, split: str | None = None, policy: TargetPolicy | None = None, name: str = "unsaved"
) -> Flow:
    """The flow of a query that need not be saved.

    Args:
        registry: the registry.
        sql: a SELECT that returns image paths.
        split: as in `flow`.
        policy: as in `flow`.
        name: the query's name in the flow.

    Raises:
        NotFound: there is no such split.
        QueryError: the query returns no image.
    """
    divided = splits.get(registry, split) if split else None
    policy = policy or TargetPolicy()
    catalog = Catalog.of(registry)
    parts = splits.parts_now(registry, divided) if divided else None
    outcomes = select(catalog, sql, policy, parts, exclusions.reasons(registry)).outcomes
    filters = list(_list_filter_steps(catalog, sql))
    steps = (*filters[:-1], *_list_rule_steps(filters[-1], outcomes, _STAGES if divided else _STAGES[:-1]))
    versioned = f"{divided.name}@{divided.version}" if divided else None
    return Flow(name, versioned, policy.to_json(), steps)


def of_manifest(manifest: Manifest) -> Flow:
    """The flow of a frozen snapshot, from the units that the query returned then to the samples; no query is run.

    A manifest names the units that it left out, not their persons and images; these are counted in the last step only.
    """
    persons = {item.person for item in manifest.samples}
    sessions = {(item.subject, item.session) for item in manifest.samples}
    total = sum(len(item.images) for item in manifest.samples)
    frozen = Step("frozen", "", len(persons), len(sessions), total, len(manifest.samples), ())
    split = f"{manifest.split['name']}@{manifest.split['version']}" if manifest.split else None
    query = f"{manifest.query['name']}@{manifest.query['version']}"
    return Flow(query, split, manifest.target_policy, (*_list_frozen_steps(manifest), frozen))


def _list_frozen_steps(manifest: Manifest) -> Iterator[Step]:
    """Steps from the units that the query returned through each rule, from the left-out units of a manifest."""
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
            StepLoss(reason, lost[reason], None if lost[reason] else alone[reason]) for reason in sorted(lost | alone)
        )
        yield Step(name, "", None, None, None, left, found)


def _is_image_of_a_sample(unit: str, samples: Collection[str]) -> bool:
    """Whether a left-out unit is one image of a session that became a sample; its name begins with the sample's."""
    words = unit.split("_")
    return any("_".join(words[:count]) in samples for count in range(1, len(words)))


def _list_filter_steps(catalog: Catalog, sql: str) -> Iterator[Step]:
    """Steps from every image through each condition; a query that cannot be split into conditions is one step."""
    # The SQL is split by its text, which can go wrong. The parts are shown only where counting confirms (`_narrows`)
    # that each step only takes images away, and that the last returns what the whole query returns.
    chain = [("all images", "", "SELECT path FROM images")]
    bare, found = conditions.split(catalog, sql)
    if found and _count(catalog, bare) != _count(catalog, chain[0][2]):
        chain.append(("selected from", "", bare))
    chain += [("where", item.text, item.sql) for item in found] or [("query", " ".join(sql.split()), sql)]
    if not _narrows(catalog, [text for *_, text in chain], sql):
        chain = [chain[0], ("query", " ".join(sql.split()), sql)]
    before = None
    for name, detail, text in chain:
        counts = _count(catalog, text)
        gone = before["images"] - counts["images"] if before else 0
        lost = (StepLoss(FILTERED, 0, gone),) if gone else ()
        yield Step(name, detail, counts["persons"], counts["sessions"], counts["images"], None, lost)
        before = counts


def _narrows(catalog: Catalog, chain: Sequence[str], sql: str) -> bool:
    """Whether each step only takes images away, and the last one returns the same images as the query."""
    try:
        pairs = [*pairwise(chain), (sql, chain[-1]), (chain[-1], sql)]
        return not any(_count_extra(catalog, more, less) for less, more in pairs)
    except QueryError:  # a condition that fails on rows which an earlier one used to keep away
        return False


def _count_extra(catalog: Catalog, more: str, less: str) -> int:
    return int(catalog.value(_EXTRA.format(more=catalog.subquery(more), less=catalog.subquery(less))))


def _count(catalog: Catalog, sql: str) -> dict[str, int]:
    return catalog.rows(_COUNT.format(query=catalog.subquery(sql)))[0]


def _list_rule_steps(first: Step, outcomes: Sequence[Outcome], stages: Sequence[Stage]) -> Iterator[Step]:
    """The query's last step with its number of units, then a step for each rule of the selection."""
    yield replace(first, samples=len(outcomes))
    left = list(outcomes)
    for name, is_of_stage in stages:
        losses = (loss for outcome in left for loss in tally.list_by_reason(outcome) if is_of_stage(loss.reason))
        found = sorted(tally.count(losses), key=lambda item: item.name)
        left = [item for item in left if item.sample or not is_of_stage(item.exclusions[0].reason)]
        yield _make_step(name, left, tuple(StepLoss(item.name, item.samples, item.images) for item in found))


def _make_step(name: str, left: Sequence[Outcome], lost: tuple[StepLoss, ...]) -> Step:
    """The step of what remains; of a unit that became a sample, only the images that the sample uses count."""
    persons = {row["person_id"] for item in left for row in item.rows}
    sessions = {row["session"] for item in left for row in item.rows}
    images = sum(len(item.sample.images) if item.sample else len(item.rows) for item in left)
    return Step(name, "", len(persons), len(sessions), images, len(left), lost)
