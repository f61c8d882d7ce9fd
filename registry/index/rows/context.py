"""One file with what it takes to understand it: its name, its sidecar, the files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from registry.bids import places
from registry.bids.names import BidsName
from registry.bids.sidecars import Level, Metadata, metadata
from registry.index.rows.dataset import Roots
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
        sidecars: each folder with its sidecars, those above subjects included.
    """

    file: File
    name: BidsName
    dataset: str
    protocol: str
    by_path: Mapping[str, File]
    roots: Roots
    sidecars: Mapping[str, Level]

    @cached_property
    def sidecar(self) -> Metadata:
        """What the file's sidecars say, inherited ones included; empty where there is none."""
        return metadata(self.file.path, self.sidecars)

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
