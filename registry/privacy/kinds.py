"""The kinds of traces that a scan looks for, and how bad each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from registry.vocabulary.findings import Finding, Severity

SHOWN = 10
"""Number of findings printed per kind; the JSON form holds all."""


class Kind(StrEnum):
    """A kind of trace; its value is the code of the finding. A report never repeats the text that was found."""

    DATE = "date"
    """A calendar date or a time of day where only offsets belong."""
    DATE_LIKE = "date-like"
    """A text that may be a date: a month with a year, or a year of two digits."""
    NAME = "name"
    """A person's name, identifier or address, recognised by its field or by its form."""
    TITLED = "titled-name"
    """A text that may name a person: a title before one name, or `patient` before two names."""
    DEVICE = "device"
    """A serial number or station name."""
    UID = "uid"
    """A DICOM UID that is not salted."""
    HEADER_TEXT = "header-text"
    """Text in a NIfTI header: descrip, aux_file, intent_name, db_name, data_type."""
    EXTENSION = "header-extension"
    """A NIfTI header extension."""
    ABSOLUTE_PATH = "absolute-path"
    """A path on somebody's machine; it often holds a login name."""
    EMAIL = "email"
    """An e-mail address."""
    DICOM_FILE = "dicom-file"
    """A DICOM file: its header names a person."""
    NOT_READ = "not-read"
    """A file that the scan cannot read, so nobody knows what it holds."""
    BROKEN_IMAGE = "broken-image"
    """An image whose header cannot be read: what it holds is unknown, and nothing can use it."""


_UNCERTAIN = frozenset({Kind.EMAIL, Kind.NOT_READ, Kind.DATE_LIKE, Kind.TITLED})


def finding(kind: Kind, path: str, message: str, *, certain: bool = True) -> Finding:
    """A finding about one file.

    Args:
        kind: the kind of trace.
        path: path of the file.
        message: a sentence; it does not repeat the text that was found.
        certain: False makes the finding a warning, so that a person looks. Some kinds always are warnings.
    """
    severity = Severity.ERROR if certain and kind not in _UNCERTAIN else Severity.WARNING
    return Finding(kind.value, severity, path, message, "cohortium deidentify")


@dataclass(frozen=True)
class ScanReport:
    """The outcome of one scan: how many files were read, and all findings."""

    files: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings are allowed."""
        return not any(item.severity is Severity.ERROR for item in self.findings)

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings per kind, also of kinds without any."""
        return {kind.value: sum(item.code == kind for item in self.findings) for kind in Kind}

    def of(self, kind: Kind) -> Sequence[Finding]:
        """The findings of one kind."""
        return [item for item in self.findings if item.code == kind]

    def to_json(self) -> dict[str, object]:
        """The report as plain JSON values."""
        return {
            "ok": self.ok,
            "files": self.files,
            "counts": self.counts,
            "findings": [asdict(item) for item in self.findings],
        }

    def text(self) -> str:
        """Lines for a terminal, by kind."""
        lines = [f"{self.files} files read; {len(self.findings)} findings."]
        for kind in Kind:
            found = self.of(kind)
            lines += [f"  {kind.value} ({len(found)})"] if found else []
            lines += [f"    {item.severity}: {item.path}: {item.message}" for item in found[:SHOWN]]
            lines += [f"    ... and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        return "\n".join(lines)
