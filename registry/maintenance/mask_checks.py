"""Check masks against their images, which the official validator does not do; only facts about files are read.

`check_subject` finds what is wrong in a registry; `checker` makes the check that every delivery passes on its way in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sqlmodel import col, select

from registry.bids import places
from registry.bids.names import parse
from registry.bids.places import Role
from registry.errors import GeometryError, InvalidInput
from registry.files.geometry import GRID_TOLERANCE_MM, affine_from_row, grids_apart_mm, one_volume
from registry.index.facts import LABEL_SUFFIXES
from registry.index.rows import Roots, read_roots, subject_rows
from registry.measures.coverage import covered_share
from registry.store import Registry
from registry.tables import ConsensusMask, File, Mask
from registry.vocabulary.findings import Finding, Severity

_MASKED = (Role.READINGS, Role.CONSENSUS)

_PLACED_TWICE = "sform, and qform or voxel edges (pixdim), place it differently"


def check_subject(subject_id: str, files: Sequence[File], roots: Roots) -> Iterator[Finding]:
    """Findings for every mask of a subject that has no image, lies off its grid, or holds values without a label.

    Args:
        subject_id: `sub-A000`.
        files: the facts of all files of the subject.
        roots: what the tables at the roots of the datasets say.
    """
    by_path = {file.path: file for file in files}
    rows = subject_rows(subject_id, files, roots).others
    masks = {row.path: row for row in rows if isinstance(row, Mask | ConsensusMask)}
    yield from check_places(files)
    for path, file in sorted(by_path.items()):
        if not _is_mask(path) or "shape" not in file.facts:
            continue
        if path not in masks:
            yield Finding("mask-without-image", Severity.ERROR, path, "names no image of the registry as its source")
        else:
            yield from _check_mask(masks[path], file, by_path[masks[path].image_path])


def check_places(files: Iterable[File]) -> Iterator[Finding]:
    """Findings for images whose place is not clear: not stated, stated twice and differently, or apart from each other.

    Args:
        files: the facts of all files of one subject.
    """
    visits: dict[str, list[File]] = {}
    for file in sorted(files, key=lambda file: file.path):
        dataset, inner = places.split_dataset(file.path)
        name = parse(inner)
        if "shape" not in file.facts or name is None or _is_mask(file.path):
            continue
        if file.facts.get("forms_missing"):
            message = "states no position: neither qform nor sform is set, and programs invent different ones"
            yield Finding("forms-missing", Severity.WARNING, file.path, message)
        elif not file.facts["forms_agree"]:
            yield Finding("forms-disagree", Severity.WARNING, file.path, _PLACED_TWICE)
        if not dataset and name.datatype == "anat" and name.suffix not in LABEL_SUFFIXES:
            visits.setdefault(name.session_key, []).append(file)
    for images in visits.values():
        yield from _check_overlap(images)


def _check_overlap(images: Sequence[File]) -> Iterator[Finding]:
    """Findings for anatomical images of one visit that share no part of the field of view with most of the others."""
    for image in images:
        apart = [other for other in images if other is not image and _covered(image, other) == 0]
        if apart and (len(apart) > (len(images) - 1) / 2 or len(images) == 2):
            message = f"does not overlap with {apart[0].path}: images of one visit lie apart, one of them is misplaced"
            yield Finding("images-apart", Severity.WARNING, image.path, message)


def _covered(image: File, other: File) -> float:
    one, two = image.facts, other.facts
    return covered_share(one["shape"], affine_from_row(one["affine"]), two["shape"], affine_from_row(two["affine"]))


def _is_mask(path: str) -> bool:
    dataset, inner = places.split_dataset(path)
    name = parse(inner)
    return places.role(dataset)[0] in _MASKED and name is not None and name.suffix in LABEL_SUFFIXES | {"probseg"}


def _check_mask(mask: Mask | ConsensusMask, file: File, image: File) -> Iterator[Finding]:
    shape, image_shape = list(_grid(mask.suffix, file.facts["shape"])), image.facts["shape"][:3]
    apart = grids_apart_mm(
        shape, affine_from_row(file.facts["affine"]), image_shape, affine_from_row(image.facts["affine"])
    )
    if shape != image_shape:
        yield _error("mask-other-grid", mask.path, f"is {shape} voxels, its image {image_shape}")
    elif not apart <= GRID_TOLERANCE_MM:
        yield _error("mask-other-grid", mask.path, f"lies up to {apart:.3g} mm off its image's grid")
    if mask.suffix != "probseg" and "float" in file.facts["dtype"]:
        yield _error("mask-not-integer", mask.path, f"is stored as {file.facts['dtype']}, labels are whole numbers")
    if unknown := set(file.facts.get("counts", {})) - set(mask.labels):
        yield _error("mask-unknown-label", mask.path, f"holds label {min(unknown)}, which its table does not name")
    if mask.stale:
        yield Finding("mask-stale", Severity.WARNING, mask.path, "an image or reading changed after it was made")
    if not file.facts["forms_agree"]:
        yield Finding("forms-disagree", Severity.WARNING, mask.path, _PLACED_TWICE)


def _grid(suffix: str, shape: Sequence[int]) -> Sequence[int]:
    """The part of a shape that must equal the image's; probabilities may have a volume for each label."""
    return shape[:3] if suffix == "probseg" else one_volume(shape)


def _error(code: str, path: str, message: str) -> Finding:
    return Finding(code, Severity.ERROR, path, message)


def require_sound(findings: Iterable[Finding]) -> None:
    """Refuse a change with errors among its findings.

    Raises:
        GeometryError: the first error is a mask on another grid.
        InvalidInput: the first error is another one. The message names its file and counts the other errors.
    """
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if not errors:
        return
    first, more = errors[0], len(errors) - 1
    kind = GeometryError if first.code == "mask-other-grid" else InvalidInput
    tail = f" ({more} more like it)" if more else ""
    raise kind(
        f"{first.path} {first.message}{tail}.", "Nothing was imported. Correct the delivery and import it again."
    )


def by_subject(files: Iterable[File]) -> Mapping[str, list[File]]:
    """Subject to its files; files without a subject are left out."""
    grouped: dict[str, list[File]] = {}
    for file in files:
        if file.subject_id:
            grouped.setdefault(file.subject_id, []).append(file)
    return grouped


def checker(registry: Registry) -> Callable[[Sequence[File]], None]:
    """A check for `publish` that refuses masks which do not fit what the changed subjects will hold afterwards.

    The check raises as `require_sound`.
    """

    def check(changed: Sequence[File]) -> None:
        subjects = {file.subject_id for file in changed if file.subject_id}
        with registry.reading() as database:
            present = database.exec(
                select(File).where(col(File.subject_id).in_(subjects) | col(File.subject_id).is_(None))
            ).all()
        files = {file.path: file for file in [*present, *changed]}.values()
        roots = read_roots(file for file in files if file.subject_id is None)
        for subject, group in sorted(by_subject(files).items()):
            require_sound(check_subject(subject, group, roots))

    return check
