"""One shape for every check: what, how bad, where, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """The registry's contract is broken; nothing may be trained on this."""
    WARNING = "warning"
    """A person should look."""


@dataclass(frozen=True)
class Finding:
    """One thing a check found.

    Attributes:
        code: stable name of the check, `mask-other-grid`.
        severity: error or warning.
        path: the file it is about, or empty.
        message: one sentence for a person.
        origin: the program that found it: `cohortium`, or `bids-validator 3.0.2`.
    """

    code: str
    severity: Severity
    path: str
    message: str
    origin: str = "cohortium"


@dataclass(frozen=True)
class ValidationReport:
    """Everything the checks found, and which of them ran."""

    findings: tuple[Finding, ...]
    ran: tuple[str, ...]

    @property
    def errors(self) -> Sequence[Finding]:
        """Findings that break the contract."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not self.errors

    def to_json(self) -> dict[str, object]:
        """A plain mapping."""
        return {
            "ok": self.ok,
            "errors": len(self.errors),
            "warnings": len(self.findings) - len(self.errors),
            "ran": list(self.ran),
            "findings": [asdict(finding) for finding in self.findings],
        }

    def text(self) -> str:
        """Lines for a terminal: errors, then warnings, then a summary."""
        warnings = [finding for finding in self.findings if finding.severity is Severity.WARNING]
        lines = [f"{f.severity}: {f.path or f.origin}: {f.message} [{f.code}]" for f in (*self.errors, *warnings)]
        summary = f"{len(self.errors)} errors, {len(warnings)} warnings; ran: {', '.join(self.ran)}"
        return "\n".join([*lines, summary])
