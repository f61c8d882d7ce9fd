"""Commands `reading`: accept masks, list them with their revisions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.cli import console
from registry.cli.console import AsJson

reading_app = typer.Typer(help="Accepted readings and their revisions.", no_args_is_help=True)


@reading_app.command("accept")
def reading_accept(
    image: Annotated[str, typer.Argument(help="Path of the image that was read.")],
    rater: Annotated[str, typer.Option(help="The rater's pseudonymous code.")],
    file: Annotated[Path, typer.Option(help="The mask, a NIfTI label map on the image's grid.")],
    protocol: Annotated[str | None, typer.Option(help="Needed where there are several protocols.")] = None,
    as_json: AsJson = False,
) -> None:
    """Publish a rater's mask; where there is one already, as its next revision."""
    from registry import readings
    from registry.files.volumes import load_labels
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    made = readings.accept(registry, image, rater, load_labels(file), protocol)
    commit_pending(registry)
    result = {"path": made.path, "revision": made.revision, "sha256": made.sha256, "voxels": made.n_voxels}
    console.emit(result, as_json, f"Accepted revision {made.revision} of {made.path}")
    console.note("A consensus that used an earlier revision is out of date: cohortium consensus build")


@reading_app.command("list")
def reading_list(
    image: Annotated[str | None, typer.Argument(help="Path of an image; all images by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """List accepted readings with their revisions."""
    from registry import readings

    rows = [
        {
            "image": mask.image_path,
            "rater": mask.rater_id,
            "protocol": mask.protocol,
            "kind": mask.kind,
            "revision": mask.revision,
            "voxels": mask.n_voxels,
            "stale": mask.stale,
            "path": mask.path,
        }
        for mask in readings.list_readings(console.registry(), image)
    ]
    columns = ["image", "rater", "protocol", "kind", "revision", "voxels", "stale"]
    console.emit({"readings": rows}, as_json, lambda: console.table(rows, columns))
