"""Participants and sessions of the imported images: persons, classes, sites and scanners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.importers.patterns.import_state import PatternImportState, Place
from curation.importers.patterns.language import fill
from curation.importers.patterns.rules import Template
from curation.importers.report import SHOWN
from registry.bids.names import to_label


def describe(state: PatternImportState) -> None:
    """Fill the tree's participants and sessions; a subject's columns come from its first session.

    A note lists persons about whom their sessions differ.
    """
    first: dict[str, dict[str, str]] = {}
    doubtful: dict[str, set[str]] = {}
    for (subject, session), place in sorted(state.places.items()):
        columns = _fill_columns(state, state.rules.participants, place)
        known = {name: value for name, value in columns.items() if value is not None}
        if f"sub-{subject}" not in state.tree.participants:
            stated = fill(state.rules.person, place.holes)
            person = f"P-{to_label(stated)}" if stated else None
            state.tree.person(f"sub-{subject}", person, **known)
        before = first.setdefault(subject, known)
        if other := {name for name, value in known.items() if before.get(name, value) != value}:
            doubtful.setdefault(subject, set()).update(other)
        if session:
            row = _fill_columns(state, state.rules.sessions, place)
            visits = state.tree.sessions.setdefault(f"sub-{subject}", {})
            visits[f"ses-{session}"] = {"days_from_baseline": None, **_find_site(state, place), **row}
    _note_doubtful(state, doubtful)


def _note_doubtful(state: PatternImportState, doubtful: Mapping[str, set[str]]) -> None:
    named = [f"sub-{subject} ({', '.join(sorted(columns))})" for subject, columns in sorted(doubtful.items())]
    if named:
        more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
        state.tree.notes.append(
            f"Visits that differ about one person, so the first counts: {', '.join(named[:SHOWN])}{more}."
        )


def _find_site(state: PatternImportState, place: Place) -> dict[str, Any]:
    key = fill(state.rules.site, place.holes)
    site = state.tree.recipe.sites.get(key)
    return {"site": site.name, "scanner": site.scanner} if site else {"site": key or None, "scanner": None}


def _fill_columns(state: PatternImportState, columns: Mapping[str, Template], place: Place) -> dict[str, str | None]:
    stated = {name: fill(template, place.holes) for name, template in columns.items()}
    values = state.rules.values
    return {name: (values[name].get(text) if name in values else text) or None for name, text in stated.items()}
