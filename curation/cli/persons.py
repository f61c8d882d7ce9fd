"""Commands `persons`: subjects that are one person."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from registry.cli import console
from registry.cli.console import AsJson

persons_app = typer.Typer(
    help="Subjects that are one person: proposed, then confirmed or cleared by a reviewer.", no_args_is_help=True
)

Subject = Annotated[str, typer.Argument(help="A subject, such as sub-A000.")]
Reviewer = Annotated[str, typer.Option(help="Pseudonymous code of the reviewer; default: COHORTIUM_ACTOR.")]
Reason = Annotated[str, typer.Option(help="Reason for the decision, in a sentence.")]

_COLUMNS = ["subject_a", "subject_b", "kind", "method", "score", "reviewer", "reason"]


@persons_app.command("propose")
def persons_propose(as_json: AsJson = False) -> None:
    """Look for subjects that may be one person; each new pair waits for a reviewer."""
    from curation.persons import links
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    with console.progress() as progress:
        found = links.propose(registry, progress)
    commit_pending(registry)
    rows = [vars(item) for item in found.proposals]
    for path, why in found.skipped:
        console.note(f"not compared: {path}: {why}")
    skipped = [{"path": path, "reason": why} for path, why in found.skipped]
    console.emit(
        {"proposals": rows, "skipped": skipped},
        as_json,
        lambda: console.table(rows) if rows else "Nothing new to review.",
    )


@persons_app.command("list")
def persons_list(
    kind: Annotated[str | None, typer.Option(help="Only suspected, same_person or cleared.")] = None,
    as_json: AsJson = False,
) -> None:
    """List links between subjects with their evidence and decisions."""
    from curation.persons import links
    from registry.cohorts.persons import CLEARED, SAME, SUSPECTED
    from registry.errors import UsageError

    if kind not in (None, SUSPECTED, SAME, CLEARED):
        raise UsageError(f"'{kind}' is no kind of link.", f"Known: {SUSPECTED}, {SAME}, {CLEARED}.")
    rows = [link.model_dump() for link in links.list_links(console.registry(), kind)]
    console.emit({"links": rows}, as_json, lambda: console.table(rows, _COLUMNS))


@persons_app.command("show")
def persons_show(first: Subject, second: Subject, as_json: AsJson = False) -> None:
    """Compare two subjects: the evidence, the facts about each, and the splits that one person would cross."""
    from curation.persons import links, pairs
    from curation.persons.proposals import pair
    from registry.catalog import Catalog

    registry = console.registry()
    names = pair(first, second)
    rows = [vars(fact) for fact in pairs.facts(Catalog.of(registry), first, second)]
    crossed = [item.to_json() for item in pairs.crossings(registry, first, second)]
    link = next((item for item in links.list_links(registry) if (item.subject_a, item.subject_b) == names), None)
    evidence = pairs.evidence(link) if link else "Nobody has proposed this pair."
    shown = [{"what": row["what"], first: row["first"], second: row["second"], "same": row["same"]} for row in rows]
    result = {"link": link and link.model_dump(), "evidence": evidence, "facts": rows, "crossings": crossed}
    console.emit(
        result,
        as_json,
        lambda: "\n".join([evidence, console.table(shown), *(["", console.table(crossed)] if crossed else [])]),
    )


@persons_app.command("confirm")
def persons_confirm(
    first: Subject, second: Subject, reason: Reason = "", reviewer: Reviewer = "", as_json: AsJson = False
) -> None:
    """Record that two subjects are one person."""
    _decide("confirm", first, second, (reason, reviewer), as_json)


@persons_app.command("clear")
def persons_clear(
    first: Subject, second: Subject, reason: Reason = "", reviewer: Reviewer = "", as_json: AsJson = False
) -> None:
    """Record that two subjects are two persons; they are not proposed again."""
    _decide("clear", first, second, (reason, reviewer), as_json)


def _decide(how: str, first: str, second: str, why_and_who: tuple[str, str], as_json: bool) -> None:
    from curation.persons import links
    from registry.cohorts.persons import people
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    decide = links.confirm if how == "confirm" else links.clear
    link = decide(registry, first, second, links.LinkDecision(*why_and_who))
    commit_pending(registry)
    known = people(registry)
    persons = {subject: known.person(subject) for subject in (link.subject_a, link.subject_b)}
    result: dict[str, Any] = {"link": link.model_dump(), "persons": persons}
    console.emit(
        result,
        as_json,
        f"{link.subject_a} is person {persons[link.subject_a]}, {link.subject_b} is person {persons[link.subject_b]}.",
    )
