"""A child process that writes as one of several: `python parallel_writer.py REGISTRY NUMBER WRITES`."""

from __future__ import annotations

import sys
from pathlib import Path

from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.store import open_registry
from tests.support.cohorts import tiny_bids


def main(root: Path, number: int, writes: int) -> None:
    """Publish `writes` changes of its own, each with one file that all writers share; commit after each."""
    registry = open_registry(root)
    for index in range(writes):
        subject = f"sub-B{number:02d}{index}"
        change = Change("import", f"Delivery {subject}", actor=f"w{number}")
        publish(registry, change, lambda tree, subject=subject: write(tree, subject))  # type: ignore[misc]
        commit_pending(registry)


def write(tree: Path, subject: str) -> None:
    """A file of its own, and a row in the table that everybody shares."""
    tiny_bids.put_table(
        tree, "participants.tsv", [{"participant_id": subject, "person_id": subject}], ("participant_id", "person_id")
    )
    tiny_bids.put_json(tree, f"{subject}/anat/{subject}_T1w.json", {"Name": subject})


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
