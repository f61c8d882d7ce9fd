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
        ConfigError: no such profile; the name comes from a configuration.
    """
    if name not in PROFILES:
        raise ConfigError(
            f"There is no evaluation profile '{name}'.", f"evaluation.profile: one of {', '.join(PROFILES)}."
        )
    return PROFILES[name]


def read_columns(evaluation: Mapping[str, Any]) -> dict[str, Column]:
    """The measures of a score table from `evaluation.json`; those of `default` where an old file does not list them."""
    columns = evaluation.get("profile", {}).get("columns")
    if columns is None:
        return dict(DEFAULT.columns)
    return {
        column["name"]: Column.from_json({key: column[key] for key in column if key != "name"}) for column in columns
    }
