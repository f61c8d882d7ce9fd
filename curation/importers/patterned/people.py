"""Participants and sessions of the images that came in: persons, classes, sites and scanners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.importers.patterned.rules import Template
from curation.importers.patterned.run import Place, Run
from curation.importers.patterns import fill
from registry.names import to_label


def describe(run: Run) -> None:
    """Fill the tree's participants and sessions; a subject's columns come from its first session."""
    for (subject, session), place in sorted(run.places.items()):
        if f"sub-{subject}" not in run.tree.participants:
            stated = fill(run.rules.person, place.holes)
            person = f"P-{to_label(stated)}" if stated else None
            columns = _columns(run, run.rules.participants, place)
            known = {name: value for name, value in columns.items() if value is not None}
            run.tree.person(f"sub-{subject}", person, **known)
        if session:
            row = _columns(run, run.rules.sessions, place)
            visits = run.tree.sessions.setdefault(f"sub-{subject}", {})
            visits[f"ses-{session}"] = {"days_from_baseline": None, **_site(run, place), **row}


def _site(run: Run, place: Place) -> dict[str, Any]:
    key = fill(run.rules.site, place.holes)
    site = run.tree.recipe.sites.get(key)
    return {"site": site.name, "scanner": site.scanner} if site else {"site": key or None, "scanner": None}


def _columns(run: Run, columns: Mapping[str, Template], place: Place) -> dict[str, str | None]:
    stated = {name: fill(template, place.holes) for name, template in columns.items()}
    values = run.rules.values
    return {name: (values[name].get(text) if name in values else text) or None for name, text in stated.items()}
