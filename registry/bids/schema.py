"""The standard's own terms, from `schema.json`: made from bidsschematools by `python -m registry.bids.generator`.

The code that adds terms to the standard, or leaves terms out, says so itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PLACE = Path(__file__).with_name("schema.json")


@dataclass(frozen=True)
class Schema:
    """Terms of one version of BIDS.

    Attributes:
        version: the version of BIDS, `1.11.2`.
        entities: short keys in the order that a name wants; those of template and atlas datasets are left out.
        datatypes: folders that hold a subject's data.
        suffixes: data type to the suffixes of raw data in it.
        templates: labels of `space` that name a standard template; any other space needs a `SpatialReference`.
        fields: data type to the sidecar fields that the standard requires, recommends or allows for its files.
        numbers: sidecar fields that hold numbers, to `shape` (`one`, `list` or `either`) and, where the standard
            states them, `minimum`, `exclusiveMinimum`, `maximum` and `unit` of each number.
        flags: sidecar fields that are true or false.
        choices: sidecar fields that hold one of a few words, to these words.
    """

    version: str
    entities: Sequence[str]
    datatypes: Sequence[str]
    suffixes: Mapping[str, Sequence[str]]
    templates: Sequence[str]
    fields: Mapping[str, Sequence[str]]
    numbers: Mapping[str, Mapping[str, Any]]
    flags: Sequence[str]
    choices: Mapping[str, Sequence[str]]


@cache
def read() -> Schema:
    """The terms, read at the first call."""
    return Schema(**json.loads(PLACE.read_bytes()))
