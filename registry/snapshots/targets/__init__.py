"""Targets: which mask is the truth of a sample, which structures it shows, and what a registry's masks allow.

Start at `TargetPolicy`. Public: the names below.
"""

from registry.snapshots.targets.labels import Classes, Reading, parse_labels
from registry.snapshots.targets.offers import (
    Offers,
    choose_usual,
    list_labels,
    list_offers,
    list_protocols,
    show_the_same,
)
from registry.snapshots.targets.policy import DEFAULT_SEED, Choice, TargetPolicy, in_words, parse_policy

__all__ = [
    "DEFAULT_SEED",
    "Choice",
    "Classes",
    "Offers",
    "Reading",
    "TargetPolicy",
    "choose_usual",
    "in_words",
    "list_labels",
    "list_offers",
    "list_protocols",
    "parse_labels",
    "parse_policy",
    "show_the_same",
]
