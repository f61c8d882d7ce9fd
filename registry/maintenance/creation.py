"""Make a new, empty registry."""

from __future__ import annotations

from pathlib import Path

from registry.bids.description import dataset_description
from registry.bids.table_keys import PARTICIPANTS
from registry.errors import InvalidInput, StorageError
from registry.files.canonical import readable_json, tsv_bytes
from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.publishing.git import create_dataset
from registry.store import Registry, registry_at

PARTICIPANTS_MEANING = {
    "person_id": {"Description": "The human being. Several participants can be one person."},
    "age": {"Description": "Age at baseline.", "Units": "year"},
    "class": {"Description": "The class used for training and for stratified splits."},
    "diagnosis": {"Description": "The clinical diagnosis."},
    "radiological_status": {
        "Description": "What the images show.",
        "Levels": {
            "normal": "No lesion.",
            "incidental_lesions": "Lesions that the diagnosis does not explain.",
            "pathological": "Lesions of the disease.",
        },
    },
}

README = """\
# {name}

A cohort kept by Cohortium: BIDS images at the root, experts' masks and consensus masks below `derivatives/`,
saved queries, splits and snapshots below `code/registry/`, and what happened in `logs/events/`.
"""


def create(path: Path, name: str = "") -> Registry:
    """Make `path` a registry and return it: a DataLad dataset that is valid BIDS from the first commit.

    Raises:
        InvalidInput: the folder exists and is not empty.
        StorageError: the folder cannot be made.
    """
    root = path.absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InvalidInput(f"{root} exists and is not empty.", "Name a new folder for the registry.")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{root} cannot be made: {error.strerror or error}.", "Check the path and permissions, then try again."
        ) from error
    create_dataset(root)
    registry = registry_at(root)
    publish(registry, Change("init", "Create the registry"), lambda tree: _write_first_files(tree, name or root.name))
    commit_pending(registry)
    return registry


def _write_first_files(tree: Path, name: str) -> None:
    (tree / "dataset_description.json").write_bytes(readable_json(dataset_description(name)))
    (tree / "README").write_text(README.format(name=name))
    (tree / "participants.tsv").write_bytes(tsv_bytes([], PARTICIPANTS))
    (tree / "participants.json").write_bytes(readable_json(PARTICIPANTS_MEANING))
    (tree / ".bidsignore").write_text("logs/\n")
