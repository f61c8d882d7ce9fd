"""Two subjects that wait for a decision on whether they are one person."""

from __future__ import annotations

from curation.persons.links import COLUMNS
from registry.bids import places
from registry.cohorts.persons import SUSPECTED
from registry.files.canonical import tsv_bytes
from registry.publishing import Change, publish, write_files
from registry.store import Registry

REASON = "FLAIR images alike to 0.91 after alignment"


def suspect(registry: Registry, a: str, b: str, reason: str = REASON) -> None:
    """Write the link that a search by fingerprints proposes; `a` comes before `b`."""
    row = {"subject_a": a, "subject_b": b, "kind": SUSPECTED, "method": "fingerprint", "score": 0.912, "reason": reason}
    change = Change("persons.propose", "Propose 1 links of persons")
    publish(registry, change, write_files({places.PERSON_LINKS: tsv_bytes([row], COLUMNS)}))
