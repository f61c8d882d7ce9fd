"""Make samples from the rows of a query: group images by session, choose masks, record why something is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from registry.catalog import Catalog
from registry.errors import QueryError, UsageError
from registry.files.progress import Progress
from registry.manifests import EVALUATION, TRAIN, Exclusion, FileRef, Sample, Truth
from registry.snapshots.targets import Choice, Reading, TargetPolicy
from registry.snapshots.targets.labels import Mask, list_readings, settle, structures
from registry.snapshots.targets.masks import list_masks, take
from registry.vocabulary.display import format_count
from registry.vocabulary.reasons import OUTDATED
from registry.vocabulary.units import find_first, list_units

Row = Mapping[str, Any]
Unit = tuple[str, list[Row]]

_REPORT_EVERY = 1000
"""Images between two calls of the progress callback."""

_IMAGES = """SELECT i.path, i.subject, i.session, i.person_id, i.site, i.scanner, i.class, i.channel, i.sha256, i.size
    FROM {query} q JOIN images i ON i.path = q.path GROUP BY ALL ORDER BY i.path"""

_OUTDATED = "SELECT DISTINCT image_path AS image FROM t_consensus_mask WHERE stale"
_REJECTED = "SELECT path FROM images WHERE quality = 'reject'"

QUALITY = "excluded:quality-reject"
"""Reason code of an image that a person rejected in the quality check."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one unit: a session, or an image where a session has several.

    Attributes:
        unit: its key.
        rows: the images that the query returned for it.
        sample: the sample that it became, or None.
        exclusions: why it, or some of its images, were left out.
    """

    unit: str
    rows: tuple[Row, ...]
    sample: Sample | None
    exclusions: tuple[Exclusion, ...]


@dataclass(frozen=True)
class Selection:
    """The outcomes of all units of a query.

    Attributes:
        channels: sorted; every sample has each of them.
        policy: which mask is the truth, its structures named as the masks name them.
        outcomes: one for each unit.
    """

    channels: tuple[str, ...]
    policy: TargetPolicy
    outcomes: tuple[Outcome, ...]

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The samples, sorted by the bytes of their keys."""
        samples = (outcome.sample for outcome in self.outcomes if outcome.sample)
        return tuple(sorted(samples, key=lambda sample: sample.sample.encode()))

    @property
    def excluded(self) -> tuple[Exclusion, ...]:
        """What was left out, sorted by the bytes of the units."""
        excluded = (item for outcome in self.outcomes for item in outcome.exclusions)
        return tuple(sorted(excluded, key=lambda item: item.unit.encode()))


@dataclass(frozen=True)
class SelectionRules:
    """Everything that decides whether a unit becomes a sample.

    Attributes:
        channels: a sample needs one image of each.
        decisions: unit (person, subject, session, image path) to the code of why a person left it out.
        masks: image path to its masks.
        policy: which mask is the truth.
        parts: person to part; None where no split is used.
        outdated: images whose consensus was made from other masks than their raters' present ones.
    """

    channels: tuple[str, ...]
    decisions: Mapping[str, str]
    masks: Mapping[str, list[Row]]
    policy: TargetPolicy
    parts: Mapping[str, str] | None
    outdated: frozenset[str] = frozenset()


