"""Colours of names in charts. A class or a site has the same colour on every page, whatever is drawn beside it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

from registry.viewer import RATER_COLOURS
from registry.vocabulary.display import NOT_STATED

GREY = "#8A94A0"
"""The colour of what is not stated; nothing else has it."""

PALETTE = (*RATER_COLOURS, "#882255", "#44AA99", "#999933", "#332288")
"""Okabe and Ito's colours, then four of Tol's muted ones (2021): distinct with any colour vision."""

_STATUS = {"normal": "#009E73", "incidental lesions": "#E69F00", "pathological": "#D55E00"}


def of(names: Iterable[str]) -> Mapping[str, str]:
    """Name to colour; with more than ten names colours repeat.

    The colour is computed from the name, so that it stays when other names join. Where two names would share one, the
    later in the order of names takes the next free colour: give all names of a registry, not those of one chart.
    """
    wanted = sorted(set(names) - {NOT_STATED}, key=lambda name: (name.casefold(), name))
    taken: dict[int, str] = {}
    for number, name in enumerate(wanted):
        # A hash table: each round of ten names fills ten slots of its own, one slot a colour.
        first, turn = zlib.crc32(name.encode()), number // len(PALETTE) * len(PALETTE)
        slots = (turn + (first + step) % len(PALETTE) for step in range(len(PALETTE)))
        taken[next(slot for slot in slots if slot not in taken)] = name
    return {name: PALETTE[slot % len(PALETTE)] for slot, name in taken.items()} | {NOT_STATED: GREY}


def of_status() -> Mapping[str, str]:
    """Radiological status to colour; they are fixed, so that green always means normal."""
    return {**_STATUS, NOT_STATED: GREY}
