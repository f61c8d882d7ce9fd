"""From the rows of a query to samples: group images by session, attach masks, say why something is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.catalog import Catalog
from registry.errors import QueryError, UsageError
from registry.manifests import Exclusion, FileRef, Sample, Target
from registry.targets import TargetPolicy

Row = Mapping[str, Any]

_IMAGES = """SELECT i.path, i.subject, i.session, i.person_id, i.site, i.scanner, i.class, i.channel, i.sha256, i.size
    FROM {query} q JOIN images i ON i.path = q.path GROUP BY ALL ORDER BY i.path"""
_EXPERTS = """SELECT path, image_path AS image, 'expert' AS kind, rater_id AS source, protocol, sha256, size
    FROM t_mask WHERE NOT stale ORDER BY path"""
_CONSENSUS = """SELECT path, image_path AS image, 'consensus' AS kind,
    CASE WHEN method = 'delivered' THEN "desc" ELSE method END AS source, protocol, sha256, size
    FROM t_consensus_mask WHERE suffix <> 'probseg' AND NOT stale ORDER BY path"""


@dataclass(frozen=True)
class Selection:
    """What a query becomes. `channels` is sorted; every sample has each of them."""

    channels: tuple[str, ...]
    samples: tuple[Sample, ...]
    excluded: tuple[Exclusion, ...]


class Excluded(Exception):
    """Raised for a unit that cannot become a sample."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def select(catalog: Catalog, sql: str, policy: TargetPolicy, parts: Mapping[str, str] | None) -> Selection:
    """Samples of a query under a target policy.

    Args:
        catalog: the registry's views.
        sql: a SELECT that returns image paths.
        policy: which mask is the truth.
        parts: person to part, or None where no split was asked for.

    Raises:
        QueryError: the query returns no image of the registry.
    """
    images = catalog.rows(_IMAGES.format(query=catalog.subquery(sql)))
    if not images:
        raise QueryError("The query returns no image of this registry.", "Run it first: cohortium query run NAME")
    channels = tuple(sorted({row["channel"] for row in images}))
    masks = _masks(catalog, policy, {row["path"] for row in images})
    samples, excluded = [], []
    for key, group in _units(images, channels):
        try:
            samples.append(_sample(key, group, channels, masks, policy, parts))
        except Excluded as reason:
            excluded.append(Exclusion(key, reason.reason, reason.detail))
    return Selection(
        channels,
        tuple(sorted(samples, key=lambda sample: sample.sample.encode())),
        tuple(sorted(excluded, key=lambda item: item.unit.encode())),
    )


def _units(images: Sequence[Row], channels: Sequence[str]) -> Iterator[tuple[str, list[Row]]]:
    """One unit a session; where a one-channel cohort has several images in a session, one unit an image."""
    sessions: dict[str, list[Row]] = defaultdict(list)
    for row in images:
        sessions[row["session"]].append(row)
    for session, group in sessions.items():
        if len(channels) == 1 and len(group) > 1:
            for row in group:
                yield row["path"].rpartition("/")[2].split(".")[0], [row]
        else:
            yield session.replace("/", "_"), group


def _sample(
    key: str,
    group: Sequence[Row],
    channels: Sequence[str],
    masks: Mapping[str, list[Row]],
    policy: TargetPolicy,
    parts: Mapping[str, str] | None,
) -> Sample:
    by_channel = _one_each(group, channels)
    first = group[0]
    candidates = [mask for row in group for mask in masks.get(row["path"], [])]
    chosen = policy.choose(candidates)
    if chosen is None:
        experts = sorted({str(mask["source"]) for mask in candidates})
        if experts:
            raise Excluded("target-undecided", f"masks by {', '.join(experts)}, none chosen by the target policy")
        raise Excluded("no-target", "no mask on any of its images")
    if parts is not None and first["person_id"] not in parts:
        raise Excluded("not-in-split", f"person {first['person_id']} has no part")
    return Sample(
        sample=key,
        person=first["person_id"],
        subject=first["subject"],
        session=first["session"].partition("/")[2] or None,
        site=first["site"],
        scanner=first["scanner"],
        class_label=first["class"],
        part=parts[first["person_id"]] if parts is not None else None,
        images={name: FileRef(row["path"], row["sha256"], row["size"]) for name, row in by_channel.items()},
        target=_target(chosen),
        readings=tuple(_target(mask) for mask in candidates if mask["kind"] == "expert"),
    )


def _one_each(group: Sequence[Row], channels: Sequence[str]) -> dict[str, Row]:
    by_channel: dict[str, Row] = {}
    for row in group:
        if row["channel"] in by_channel:
            raise Excluded("several-images", f"more than one {row['channel']} in the session")
        by_channel[row["channel"]] = row
    if missing := [name for name in channels if name not in by_channel]:
        raise Excluded("missing-channel", f"no {', '.join(missing)}")
    return {name: by_channel[name] for name in channels}


def _masks(catalog: Catalog, policy: TargetPolicy, images: set[str]) -> dict[str, list[Row]]:
    rows = [row for row in [*catalog.rows(_CONSENSUS), *catalog.rows(_EXPERTS)] if row["image"] in images]
    if policy.protocol:
        rows = [row for row in rows if row["protocol"] == policy.protocol]
    protocols = sorted({row["protocol"] for row in rows})
    if len(protocols) > 1:
        raise UsageError(f"The images have masks of {len(protocols)} protocols: {', '.join(protocols)}.",
                         "Choose one with --protocol.")  # fmt: skip
    by_image: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_image[row["image"]].append(row)
    return by_image


def _target(row: Row) -> Target:
    return Target(**{key: row[key] for key in ("path", "sha256", "size", "kind", "source", "protocol", "image")})
