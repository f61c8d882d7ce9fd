"""The standard's own terms, from `schema.json`: made from bidsschematools by `python -m registry.bids.generator`.

The code that adds terms to the standard, or leaves terms out, says so itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PLACE = Path(__file__).with_name("schema.json")


@dataclass(frozen=True)
class Schema:
    """Terms of one version of BIDS.

    Attributes:
        version: the version of BIDS, `1.11.2`.
        entities: short keys in the order that a name wants; those of template and atlas datasets are left out.
        datatypes: folders that hold a subject's data.
        suffixes: data type to the suffixes of raw data in it.
        numbers: sidecar fields that hold a number, or a list of numbers.
        flags: sidecar fields that are true or false.
        choices: sidecar fields that hold one of a few words, to these words.
    """

    version: str
    entities: Sequence[str]
    datatypes: Sequence[str]
    suffixes: Mapping[str, Sequence[str]]
    numbers: Sequence[str]
    flags: Sequence[str]
    choices: Mapping[str, Sequence[str]]


@cache
def read() -> Schema:
    """The terms, read at the first call."""
    return Schema(**json.loads(PLACE.read_bytes()))
