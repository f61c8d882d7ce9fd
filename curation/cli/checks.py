"""Commands `check`: measure every image, list findings, acknowledge them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli import console
from registry.cli.console import AsJson

if TYPE_CHECKING:
    from curation.checks import Outcome

check_app = typer.Typer(
    help="Checks of content: damaged, odd, mirrored, duplicate or missing images.", no_args_is_help=True
)

_COLUMNS = ["severity", "code", "unit", "message", "score", "state"]


@check_app.command("run")
def check_run(as_json: AsJson = False) -> None:
    """Measure every image that was not measured yet, and check all images; exits with 0 whatever is found."""
    from curation import checks
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    with console.progress() as progress:
        outcome = checks.run(registry, progress)
    commit_pending(registry)
    result = {
        "images": outcome.images,
        "absent": list(outcome.absent),
        "findings": len(outcome.findings),
        "by_code": outcome.by_code,
    }
    console.emit(result, as_json, lambda: _format_outcome(outcome))


def _format_outcome(outcome: Outcome) -> str:
    from registry.vocabulary.display import format_count

    lines = [f"Checked {format_count(outcome.images, 'image')}: {format_count(len(outcome.findings), 'finding')}."]
    if outcome.absent:
        lines.append(f"{format_count(len(outcome.absent), 'image')} not on this machine; fetch with: datalad get")
    if outcome.by_code:
        lines.append(console.table([{"check": code, "findings": n} for code, n in outcome.by_code.items()]))
        lines.append("See them with: cohortium check list")
    return "\n".join(lines)


@check_app.command("list")
def check_list(
    state: Annotated[str, typer.Option(help="open, acknowledged, outdated, or all.")] = "open",
    code: Annotated[str | None, typer.Option(help="Only findings of this check.")] = None,
    site: Annotated[str | None, typer.Option(help="Only of this site.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only of this channel.")] = None,
    as_json: AsJson = False,
) -> None:
    """List findings, errors first."""
    from curation import checks

    wanted = checks.Wanted(None if state == "all" else state, code, site, channel)
    rows = checks.list_findings(console.registry(), wanted)
    console.emit({"findings": rows}, as_json, lambda: console.table(rows, _COLUMNS) if rows else "No finding.")


@check_app.command("acknowledge")
def check_acknowledge(
    unit: Annotated[str, typer.Argument(help="An image's path, a session, or a channel, as `check list` names it.")],
    reason: Annotated[str, typer.Option(help="Why the finding may stay, on one line.")],
    code: Annotated[list[str] | None, typer.Option(help="Only this finding; all of the unit by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Record that a finding was seen and may stay, until the image's checksum changes."""
    from curation import checks
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    rows = [row.model_dump() for row in checks.acknowledge(registry, unit, reason, code or ())]
    commit_pending(registry)
    console.emit({"acknowledged": rows}, as_json, "\n".join(f"Acknowledged {row['code']}: {unit}" for row in rows))


@check_app.command("explain")
def check_explain(
    code: Annotated[str | None, typer.Argument(help="One check; all by default.")] = None, as_json: AsJson = False
) -> None:
    """Explain what each check finds, what to do about it, and what each measure is."""
    from curation import checks
    from curation.checks.all import named

    chosen = [named(code)] if code else list(checks.list_checks())
    rows = [
        {
            "code": check.code,
            "severity": check.severity.value,
            "version": check.version,
            "about": check.about,
            "advice": check.advice,
        }
        for check in chosen
    ]
    measures = (
        []
        if code
        else [{"measure": item.name, "unit": item.unit or None, "about": item.about} for item in checks.MEASURES]
    )
    text = "\n\n".join(
        f"{r['code']} ({r['severity']}, version {r['version']})\n  {r['about']}\n  {r['advice']}" for r in rows
    )
    more = f"\n\nMeasures:\n{console.table(measures)}" if measures else ""
    console.emit({"checks": rows, "measures": measures}, as_json, text + more)