class Excluded(Exception):
    """Raised for a unit that cannot become a sample."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def select(
    catalog: Catalog,
    sql: str,
    policy: TargetPolicy,
    parts: Mapping[str, str] | None,
    reasons: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Selection:
    """The selection of a query under a target policy.

    A person's decision comes before other reasons: an excluded image has that reason even where a mask is missing too.

    Args:
        catalog: the registry's views.
        sql: a SELECT that returns image paths.
        policy: which mask is the truth.
        parts: person to part, or None where no split is used.
        reasons: excluded unit to reason, as `exclusions.reasons` gives them.
        progress: called every 1000 images while masks are chosen, and at the end.

    Raises:
        QueryError: the query returns no image of the registry.
        UsageError: the images have masks of several protocols or structures, and the policy names none.
    """
    images = catalog.rows(_IMAGES.format(query=catalog.subquery(sql)))
    if not images:
        raise QueryError("The query returns no image of this registry.", "Run it first: cohortium query run NAME")
    channels = tuple(sorted({row["channel"] for row in images}))
    policy, masks = _find_masks(catalog, policy, {row["path"] for row in images})
    outdated = frozenset(row["image"] for row in catalog.rows(_OUTDATED))
    rules = SelectionRules(channels, decisions(catalog, reasons or {}), masks, policy, parts, outdated)
    units = _report_progress(_group_units(images, channels), len(images), progress)
    return Selection(channels, policy, tuple(_decide(key, group, rules) for key, group in units))


def _report_progress(units: Iterable[Unit], total: int, progress: Progress | None) -> Iterator[Unit]:
    """The units unchanged; the callback is called every `_REPORT_EVERY` images and at the end."""
    done, reported = 0, 0
    for unit in units:
        yield unit
        done += len(unit[1])
        if progress and (done >= reported + _REPORT_EVERY or done == total):
            reported = done
            progress(done, total, "choosing masks")


def decisions(catalog: Catalog, reasons: Mapping[str, str]) -> dict[str, str]:
    """Unit to the code of why a person left it out: exclusions, and images rejected in the quality check.

    Args:
        catalog: the registry's views.
        reasons: excluded unit to reason, as `exclusions.reasons` gives them.
    """
    rejected = {row["path"]: QUALITY for row in catalog.rows(_REJECTED)}
    return rejected | {unit: f"excluded:{reason}" for unit, reason in reasons.items()}


def _decide(key: str, group: Sequence[Row], rules: SelectionRules) -> Outcome:
    """What becomes of one unit, whose images are `group`.

    Images that a person left out are dropped first. The unit becomes a sample where the other images give one of each
    channel, their masks give a truth, and the person has a part. Otherwise the first rule that fails is the reason.
    """
    left_out = [(row, unit) for row in group if (unit := find_first(list_units(row), rules.decisions))]
    dropped = {row["path"] for row, _ in left_out}
    try:
        kept = [row for row in group if row["path"] not in dropped]
        channels_gone = [(row["channel"], unit) for row, unit in left_out]
        by_channel = _one_each(kept, rules.channels, channels_gone, rules.decisions)
        sample = _sample(key, by_channel, rules)
    except Excluded as reason:  # the whole unit is left out, so its dropped images need no entry of their own
        return Outcome(key, tuple(group), None, (Exclusion(key, reason.reason, reason.detail),))
    gone = tuple(Exclusion(_stem(row), rules.decisions[unit], f"{unit} is excluded") for row, unit in left_out)
    return Outcome(key, tuple(group), sample, gone)


def _stem(row: Row) -> str:
    return str(row["path"]).rpartition("/")[2].split(".")[0]


def _group_units(images: Sequence[Row], channels: Sequence[str]) -> Iterator[Unit]:
    """One unit per session; where a one-channel cohort has several images in a session, one unit per image."""
    sessions: dict[str, list[Row]] = defaultdict(list)
    for row in images:
        sessions[row["session"]].append(row)
    for group in sessions.values():
        if len(channels) == 1 and len(group) > 1:
            for row in group:
                yield _stem(row), [row]
        else:
            yield _key_of(group[0]), group


def _key_of(row: Row) -> str:
    """The key of an image's session: `sub-A000_ses-M00`."""
    return str(row["session"]).replace("/", "_")


def _sample(key: str, by_channel: Mapping[str, Row], rules: SelectionRules) -> Sample:
    first, parts = next(iter(by_channel.values())), rules.parts
    choice = _choose([row["path"] for row in by_channel.values()], rules)
    if parts is not None and first["person_id"] not in parts:
        raise Excluded("not-in-split", f"person {first['person_id']} has no part")
    return Sample(
        sample=key,
        person=first["person_id"],
        subject=first["subject"],
        session=first["session"].partition("/")[2] or None,
        site=first["site"],
        scanner=first["scanner"],
        class_label=first["class"],
        part=parts[first["person_id"]] if parts is not None else None,
        images={name: FileRef(row["path"], row["sha256"], row["size"]) for name, row in by_channel.items()},
        truths=_truths(choice, rules.policy),
        unit="session" if key == _key_of(first) else "image",
    )


def _choose(images: Sequence[str], rules: SelectionRules) -> Choice:
    candidates = [mask for image in images for mask in rules.masks.get(image, [])]
    readings = list_readings(candidates, rules.policy.classes)
    choice = rules.policy.choose(readings)
    if choice is not None:
        return choice
    if candidates and rules.policy.takes_consensus and not rules.outdated.isdisjoint(images):
        raise Excluded(OUTDATED, "a rater's mask is newer than the consensus: cohortium consensus build")
    if readings:
        raise Excluded("target-undecided", f"{_list_sources(readings)}, none chosen by the target policy")
    raise Excluded("no-target", _explain_gap(candidates, rules.policy))


