"""A sample in JSON of schema 1: one target, and readings, all with the snapshot's own table of labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.manifests.sample import EVALUATION, TRAIN, FileRef, Sample, Truth


def plain(sample: Sample) -> dict[str, Any]:
    """The sample in JSON."""
    target = next((truth for truth in sample.truths if truth.use == TRAIN), None)
    kept = {key: value for key, value in vars(sample).items() if key not in ("truths", "unit")}
    return {
        **kept,
        "images": {channel: vars(ref) for channel, ref in sample.images.items()},
        "target": _plain_target(target) if target else None,
        "readings": [_plain_target(truth) for truth in sample.truths if truth.use == EVALUATION],
    }


def sample(raw: Mapping[str, Any], labels: Mapping[str, str]) -> Sample:
    """A sample of schema 1: its target, then its readings, all with the snapshot's own table of labels."""
    masks = [(TRAIN, raw["target"])] if raw["target"] else []
    masks += [(EVALUATION, item) for item in raw["readings"]]
    kept = {key: value for key, value in raw.items() if key not in ("target", "readings")}
    return Sample(
        **{
            **kept,
            "images": {channel: FileRef(**ref) for channel, ref in raw["images"].items()},
            "truths": tuple(_truth(item, use, labels) for use, item in masks),
        }
    )


def _plain_target(truth: Truth) -> dict[str, Any]:
    kept = {name: getattr(truth, name) for name in ("path", "sha256", "size", "source", "protocol", "image")}
    return {**kept, "kind": truth.role}


def _truth(raw: Mapping[str, Any], use: str, labels: Mapping[str, str]) -> Truth:
    kept = {key: value for key, value in raw.items() if key != "kind"}
    return Truth(**kept, role=raw["kind"], labels=labels, use=use)
