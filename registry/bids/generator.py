"""`python -m registry.bids.generator` writes `schema.json` anew. It needs bidsschematools, from the extra `test`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from registry.bids.schema import PLACE, Schema

_TEMPLATES = frozenset({"template", "cohort", "atlas", "scale"})
"""Entities of template and atlas datasets, which a registry of subjects does not hold."""

_ABOVE = frozenset({"phenotype"})
"""A data type of tables above subjects."""


_CARRIED = ("anat", "dwi", "fmap", "func", "perf")
"""Data types whose metadata a registry holds."""

_OF_RANGE = ("minimum", "maximum", "exclusiveMinimum", "unit")


def generate() -> bytes:
    """The bytes of `schema.json`, from the schema that is installed."""
    from bidsschematools.schema import load_schema

    schema = load_schema().to_dict()
    variants: dict[str, list[Mapping[str, Any]]] = {}
    for term in schema["objects"]["metadata"].values():
        variants.setdefault(term["name"], []).append(term)
    terms: dict[str, Any] = {
        name: found[0] if len(found) == 1 else {"anyOf": found} for name, found in variants.items()
    }
    kinds = {name: _kind(term) for name, term in terms.items()}
    entities = schema["objects"]["entities"]
    made = Schema(
        version=schema["bids_version"],
        entities=[entities[key]["name"] for key in schema["rules"]["entities"] if key not in _TEMPLATES],
        datatypes=sorted({term["value"] for term in schema["objects"]["datatypes"].values()} - _ABOVE),
        suffixes=_suffixes(schema["rules"]["files"]["raw"]),
        templates=schema["objects"]["enums"]["_StandardTemplateCoordSys"]["enum"],
        fields=_fields(schema),
        numbers={name: _describe_number(terms[name]) for name, kind in kinds.items() if kind == "number"},
        flags=sorted(name for name, kind in kinds.items() if kind == "boolean"),
        choices={name: term["enum"] for name, term in terms.items() if kinds[name] == "choice" and "enum" in term},
    )
    return (json.dumps(asdict(made), sort_keys=True, indent=1) + "\n").encode()


def _fields(schema: Mapping[str, Any]) -> dict[str, list[str]]:
    """Data type to the sidecar fields that the standard requires, recommends or allows for its files."""
    names = {key: term["name"] for key, term in schema["objects"]["metadata"].items()}
    found: dict[str, set[str]] = {datatype: set() for datatype in _CARRIED}
    for group, rules in schema["rules"]["sidecars"].items():
        for rule in rules.values() if group != "derivatives" else ():
            stated = {names[key] for key, value in rule["fields"].items() if _level(value) != "deprecated"}
            for datatype in _datatypes(rule["selectors"], schema):
                found[datatype] |= stated
    return {datatype: sorted(fields) for datatype, fields in found.items()}


def _level(value: Any) -> str:
    return value if isinstance(value, str) else str(value["level"])


def _datatypes(selectors: Sequence[str], schema: Mapping[str, Any]) -> set[str]:
    """The data types whose files a rule can select: conditions on anything else than type and suffix are left out."""
    modalities = {name: {*rule["datatypes"]} for name, rule in schema["rules"]["modalities"].items()}
    suffixes = _suffixes(schema["rules"]["files"]["raw"])
    found = {*_CARRIED}
    for selector in selectors:
        words = set(re.findall(r"[\"'](\w+)[\"']", selector))
        subject = re.match(r"(?:intersects\()?\[?(datatype|modality|suffix)\b", selector)
        if selector == "false":
            return set()
        if subject and subject[1] == "datatype":
            found &= words
        elif subject and subject[1] == "modality":
            found &= set().union(*(modalities.get(word, set()) for word in words))
        elif subject:
            found &= {datatype for datatype, known in suffixes.items() if words & {*known}}
    return found


def _describe_number(term: Mapping[str, Any]) -> dict[str, Any]:
    """Whether a field holds one number, a list or either, and the range and the unit of each number."""
    ways = [way for one in term.get("anyOf", [term]) for way in one.get("anyOf", [one])]
    shapes = {"list" if way.get("type") == "array" else "one" for way in ways}
    number = ways[0]
    while number.get("type") == "array":
        number = number.get("items", {})
    return {
        "shape": shapes.pop() if len(shapes) == 1 else "either",
        **{key: number[key] for key in _OF_RANGE if key in number},
    }


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
