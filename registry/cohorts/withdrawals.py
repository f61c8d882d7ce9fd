"""Withdrawn consent: whom a frozen snapshot still holds, and the word that is needed to use it nevertheless.

An exclusion counts from the moment it is made, but a snapshot never changes, so an older one still holds the person.
Whatever uses the files of a snapshot, or lets them leave, calls `require_word` first.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from registry.bids import places
from registry.cohorts import exclusions, leaks, persons
from registry.errors import UsageError
from registry.files.canonical import readable_json
from registry.manifests import Manifest, Sample
from registry.privacy.free_text import require_impersonal
from registry.publishing import Change, publish, write_files
from registry.store import Registry, actor
from registry.vocabulary.display import format_count

OPTION = "--despite-withdrawal"
"""The option of every command that uses a snapshot."""

EVENT = "withdrawal.override"
_PARTS = frozenset({"consent", "withdrawn", "withdrawal", "withdrew", "revoked", "optout"})
_SHOWN = 5


@dataclass(frozen=True)
class Word:
    """A recorded word: this snapshot is used although consent was withdrawn.

    Attributes:
        reason: why, as the person who takes the responsibility wrote it.
        units: the excluded persons, subjects, sessions and images that the snapshot held then, sorted.
        actor: who gave the word.
    """

    reason: str
    units: tuple[str, ...]
    actor: str

    def to_json(self) -> dict[str, Any]:
        """The word as plain JSON values, for a run's record or an export."""
        return {**asdict(self), "units": list(self.units)}


def is_withdrawal(reason: str) -> bool:
    """Whether the reason of an exclusion is about consent: `consent-withdrawn`, `no-consent`, `opt-out`, `revoked`."""
    return not _PARTS.isdisjoint(reason.replace("opt-out", "optout").split("-"))


def list_withdrawn(registry: Registry, manifest: Manifest) -> tuple[str, ...]:
    """Excluded units in a snapshot whose consent is withdrawn, as they were excluded, sorted; usually none."""
    known = persons.people(registry)
    named = exclusions.list_exclusions(registry)
    withdrawn = {known.now(item.unit): item.unit for item in named if is_withdrawal(item.reason)}
    if not withdrawn:
        return ()
    samples = leaks.with_persons(manifest, known).samples
    held = {unit for sample in samples for unit in _list_units(sample)}
    return tuple(sorted(name for unit, name in withdrawn.items() if unit in held))


def _list_units(sample: Sample) -> Sequence[str]:
    masks = (*sample.readings, *((sample.target,) if sample.target else ()))
    images = {*(ref.path for ref in sample.images.values()), *(mask.image for mask in masks)}
    return (sample.person, sample.subject, f"{sample.subject}/{sample.session}", *images)


def describe(units: Sequence[str]) -> str:
    """The sentence about a snapshot that holds these units."""
    named = ", ".join(units[:_SHOWN]) + (f" and {len(units) - _SHOWN} more" if len(units) > _SHOWN else "")
    return f"Consent was withdrawn for {format_count(len(units), 'unit')} of this snapshot: {named}."


def require_word(registry: Registry, manifest: Manifest, use: str, reason: str = "") -> Word | None:
    """The recorded word under which a snapshot may be used; None where nobody in it withdrew.

    The word is published as an event and a file below `code/registry/withdrawals`, before anything is used.

    Args:
        registry: the registry of the snapshot.
        manifest: the snapshot.
        use: what for, such as `export nnunet`.
        reason: why it is used nevertheless; empty where nobody gave a word.

    Raises:
        UsageError: consent was withdrawn and there is no reason, or the reason tells who was scanned or when.
    """
    units = list_withdrawn(registry, manifest)
    if not units:
        return None
    reason = reason.strip()
    if not reason:
        raise UsageError(
            describe(units),
            f"Freeze the query again, which leaves them out; or say why it is used with {OPTION} REASON, which is "
            "recorded.",
        )
    if not reason.isprintable():
        raise UsageError("The reason holds a tab or a line break.", "Write it on one line.")
    require_impersonal(reason, "reason")
    word = Word(reason, units, actor())
    short = manifest.snapshot_id[:12]
    facts = {"snapshot_id": manifest.snapshot_id, "use": use, **word.to_json()}
    path = f"{places.WITHDRAWALS}/{short}-{secrets.token_hex(4)}.json"
    change = Change(EVENT, f"Use snapshot {short} despite withdrawn consent: {use}", facts)
    publish(registry, change, write_files({path: readable_json(facts)}))
    return word


def require_covered(registry: Registry, manifest: Manifest, word: dict[str, Any] | None) -> None:
    """Refuse a snapshot for which a word was given earlier, where somebody withdrew since.

    Args:
        registry: the registry of the snapshot.
        manifest: the snapshot.
        word: a `Word` as JSON; None where no word was needed then.

    Raises:
        UsageError: the word does not cover everybody who has withdrawn by now.
    """
    covered = set(word["units"]) if word else set()
    if new := [unit for unit in list_withdrawn(registry, manifest) if unit not in covered]:
        raise UsageError(
            describe(new), f"It happened after the run was asked for: ask again, on a newer snapshot or with {OPTION}."
        )
