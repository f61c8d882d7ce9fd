"""Colours of names in charts: a class or a site looks the same on every page, whatever is drawn beside it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

from registry.viewer import RATER_COLOURS
from registry.vocabulary.display import NOT_STATED

GREY = "#8A94A0"
"""Of what is not stated, and of nothing else."""

PALETTE = (*RATER_COLOURS, "#882255", "#44AA99", "#999933", "#332288")
"""Okabe and Ito's, then four of Tol's muted ones (2021): told apart with any colour vision."""

_STATUS = {"normal": "#009E73", "incidental lesions": "#E69F00", "pathological": "#D55E00"}


def of(names: Iterable[str]) -> Mapping[str, str]:
    """Name to colour; those of more than ten names repeat.

    A colour follows from the name, so that it stays when other names join. Only where two names would share one, the
    later in the order of names takes the next that is free: give all names of a registry, not those of one chart.
    """
    wanted = sorted(set(names) - {NOT_STATED}, key=lambda name: (name.casefold(), name))
    taken: dict[int, str] = {}
    for number, name in enumerate(wanted):
        first, turn = zlib.crc32(name.encode()), number // len(PALETTE) * len(PALETTE)
        places = (turn + (first + step) % len(PALETTE) for step in range(len(PALETTE)))
        taken[next(place for place in places if place not in taken)] = name
    return {name: PALETTE[place % len(PALETTE)] for place, name in taken.items()} | {NOT_STATED: GREY}


def of_status() -> Mapping[str, str]:
    """Radiological status to colour, so that green is never the sick."""
    return {**_STATUS, NOT_STATED: GREY}
