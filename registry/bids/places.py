"""The places of a registry: which folder holds what, for the index and for every writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

QUERIES = "code/registry/queries"
SPLITS = "code/registry/splits"
SNAPSHOTS = "code/registry/snapshots"
RUNS = "code/registry/runs"
IMPORTS = "code/registry/imports"
PERSON_LINKS = "code/registry/persons.tsv"
EXCLUSIONS = "code/registry/exclusions.tsv"
WITHDRAWALS = "code/registry/withdrawals"
CHECKS = "code/registry/checks"
CHECK_FINDINGS = "code/registry/checks/findings.tsv"
ACKNOWLEDGED = "code/registry/checks/acknowledged.tsv"
QUALITY = "code/registry/quality"


class Role(StrEnum):
    """The kind of masks or images that a dataset holds."""

    RAW = "raw"
    """The BIDS raw root."""
    READINGS = "manual"
    """`derivatives/manual-<protocol>`: experts' masks."""
    CONSENSUS = "consensus"
    """`derivatives/consensus-<protocol>`: masks computed from readings, or delivered as a consensus."""
    LESIONS = "lesionboxes"
    """`derivatives/lesionboxes-<protocol>`: one row per lesion instance."""
    PREDICTION = "prediction"
    """`derivatives/prediction-<run>`: what a model wrote."""
    IMAGES = "images"
    """Any other derivative: preprocessed images."""


def quality_table(rater: str) -> str:
    """A rater's table of the quality check."""
    return f"{QUALITY}/{rater}.tsv"


def quality_rater(path: str) -> str | None:
    """The rater whose table of the quality check lies at a path; None for any other path."""
    folder, _, name = path.rpartition("/")
    return name.removesuffix(".tsv") if folder == QUALITY and name.endswith(".tsv") else None


def measured_subject(path: str) -> str | None:
    """The subject whose images' measures lie at a path, `code/registry/checks/measures/sub-A000.tsv`; else None."""
    folder, _, name = path.rpartition("/")
    return name.removesuffix(".tsv") if folder == f"{CHECKS}/measures" and name.endswith(".tsv") else None


def subject_of(path: str) -> str | None:
    """`sub-A000` for a path inside a subject's folder, raw or derivative; None above."""
    start = 0 if path.startswith("sub-") else path.find("/sub-") + 1 or len(path)
    end = path.find("/", start)
    return path[start:end] if end > 0 else None


def split_dataset(path: str) -> tuple[str, str]:
    """The dataset's folder (`""` for the raw root) and the path inside it."""
    parts = path.split("/")
    if parts[0] == "derivatives" and len(parts) > 2:
        return f"derivatives/{parts[1]}", "/".join(parts[2:])
    return "", path


def role(dataset: str) -> tuple[Role, str]:
    """The role of a dataset's folder and its protocol or run: `manual-ms` gives (READINGS, "ms")."""
    if not dataset:
        return Role.RAW, ""
    kind, _, rest = dataset.removeprefix("derivatives/").partition("-")
    known = {Role.READINGS, Role.CONSENSUS, Role.LESIONS, Role.PREDICTION}
    return (Role(kind), rest) if kind in known and rest else (Role.IMAGES, "")


def resolve(uri: str, dataset: str, links: Mapping[str, Any]) -> str | None:
    """The registry path a BIDS URI names.

    Args:
        uri: `bids:raw:sub-A000/...`, `bids::sub-A000/...`, or a path relative to its dataset.
        dataset: folder of the dataset whose sidecar holds the URI.
        links: its `DatasetLinks`, name to `file:` URL; a value that is no text is no link.

    Returns:
        A path relative to the registry root; None where the link leaves the registry, or the name has no link. Only
        `raw` needs none: it is the root.
    """
    if not uri.startswith("bids:"):
        return f"{dataset}/{uri}".lstrip("/")
    if uri.count(":") < 2:
        return None
    _, name, path = uri.split(":", 2)
    if not name:
        return f"{dataset}/{path}".lstrip("/")
    link = links.get(name)
    target = link.removeprefix("file:") if isinstance(link, str) else ""
    if not target:
        return path if name == "raw" else None
    base: list[str] = dataset.split("/") if dataset else []
    for part in target.split("/"):
        if part == "..":
            if not base:
                return None
            base.pop()
        elif part not in ("", "."):
            base.append(part)
    return "/".join([*base, path])


def uri(path: str) -> str:
    """The BIDS URI of an image in the registry, as a sidecar in another derivative states it: `bids:raw:sub-...`."""
    dataset, inner = split_dataset(path)
    return f"bids:{dataset.removeprefix('derivatives/') or 'raw'}:{inner}"


def links(images: Iterable[str]) -> dict[str, str]:
    """`DatasetLinks` of a derivative whose sidecars name these images by `uri`."""
    folders = {split_dataset(path)[0] for path in images} - {""}
    named = {folder.removeprefix("derivatives/"): folder for folder in sorted(folders)}
    return {"raw": "file:../..", **{name: f"file:../{name}" for name in named}}
