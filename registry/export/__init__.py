"""Export a snapshot to other people: a folder in the layout of BIDS, nnU-Net or the Decathlon, or tables.

Start at `export`. Only frozen bytes are exported, found by checksum. A folder is written whole or not at all, and no
file is overwritten.
"""

from __future__ import annotations

import secrets
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from registry.cohorts import withdrawals
from registry.errors import StorageError, UsageError
from registry.export import bids, decathlon, empty_images, nnunet, tables
from registry.export.bundle import Bundle, ExportReport, Options, place
from registry.files.progress import Progress
from registry.manifests import Manifest
from registry.privacy import clearance
from registry.snapshots import content
from registry.snapshots.content import Contents
from registry.snapshots.frozen_files import require_whole
from registry.store import Registry
from registry.vocabulary.display import format_count, format_number

__all__ = ["LAYOUTS", "ExportReport", "Options", "export", "place"]

WORD = defaultdict(lambda: "withdrawal.json", bids="code/cohortium/withdrawal.json")
"""Layout to the file that says why persons without consent are in the export; most exports have none."""

LAYOUTS: Mapping[str, Callable[[Bundle], None]] = {
    "bids": bids.write,
    "nnunet": nnunet.write,
    "decathlon": decathlon.write,
    "csv": tables.write,
}


def export(
    registry: Registry,
    manifest: Manifest,
    into: Path,
    layout: str,
    options: Options | None = None,
    progress: Progress | None = None,
) -> ExportReport:
    """Write a snapshot as a folder in a layout that other programs read, and return a report.

    Args:
        registry: the registry, which holds the frozen bytes.
        manifest: the snapshot.
        into: a folder that is empty or does not exist yet, outside the registry.
        layout: `bids`, `nnunet`, `decathlon` or `csv`.
        options: whether to link, resample, fetch, and export identifying images; none of them by default.
        progress: called after each file compared, then after each image looked at, then after each file written.

    Raises:
        UsageError: the layout is unknown, the folder is not empty, a sample lacks a mask that the layout needs,
            somebody saw text or a face in an image, or somebody withdrew the consent.
        IntegrityError: a file is missing or is not the one that was frozen.
        GeometryError: a sample has several grids where the layout has one, or one that the layout's readers cannot
            read.
        InvalidInput: a mask holds a value that has no name.
        StorageError: the files could not be written; the folder is as it was.
    """
    options = options or Options()
    if layout not in LAYOUTS:
        raise UsageError(f"'{layout}' is not a layout.", f"Known: {', '.join(LAYOUTS)}.")
    into = into.absolute()
    _require_free(into, registry.root)
    notes = [] if layout == "csv" else _require_cleared(registry, manifest, options)
    word = withdrawals.require_word(registry, manifest, f"export {layout}", options.despite_withdrawal)
    found = _find_contents(registry, manifest, layout, options, progress)
    partial = into.with_name(f".{into.name}.{secrets.token_hex(4)}.partial")
    bundle = Bundle(registry, manifest, found, partial, options, progress, notes)
    try:
        partial.mkdir(parents=True)
        if layout != "csv":
            empty_images.note(bundle)
        LAYOUTS[layout](bundle)
        if word is not None:
            bundle.write_json(WORD[layout], word.to_json())
            bundle.notes.append(f"{withdrawals.describe(word.units)} {WORD[layout]} says why it was exported.")
        with suppress(FileNotFoundError):
            into.rmdir()
        partial.rename(into)
    except OSError as error:
        raise StorageError(
            f"The export could not be written: {error.strerror or error}.",
            "Free space or check permissions, then try again.",
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return bundle.report(into, layout)


def _find_contents(
    registry: Registry, manifest: Manifest, layout: str, options: Options, progress: Progress | None
) -> Contents:
    """The frozen bytes of the snapshot; none for the layout `csv`, which holds no voxels."""
    if layout == "csv":
        return Contents({}, (), (), ())
    found = content.locate(registry, manifest.files(), fetch=options.fetch, progress=progress)
    require_whole(found)
    return found


def _require_cleared(registry: Registry, manifest: Manifest, options: Options) -> list[str]:
    """Notes about images that nobody has cleared; an identifying image needs the option `identifying`.

    Raises:
        UsageError: somebody saw text or a face in an image, and the option is off.
    """
    images = {ref.path for sample in manifest.samples for ref in sample.images.values()}
    waiting = clearance.list_uncleared(registry, sorted(images))
    shown = [path for path, answer in waiting.items() if answer is clearance.Answer.PRESENT]
    if shown and not options.identifying:
        more = f" and in {format_count(len(shown) - 1, 'more image')}" if shown[1:] else ""
        raise UsageError(
            f"Somebody saw text or a face in {shown[0]}{more}.",
            "Exclude the images that must not be exported, or export them with --identifying.",
        )
    if not waiting:
        return []
    return [
        f"{format_number(len(waiting))} of {format_count(len(images), 'image')} are not cleared of burned-in text "
        "and faces: cohortium privacy record"
    ]


def _require_free(into: Path, root: Path) -> None:
    if into.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{into.name} lies inside the registry.", "Name a folder outside it.")
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise UsageError(
            f"{into} is not an empty folder, and exports overwrite nothing.",
            "Name a folder that is empty or does not exist.",
        )
