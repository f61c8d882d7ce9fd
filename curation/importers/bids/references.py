"""References in sidecars follow their files: renamed ones are named anew, and ones left out are not named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from curation.importers.bids.import_state import BidsImportState
from curation.importers.report import Reason
from curation.importers.staging import RefusedError
from registry.bids import places

_MUST_EXIST = frozenset({"IntendedFor"})
"""Fields whose files BIDS requires to exist in the dataset."""

_FIELDS = _MUST_EXIST | {"Sources", "BasedOn", "SpatialReference", "RawSources"}


def follow(state: BidsImportState, source: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with the names and checksums that their files have in the tree.

    Args:
        state: the import, after every image was imported.
        source: path in the source of the file that the fields describe.
        fields: its cleaned metadata.
    """
    followed = {
        key: _follow_field(state, source, key, value) if key in _FIELDS else _follow_checksum(state, value)
        for key, value in fields.items()
    }
    return {key: value for key, value in followed.items() if value is not None}


def require_kept(state: BidsImportState, source: str, key: str) -> None:
    """Check that one of the files that a field names came in.

    Args:
        state: the import; the files that the field can name were imported, or refused.
        source: path in the source of the image that needs them.
        key: a field that BIDS requires of the image.

    Raises:
        RefusedError: the field is not stated, or none of its files came in.
    """
    value = state.metadata(source).get(key)
    stated = [name for name in (value if isinstance(value, list) else [value]) if isinstance(name, str)]
    if not stated:
        raise RefusedError(Reason.NOT_AS_NAMED, f"BIDS requires {key} of such an image, and no sidecar states it.")
    kept = set(state.sources.values())
    if not any(path in kept for name in stated for path, _ in _list_candidates(state, source, name)):
        raise RefusedError(
            Reason.IMAGE_REFUSED, f"BIDS requires {key}, and what it names ({stated[0]}) did not come in."
        )


def _follow_field(state: BidsImportState, source: str, key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _follow_field(state, source, key, inner) for name, inner in value.items()}
    if isinstance(value, list):
        kept = [name for inner in value if (name := _follow_field(state, source, key, inner)) is not None]
        return kept or None
    if not isinstance(value, str):
        return value
    for path, is_proper in _list_candidates(state, source, value):
        if path in state.targets:
            return value if is_proper and path == state.targets[path] else _rename(value, state.targets[path])
    if key in _MUST_EXIST:
        state.dropped[f"{key} (part)"] += 1
        return None
    return value


def _list_candidates(state: BidsImportState, source: str, value: str) -> Iterable[tuple[str, bool]]:
    """The paths in the source that a reference can name, and whether BIDS knows this form of it.

    BIDS knows URIs, and paths relative to the dataset or to the subject; people also write paths within the session.
    """
    dataset, inner = places.split_dataset(source)
    links = state.dataset_links(dataset)
    if path := places.resolve(value, dataset, links):
        yield path, True
    if not value.startswith("bids:"):
        subject, session = f"{inner}//".split("/")[:2]
        yield f"{dataset}/{subject}/{value}".lstrip("/"), True
        yield f"{dataset}/{subject}/{session}/{value}".lstrip("/"), False


def _rename(value: str, target: str) -> str:
    """The reference in its own form, to the new name of its file."""
    inner = places.split_dataset(target)[1]
    if value.startswith("bids:"):
        return f"{value.rpartition(':')[0]}:{inner}"
    return inner if value.startswith("sub-") else inner.partition("/")[2]


def _follow_checksum(state: BidsImportState, value: Any) -> Any:
    if isinstance(value, list):
        return [_follow_checksum(state, inner) for inner in value]
    return state.rewritten.get(value, value) if isinstance(value, str) else value
