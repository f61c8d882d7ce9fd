"""Numbers of sidecars that cannot be right: another unit, a text, a list where one number belongs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from curation.checks.check import Cohort, Hit, Shot
from registry.vocabulary.bounds import BOUNDS, find_fault


def implausible(cohort: Cohort) -> Iterable[Hit]:
    """Hits for raw images whose sidecars state impossible numbers; a channel that is wrong as a whole is one hit."""
    channels: dict[str, list[tuple[Shot, tuple[str, ...]]]] = defaultdict(list)
    for shot in cohort.shots:
        if not shot.path.startswith("derivatives/"):
            looked = (find_fault(field, shot.sidecar.get(field)) for field in BOUNDS)
            channels[shot.channel].append((shot, tuple(fault for fault in looked if fault)))
    for channel, found in channels.items():
        kinds = {faults for _, faults in found}
        if len(found) > 1 and len(kinds) == 1 and (faults := next(iter(kinds))):
            yield Hit(channel, f"the sidecar of each of {len(found):,} images {'; it '.join(faults)}", channel=channel)
            continue
        for shot, faults in found:
            if faults:
                yield Hit(shot.path, f"its sidecar {'; it '.join(faults)}")
