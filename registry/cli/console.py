"""What every command shares: the registry in use, results on stdout, messages and progress on stderr, errors."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.errors import CohortiumError

if TYPE_CHECKING:
    from registry.store import Registry

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

DespiteWithdrawal = Annotated[
    str, typer.Option("--despite-withdrawal", help="Why persons who withdrew consent are used nevertheless; recorded.")
]


class GlobalOptions:
    """The options given before the command."""

    registry: Path | None = None


def registry() -> Registry:
    """The registry that --registry or the environment names."""
    from registry.store import open_registry

    return open_registry(GlobalOptions.registry)


def note(message: str) -> None:
    """Print a message for the person at the terminal; it goes to stderr, never into the result."""
    typer.echo(message, err=True)


def warn(message: str) -> None:
    """Print a message in red, where the terminal has colours; it goes to stderr like a note."""
    typer.secho(message, err=True, fg=typer.colors.RED, bold=True)


def emit(result: Mapping[str, Any], as_json: bool, text: str | Callable[[], str]) -> None:
    """Print the result to stdout: JSON for scripts, text for people.

    Args:
        result: what is printed as JSON; NaN and infinity become null.
        as_json: whether to print JSON.
        text: what is printed otherwise; a function is called only then.
    """
    if as_json:
        typer.echo(json.dumps(_replace_nonfinite(result), indent=1, sort_keys=True, default=str, allow_nan=False))
    else:
        typer.echo(text() if callable(text) else text)


def _replace_nonfinite(value: Any) -> Any:
    """The value with None for NaN and infinity, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _replace_nonfinite(item) for key, item in value.items()}
    return [_replace_nonfinite(item) for item in value] if isinstance(value, list | tuple) else value


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> str:
    """Rows as an aligned text table with `-` for None; `no rows` where there are none."""
    if not rows:
        return "no rows"
    columns = columns or list(rows[0])
    cells = [list(columns), *([_format_cell(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _format_cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


@contextmanager
def progress() -> Iterator[Callable[[int, int, str], None]]:
    """A callback `(done, total, what)` that draws a bar on stderr; silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total, what: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, total, what: bars.update(task, completed=done, total=total, description=what)


def run(app: Callable[[], None]) -> None:
    """Run a command line; a user's mistake prints a sentence and a hint, a bug keeps its traceback."""
    try:
        app()
    except CohortiumError as error:
        note(f"error: {error.message}")
        if error.hint:
            note(f"hint: {error.hint}")
        sys.exit(error.exit_code)
