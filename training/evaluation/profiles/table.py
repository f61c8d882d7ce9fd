"""Every profile by its name, and the columns of score tables that were written before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.errors import ConfigError
from training.evaluation.metrics.metric import Column
from training.evaluation.profiles.default import DEFAULT
from training.evaluation.profiles.profile import Profile

PROFILES: dict[str, Profile] = {profile.name: profile for profile in (DEFAULT,)}


def get(name: str) -> Profile:
    """The profile of that name.

    Raises:
        ConfigError: no such profile; configurations name them.
    """
    if name not in PROFILES:
        raise ConfigError(
            f"There is no evaluation profile '{name}'.", f"evaluation.profile: one of {', '.join(PROFILES)}."
        )
    return PROFILES[name]


def read_columns(evaluation: Mapping[str, Any]) -> dict[str, Column]:
    """The measures of a score table, as `evaluation.json` states them; those of `default` where an old one does not."""
    stated = evaluation.get("profile", {}).get("columns")
    if stated is None:
        return dict(DEFAULT.columns)
    return {told["name"]: Column.from_json({key: told[key] for key in told if key != "name"}) for told in stated}
