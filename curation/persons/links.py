"""Links between two subjects: suspected to be one person, confirmed as one, or cleared as two for good.

The file of record is `code/registry/persons.tsv`, with one row for each pair; git keeps earlier rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from curation.persons.proposals import Pair, pair
from curation.persons.survey import Survey, survey
from registry.bids import places
from registry.cohorts.persons import CLEARED, SAME, SUSPECTED, people
from registry.errors import NotFound, UsageError
from registry.files.canonical import tsv_bytes
from registry.files.progress import Progress
from registry.index.rows.persons import resolve
from registry.privacy.free_text import require_impersonal
from registry.publishing import Change
from registry.publishing.table_rewrite import Draft, rewrite
from registry.store import Registry, actor
from registry.tables import PersonLink, Subject
from registry.vocabulary.codes import require_code

COLUMNS = ("subject_a", "subject_b", "kind", "method", "score", "reviewer", "reason")

_LIST = "List what waits for review with: cohortium persons list"


@dataclass(frozen=True)
class LinkDecision:
    """Why a reviewer decides so. `reviewer` is a pseudonymous code; where it is empty, the acting one decides."""

    reason: str
    reviewer: str = ""


def list_links(registry: Registry, kind: str | None = None) -> Sequence[PersonLink]:
    """Links sorted by pair: all of them, or those of one kind."""
    with registry.reading() as database:
        found = database.exec(select(PersonLink).order_by(col(PersonLink.subject_a), col(PersonLink.subject_b))).all()
    return [link for link in found if kind in (None, link.kind)]


def propose(registry: Registry, progress: Progress | None = None) -> Survey:
    """Look for subjects that may be one person and record each new pair as suspected.

    A pair that was proposed, confirmed or cleared before is left alone.
    """
    found = survey(registry, _links_by_pair(registry).keys(), progress)

    def add() -> Draft | None:
        links = _links_by_pair(registry)
        fresh = [item for item in found.proposals if (item.first, item.second) not in links]
        for item in fresh:
            links[item.first, item.second] = PersonLink(
                subject_a=item.first,
                subject_b=item.second,
                kind=SUSPECTED,
                method=item.method,
                score=item.score,
                reason=item.reason,
            )
        change = Change("persons.propose", f"Propose {len(fresh)} links of persons")
        return Draft(change, {places.PERSON_LINKS: _encode(links)}) if fresh else None

    rewrite(registry, places.PERSON_LINKS, add)
    return found


def confirm(registry: Registry, a: str, b: str, decision: LinkDecision) -> PersonLink:
    """Record that two subjects are one person; splits, snapshots and leak checks see one from now on.

    Args:
        registry: the registry to change.
        a: one subject, `sub-A000`.
        b: the other subject.
        decision: the reason, and who decides.

    Raises:
        NotFound: there is no such subject.
        UsageError: one subject is named twice, the reason is missing, or a cleared pair contradicts it.
    """
    return _decide(registry, pair(a, b), SAME, decision)


def clear(registry: Registry, a: str, b: str, decision: LinkDecision) -> PersonLink:
    """Record that two subjects are two persons; the pair is never proposed again.

    Args:
        registry: the registry to change.
        a: one subject, `sub-A000`.
        b: the other subject.
        decision: the reason, and who decides.

    Raises:
        NotFound: there is no such subject.
        UsageError: as for `confirm`, or `participants.tsv` or other links still make them one person.
    """
    return _decide(registry, pair(a, b), CLEARED, decision)


def _decide(registry: Registry, names: Pair, kind: str, decision: LinkDecision) -> PersonLink:
    reason = " ".join(decision.reason.split())
    reviewer = require_code(decision.reviewer, "reviewer's code") if decision.reviewer else actor()
    _require_reason_and_subjects(registry, names, reason)
    word = "Join" if kind == SAME else "Keep apart"

    def decide() -> Draft:
        links = _links_by_pair(registry)
        before = links.get(names)
        method, score = (before.method, before.score) if before else ("declared", None)
        link = PersonLink(
            subject_a=names[0],
            subject_b=names[1],
            kind=kind,
            method=method,
            score=score,
            reviewer=reviewer,
            reason=reason,
        )
        links[names] = link
        _require_consistent(registry, links)
        change = Change("persons.decide", f"{word} {names[0]} and {names[1]}", link.model_dump())
        return Draft(change, {places.PERSON_LINKS: _encode(links)})

    rewrite(registry, places.PERSON_LINKS, decide)
    return _links_by_pair(registry)[names]


def _require_reason_and_subjects(registry: Registry, names: Pair, reason: str) -> None:
    if not reason:
        raise UsageError("A decision about persons needs a reason.", 'Give one, such as --reason "same scan date".')
    require_impersonal(reason, "reason")
    with registry.reading() as database:
        known = database.exec(select(Subject.subject_id).where(col(Subject.subject_id).in_(names))).all()
    if missing := [name for name in names if name not in known]:
        raise NotFound(f"There is no subject '{missing[0]}'.", _LIST)


def _require_consistent(registry: Registry, links: Mapping[Pair, PersonLink]) -> None:
    """Refuse links that clear a pair whose subjects are one person by `participants.tsv` or by other links."""
    declared = {subject: {"person_id": person} for subject, person in people(registry).declared.items()}
    resolved = resolve(declared, [link.model_dump() for link in links.values()])
    for link in links.values():
        a, b = link.subject_a, link.subject_b
        if link.kind == CLEARED and resolved.person(a) == resolved.person(b):
            if resolved.declared_person(a) == resolved.declared_person(b):
                raise UsageError(
                    f"participants.tsv says that {a} and {b} are one person, {resolved.person(a)}.",
                    "Correct participants.tsv first.",
                )
            raise UsageError(
                f"{a} and {b} cannot be two persons: other confirmed links make them one.",
                "See them with: cohortium persons list",
            )


def _links_by_pair(registry: Registry) -> dict[Pair, PersonLink]:
    return {(link.subject_a, link.subject_b): link for link in list_links(registry)}


def _encode(links: Mapping[Pair, PersonLink]) -> bytes:
    rows: list[dict[str, Any]] = [
        links[names].model_dump() for names in sorted(links, key=lambda item: (item[0].encode(), item[1].encode()))
    ]
    return tsv_bytes(rows, COLUMNS)
