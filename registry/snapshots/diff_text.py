"""Format the difference between two snapshots (`registry.snapshots.diff`) as sentences and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registry.snapshots.diff import Changed, Difference, Moved, SnapshotDiff
from registry.vocabulary.display import format_count
from registry.vocabulary.reasons import in_words

_SHORT = 12
_SETTINGS = {
    "query.name": "the query",
    "query.version": "the query's version",
    "query.sql": "the query's SQL",
    "split.name": "the split",
    "split.version": "the split's version",
    "split.seed": "the split's seed",
    "target_policy.order": "the target policy",
    "target_policy.protocol": "the protocol",
    "target_policy.classes": "the structures of the target",
    "schema": "the schema of the manifest",
    "channels": "the channels",
    "labels": "the labels",
    "licences": "the licence",
}
_SILENT = ("query.sha256", "split.sha256")


def sentences(found: SnapshotDiff) -> list[str]:
    """One sentence for each change, or one that says that nothing differs."""
    if found.empty:
        return ["Nothing differs: both hold the same samples, files and settings."]
    return [
        *_format_moved(found.removed, "left the cohort"),
        *_format_moved(found.added, "joined the cohort"),
        *_format_changed(found.changed),
        *_format_settings(found.settings),
        *_format_left_out(found.exclusions),
    ]


def _format_moved(moved: Sequence[Moved], what: str) -> Iterator[str]:
    for reason in sorted({item.reason for item in moved}):
        group = [item for item in moved if item.reason == reason]
        persons = sorted({item.person for item in group})
        yield f"{format_count(len(group), 'sample')} of {_format_persons(persons)} {what} ({_why(what, reason)})."


def _why(what: str, reason: str) -> str:
    """Words for why the other snapshot lacks a sample: for one that joined, why it was not there before."""
    return in_words(reason) if what.startswith("left") else f"until now, {in_words(reason)}"


def _format_persons(persons: Sequence[str]) -> str:
    return f"person {persons[0]}" if len(persons) == 1 else format_count(len(persons), "person")


def _format_changed(changed: Sequence[Changed]) -> Iterator[str]:
    kinds = Counter(kind for item in changed for kind in {_kind(one.what) for one in item.differences})
    for kind in sorted(kinds):
        samples = [item.sample for item in changed if kind in {_kind(one.what) for one in item.differences}]
        where = f"in {samples[0]}" if len(samples) == 1 else f"in {format_count(len(samples), 'sample')}"
        yield f"{kind} {where}."


_KINDS = {
    "target": "The mask that is the target is another one",
    "target source": "The target comes from somebody else",
    "meaning of masks": "What a mask shows or is used for differs",
}
_KINDS_OF = (
    ("target ", "The mask of {} in the target is another one"),
    ("image ", "The {} image is another one"),
    ("reading ", "The reading of {} is another one"),
)
"""The beginning of a difference's name, and a sentence about what follows it."""


def _kind(what: str) -> str:
    if what in _KINDS:
        return _KINDS[what]
    found = ((text, what.removeprefix(start)) for start, text in _KINDS_OF if what.startswith(start))
    return next((text.format(rest) for text, rest in found), f"The {what} differs")


def _format_settings(settings: Sequence[Difference]) -> Iterator[str]:
    for one in settings:
        if one.what not in _SILENT:
            yield f"Among the settings, {_SETTINGS.get(one.what, one.what)} changed."


def _format_left_out(exclusions: Sequence[Difference]) -> Iterator[str]:
    if exclusions:
        yield (
            f"{format_count(len(exclusions), 'unit')} that neither holds {'is' if len(exclusions) == 1 else 'are'} "
            f"left out for another reason, or by one of them only."
        )


def tables(found: SnapshotDiff) -> dict[str, list[dict[str, Any]]]:
    """Title to rows: removed, added, changed, settings, left out differently; empty tables are left out."""
    every = {
        "Left the cohort": [_line(item) for item in found.removed],
        "Joined the cohort": [_line(item) for item in found.added],
        "Changed": [
            {"Sample": item.sample, "Person": item.person, **_values(one)}
            for item in found.changed
            for one in item.differences
        ],
        "Settings": [_values(one) for one in found.settings if one.what not in _SILENT],
        "Left out differently": [_values(one) for one in found.exclusions],
    }
    return {title: rows for title, rows in every.items() if rows}


def _line(item: Moved) -> dict[str, Any]:
    return {
        "Sample": item.sample,
        "Person": item.person,
        "Part": item.part,
        "Reason": in_words(item.reason),
        "Detail": item.detail,
    }


def _values(one: Difference) -> dict[str, Any]:
    return {"What": one.what, "Before": short(one.before), "After": short(one.after)}


def short(value: Any) -> str:
    """A value on one line: of a file the beginning of its checksum, a reason in words, `-` for None."""
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        if "sha256" in value:
            return str(value["sha256"])[:_SHORT]
        return in_words(value["reason"]) if "reason" in value else ", ".join(map(short, value.values()))
    if isinstance(value, list | tuple):
        return "; ".join(map(short, value))
    return " ".join(str(value).split())
