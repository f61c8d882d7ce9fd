"""Compare two snapshots: what changed, and why a sample is in one of them only.

Only the two manifests are read: no file is opened and no query is run. `diff(a, b).empty` holds exactly when both have
the same id, and `diff(b, a)` is its mirror image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from registry.manifests import Exclusion, FileRef, Manifest, Sample, Truth
from registry.vocabulary.units import find_first

NOT_SELECTED = "not-selected"
"""Reason of a sample that the other snapshot's query does not return."""

_FACTS = ("person", "subject", "session", "unit", "part", "site", "scanner", "class_label")
_SETTINGS = ("query", "split", "target_policy", "channels", "labels", "licences", "schema")


@dataclass(frozen=True)
class Difference:
    """A value that differs. `what` names it: `target`, `image FLAIR`, `reading e01`, `part`, `query.sql`."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Moved:
    """A sample that only one of the two snapshots has.

    Attributes:
        reason: code of why the other snapshot lacks it; `not-selected` where its query does not return it.
        detail: a sentence, or empty.
    """

    sample: str
    person: str
    part: str | None
    reason: str
    detail: str


@dataclass(frozen=True)
class Changed:
    """A sample in both snapshots that is not the same."""

    sample: str
    person: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class SnapshotDiff:
    """Everything that differs, each list sorted by sample.

    Attributes:
        before: id of the first snapshot.
        after: id of the second snapshot.
        settings: differences of query, split, policy, channels, labels and licences.
        exclusions: units that are a sample of neither, and are left out for another reason or by one only.
    """

    before: str
    after: str
    settings: tuple[Difference, ...]
    added: tuple[Moved, ...]
    removed: tuple[Moved, ...]
    changed: tuple[Changed, ...]
    exclusions: tuple[Difference, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.settings or self.added or self.removed or self.changed or self.exclusions)

    def to_json(self) -> dict[str, Any]:
        """The difference as plain JSON values."""
        return {**asdict(self), "empty": self.empty}


def diff(before: Manifest, after: Manifest, decisions: Mapping[str, str] | None = None) -> SnapshotDiff:
    """The difference between two snapshots.

    Args:
        before: the earlier one.
        after: the later one.
        decisions: excluded unit (person, subject, `sub-A000/ses-M00` or image path) to reason. It explains samples
            that the later query does not return; a reason in the later manifest comes first.
    """
    old, new = ({item.sample: item for item in manifest.samples} for manifest in (before, after))
    both = sorted(old.keys() & new.keys(), key=str.encode)
    alike = before.schema == after.schema  # schema 1 does not say what a mask shows
    changed = [Changed(key, new[key].person, tuple(_compare_samples(old[key], new[key], alike))) for key in both]
    return SnapshotDiff(
        before.snapshot_id,
        after.snapshot_id,
        tuple(_compare_settings(before, after)),
        _list_moved(new, old, before.excluded, {}),
        _list_moved(old, new, after.excluded, decisions or {}),
        tuple(item for item in changed if item.differences),
        tuple(_compare_exclusions(before, after)),
    )


def _list_moved(
    here: Mapping[str, Sample], there: Mapping[str, Sample], left_out: Sequence[Exclusion], decisions: Mapping[str, str]
) -> tuple[Moved, ...]:
    """Samples of `here` that are not in `there`, with the reason that the manifest of `there` gives."""
    reasons = {item.unit: item for item in left_out}
    moved = []
    for key in sorted(here.keys() - there.keys(), key=str.encode):
        sample, exclusion = here[key], reasons.get(key)
        reason, detail = (exclusion.reason, exclusion.detail) if exclusion else _explain(sample, decisions)
        moved.append(Moved(key, sample.person, sample.part, reason, detail))
    return tuple(moved)


def _explain(sample: Sample, decisions: Mapping[str, str]) -> tuple[str, str]:
    paths = [sample.images[channel].path for channel in sorted(sample.images)]
    unit = find_first((sample.person, sample.subject, f"{sample.subject}/{sample.session}", *paths), decisions)
    if unit is None:
        return NOT_SELECTED, "the query does not return it"
    return f"excluded:{decisions[unit]}", f"{unit} is excluded"


def _compare_samples(old: Sample, new: Sample, alike: bool) -> Iterator[Difference]:
    for name in _FACTS:
        yield from _value(name.removesuffix("_label"), getattr(old, name), getattr(new, name))
    for channel in sorted(old.images.keys() | new.images.keys()):
        yield from _file(f"image {channel}", old.images.get(channel), new.images.get(channel))
    yield from _value("target source", _source(old), _source(new))
    yield from _compare_targets(old, new)
    yield from _compare_readings(old, new)
    if alike:
        yield from _value("meaning of masks", *_list_meanings(old, new))


def _compare_targets(old: Sample, new: Sample) -> Iterator[Difference]:
    """The target, or each of its structures where there are several."""
    before, after = ({_name_structures(mask): mask for mask in sample.targets} for sample in (old, new))
    if len(before) < 2 and len(after) < 2:
        yield from _file("target", old.target, new.target)
        return
    for name in sorted(before.keys() | after.keys()):
        yield from _file(f"target {name}", before.get(name), after.get(name))


def _name_structures(mask: Truth) -> str:
    return ", ".join(mask.labels[value] for value in sorted(mask.labels, key=int))


def _compare_readings(old: Sample, new: Sample) -> Iterator[Difference]:
    """Readings that differ, without the target, which has its own line: one changed file is one difference."""
    before, after = ({item.path: item for item in sample.readings} for sample in (old, new))
    targets = {mask.path for mask in old.targets} & {mask.path for mask in new.targets}
    for path in sorted((before.keys() | after.keys()) - targets, key=str.encode):
        one = before.get(path) or after[path]
        yield from _file(f"reading {one.source}", before.get(path), after.get(path))


def _list_meanings(old: Sample, new: Sample) -> list[dict[str, Any]]:
    """Path of a mask to what it shows, of masks in both samples where that differs.

    What a mask is used for counts too, where both samples have the same target: another target has its own line.
    """
    same = [mask.path for mask in old.targets] == [mask.path for mask in new.targets]
    before, after = (_collect_meanings(sample, same) for sample in (old, new))
    changed = [path for path in sorted(before.keys() & after.keys()) if before[path] != after[path]]
    return [{path: one[path] for path in changed} for one in (before, after)]


def _collect_meanings(sample: Sample, with_use: bool) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for truth in sample.truths:
        use = {"use": truth.use} if with_use else {}
        found.setdefault(truth.path, []).append({"labels": dict(truth.labels), **use})
    return found


def _source(sample: Sample) -> str | None:
    return f"{sample.target.role}:{sample.target.source}" if sample.target else None


def _file(what: str, old: FileRef | None, new: FileRef | None) -> Iterator[Difference]:
    yield from _value(what, _reference(old), _reference(new))


def _reference(ref: FileRef | None) -> dict[str, Any] | None:
    """The file, and of a mask who says so; what a mask shows is compared on its own."""
    kept = ("path", "sha256", "size", "role", "source", "protocol", "image")
    return {name: getattr(ref, name) for name in kept if hasattr(ref, name)} if ref else None


def _value(what: str, old: Any, new: Any) -> Iterator[Difference]:
    if old != new:
        yield Difference(what, old, new)


def _compare_settings(before: Manifest, after: Manifest) -> Iterator[Difference]:
    for name in _SETTINGS:
        old, new = _plain(getattr(before, name)), _plain(getattr(after, name))
        if isinstance(old, dict) and isinstance(new, dict):
            for key in sorted(old.keys() | new.keys()):
                yield from _value(f"{name}.{key}", old.get(key), new.get(key))
        else:
            yield from _value(name, old, new)


def _plain(value: Any) -> Any:
    """A value with lists and dicts as JSON has them, so that a manifest from disk equals one just built."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _compare_exclusions(before: Manifest, after: Manifest) -> Iterator[Difference]:
    """Left-out units that are a sample of neither snapshot; the others are in `added` or `removed`."""
    old, new = ({item.unit: item for item in manifest.excluded} for manifest in (before, after))
    samples = {item.sample for manifest in (before, after) for item in manifest.samples}
    for unit in sorted((old.keys() | new.keys()) - samples, key=str.encode):
        yield from _value(unit, _why(old.get(unit)), _why(new.get(unit)))


def _why(item: Exclusion | None) -> dict[str, str] | None:
    return {"reason": item.reason, "detail": item.detail} if item else None
