"""Image headers of an index: a pass of its own, over all cores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.scanning.index import Index
from registry.bids.walk import ABSENT
from registry.errors import InvalidInput
from registry.files import volumes
from registry.files.parallel import mapped
from registry.files.progress import Progress
from registry.files.volumes import Header
from registry.vocabulary.findings import Finding, Severity


@dataclass(frozen=True)
class HeaderPass:
    """Headers by path, and one finding for each image that has none to give."""

    headers: Mapping[str, Header]
    findings: tuple[Finding, ...]


def read_headers(index: Index, *, cores: int | None = None, progress: Progress | None = None) -> HeaderPass:
    """Shape, affine and data type of every NIfTI image of an index.

    Args:
        index: what `scan` gave.
        cores: processes to use; all by default.
        progress: told about each image.
    """
    paths = [row.path for row in index.rows if row.extension in (".nii", ".nii.gz") and row.size != ABSENT]
    headers: dict[str, Header] = {}
    findings = [
        Finding("content-absent", Severity.WARNING, row.path, "has no content on this machine")
        for row in index.rows
        if row.size == ABSENT
    ]
    answers = mapped(partial(_header, index.tree.root), paths, cores=cores)
    for number, (path, answer) in enumerate(zip(paths, answers, strict=True), start=1):
        if isinstance(answer, Header):
            headers[path] = answer
        else:
            findings.append(Finding("header-unreadable", Severity.ERROR, path, answer))
        if progress:
            progress(number, len(paths), "reading headers")
    return HeaderPass(headers, tuple(sorted(findings, key=lambda item: item.path)))


def _header(root: str, path: str) -> Header | str:
    try:
        return volumes.read_header(Path(root + path))
    except InvalidInput as error:
        return str(error)
