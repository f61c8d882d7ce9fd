"""One file with what it takes to understand it: its name, its sidecar, the files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.bids import places
from registry.bids.names import BidsName
from registry.index.rows.dataset import Roots
from registry.index.rows.values import mapping
from registry.tables import File


@dataclass(frozen=True)
class Context:
    """One file of a subject.

    Attributes:
        file: path, checksum and facts.
        name: its parsed name.
        dataset: folder of its dataset, empty for the raw root.
        protocol: protocol or run that the dataset's folder names.
        by_path: every file of the subject.
        roots: facts above subjects.
    """

    file: File
    name: BidsName
    dataset: str
    protocol: str
    by_path: Mapping[str, File]
    roots: Roots

    @property
    def sidecar(self) -> dict[str, Any]:
        """The JSON beside the file, empty where there is none."""
        path = self.file.path
        stem = path[: -len(self.name.extension)]
        file = self.by_path.get(f"{stem}.json")
        return mapping(file.facts.get("json")) if file else {}

    def resolve(self, uri: object) -> str | None:
        """The registry path a BIDS URI in the sidecar names, or None."""
        if not isinstance(uri, str):
            return None
        return places.resolve(uri, self.dataset, self.roots.links.get(self.dataset, {}))

    def sources(self) -> list[str]:
        """Registry paths that `Sources` names, in its order."""
        listed = self.sidecar.get("Sources") or []
        found = [self.resolve(uri) for uri in (listed if isinstance(listed, list) else [listed])]
        return [path for path in found if path]

    def image_path(self) -> str | None:
        """The image whose grid the mask shares: SpatialReference, else the first source."""
        reference = self.sidecar.get("SpatialReference")
        if isinstance(reference, dict):
            reference = next(iter(reference.values()), None)
        if (path := self.resolve(reference)) in self.by_path:
            return path
        return next((path for path in self.sources() if path in self.by_path), None)
