"""Sort the files of a BIDS dataset: which dataset each belongs to, what kind it is, and whether its name is BIDS."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from curation.importers.cleaning.sidecars import words
from registry.bids import places, schema
from registry.bids.names import BidsName, parse
from registry.index.rows.masks import RATED_SUFFIXES

_CARRIED = ("anat", "func", "dwi", "fmap", "perf")
_ADDED = {"func": {"boldref"}}
"""Suffixes that BIDS gives to derivatives and that deliveries have beside raw images."""
SUFFIXES = {datatype: {*schema.read().suffixes[datatype], *_ADDED.get(datatype, ())} for datatype in _CARRIED}
"""Suffixes of raw data by data type; the data types the registry carries."""

DERIVED_ENTITIES = frozenset({"space", "split", "res", "den", "label", "desc", "seg"})
IMAGE_EXTENSIONS = (".nii.gz", ".nii")
COMPANIONS = (".json", ".tsv", ".tsv.gz", ".bval", ".bvec")
HEADS = words("""dataset_description.json README README.md README.rst README.txt CHANGES LICENSE CITATION.cff
participants.tsv participants.json sessions.json scans.json descriptions.tsv descriptions.json""")
CLOSED = frozenset({"sourcedata", "code", "logs", "stimuli", "derivatives"})


class ItemKind(Enum):
    """How the import treats a file."""

    IMAGE = "an image"
    MASK = "a mask"
    COMPANION = "a sidecar or table beside images"
    HEAD = "a description or table above subjects"
    STRANGE = "not BIDS"
    CLOSED = "in a folder that stays outside"


@dataclass(frozen=True)
class Item:
    """One file of the source.

    Attributes:
        path: relative to the source, POSIX.
        dataset: the dataset's folder; `""` is the raw root.
        inner: the path inside the dataset.
        kind: how the import treats it.
        name: its BIDS name in the tree; None where it has none.
    """

    path: str
    dataset: str
    inner: str
    kind: ItemKind
    name: BidsName | None = None

    @property
    def target(self) -> str:
        """The path in the staged tree."""
        inner = str(self.name.path) if self.name else self.inner
        return f"{self.dataset}/{inner}".lstrip("/")


def sort_file(path: str) -> Item:
    """The item of one path, sorted by its name alone."""
    dataset, inner = places.split_dataset(path)
    if not path.isprintable():
        return Item(path, dataset, inner, ItemKind.STRANGE)
    parts = PurePosixPath(inner).parts
    if parts[0] in CLOSED or any(part.startswith(".") for part in parts):
        return Item(path, dataset, inner, ItemKind.CLOSED)
    if len(parts) == 1:
        return Item(path, dataset, inner, ItemKind.HEAD if _is_head(inner) else ItemKind.STRANGE)
    return sort_name(path, dataset, inner)


def sort_name(path: str, dataset: str, inner: str) -> Item:
    """The item of a file below a subject's folder.

    Args:
        path: relative to the source, POSIX.
        dataset: the dataset's folder; `""` is the raw root.
        inner: the path inside the dataset.
    """
    name = parse(inner)
    if name is None or str(name.path) != inner or not _is_known(name, derived=bool(dataset)):
        return Item(path, dataset, inner, ItemKind.STRANGE)
    if name.extension not in IMAGE_EXTENSIONS:
        return Item(path, dataset, inner, ItemKind.COMPANION, name)
    kind = ItemKind.MASK if name.suffix in RATED_SUFFIXES else ItemKind.IMAGE
    return Item(path, dataset, inner, kind, name.replace(extension=".nii.gz"))


def _is_known(name: BidsName, *, derived: bool) -> bool:
    if not name.datatype:
        return name.suffix in ("sessions", "scans") and name.extension in (".tsv", ".json")
    if name.datatype not in SUFFIXES or name.extension not in (*IMAGE_EXTENSIONS, *COMPANIONS):
        return False
    if derived and name.suffix in RATED_SUFFIXES:
        return True
    return name.suffix in SUFFIXES[name.datatype] and (derived or not DERIVED_ENTITIES & set(name.entities))


def _is_head(inner: str) -> bool:
    """Whether the name is known, or its facts are inherited by every subject: `T1w.json`, `seg-x_desc-e01_dseg.tsv`."""
    stem, dot, extension = inner.partition(".")
    *entities, suffix = stem.split("_")
    if inner in HEADS:
        return True
    known = {suffix for names in SUFFIXES.values() for suffix in names} | RATED_SUFFIXES
    if dot + extension not in COMPANIONS or suffix not in known:
        return False
    return parse("_".join(["sub-x", *entities, suffix]) + dot + extension) is not None
