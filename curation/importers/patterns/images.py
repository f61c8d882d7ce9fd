"""Images by pattern: each gets its BIDS name and the allowed fields of a sidecar beside it, and loses its text."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from curation.importers.cleaning import sidecars
from curation.importers.patterns.import_state import PatternImportState
from curation.importers.patterns.language import Match, fill
from curation.importers.report import Reason
from curation.importers.staging import RefusedError, channel_name
from registry.bids import places
from registry.errors import InvalidInput


def stage_image(state: PatternImportState, item: Match) -> None:
    """Write one image into the tree.

    Raises:
        RefusedError: nothing names its subject, its channel is unknown, it holds several
            volumes, or it is there already.
    """
    place = state.place(item.holes)
    channel = _find_channel(state, item)
    content = state.tree.open_image(state.source, item.path)
    if content.channels > 1:
        raise RefusedError(Reason.NOT_CARRIED, f"It holds {content.channels} volumes; the layout has single ones.")
    key, name = place.key(channel), channel_name(channel, **place.names)
    if key in state.images:
        raise RefusedError(Reason.DUPLICATE, f"{state.images[key].path} is in the tree already.")
    fields = {**_read_sidecar(state, item.path), **state.rules.image_fields}
    if "space" in name.entities:
        reference = state.references.setdefault(place.subject, f"{state.rules.images}/{name.path}")
        fields["SpatialReference"] = places.uri(reference)
        state.tree.links.setdefault(state.rules.images, set()).add(reference)
    state.images[key] = state.tree.image(name, content.encode(), fields, state.rules.images)
    state.places.setdefault((place.subject, place.session), place)


def _find_channel(state: PatternImportState, item: Match) -> str:
    stated = fill(state.rules.channel, item.holes)
    known = {key.lower(): value for key, value in state.tree.recipe.channels.items()}
    if stated.lower() not in known:
        raise RefusedError(Reason.UNKNOWN_KIND, f"The recipe has no BIDS suffix for '{stated}'.")
    return known[stated.lower()]


def _read_sidecar(state: PatternImportState, path: str) -> dict[str, Any]:
    beside = sidecar_of(path)
    if not (state.source / beside).is_file():
        return {}
    try:
        kept, dropped = sidecars.keep(sidecars.read(state.source / beside))
    except InvalidInput as error:
        state.tree.refuse(beside, Reason.UNREADABLE_JSON, error.message)
        return {}
    state.tree.used.append(beside)
    state.dropped.update(dropped)
    return kept


def sidecar_of(path: str) -> str:
    """The path of the JSON beside an image."""
    stem = PurePosixPath(path).name.removesuffix(".gz").removesuffix(".nii")
    return str(Path(path).with_name(f"{stem}.json"))


def note_gaps(state: PatternImportState) -> None:
    """Add a note for each channel that every session should have, with the sessions that lack it."""
    for channel in state.rules.complete:
        having = {(key[0], key[1]) for key in state.images if key[3] == channel}
        lacking = sorted(set(state.places) - having)
        if lacking:
            named = ", ".join(f"sub-{subject}" + (f"/ses-{session}" if session else "") for subject, session in lacking)
            state.tree.notes.append(f"No {channel} in {len(lacking)} of {len(state.places)} sessions: {named}.")
