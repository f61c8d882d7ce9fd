"""Sort the files of a BIDS dataset: which dataset each belongs to, what kind it is, and whether its name is BIDS."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from curation.importers.cleaning.sidecars import words
from registry.bids import places, schema
from registry.bids.filenames import parse_name
from registry.bids.names import DATATYPES, ENTITY_ORDER, BidsName, parse
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
_KNOWN_SUFFIXES = frozenset({suffix for names in SUFFIXES.values() for suffix in names} | RATED_SUFFIXES)
CLOSED = frozenset({"sourcedata", "code", "logs", "stimuli", "derivatives"})


class ItemKind(Enum):
    """How the import treats a file."""

    IMAGE = "an image"
    MASK = "a mask"
    COMPANION = "a sidecar or table beside images"
    INHERITED = "a sidecar or table that several files share"
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
        name: its BIDS name in the tree; None where it has none, or where its name is no file's in the tree.
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
        return Item(path, dataset, inner, _sort_head(inner))
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
        shared = inner.startswith("sub-") and _is_shared(inner.rpartition("/")[2])
        return Item(path, dataset, inner, ItemKind.INHERITED if shared else ItemKind.STRANGE)
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


def find_foreign_datatype(item: Item) -> str | None:
    """The data type of BIDS that a file belongs to and the registry does not carry, `eeg`; None if there is none."""
    folders = item.inner.split("/")[:-1]
    if found := next((name for name in folders if name in DATATYPES and name not in SUFFIXES), None):
        return found
    if folders[:1] == ["phenotype"]:
        return "phenotype"
    suffix = item.inner.rpartition("/")[2].partition(".")[0].rpartition("_")[2]
    return suffix if suffix in DATATYPES and suffix not in SUFFIXES else None


def is_of_derivative(item: Item) -> bool:
    """Whether a file outside derivatives has a name that BIDS gives to derivatives alone: `desc-preproc_T1w`."""
    name = parse(item.inner)
    return not item.dataset and name is not None and bool(DERIVED_ENTITIES & {*name.entities})


def _sort_head(inner: str) -> ItemKind:
    """The kind of a file above subjects: `README`, `T1w.json`, `seg-x_desc-e01_dseg.tsv`."""
    if inner in HEADS:
        return ItemKind.HEAD
    if not _is_shared(inner):
        return ItemKind.STRANGE
    # A table of label names stays above the masks that it describes: our own label maps share one, too.
    labels = inner.endswith(".tsv") and inner.removesuffix(".tsv").rpartition("_")[2] in RATED_SUFFIXES
    return ItemKind.HEAD if labels else ItemKind.INHERITED


def _is_shared(filename: str) -> bool:
    """Whether files beside and below inherit the file by its suffix and entities: `acq-hi_T1w.json`, `dwi.bval`."""
    name = parse_name(filename)
    return name.extension in COMPANIONS and name.suffix in _KNOWN_SUFFIXES and set(name.entities) <= set(ENTITY_ORDER)
