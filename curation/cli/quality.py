"""Commands `qc`: verdicts on images from the command line; the page "QC sweep" is faster for many images."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from registry.cli import console
from registry.cli.console import AsJson
from registry.errors import require_known

qc_app = typer.Typer(help="Quality check: accept or reject images, with artifacts.", no_args_is_help=True)
Image = Annotated[str, typer.Argument(help="The path of an image, as in the view images.")]


@qc_app.command("set")
def qc_set(
    image: Image,
    verdict: Annotated[str, typer.Argument(help="accept, reject, later or flag.")],
    artifact: Annotated[list[str] | None, typer.Option(help="motion, ghosting, ... or its number; repeatable.")] = None,
    comment: Annotated[str | None, typer.Option(help="One line for people.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give your verdict (COHORTIUM_ACTOR) on an image; it replaces your earlier one."""
    from curation import quality
    from registry.vocabulary.verdicts import verdict_of

    registry = console.registry()
    judgement = quality.Judgement(image, verdict_of(verdict), tuple(artifact or ()), comment)
    given = quality.record(registry, judgement)
    _commit()
    artifacts = f" ({given.artifacts})" if given.artifacts else ""
    row = {key: value for key, value in given.model_dump().items() if key not in ("number", "waiting", "undoes")}
    console.emit(row, as_json, f"{given.rater_id}: {given.verdict}{artifacts}, {given.image_path}")


@qc_app.command("undo")
def qc_undo(
    times: Annotated[int, typer.Option(min=1, help="How many verdicts, newest first.")] = 1, as_json: AsJson = False
) -> None:
    """Undo your last verdicts (COHORTIUM_ACTOR); they stay in the history."""
    from curation import quality

    registry = console.registry()
    done = [quality.undo(registry) for _ in range(times)]
    _commit()
    rows = [
        {
            "image": item.now.image_path,
            "taken_back": item.taken_back.verdict,
            "now": item.now.verdict,
            "artifacts": item.now.artifacts,
        }
        for item in done
    ]
    console.emit({"undone": rows}, as_json, lambda: console.table(rows))


@qc_app.command("list")
def qc_list(
    rater: Annotated[str | None, typer.Option(help="Only this rater's.")] = None,
    verdict: Annotated[str | None, typer.Option(help="Only accept, reject, later or flag.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the current verdicts; the image of a stale one was replaced afterwards."""
    from curation import quality
    from registry.catalog import Catalog
    from registry.vocabulary.verdicts import verdict_of

    rows = quality.list_verdicts(Catalog.of(console.registry()), rater, verdict_of(verdict) if verdict else None)
    console.emit({"verdicts": rows}, as_json, lambda: console.table(rows))


@qc_app.command("next")
def qc_next(
    site: Annotated[list[str] | None, typer.Option(help="Only images of this site; repeatable.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Only images of this channel; repeatable.")] = None,
    copies: Annotated[bool, typer.Option("--copies", help="Also resampled copies of raw images.")] = False,
    as_json: AsJson = False,
) -> None:
    """Name the next image that you (COHORTIUM_ACTOR) have not judged."""
    from curation import quality
    from registry.catalog import Catalog, overview
    from registry.store import actor

    catalog = Catalog.of(console.registry())
    require_known("site", site or (), overview.sites(catalog))
    require_known("channel", channel or (), quality.channels(catalog))
    make_list = partial(quality.worklist, catalog, actor(), sites=site or (), channels=channel or (), copies=copies)
    worklist = make_list()
    case = worklist.cases[0] if worklist.cases else None
    following = {"image": case.image, "title": case.title, "facts": case.facts} if case else None
    if case:
        text = f"{case.image}\n{case.facts}\n{worklist.total} left"
    elif make_list(show=quality.Show.ALL).total:
        text = "You have judged every image of this list."
    else:
        text = "There is no image to judge."
    console.emit({"next": following, "left": worklist.total}, as_json, text)


@qc_app.command("summary")
def qc_summary(as_json: AsJson = False) -> None:
    """Count the images by state, and each rater's verdicts."""
    from curation import quality
    from registry.catalog import Catalog

    totals = quality.summary(Catalog.of(console.registry()))
    counts = {key: value for key, value in totals.items() if isinstance(value, int)}
    parts = ([counts], totals["raters"], totals["artifacts"])
    console.emit(totals, as_json, lambda: "\n\n".join(console.table(rows) for rows in parts if rows))


def _commit() -> None:
    """Write waiting verdicts into the table of verdicts, and commit."""
    from curation import quality
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    quality.file_waiting(registry)
    commit_pending(registry)
