"""Commands `query facets` and `query build`: filters in words instead of SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli import console
from registry.cli.commands.saved import count_images, format_saved
from registry.cli.console import AsJson

if TYPE_CHECKING:
    from registry.catalog.facets import Counts

Where = Annotated[
    list[str] | None,
    typer.Option(help="FIELD=VALUE, such as site=A, age=18..65, or sex= for 'not stated'; may be repeated."),
]


def add(query_app: typer.Typer) -> None:
    """Add the commands to the group `query`."""
    query_app.command("facets")(query_facets)
    query_app.command("build")(query_build)


def query_facets(where: Where = None, as_json: AsJson = False) -> None:
    """Count the images and persons of each value of each filter, given the other filters."""
    from registry.catalog import Catalog, facets

    filters = facets.parse(where or [])
    found = facets.count(Catalog.of(console.registry()), filters)
    sql = facets.sql(filters)
    nothing = "" if found.totals["images"] else "No image passes these filters: look for the value that is not there.\n"
    console.emit(
        {**found.to_json(), "sql": sql},
        as_json,
        lambda: f"{nothing}{console.table(list(_list_counts(found)))}\n\n{sql}",
    )


def query_build(name: str, where: Where = None, as_json: AsJson = False) -> None:
    """Save the query that filters write; other filters under the same name become the next version."""
    from registry.catalog import facets
    from registry.cohorts import queries
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    sql = facets.sql(facets.parse(where or []))
    saved = queries.save(registry, name, sql)
    commit_pending(registry)
    images = count_images(registry, f"{saved.name}@{saved.version}")
    result = {"query": saved.name, "version": saved.version, "sql": sql, "images": images}
    console.emit(result, as_json, f"{format_saved(saved, images)}\n{sql}")


def _list_counts(found: Counts) -> Iterator[dict[str, Any]]:
    """One row for each value; a range has one row, and another for the images without a number."""
    from registry.catalog.facets import FACETS, shown

    for facet in FACETS:
        for choice in found.choices.get(facet.field, ()):
            yield {
                "field": facet.field,
                "value": shown(facet, choice.value),
                "images": choice.images,
                "persons": choice.persons,
            }
        if span := found.spans.get(facet.field):
            if span.low is not None:
                yield {
                    "field": facet.field,
                    "value": f"{span.low:g}..{span.high:g} {facet.unit}".strip(),
                    "images": span.stated,
                }
            if span.missing:
                yield {"field": facet.field, "value": shown(facet, None), "images": span.missing}