def _list_sources(readings: Sequence[Reading]) -> str:
    """`masks by e01, e02`; where one rater has several, that is said: they are not several raters."""
    sources = sorted({reading.source for reading in readings})
    if len(sources) == 1 and len(readings) > 1:
        return f"{len(readings)} masks by {sources[0]}"
    return f"masks by {', '.join(sources)}"


def _explain_gap(candidates: Sequence[Mask], policy: TargetPolicy) -> str:
    """Why there is no reading."""
    if not candidates:
        return "no mask on any of its images"
    shown = {name for mask in candidates for name in structures(mask).values()}
    missing = sorted({name for names in policy.classes for name in names} - shown)
    if missing:
        return f"no mask shows {', '.join(missing)}"
    return "no rater's masks show each structure exactly once"


def _one_each(
    group: Sequence[Row], channels: Sequence[str], gone: Sequence[tuple[str, str]], decisions: Mapping[str, str]
) -> dict[str, Row]:
    """Channel to its one image. `gone` holds the channels of dropped images, each with the excluded unit."""
    by_channel: dict[str, Row] = {}
    for row in group:
        if row["channel"] in by_channel:
            raise Excluded("several-images", f"more than one {row['channel']} in the session")
        by_channel[row["channel"]] = row
    missing = [name for name in channels if name not in by_channel]
    # Where a channel is missing because a person left its image out, that decision is the reason, not the gap it made.
    for channel, unit in gone:
        if channel in missing:
            raise Excluded(decisions[unit], f"{unit} is excluded")
    if missing:
        raise Excluded("missing-channel", f"no {', '.join(missing)}")
    return {name: by_channel[name] for name in channels}


def _find_masks(catalog: Catalog, policy: TargetPolicy, images: set[str]) -> tuple[TargetPolicy, dict[str, list[Mask]]]:
    """The policy with its structures settled, and the masks of each image.

    Raises:
        UsageError: the masks have several protocols or structures, and the policy names none.
    """
    masks = list_masks(catalog, images, policy.protocol)
    protocols = sorted({mask["protocol"] for mask in masks})
    if len(protocols) > 1:
        raise UsageError(
            f"The images have masks of {len(protocols)} protocols: {', '.join(protocols)}.",
            "Choose one: with --protocol, or on the page 'Only masks of the protocol'.",
        )
    taken = take(masks, policy)
    settled = replace(policy, classes=settle(taken, policy.classes))
    if taken and not settled.classes:  # readings of another structure are no readings of this target
        shown = set(structures(taken[0]).values())
        masks = [mask for mask in masks if set(structures(mask).values()) == shown]
    by_image: dict[str, list[Mask]] = defaultdict(list)
    for mask in masks:
        by_image[mask["image"]].append(mask)
    return settled, by_image


def _truths(choice: Choice, policy: TargetPolicy) -> tuple[Truth, ...]:
    """The target's masks in the order of its classes, then every other reading's."""
    order = [name for names in policy.classes for name in names]
    target = [mask for reading in choice.truth for mask in _sort(reading, order)]
    paths = {mask["path"] for mask in target}
    others = [mask for reading in choice.readings for mask in _sort(reading, order) if mask["path"] not in paths]
    return (*(_truth(mask, TRAIN) for mask in target), *(_truth(mask, EVALUATION) for mask in others))


def _sort(reading: Reading, order: Sequence[str]) -> list[Mask]:
    return sorted(
        reading.masks,
        key=lambda mask: min((order.index(n) for n in structures(mask).values() if n in order), default=0),
    )


def _truth(row: Mask, use: str) -> Truth:
    kept = {key: row[key] for key in ("path", "sha256", "size", "role", "source", "protocol", "image")}
    return Truth(**kept, labels=structures(row), use=use)


def outdated_rejects(catalog: Catalog) -> list[str]:
    """Images that were rejected, then replaced, and not judged again; nothing keeps them out now."""
    rows = catalog.rows("""SELECT DISTINCT i.path FROM quality q JOIN images i ON i.path = q.image
        WHERE q.verdict = 'reject' AND q.stale AND i.quality IS NULL ORDER BY 1""")
    return [row["path"] for row in rows]


def rejected_once(catalog: Catalog, paths: Iterable[str]) -> str | None:
    """A sentence that names the `outdated_rejects` among a snapshot's images; None where there are none."""
    found = sorted(set(paths).intersection(outdated_rejects(catalog)))
    if not found:
        return None
    more = " ..." if len(found) > 5 else ""
    return (
        f"It holds {format_count(len(found), 'image')} rejected before being replaced, and not judged since: "
        f"{', '.join(found[:5])}{more}"
    )
