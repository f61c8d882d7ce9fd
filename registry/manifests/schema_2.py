"""A sample in JSON of schema 2: views of one person, and truths about them.

So far every sample has one view, the images of one day, and every truth is a mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.errors import InvalidInput
from registry.manifests.sample import FileRef, Sample, Truth

_MASK, _VIEW = "mask", "first"


def plain(sample: Sample) -> dict[str, Any]:
    """A sample in schema 2. It has one view, the images of one day; `pair`, `days` and `to_common` wait for several."""
    return {
        "key": sample.sample,
        "person": sample.person,
        "subject": sample.subject,
        "unit": sample.unit,
        "pair": None,
        "part": sample.part,
        "facts": {"site": sample.site, "scanner": sample.scanner, "class": sample.class_label},
        "views": [
            {
                "name": _VIEW,
                "session": sample.session,
                "days": None,
                "images": {channel: vars(ref) for channel, ref in sample.images.items()},
                "to_common": None,
            }
        ],
        "truths": [_plain_truth(truth) for truth in sample.truths],
    }


def sample(raw: Mapping[str, Any]) -> Sample:
    """The sample in JSON that `plain` made.

    Raises:
        InvalidInput: several views, or a truth that is no mask: a later version wrote it.
    """
    (view,) = _require_known(raw)
    return Sample(
        sample=raw["key"],
        person=raw["person"],
        subject=raw["subject"],
        session=view["session"],
        site=raw["facts"]["site"],
        scanner=raw["facts"]["scanner"],
        class_label=raw["facts"]["class"],
        part=raw["part"],
        images={channel: FileRef(**ref) for channel, ref in view["images"].items()},
        truths=tuple(_truth(item) for item in raw["truths"]),
        unit=raw["unit"],
    )


def _plain_truth(truth: Truth) -> dict[str, Any]:
    kept = {name: getattr(truth, name) for name in ("role", "source", "protocol", "image", "labels", "use")}
    file = {"path": truth.path, "sha256": truth.sha256, "size": truth.size}
    return {"kind": _MASK, **kept, "file": file, "value": None}


def _require_known(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The views of a sample, where they and its truths are of the kinds that this version reads."""
    kinds = sorted({item["kind"] for item in raw["truths"]} - {_MASK})
    if len(raw["views"]) != 1 or kinds:
        what = f"truths of the kind {kinds[0]}" if kinds else f"{len(raw['views'])} views"
        raise InvalidInput(
            f"Sample '{raw['key']}' has {what}, which this version does not read.",
            "Use the version of Cohortium that wrote it.",
        )
    return list(raw["views"])


def _truth(raw: Mapping[str, Any]) -> Truth:
    return Truth(**raw["file"], **{key: raw[key] for key in ("role", "source", "protocol", "image", "labels", "use")})
