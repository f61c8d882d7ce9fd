"""Commands `snapshot`: freeze, list, show, verify, compare, export."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli import console
from registry.cli.console import AsJson, DespiteWithdrawal

if TYPE_CHECKING:
    from registry.manifests import Manifest
    from registry.snapshots.diff import Difference, SnapshotDiff
    from registry.store import Registry

snapshot_app = typer.Typer(help="Frozen, checksummed cohorts.", no_args_is_help=True)

Fetch = Annotated[bool, typer.Option("--fetch", help="Ask remotes for content that is not here.")]


@snapshot_app.command("create")
def snapshot_create(
    query: Annotated[str, typer.Option(help="The saved query to freeze.")],
    split: Annotated[str | None, typer.Option(help="The split that gives each person a part.")] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(help="consensus:RECIPE, expert:CODE, random-expert:SEED or soft; repeat for a fallback."),
    ] = None,
    protocol: Annotated[str | None, typer.Option(help="Only masks of this protocol.")] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="A structure of the target (GM), or several as one class (cord+GM); repeat for more classes."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Freeze a query into a manifest with one content id."""
    from registry import snapshots
    from registry.publishing.commits import commit_pending
    from registry.snapshots.targets import parse_policy

    registry = console.registry()
    policy = parse_policy(target or [], protocol, label or [])
    with console.progress() as progress:
        manifest = snapshots.create(registry, query, split, policy, progress)
    commit_pending(registry)
    _mention_outdated_rejects(registry, manifest)
    result = {"snapshot": manifest.snapshot_id, "samples": len(manifest.samples), "excluded": len(manifest.excluded)}
    console.emit(
        result,
        as_json,
        f"Snapshot {manifest.snapshot_id}: {len(manifest.samples)} samples, {len(manifest.excluded)} left out",
    )


@snapshot_app.command("list")
def snapshot_list(as_json: AsJson = False) -> None:
    """List snapshots."""
    from registry import snapshots

    rows = [snapshot.model_dump() for snapshot in snapshots.list_snapshots(console.registry())]
    columns = ["snapshot_id", "query", "split", "n_samples", "n_excluded"]
    console.emit({"snapshots": rows}, as_json, lambda: console.table(rows, columns))


@snapshot_app.command("show")
def snapshot_show(snapshot: str, as_json: AsJson = False) -> None:
    """Show what a snapshot holds and what it left out, with reasons."""
    from dataclasses import asdict

    from registry import snapshots
    from registry.cohorts import withdrawals

    registry = console.registry()
    manifest = snapshots.get(registry, snapshot)
    if withdrawn := withdrawals.list_withdrawn(registry, manifest):
        console.warn(withdrawals.describe(withdrawn))
    result = {"snapshot": manifest.snapshot_id, "withdrawn": withdrawn, **asdict(manifest)}
    console.emit(result, as_json, lambda: _format_manifest(manifest))


def _format_manifest(manifest: Manifest) -> str:
    rows = [
        {
            "sample": s.sample,
            "person": s.person,
            "site": s.site,
            "part": s.part,
            "target": f"{s.target.role}:{s.target.source}" if s.target else f"soft ({len(s.readings)} readings)",
        }
        for s in manifest.samples
    ]
    left = [{"unit": item.unit, "reason": item.reason, "detail": item.detail} for item in manifest.excluded]
    head = f"snapshot {manifest.snapshot_id}\nchannels {', '.join(manifest.channels)}; labels {dict(manifest.labels)}"
    return f"{head}\n\n{console.table(rows)}" + (f"\n\nLeft out:\n{console.table(left)}" if left else "")


@snapshot_app.command("verify")
def snapshot_verify(
    snapshot: str,
    fetch: Fetch = False,
    as_json: AsJson = False,
) -> None:
    """Compare every file with its frozen checksum; exits with 7 and names each missing or changed file."""
    from registry import snapshots

    registry = console.registry()
    manifest = snapshots.get(registry, snapshot)
    with console.progress() as progress:
        found = snapshots.verify(manifest, registry, progress, fetch=fetch)
    rows = [{"file": path, "state": "missing"} for path in found.missing]
    rows += [{"file": path, "state": "changed"} for path in found.changed]
    result = {
        "snapshot": manifest.snapshot_id,
        "ok": found.ok,
        "files": found.n_files,
        "missing": found.missing,
        "changed": found.changed,
        "earlier": found.earlier,
    }
    later = f" {len(found.earlier)} have a newer revision; the frozen one is kept." if found.earlier else ""
    text = f"All {found.n_files} files are as frozen.{later}"
    console.emit(result, as_json, lambda: console.table(rows) if rows else text)
    if not found.ok:
        raise typer.Exit(7)


