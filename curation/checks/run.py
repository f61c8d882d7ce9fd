"""`run`: measure what was not measured yet, judge everything, and write both down."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import select

from curation.checks import files as record
from curation.checks import inputs
from curation.checks.all import CHECKS, list_checks
from curation.checks.check import Check, Cohort, Hit, Shot
from curation.checks.measures import read
from curation.checks.measures.read import Measured
from registry import __version__
from registry.files.progress import Progress
from registry.publishing import Change
from registry.store import Registry
from registry.tables import CheckFinding, ImageMeasures

ORIGIN = f"cohortium {__version__}"


@dataclass(frozen=True)
class Outcome:
    """What one run did.

    Attributes:
        images: in the registry.
        absent: paths whose content is not on this machine; nothing is said about them.
        findings: all that holds now, acknowledged or not, by unit.
    """

    images: int
    absent: tuple[str, ...]
    findings: tuple[CheckFinding, ...]

    @property
    def by_code(self) -> dict[str, int]:
        """How often each check found something, most often first."""
        return dict(Counter(finding.code for finding in self.findings).most_common())


def run(registry: Registry, progress: Progress | None = None) -> Outcome:
    """Check every image, and what is missing.

    An image that this machine has read before, by its checksum, is not read again. Measures of images whose content
    is elsewhere stay as they were written down by whoever had it.
    """
    shots = inputs.shots(registry)
    images = [(shot.path, shot.sha256) for shot in shots]
    checks, cache = list_checks(), registry.local / "cache" / "checks"
    own = [number for check in checks for number in check.numbers]
    measured = dict(read.measured(registry.root, cache, images, progress, own))
    found = judge(inputs.gather(registry, shots, measured), checks)
    change = Change("check", f"Check {len(shots)} images: {len(found)} findings", {"by_code": _counted(found)})
    record.keep(registry, lambda: (change, {**_measures(registry, shots, measured), **record.findings(found)}))
    absent = tuple(shot.path for shot in shots if shot.path not in measured)
    return Outcome(len(shots), absent, tuple(found))


def judge(whole: Cohort, checks: Iterable[Check] = CHECKS) -> list[CheckFinding]:
    """What the checks find in a cohort, by unit; a check that finds one thing twice says so in one sentence."""
    by_path = {shot.path: shot for shot in whole.shots}
    found = [
        _finding(check, unit, hits, by_path.get(unit))
        for check in checks
        for unit, hits in _by_unit(check.run(whole)).items()
    ]
    return sorted(found, key=lambda finding: (finding.unit.encode(), finding.code))


def _by_unit(hits: Iterable[Hit]) -> dict[str, list[Hit]]:
    grouped: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        grouped[hit.unit].append(hit)
    return grouped


def _finding(check: Check, unit: str, hits: Sequence[Hit], shot: Shot | None) -> CheckFinding:
    scored = [hit.score for hit in hits if hit.score is not None]
    first = hits[0]
    return CheckFinding(
        code=check.code,
        unit=unit,
        subject_id=shot.subject if shot else first.subject,
        channel=shot.channel if shot else first.channel,
        site_id=shot.site if shot else first.site,
        severity=check.severity.value,
        message="; ".join(dict.fromkeys(hit.message for hit in hits)),
        score=max(scored, key=abs) if scored else None,
        sha256=shot.sha256 if shot else None,
        origin=ORIGIN,
        version=check.version,
    )


def _measures(registry: Registry, shots: Sequence[Shot], measured: Mapping[str, Measured]) -> record.Files:
    """The tables of subjects of whom something was measured; what nobody can read here is kept as it was."""
    elsewhere = [shot.path for shot in shots if shot.path not in measured]
    with registry.reading() as database:
        held = {row.path: row for row in database.exec(select(ImageMeasures))} if elsewhere else {}
    rows: dict[str, list[ImageMeasures]] = defaultdict(list)
    for shot in shots:
        if shot.path in measured:
            rows[shot.subject].append(_row(shot, measured[shot.path]))
        elif shot.path in held:
            rows[shot.subject].append(held[shot.path])
    files: dict[str, bytes] = {}
    for subject, group in rows.items():
        files |= record.measures(subject, group)
    return files


def _row(shot: Shot, made: Measured) -> ImageMeasures:
    return ImageMeasures(
        path=shot.path,
        subject_id=shot.subject,
        sha256=shot.sha256,
        version=read.VERSION,
        problem=made.problem,
        **{name: made.numbers.get(name) for name in record.MEASURED if name in made.numbers},
    )


def _counted(found: Iterable[CheckFinding]) -> dict[str, int]:
    return dict(sorted(Counter(finding.code for finding in found).items()))
