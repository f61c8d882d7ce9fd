"""The review of findings by people: list them, acknowledge those that may stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import select

from curation.checks import files
from curation.checks.all import named
from registry.catalog import Catalog
from registry.errors import NotFound, UsageError, require_known
from registry.privacy.free_text import require_impersonal
from registry.publishing import Change
from registry.store import Registry, actor
from registry.tables import Acknowledgement, CheckFinding
from registry.vocabulary.display import format_count

OPEN, ACKNOWLEDGED, OUTDATED = STATES = ("open", "acknowledged", "outdated")

Row = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which findings to list; None takes all."""

    state: str | None = OPEN
    code: str | None = None
    site: str | None = None
    channel: str | None = None


def list_findings(registry: Registry, wanted: Wanted | None = None) -> list[Row]:
    """Rows of the view `findings`, errors first, then sorted by check and by distance from the ordinary.

    Raises:
        UsageError: there is no such state.
        NotFound: no image and no finding is of this site or channel, or there is no such check.
    """
    wanted = wanted or Wanted()
    if wanted.state not in (None, *STATES):
        raise UsageError(f"'{wanted.state}' is no state of a finding.", f"Known: {', '.join(STATES)}.")
    filters = {name: value for name, value in vars(wanted).items() if value is not None}
    where = " AND ".join(["true", *(f"{name} = ?" for name in filters)])
    catalog = Catalog.of(registry)
    _require_known(catalog, filters)
    return catalog.rows(
        f"SELECT * FROM findings WHERE {where} ORDER BY severity, code, abs(coalesce(score, 0)) DESC, unit",
        list(filters.values()),
    )


def _require_known(catalog: Catalog, filters: Mapping[str, str]) -> None:
    """Refuse a filter that nothing can pass: "no finding" of a misspelt site would read as if its images were good."""
    for name in ("site", "channel"):
        rows = catalog.rows(f"SELECT {name} AS name FROM images UNION SELECT {name} FROM findings ORDER BY 1")
        known = [row["name"] for row in rows if row["name"] is not None]
        require_known(name, [filters[name]] if name in filters else (), known)
    if "code" in filters:
        found = {row["code"] for row in catalog.rows("SELECT DISTINCT code FROM findings")}
        if filters["code"] not in found:
            named(filters["code"])


def acknowledge(registry: Registry, unit: str, reason: str, codes: Sequence[str] = ()) -> list[Acknowledgement]:
    """Record that findings about a unit were seen and may stand until the image's checksum changes.

    Args:
        registry: the registry to change.
        unit: an image's path, a session, or a channel, as `list_findings` names it.
        reason: why, on one line.
        codes: codes of the findings; all of the unit by default.

    Raises:
        NotFound: there is no such finding.
        UsageError: the reason is missing, has several lines, or tells who or when.
    """
    if not reason.strip() or not reason.strip().isprintable():
        raise UsageError(
            "To acknowledge a finding takes a reason on one line.",
            'Give one, such as --reason "looked at it, the coil was changed"',
        )
    require_impersonal(reason, "reason")
    made = [
        Acknowledgement(code=finding.code, unit=unit, sha256=finding.sha256, rater_id=actor(), reason=reason.strip())
        for finding in _choose(registry, unit, codes)
    ]
    about = {"unit": unit, "codes": [row.code for row in made], "reason": reason.strip()}
    change = Change("check.acknowledge", f"Acknowledge {format_count(len(made), 'finding')} about {unit}", about)

    def add() -> tuple[Change, files.Files]:
        with registry.reading() as database:
            held = {(row.code, row.unit): row for row in (*database.exec(select(Acknowledgement)), *made)}
        return change, files.acknowledgements(held.values())

    files.keep(registry, add)
    return made


def _choose(registry: Registry, unit: str, codes: Sequence[str]) -> list[CheckFinding]:
    with registry.reading() as database:
        found = database.exec(select(CheckFinding).where(CheckFinding.unit == unit)).all()
    chosen = [finding for finding in found if not codes or finding.code in codes]
    known = {finding.code for finding in chosen}
    if missing := [code for code in codes if code not in known]:
        raise NotFound(f"There is no finding '{missing[0]}' about {unit}.", "List them with: cohortium check list")
    if not chosen:
        raise NotFound(f"There is no finding about {unit}.", "List them with: cohortium check list")
    return chosen