@snapshot_app.command("folder")
def snapshot_folder(
    snapshot: str,
    fetch: Fetch = False,
    despite_withdrawal: DespiteWithdrawal = "",
    as_json: AsJson = False,
) -> None:
    """Print a folder in which every path of the snapshot holds the frozen bytes, whatever came later."""
    from registry import snapshots

    registry = console.registry()
    manifest = snapshots.get(registry, snapshot)
    require_word(registry, manifest, "snapshot folder", despite_withdrawal)
    folder = snapshots.materialise(registry, manifest, fetch=fetch)
    console.emit({"folder": str(folder)}, as_json, str(folder))


@snapshot_app.command("diff")
def snapshot_diff(before: str, after: str, as_json: AsJson = False) -> None:
    """Show what changed from one snapshot to another: added, removed and changed samples, each with its reason."""
    from registry import snapshots

    found = snapshots.compare(console.registry(), before, after)
    console.emit(found.to_json(), as_json, lambda: _format_diff(found))


def require_word(registry: Registry, manifest: Manifest, use: str, reason: str) -> None:
    """Record and commit the word under which a snapshot is used although consent was withdrawn; refuse without one.

    Args:
        registry: the registry.
        manifest: the snapshot.
        use: what for.
        reason: as --despite-withdrawal gives it.
    """
    from registry.cohorts import withdrawals
    from registry.publishing.commits import commit_pending

    if withdrawals.require_word(registry, manifest, use, reason):
        commit_pending(registry)


def _mention_outdated_rejects(registry: Registry, manifest: Manifest) -> None:
    from registry.catalog import Catalog
    from registry.snapshots.selection import rejected_once

    taken = (file.path for sample in manifest.samples for file in sample.images.values())
    if sentence := rejected_once(Catalog.of(registry), taken):
        console.note(sentence)


def _format_diff(found: SnapshotDiff) -> str:
    from registry.snapshots import diff_text

    if found.empty:
        return "No difference: both are the same snapshot."
    moved = {name: [vars(item) for item in getattr(found, name)] for name in ("added", "removed")}
    changed = [{"sample": item.sample, **_format_difference(one)} for item in found.changed for one in item.differences]
    tables = {
        "Settings": [_format_difference(one) for one in found.settings],
        "Added": moved["added"],
        "Removed": moved["removed"],
        "Changed": changed,
        "Left out differently": [_format_difference(one) for one in found.exclusions],
    }
    counts = f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} changed"
    head = "\n".join([f"{found.before[:12]} -> {found.after[:12]}: {counts}", *diff_text.sentences(found)])
    return "\n\n".join([head, *(f"{name}\n{console.table(rows)}" for name, rows in tables.items() if rows)])


def _format_difference(one: Difference) -> dict[str, Any]:
    return {"what": one.what, "before": _shorten(one.before), "after": _shorten(one.after)}


def _shorten(value: Any) -> Any:
    """A value that fits a table: a file as the beginning of its checksum, any other mapping as its values."""
    if isinstance(value, Mapping):
        return str(value["sha256"])[:12] if "sha256" in value else ", ".join(str(item) for item in value.values())
    return " ".join(value.split()) if isinstance(value, str) else value


@snapshot_app.command("export")
def snapshot_export(  # noqa: PLR0913, PLR0917 - one option each, as Typer wants them
    snapshot: str,
    to: Annotated[Path, typer.Option(help="A folder that is empty or does not exist.")],
    layout: Annotated[str, typer.Option(help="bids, nnunet, decathlon or csv.")] = "bids",
    link: Annotated[bool, typer.Option("--link", help="Hard links to annexed files instead of copies.")] = False,
    resample: Annotated[bool, typer.Option("--resample", help="Channels onto their mask's grid, linearly.")] = False,
    identifying: Annotated[bool, typer.Option("--identifying", help="Also images that show text or a face.")] = False,
    despite_withdrawal: DespiteWithdrawal = "",
    as_json: AsJson = False,
) -> None:
    """Write a snapshot as a folder that others read: BIDS, nnU-Net, Decathlon, or tables."""
    from registry import export, snapshots
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    manifest = snapshots.get(registry, snapshot)
    with console.progress() as progress:
        options = export.Options(
            link=link,
            resample=resample,
            fetch=True,
            identifying=identifying,
            despite_withdrawal=despite_withdrawal,
        )
        made = export.export(registry, manifest, to, layout, options, progress)
    if despite_withdrawal:
        commit_pending(registry)
    notes = "".join(f"\n{note}" for note in made.notes)
    console.emit(made.to_json(), as_json, f"{made.samples} samples, {made.files} files in {made.folder}{notes}")
