"""A child process that judges as one of several: `python judge.py REGISTRY RATER VERDICTS [write]`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sqlmodel import select

from curation import quality
from registry.store import ACTOR_ENVIRONMENT, open_registry
from registry.tables import Image
from registry.vocabulary.verdicts import Verdict


def main(root: Path, rater: str, count: int, write: bool) -> None:
    """Judge `count` times, image after image; half-way, write what waits, as a server or a command would, if asked."""
    os.environ[ACTOR_ENVIRONMENT] = rater
    registry = open_registry(root)
    with registry.reading() as database:
        images = sorted(database.exec(select(Image.path)))
    for number in range(count):
        verdict = list(Verdict)[number % 4]
        quality.record(registry, quality.Judgement(images[number % len(images)], verdict, comment=str(number)))
        if write and number == count // 2:
            quality.file_waiting(registry)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), "write" in sys.argv)
