"""What a reason code means, in the sentence that documents it: `Reason` and `dicom.codes.Code` are the only source."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise

from curation.dicom.codes import Code
from curation.importers.report import Reason, Refusal


@dataclass(frozen=True)
class Group:
    """Refused files that share a reason.

    Attributes:
        sentence: what the reason means.
        details: what was said of single files, each once, at most `MOST`.
    """

    reason: str
    sentence: str
    files: tuple[Refusal, ...]
    details: tuple[str, ...]


MOST = 5


def grouped(refused: Iterable[Refusal]) -> list[Group]:
    """Refused files by their reason, the largest group first."""
    groups: dict[str, list[Refusal]] = {}
    for item in refused:
        groups.setdefault(item.reason, []).append(item)
    found = [
        Group(reason, sentence(reason), tuple(files), tuple(dict.fromkeys(file.detail for file in files))[:MOST])
        for reason, files in groups.items()
    ]
    return sorted(found, key=lambda group: (-len(group.files), group.reason))


def sentence(code: str) -> str:
    """The sentence of a reason code; the code as words where it is none of ours (an older or newer report)."""
    return _sentences().get(code) or f"{code.replace('-', ' ').capitalize()}."


@cache
def _sentences() -> dict[str, str]:
    return {**_documented(Code), **_documented(Reason)}


def _documented(kind: type[StrEnum]) -> dict[str, str]:
    """Value of a member to the text below it in the source."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(kind)).body if isinstance(node, ast.ClassDef))
    found = {}
    for member, text in pairwise(body):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            name = member.targets[0]
            if isinstance(name, ast.Name):
                found[str(kind[name.id])] = " ".join(str(text.value.value).split())
    return found
