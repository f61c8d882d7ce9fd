"""`python -m registry.bids.generator` writes `schema.json` anew. It needs bidsschematools, from the extra `test`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from registry.bids.schema import PLACE, Schema

_TEMPLATES = frozenset({"template", "cohort", "atlas", "scale"})
"""Entities of template and atlas datasets, which a registry of subjects does not hold."""

_ABOVE = frozenset({"phenotype"})
"""A data type of tables above subjects."""


def generate() -> bytes:
    """The bytes of `schema.json`, from the schema that is installed."""
    from bidsschematools.schema import load_schema

    schema = load_schema().to_dict()
    terms = {term["name"]: term for term in schema["objects"]["metadata"].values()}
    kinds = {name: _kind(term) for name, term in terms.items()}
    entities = schema["objects"]["entities"]
    made = Schema(
        version=schema["bids_version"],
        entities=[entities[key]["name"] for key in schema["rules"]["entities"] if key not in _TEMPLATES],
        datatypes=sorted({term["value"] for term in schema["objects"]["datatypes"].values()} - _ABOVE),
        suffixes=_suffixes(schema["rules"]["files"]["raw"]),
        numbers=sorted(name for name, kind in kinds.items() if kind == "number"),
        flags=sorted(name for name, kind in kinds.items() if kind == "boolean"),
        choices={name: term["enum"] for name, term in terms.items() if kinds[name] == "choice" and "enum" in term},
    )
    return (json.dumps(asdict(made), sort_keys=True, indent=1) + "\n").encode()


def _suffixes(raw: Mapping[str, Any]) -> dict[str, list[str]]:
    suffixes: dict[str, set[str]] = {}
    for rule in (rule for group in raw.values() for rule in group.values() if "suffixes" in rule):
        for datatype in rule.get("datatypes", ()):
            suffixes.setdefault(datatype, set()).update(rule["suffixes"])
    return {datatype: sorted(names) for datatype, names in suffixes.items() if datatype not in _ABOVE}


def _kind(term: Mapping[str, Any]) -> str:
    """The type of a field, or of its items: `number`, `boolean`, `choice`, another of the schema, or `several`."""
    if "anyOf" in term:
        kinds = {_kind(one) for one in term["anyOf"]}
        return kinds.pop() if len(kinds) == 1 else "several"
    if "enum" in term:
        return "choice" if all(isinstance(word, str) for word in term["enum"]) else "several"
    if term.get("type") == "array":
        return _kind(term.get("items", {}))
    return "number" if term.get("type") == "integer" else str(term.get("type"))


if __name__ == "__main__":
    PLACE.write_bytes(generate())
