"""The report of an import: counts of the kept files, and each refused file with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from registry.bids import places
from registry.bids.names import parse
from registry.files.canonical import read_tsv
from registry.index.rows.masks import RATED_SUFFIXES
from registry.vocabulary.reasons import ReasonCode

SHOWN = 10
"""Refused files printed per reason; the JSON form holds all."""


class Reason(ReasonCode):
    """A reason why a file was not imported. The value is the code in reports; the sentence says what it means."""

    IMAGE_WITHOUT_MASK = (
        "image-without-mask",
        "The delivery pairs images and masks, and this image has no (usable) mask.",
    )
    MASK_WITHOUT_IMAGE = "mask-without-image", "The image this mask was drawn on is not in the delivery."
    NO_IMAGE_FOR_MASK = "no-image-for-mask", "The image this mask names was not found, or was refused."
    OTHER_GRID = "other-grid", "The mask's shape or position differs from its image's."
    LABEL_VALUES = "label-values", "The mask holds values that are not in the label set, or that are not whole numbers."
    NOT_NIFTI = "not-nifti", "Not a NIfTI file, damaged, or cut short."
    NOT_AS_NAMED = (
        "not-as-named",
        "The image lacks what BIDS requires for its name: a time axis, a single volume, gradients.",
    )
    NOT_FETCHED = "not-fetched", "A pointer or a dead link: the content is elsewhere."
    NOT_BIDS_NAME = "not-bids-name", "The name or the place is not BIDS, and no rule of the recipe translates it."
    NOT_CARRIED = "not-carried", "A kind of file or folder that the registry does not hold."
    OTHER_TYPE = "other-type", "Data of a type that the registry does not hold, such as EEG or microscopy."
    NOT_LISTED = "not-listed", "The delivery's own list does not name it."
    LISTED_BUT_ABSENT = "listed-but-absent", "The delivery's own list names it, but there is no such file."
    UNREADABLE_JSON = "unreadable-json", "Not JSON (`NaN` and half characters are not allowed), or not one object."
    UNREADABLE_TSV = "unreadable-tsv", "Not a table: ragged rows, a repeated column, or not UTF-8."
    NO_FILE = "no-file", "A pipe, a socket, a device or a link to a folder, not a file."
    NO_NUMBERS = "no-numbers", "Gradients or a recording that hold anything other than numbers."
    TELLING_NAME = "telling-name", "A label of its name holds a calendar date, or a title with a person's name."
    LINK_OUTSIDE = "link-outside", "A link to a file that is not part of the delivery."
    TELLING = "telling", "The file still holds something that identifies a person after it was cleaned."
    NOT_VALID = "not-valid", "The official BIDS validator finds an error in it; the code is the validator's."
    DUPLICATE = "duplicate", "Another file took this name already, or one that differs only by case."
    IMAGE_REFUSED = "image-refused", "It describes an image that was refused."
    PLACEHOLDER = "placeholder", "A dummy that the delivery put where a real file belongs."
    TRANSFORM_WITHOUT_IMAGE = "transform-without-image", "The image this transform belongs to is not in the delivery."
    UNKNOWN_KIND = "unknown-kind", "The recipe has no rule for such a file."


_FOREIGN = frozenset({Reason.NOT_BIDS_NAME, Reason.NOT_CARRIED, Reason.UNKNOWN_KIND, Reason.NOT_LISTED, "not-dicom"})
"""Reasons that say that the recipe does not know such a file."""


@dataclass(frozen=True)
class Refusal:
    """One file that stayed outside: path relative to the source (POSIX), reason code, one sentence."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class ImportReport:
    """The outcome of one import.

    Attributes:
        recipe: the recipe's name.
        kept: counts of `subjects`, `sessions`, `images`, `masks`, `consensus`.
        refused: sorted by path.
        used: files that were read (a list, a table, a transform) and are not part of the tree themselves.
        notes: sentences for the person who imports: what was dropped, changed or is unusual.
    """

    recipe: str
    kept: Mapping[str, int]
    refused: tuple[Refusal, ...] = ()
    used: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def knows_nothing(self) -> bool:
        """Whether the recipe knew not one file: nothing was kept or used, and every reason says that it is foreign."""
        return not (any(self.kept.values()) or self.used) and all(item.reason in _FOREIGN for item in self.refused)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON-ready values."""
        return asdict(self)

    def text(self) -> str:
        """The report for people: counts of kept files, refused files grouped by reason, and the notes."""
        kept = ", ".join(f"{number} {kind}" for kind, number in self.kept.items() if number)
        lines = [f"{self.recipe}: kept {kept or 'nothing'}; {len(self.refused)} files stayed outside."]
        for reason in sorted({item.reason for item in self.refused}):
            group = [item for item in self.refused if item.reason == reason]
            lines.append(f"  {reason} ({len(group)})")
            told = group_alike(group)
            lines += [f"    {item.path}: {item.detail}" for item in told[:SHOWN]]
            lines += [f"    ... and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


ALIKE = 4
"""So many files of one folder with one reason and one sentence are told in one line: a series has thousands."""


def group_alike(refused: Sequence[Refusal]) -> list[Refusal]:
    """The refusals, in their order, with those of one folder that say the same as one: the folder and their number."""
    groups: dict[tuple[str, str, str], list[Refusal]] = {}
    for item in refused:
        groups.setdefault((str(PurePosixPath(item.path).parent), item.reason, item.detail), []).append(item)
    told = []
    for (folder, reason, detail), items in groups.items():
        together = Refusal(f"{folder}/", reason, f"{detail} ({len(items)} files)")
        told += items if len(items) < ALIKE else [together]
    return told


def printable(text: str) -> str:
    """The text with bytes that are not UTF-8 and control characters as escapes, for any terminal and any file."""
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)


def count(root: Path) -> dict[str, int]:
    """Number of subjects, sessions, images, masks (below `manual-*`) and consensus masks (below `consensus-*`).

    They are the numbers of rows that the registry gets: the images of a subject without sessions are one session, and
    a visit of `sessions.tsv` is one without an image too.
    """
    kept = dict.fromkeys(("subjects", "sessions", "images", "masks", "consensus"), 0)
    subjects, sessions = set(), set()
    for path in root.rglob("*.nii*"):
        name = parse(path.name)
        if name is None:
            continue
        subjects.add(name.subject)
        if kind := find_kind(path.relative_to(root).as_posix(), name.suffix):
            kept[kind] += 1
            sessions |= {name.session_key} if kind == "images" else set()
    for table in root.glob("sub-*/sub-*_sessions.tsv"):
        sessions |= {f"{table.parent.name}/{row['session_id']}" for row in read_tsv(table)}
    return {**kept, "subjects": len(subjects), "sessions": len(sessions)}


def find_kind(path: str, suffix: str) -> str | None:
    """What a volume at this path of the tree counts as: `images`, `masks`, `consensus`, or None for none of them."""
    role = places.role(places.split_dataset(path)[0])[0]
    kinds = {places.Role.READINGS: "masks", places.Role.CONSENSUS: "consensus"}
    if role in kinds:
        return kinds[role]
    is_image = role in (places.Role.RAW, places.Role.IMAGES) and suffix not in RATED_SUFFIXES
    return "images" if is_image else None
