"""Commands `deidentify` and `privacy`: search files for traces of persons, record what people saw in images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.cli import console
from registry.cli.console import AsJson

deidentify_app = typer.Typer(help="Look for what still identifies persons.", no_args_is_help=True)
privacy_app = typer.Typer(help="Record what people saw in images: burned-in text, faces.", no_args_is_help=True)


@deidentify_app.command("scan")
def scan(
    folder: Annotated[Path | None, typer.Option(help="Scan this folder instead of the registry.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read every file and report dates, names, UIDs, header texts and paths; exits with 7 when something is found."""
    from registry.privacy.scan import scan as scan_tree

    root = folder if folder is not None else console.registry().root
    with console.progress() as progress:
        report = scan_tree(root, progress)
    console.emit(report.to_json(), as_json, report.text)
    if not report.ok:
        raise typer.Exit(7)


@privacy_app.command("record")
def record(
    unit: Annotated[str, typer.Argument(help="sub-A000, sub-A000/ses-M00, or the path of an image.")],
    question: Annotated[str, typer.Argument(help="burned_in_text or face.")],
    verdict: Annotated[str, typer.Argument(help="clear, present or unknown.")],
    as_json: AsJson = False,
) -> None:
    """Record what you saw (COHORTIUM_ACTOR); an earlier verdict stays in history."""
    from dataclasses import asdict

    from registry.errors import UsageError
    from registry.privacy import clearance
    from registry.publishing.commits import commit_pending

    try:
        chosen, answer = clearance.Question(question), clearance.Answer(verdict)
    except ValueError as error:
        raise UsageError(
            f"'{question} {verdict}' is no question with its verdict.",
            "Questions: burned_in_text, face. Verdicts: clear, present, unknown.",
        ) from error
    registry = console.registry()
    given = clearance.record(registry, unit, chosen, answer)
    commit_pending(registry)
    console.emit(asdict(given), as_json, f"{given.unit}: {given.question} {given.verdict}, says {given.reviewer}")


@privacy_app.command("list")
def list_verdicts(as_json: AsJson = False) -> None:
    """List the current verdicts."""
    from dataclasses import asdict

    from registry.privacy import clearance

    rows = [asdict(item) for item in clearance.list_verdicts(console.registry())]
    console.emit({"verdicts": rows}, as_json, lambda: console.table(rows, clearance.COLUMNS))
