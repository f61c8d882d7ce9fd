"""One file with all that its rows are computed from: its name, its sidecars, the subject's other files."""

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
        """The merged metadata of the file's sidecars, inherited ones included; empty where there is none."""
        return metadata(self.file.path, self.sidecars)

    def resolve(self, uri: object) -> str | None:
        """The registry path a BIDS URI in the sidecar names, or None."""
        if not isinstance(uri, str):
            return None
        return places.resolve(uri, self.dataset, self.roots.links.get(self.dataset, {}))

    def sources(self) -> list[str]:
        """Registry paths that `Sources` names, in its order."""
        uris = self.sidecar.get("Sources") or []
        paths = [self.resolve(uri) for uri in (uris if isinstance(uris, list) else [uris])]
        return [path for path in paths if path]

    def image_path(self) -> str | None:
        """The path of the image whose grid the mask shares: `SpatialReference`, else the first source, else None."""
        reference = self.sidecar.get("SpatialReference")
        if isinstance(reference, dict):
            reference = next(iter(reference.values()), None)
        if (path := self.resolve(reference)) in self.by_path:
            return path
        return next((path for path in self.sources() if path in self.by_path), None)
