"""Check whether something crosses the parts of a cohort: a person, the same bytes, a DICOM series, an ancestor run.

The checks need no database, so training on a cluster node uses them too. Start at `check_manifest`;
`registry.cohorts.leaks` adds the facts that only the registry knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from registry.errors import SplitError
from registry.manifests import PARTS, Manifest, Sample

ANCESTOR = "ancestor run"

Keys = Mapping[str, str | None]


@dataclass(frozen=True)
class Leak:
    """Two files in different parts that share a key.

    Attributes:
        kind: `person`, `checksum`, `mask`, `series`, `study`, or `ancestor run`.
        key: the person's id, the checksum, the salted UID, or the ancestor run and how its knowledge comes in.
        first: path of a file in the part `first_part`.
        second: path of a file in the part `second_part`.
    """

    kind: str
    key: str
    first: str
    first_part: str
    second: str
    second_part: str

    def to_json(self) -> dict[str, str]:
        """The leak as plain JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        if self.kind == ANCESTOR:
            return (
                f"Run {self.key} has seen {self.first} ({self.first_part}), the same person as {self.second}, "
                f"which is in {self.second_part}."
            )
        return f"The same {self.kind} is in {self.first_part} and {self.second_part}: {self.first} and {self.second}."


@dataclass(frozen=True)
class Placed:
    """One file in one part, with the keys that must not cross parts."""

    path: str
    part: str
    keys: Keys


@dataclass(frozen=True)
class Ancestor:
    """A run whose weights or predictions go into another run.

    Attributes:
        run: its id.
        manifest: the cohort that it learned from.
        through: how its knowledge comes in: `weights`, or the predicted file that is read.
    """

    run: str
    manifest: Manifest
    through: str = "weights"


def find(files: Iterable[Placed]) -> list[Leak]:
    """A leak for each key that is in more than one part, with one pair of files; raw images are named before others."""
    seen: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for file in sorted(files, key=lambda item: (item.path.startswith("derivatives/"), item.path.encode())):
        for kind, key in file.keys.items():
            if key is not None:
                seen[kind, key].setdefault(file.part, file.path)
    leaks = []
    for (kind, key), parts in sorted(seen.items()):
        if len(parts) > 1:
            (part_a, a), (part_b, b) = sorted(parts.items())[:2]
            leaks.append(Leak(kind, key, a, part_a, b, part_b))
    return leaks


def list_placed(manifest: Manifest, more: Mapping[str, Keys] | None = None) -> Iterator[Placed]:
    """Every image, target and reading that has a part, with its keys.

    Masks bring their person, and no checksum of their own: the empty masks of two healthy persons are equal bytes.

    Args:
        manifest: a frozen cohort.
        more: path to the keys that only the registry knows: series, study, the checksum of a mask that is not empty.
    """
    more = more or {}
    for sample in manifest.samples:
        if sample.part:
            for ref in sample.images.values():
                keys = {"person": sample.person, "checksum": ref.sha256, **more.get(ref.path, {})}
                yield Placed(ref.path, sample.part, keys)
            for mask in sample.truths:
                yield Placed(mask.path, sample.part, {"person": sample.person, **more.get(mask.path, {})})


def check_manifest(manifest: Manifest, more: Mapping[str, Keys] | None = None) -> list[Leak]:
    """Leaks inside a frozen cohort; arguments as for `list_placed`. Training calls it before it starts."""
    return find(list_placed(manifest, more))


def check_lineage(manifest: Manifest, ancestors: Iterable[Ancestor]) -> list[Leak]:
    """Leaks for files of a held-out part that an ancestor has seen, by person or by checksum of the image.

    An ancestor's training part must not be in validation or test; its validation part, by which it chose its weights,
    must not be in test. It has not seen its own test part. Each leak names the ancestor's file, then the file of
    `manifest`. There is one leak for each ancestor, person and part.
    """
    leaks: dict[tuple[str, str, str], Leak] = {}
    for ancestor in sorted(ancestors, key=lambda item: (item.run, item.through)):
        seen = _find_seen(ancestor.manifest)
        for file in list_placed(manifest):
            for kind, key in file.keys.items():
                earlier = seen.get((kind, str(key)))
                if earlier and PARTS.index(earlier.part) < PARTS.index(file.part):
                    who = f"{ancestor.run} ({ancestor.through})"
                    leak = Leak(ANCESTOR, who, earlier.path, earlier.part, file.path, file.part)
                    leaks.setdefault((who, str(file.keys["person"]), file.part), leak)
    return list(leaks.values())


def _find_seen(manifest: Manifest) -> dict[tuple[str, str], Placed]:
    """Each key, such as (`person`, id), to the file by which a run has first seen it, train before validation."""
    seen: dict[tuple[str, str], Placed] = {}
    files = [file for file in list_placed(manifest) if file.part in PARTS[:2]]
    for file in sorted(files, key=lambda item: PARTS.index(item.part)):
        for kind, key in file.keys.items():
            if key is not None:
                seen.setdefault((kind, key), file)
    return seen


def predicting_runs(manifest: Manifest) -> dict[str, str]:
    """Run id to the first file that the run predicted and that is an image or mask of this cohort."""
    runs: dict[str, str] = {}
    for sample in manifest.samples:
        for path in _list_paths(sample):
            folder, _, rest = path.removeprefix("derivatives/prediction-").partition("/")
            if path.startswith("derivatives/prediction-") and rest:
                runs.setdefault(folder, path)
    return runs


def _list_paths(sample: Sample) -> Iterator[str]:
    yield from (ref.path for ref in sample.images.values())
    yield from (mask.path for mask in sample.truths)


def refuse(leaks: Iterable[Leak]) -> None:
    """Raise on the first leak.

    Raises:
        SplitError: there is a leak; the message names its two files.
    """
    for leak in leaks:
        hint = "Make a split that keeps them together, and a new snapshot: cohortium split create"
        if leak.kind == ANCESTOR:
            hint = f"Start without {leak.key}, or keep the persons that it has seen out of validation and test."
        raise SplitError(str(leak), hint)
