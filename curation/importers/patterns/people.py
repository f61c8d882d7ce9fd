"""Participants and sessions of the images that came in: persons, classes, sites and scanners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.importers.patterns.import_state import Place, Run
from curation.importers.patterns.language import fill
from curation.importers.patterns.rules import Template
from curation.importers.report import SHOWN
from registry.bids.names import to_label


def describe(run: Run) -> None:
    """Fill the tree's participants and sessions; a subject's columns come from its first session.

    Sessions that say something else of one person are noted.
    """
    first: dict[str, dict[str, str]] = {}
    doubtful: dict[str, set[str]] = {}
    for (subject, session), place in sorted(run.places.items()):
        columns = _columns(run, run.rules.participants, place)
        known = {name: value for name, value in columns.items() if value is not None}
        if f"sub-{subject}" not in run.tree.participants:
            stated = fill(run.rules.person, place.holes)
            person = f"P-{to_label(stated)}" if stated else None
            run.tree.person(f"sub-{subject}", person, **known)
        before = first.setdefault(subject, known)
        if other := {name for name, value in known.items() if before.get(name, value) != value}:
            doubtful.setdefault(subject, set()).update(other)
        if session:
            row = _columns(run, run.rules.sessions, place)
            visits = run.tree.sessions.setdefault(f"sub-{subject}", {})
            visits[f"ses-{session}"] = {"days_from_baseline": None, **_site(run, place), **row}
    _note_doubtful(run, doubtful)


def _note_doubtful(run: Run, doubtful: Mapping[str, set[str]]) -> None:
    named = [f"sub-{subject} ({', '.join(sorted(columns))})" for subject, columns in sorted(doubtful.items())]
    if named:
        more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
        run.tree.notes.append(
            f"Visits that differ about one person, so the first counts: {', '.join(named[:SHOWN])}{more}."
        )


def _site(run: Run, place: Place) -> dict[str, Any]:
    key = fill(run.rules.site, place.holes)
    site = run.tree.recipe.sites.get(key)
    return {"site": site.name, "scanner": site.scanner} if site else {"site": key or None, "scanner": None}


def _columns(run: Run, columns: Mapping[str, Template], place: Place) -> dict[str, str | None]:
    stated = {name: fill(template, place.holes) for name, template in columns.items()}
    values = run.rules.values
    return {name: (values[name].get(text) if name in values else text) or None for name, text in stated.items()}
