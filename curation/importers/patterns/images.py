"""Images by pattern: each gets its BIDS name, the allowed fields of a sidecar beside it, and loses its text."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from curation.importers.cleaning import sidecars
from curation.importers.patterns.import_state import Run
from curation.importers.patterns.language import Match, fill
from curation.importers.report import Reason
from curation.importers.staging import RefusedError, channel_name, open_nifti
from registry.bids import places
from registry.errors import InvalidInput


def stage_image(run: Run, item: Match) -> None:
    """Bring one image into the tree.

    Raises:
        RefusedError: it cannot be used.
    """
    place = run.place(item.holes)
    channel = _channel(run, item)
    content = open_nifti(run.source / item.path)
    if content.channels > 1:
        raise RefusedError(Reason.NOT_CARRIED, f"It holds {content.channels} volumes; the layout has single ones.")
    key, name = place.key(channel), channel_name(channel, **place.names)
    if key in run.images:
        raise RefusedError(Reason.DUPLICATE, f"{run.images[key].path} is in the tree already.")
    fields = {**_sidecar(run, item.path), **run.rules.image_fields}
    if "space" in name.entities:
        reference = run.references.setdefault(place.subject, f"{run.rules.images}/{name.path}")
        fields["SpatialReference"] = places.uri(reference)
        run.tree.links.setdefault(run.rules.images, set()).add(reference)
    run.images[key] = run.tree.image(name, content.encode(), fields, run.rules.images)
    run.places.setdefault((place.subject, place.session), place)


def _channel(run: Run, item: Match) -> str:
    stated = fill(run.rules.channel, item.holes)
    known = {key.lower(): value for key, value in run.tree.recipe.channels.items()}
    if stated.lower() not in known:
        raise RefusedError(Reason.UNKNOWN_KIND, f"The recipe has no BIDS suffix for '{stated}'.")
    return known[stated.lower()]


def _sidecar(run: Run, path: str) -> dict[str, Any]:
    beside = sidecar_of(path)
    if not (run.source / beside).is_file():
        return {}
    try:
        kept, dropped = sidecars.keep(sidecars.read(run.source / beside))
    except InvalidInput as error:
        run.tree.refuse(beside, Reason.UNREADABLE_JSON, error.message)
        return {}
    run.tree.used.append(beside)
    run.dropped.update(dropped)
    return kept


def sidecar_of(path: str) -> str:
    """The path of the JSON beside an image."""
    stem = PurePosixPath(path).name.removesuffix(".gz").removesuffix(".nii")
    return str(Path(path).with_name(f"{stem}.json"))


def note_gaps(run: Run) -> None:
    """Name the sessions that lack a channel every session should have."""
    for channel in run.rules.complete:
        having = {(key[0], key[1]) for key in run.images if key[3] == channel}
        lacking = sorted(set(run.places) - having)
        if lacking:
            named = ", ".join(f"sub-{subject}" + (f"/ses-{session}" if session else "") for subject, session in lacking)
            run.tree.notes.append(f"No {channel} in {len(lacking)} of {len(run.places)} sessions: {named}.")
