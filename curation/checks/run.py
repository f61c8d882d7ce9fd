"""A run of the checks: measure new images, judge all images, and record measures and findings."""

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
    """The result of one run.

    Attributes:
        images: number of images in the registry.
        absent: paths of images whose content is not on this machine; they were not checked.
        findings: every finding that holds now, acknowledged or not, sorted by unit.
    """

    images: int
    absent: tuple[str, ...]
    findings: tuple[CheckFinding, ...]

    @property
    def by_code(self) -> dict[str, int]:
        """Check to its number of findings, the highest number first."""
        return dict(Counter(finding.code for finding in self.findings).most_common())


def run(registry: Registry, progress: Progress | None = None) -> Outcome:
    """Check every image, and look for what is missing.

    An image whose checksum this machine has read before is not read again. Measures of images whose content is on
    another machine stay as they were recorded there.
    """
    shots = inputs.shots(registry)
    images = [(shot.path, shot.sha256) for shot in shots]
    checks, cache = list_checks(), registry.local / "cache" / "checks"
    own = list(dict.fromkeys(number for check in checks for number in check.numbers))  # checks may share a number
    measured = dict(read.measure_images(registry.root, cache, images, progress, own))
    found = judge(inputs.gather(registry, shots, measured), checks)
    by_code = dict(sorted(Counter(finding.code for finding in found).items()))
    change = Change("check", f"Check {len(shots)} images: {len(found)} findings", {"by_code": by_code})
    record.keep(registry, lambda: (change, {**_encode_measures(registry, shots, measured), **record.findings(found)}))
    absent = tuple(shot.path for shot in shots if shot.path not in measured)
    return Outcome(len(shots), absent, tuple(found))


def judge(whole: Cohort, checks: Iterable[Check] = CHECKS) -> list[CheckFinding]:
    """Findings of the checks in a cohort, sorted by unit; hits of one check about one unit become one finding."""
    by_path = {shot.path: shot for shot in whole.shots}
    found = [
        _build_finding(check, unit, hits, by_path.get(unit))
        for check in checks
        for unit, hits in _group_by_unit(check.run(whole)).items()
    ]
    return sorted(found, key=lambda finding: (finding.unit.encode(), finding.code))


def _group_by_unit(hits: Iterable[Hit]) -> dict[str, list[Hit]]:
    grouped: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        grouped[hit.unit].append(hit)
    return grouped


def _build_finding(check: Check, unit: str, hits: Sequence[Hit], shot: Shot | None) -> CheckFinding:
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


def _encode_measures(registry: Registry, shots: Sequence[Shot], measured: Mapping[str, Measured]) -> record.Files:
    """The table of each measured subject, by path; measures of images whose content is elsewhere stay as they were."""
    elsewhere = [shot.path for shot in shots if shot.path not in measured]
    with registry.reading() as database:
        held = {row.path: row for row in database.exec(select(ImageMeasures))} if elsewhere else {}
    rows: dict[str, list[ImageMeasures]] = defaultdict(list)
    for shot in shots:
        if shot.path in measured:
            rows[shot.subject].append(_build_row(shot, measured[shot.path]))
        elif shot.path in held:
            rows[shot.subject].append(held[shot.path])
    files: dict[str, bytes] = {}
    for subject, group in rows.items():
        files |= record.measures(subject, group)
    return files


def _build_row(shot: Shot, made: Measured) -> ImageMeasures:
    return ImageMeasures(
        path=shot.path,
        subject_id=shot.subject,
        sha256=shot.sha256,
        version=read.VERSION,
        problem=made.problem,
        **{name: made.numbers[name] for name in record.MEASURED if name in made.numbers},
    )
