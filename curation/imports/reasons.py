"""Refused files grouped by their reason, and the sentence for each reason code (`Reason` and `dicom.codes.Code`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from curation.dicom.codes import Code
from curation.importers.report import Reason, Refusal


@dataclass(frozen=True)
class Group:
    """Refused files that share a reason.

    Attributes:
        reason: the code.
        sentence: the meaning of the reason.
        files: in the order of the report.
    """

    reason: str
    sentence: str
    files: tuple[Refusal, ...]


_SENTENCES = {str(member): member.sentence for kind in (Code, Reason) for member in kind}
"""Code to sentence; `Reason` wins where both have the code."""


def grouped(refused: Iterable[Refusal]) -> list[Group]:
    """Refused files by their reason, the largest group first."""
    groups: dict[str, list[Refusal]] = {}
    for item in refused:
        groups.setdefault(item.reason, []).append(item)
    found = [Group(reason, sentence(reason), tuple(files)) for reason, files in groups.items()]
    return sorted(found, key=lambda group: (-len(group.files), group.reason))


def sentence(code: str) -> str:
    """The sentence of a reason code; the code as words if it is unknown (in an older or newer report)."""
    return _SENTENCES.get(code) or f"{code.replace('-', ' ').capitalize()}."
