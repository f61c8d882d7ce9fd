"""Parse any BIDS-like file name into entities, suffix and extension, thousands of times a second.

`registry.bids.names` knows which entities BIDS allows and needs a subject; an index also lists files above a subject
(`task-rest_bold.json`) and entities that only derivatives use (`from-T1w_to-MNI_mode-image_xfm.h5`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

_PAIR = re.compile(r"([A-Za-z]+)-([A-Za-z0-9+]+)")
_SUFFIX = re.compile(r"[A-Za-z0-9+]+")


class Name(NamedTuple):
    """A file name's parts; all empty where the name is no BIDS name.

    Attributes:
        entities: short key to label, in the order of the name.
        suffix: `FLAIR`, `bold`, `participants`, ...
        extension: from the first dot on.
    """

    entities: Mapping[str, str]
    suffix: str
    extension: str


def strip_extension(path: str) -> str:
    """A path up to the first dot of the file's name; the folders above it may hold dots: `derivatives/prep-1.2/...`."""
    folder, mark, filename = path.rpartition("/")
    return f"{folder}{mark}{filename.partition('.')[0]}"


def parse_name(filename: str) -> Name:
    """The parts of a file name. The part after the subject is parsed once for all subjects."""
    head, mark, rest = filename.partition("_")
    if mark and head.startswith("sub-") and _SUFFIX.fullmatch(head, 4):
        entities, suffix, extension = _parse(rest)
        if not suffix or "sub" in entities:
            return Name({}, "", extension)
        return Name({"sub": head[4:], **entities}, suffix, extension)
    entities, suffix, extension = _parse(filename)
    return Name(dict(entities), suffix, extension)


@lru_cache(maxsize=16384)
def _parse(filename: str) -> tuple[dict[str, str], str, str]:
    stem, dot, extension = filename.partition(".")
    *parts, suffix = stem.split("_")
    entities = {match[1]: match[2] for part in parts if (match := _PAIR.fullmatch(part))}
    if not dot or len(entities) != len(parts) or not _SUFFIX.fullmatch(suffix):
        return {}, "", dot + extension
    return entities, suffix, dot + extension
