"""Commands `query` and `split`; adds those of snapshots, exclusions and readings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.cli import console
from registry.cli.commands import facets
from registry.cli.commands.exclusions import exclude_app
from registry.cli.commands.readings import reading_app
from registry.cli.commands.saved import count_images, format_saved
from registry.cli.commands.snapshots import snapshot_app
from registry.cli.console import AsJson
from registry.errors import UsageError

query_app = typer.Typer(help="Saved queries: read-only SQL over the documented views.", no_args_is_help=True)
split_app = typer.Typer(help="Splits: every person in exactly one part.", no_args_is_help=True)


def commands(app: typer.Typer) -> None:
    """Add the groups to the command line."""
    facets.add(query_app)
    app.add_typer(query_app, name="query")
    app.add_typer(split_app, name="split")
    app.add_typer(snapshot_app, name="snapshot")
    app.add_typer(exclude_app, name="exclude")
    app.add_typer(reading_app, name="reading")


@query_app.command("save")
def query_save(
    name: str, sql: Annotated[str, typer.Option(help="One SELECT that returns image paths.")], as_json: AsJson = False
) -> None:
    """Save a query; other SQL under the same name becomes the next version."""
    from registry.cohorts import queries
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    saved = queries.save(registry, name, sql)
    commit_pending(registry)
    images = count_images(registry, f"{saved.name}@{saved.version}")
    result = {"query": saved.name, "version": saved.version, "images": images}
    console.emit(result, as_json, format_saved(saved, images))


@query_app.command("run")
def query_run(
    name: str, limit: Annotated[int, typer.Option(min=1, help="Rows to print as text.")] = 20, as_json: AsJson = False
) -> None:
    """Run a saved query now."""
    from registry.cohorts import queries

    rows = queries.run(console.registry(), name)
    text = f"{console.table(rows[:limit])}\n{len(rows)} rows" + (
        f", the first {limit} shown" if len(rows) > limit else ""
    )
    console.emit({"rows": rows, "count": len(rows)}, as_json, text)


@query_app.command("list")
def query_list(as_json: AsJson = False) -> None:
    """List saved queries."""
    from registry.cohorts import versioned
    from registry.tables import Query

    rows = [query.model_dump() for query in versioned.list_all(console.registry(), Query)]
    console.emit({"queries": rows}, as_json, lambda: console.table(rows, ["name", "version", "sql"]))


@query_app.command("show")
def query_show(name: str, as_json: AsJson = False) -> None:
    """Show the SQL of a saved query."""
    from registry.cohorts import queries

    saved = queries.get(console.registry(), name)
    console.emit(saved.model_dump(), as_json, saved.sql)


@query_app.command("flow")
def query_flow(  # noqa: PLR0913, PLR0917 - one option each, as Typer wants them
    name: str,
    split: Annotated[str | None, typer.Option(help="Also count who has a part in this split.")] = None,
    target: Annotated[list[str] | None, typer.Option(help="As in: snapshot create.")] = None,
    protocol: Annotated[str | None, typer.Option(help="Only masks of this protocol.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="As in: snapshot create.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Also draw it into this new file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Count what remains at each step from every image to the samples of a snapshot, and why the rest does not."""
    from registry.snapshots import flow, flow_diagram
    from registry.snapshots.targets import parse_policy

    found = flow.flow(console.registry(), name, split, parse_policy(target or [], protocol, label or []))
    if svg:
        _write_new(svg, flow_diagram.svg(found))
    rows = [
        {
            **{key: value for key, value in vars(step).items() if key not in ("detail", "lost")},
            "step": f"{step.name} {step.detail}".strip(),
            "left out": "; ".join(flow_diagram.losses(step)) or None,
        }
        for step in found.steps
    ]
    columns = ["step", "persons", "sessions", "images", "samples", "left out"]
    console.emit(found.to_json(), as_json, lambda: console.table(rows, columns))


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.", "Name a new file in a folder that exists."
        ) from error


@query_app.command("views")
def query_views(as_json: AsJson = False) -> None:
    """List the views that a query can read, with their columns."""
    from registry.catalog import Catalog
    from registry.catalog.views import VIEWS

    catalog = Catalog.of(console.registry())
    rows = [
        {"view": name, "about": view.about, "columns": ", ".join(catalog.arrow(f"FROM {name}").column_names)}
        for name, view in VIEWS.items()
    ]
    console.emit(
        {"views": rows}, as_json, lambda: "\n\n".join(f"{r['view']}: {r['about']}\n  {r['columns']}" for r in rows)
    )


@split_app.command("create")
def split_create(
    name: str,
    query: Annotated[str, typer.Option(help="The saved query whose persons are divided.")],
    ratios: Annotated[str, typer.Option(help="Shares of train, validation and test.")] = "0.6,0.2,0.2",
    seed: Annotated[int, typer.Option(help="Decides the order of persons.")] = 2026,
    stratify: Annotated[str, typer.Option(help="Columns whose mix every part keeps; empty for none.")] = "site,class",
    as_json: AsJson = False,
) -> None:
    """Divide the persons of a query; a new version keeps every earlier assignment."""
    from registry.cohorts import splits
    from registry.publishing.commits import commit_pending

    columns = tuple(word.strip() for word in stratify.split(",") if word.strip())
    registry = console.registry()
    made = splits.create(registry, name, query, splits.SplitRequest(_parse_ratios(ratios), seed, columns))
    commit_pending(registry)
    counts = _count_parts(splits.assignments(registry, made))
    text = ", ".join(f"{part} {count}" for part, count in counts.items())
    console.emit(
        {"split": made.name, "version": made.version, "persons": counts},
        as_json,
        f"Split {made.name}@{made.version}: {text} persons",
    )


def _parse_ratios(text: str) -> tuple[float, float, float]:
    try:
        train, validation, test = (float(word) for word in text.split(","))
    except ValueError as error:
        raise UsageError(f"'{text}' is not three shares.", "Give three numbers, for example 0.6,0.2,0.2") from error
    return train, validation, test


def _count_parts(assigned: dict[str, str]) -> dict[str, int]:
    from registry.manifests import PARTS

    return {part: sum(1 for value in assigned.values() if value == part) for part in PARTS}


@split_app.command("check")
def split_check(name: str, as_json: AsJson = False) -> None:
    """Look for persons, files or series that cross parts; exits with 6 when one does."""
    from registry.cohorts import leaks

    found = leaks.check_split(console.registry(), name)
    rows = [leak.to_json() for leak in found]
    console.emit({"leaks": rows, "ok": not rows}, as_json, lambda: console.table(rows) if rows else "No leak found.")
    if rows:
        raise typer.Exit(6)


@split_app.command("list")
def split_list(as_json: AsJson = False) -> None:
    """List splits."""
    from registry.cohorts import versioned
    from registry.tables import Split

    rows = [split.model_dump() for split in versioned.list_all(console.registry(), Split)]
    console.emit({"splits": rows}, as_json, lambda: console.table(rows, ["name", "version", "query", "seed"]))


@split_app.command("show")
def split_show(name: str, as_json: AsJson = False) -> None:
    """Show who is in which part."""
    from registry.cohorts import splits

    registry = console.registry()
    split = splits.get(registry, name)
    rows = [{"person_id": person, "part": part} for person, part in sorted(splits.assignments(registry, split).items())]
    console.emit({**split.model_dump(), "assignments": rows}, as_json, lambda: console.table(rows))
