"""Tables and descriptions at the head of a staged tree: participants, sessions, raters, dataset descriptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from curation.recipes import Rater, Recipe
from registry.bids.description import dataset_description, generated_by
from registry.bids.table_keys import DESCRIPTIONS, PARTICIPANTS, SESSIONS
from registry.files.canonical import readable_json, tsv_bytes
from registry.maintenance.creation import PARTICIPANTS_MEANING

_MEANING: dict[str, Any] = {
    "species": {"Description": "Species, in binomial form."},
    "sex": {"Description": "Sex: F is female, M is male."},
    "days_from_baseline": {"Description": "Days since the first session. No date is kept.", "Units": "day"},
    "site": {"Description": "The centre that scanned this session."},
    "scanner": {"Description": "The scanner of this session."},
    "ms_type": {
        "Description": "Course of multiple sclerosis.",
        "Levels": {
            "CIS": "clinically isolated syndrome",
            "RR": "relapsing-remitting",
            "SP": "secondary progressive",
            "PP": "primary progressive",
            "PR": "progressive-relapsing",
        },
    },
    "edss": {"Description": "Expanded Disability Status Scale."},
    "rater_id": {"Description": "Pseudonymous code of the rater."},
    "role": {"Description": "What the rater is to this protocol."},
    "protocol": {"Description": "The annotation protocol."},
    **PARTICIPANTS_MEANING,
}


def participants(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    """`participants.tsv` and its JSON; rows by participant id, columns beyond the known ones after them."""
    table = [{"participant_id": key, **row} for key, row in sorted(rows.items(), key=lambda item: item[0].encode())]
    columns = _columns(PARTICIPANTS, table)
    return {"participants.tsv": table_bytes(table, columns), "participants.json": _meaning(columns)}


def sessions(rows: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, bytes]:
    """One `sub-*_sessions.tsv` per subject; rows by participant id, then session id."""
    files: dict[str, bytes] = {}
    columns: list[str] = []
    for subject, visits in rows.items():
        table = [{"session_id": key, **row} for key, row in sorted(visits.items(), key=lambda item: item[0].encode())]
        own = _columns(SESSIONS, table)
        columns = list(dict.fromkeys([*columns, *own]))
        files[f"{subject}/{subject}_sessions.tsv"] = table_bytes(table, own)
    return {**files, "sessions.json": _meaning(columns)} if files else {}


def raters(recipe_raters: Sequence[Rater], protocol: str) -> dict[str, bytes]:
    """`descriptions.tsv` and its JSON for one `manual-*` derivative."""
    rows = [
        {
            "desc_id": f"desc-{rater.code}",
            "description": rater.description,
            "rater_id": rater.code,
            "role": rater.role,
            "protocol": protocol,
        }
        for rater in sorted(recipe_raters, key=lambda rater: rater.code)
    ]
    return {"descriptions.tsv": table_bytes(rows, DESCRIPTIONS), "descriptions.json": _meaning(DESCRIPTIONS)}


def description(recipe: Recipe, name: str, links: Mapping[str, str] | None = None) -> bytes:
    """The bytes of `dataset_description.json`.

    Args:
        recipe: gives licence, authors and citation.
        name: of the dataset.
        links: `DatasetLinks` of a derivative; None for the raw root.
    """
    fields: dict[str, Any] = {
        "GeneratedBy": [generated_by(f"importer {recipe.importer}")],
        "License": recipe.licence or None,
        "Authors": list(recipe.authors) or None,
        "HowToAcknowledge": recipe.citation or None,
        "SourceDatasets": None if links is None else [{"URL": "file:../.."}],
    }
    return readable_json(dataset_description(name, links, **fields))


def readme(recipe: Recipe, about: str = "") -> bytes:
    """A README with what everybody must know before using the cohort: access, licence, citation, traps."""
    lines = [
        f"# {recipe.title}",
        "",
        about or "Imported by Cohortium; the import report lists what was left out.",
        "",
    ]
    facts = {"Licence": recipe.licence, "Access": recipe.access, "Cite": recipe.citation}
    lines += [f"- {key}: {value}" for key, value in facts.items() if value]
    if recipe.traps:
        lines += ["", "## Known traps", "", *[f"- {trap}" for trap in recipe.traps]]
    return ("\n".join(lines).rstrip() + "\n").encode()


def table_bytes(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """The table as `canonical.tsv_bytes` writes it; tabs and line breaks inside cells become single spaces."""
    return tsv_bytes([{key: _one_line(value) for key, value in row.items()} for row in rows], columns)


def _one_line(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) and any(mark in value for mark in "\t\n\r") else value


def _columns(first: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys([*first, *(key for row in rows for key in row)]))


def _meaning(columns: Sequence[str]) -> bytes:
    return readable_json({key: _MEANING[key] for key in columns if key in _MEANING})
