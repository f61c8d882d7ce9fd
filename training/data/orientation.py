"""The orientation of a run: where the axes of its working grid point, the same for every image that it ever sees.

A network learns from arrays, and an array does not say where its axes point. So a run has one orientation. It stands in
the run's own configuration, and training, validation and prediction turn every image to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from registry.errors import ConfigError
from registry.files.geometry import axis_codes
from registry.files.volumes import read_header
from registry.manifests import Manifest
from training.data.samples import Source
from training.spec import KEEP, Config


def settle(config: Config, manifest: Manifest, source: Source) -> Config:
    """The configuration with one orientation in the place of `keep`: the one that all training masks are stored with.

    Args:
        config: the configuration.
        manifest: the snapshot.
        source: where its files lie.

    Raises:
        ConfigError: the training masks are stored in several ways.
    """
    if config.recipe.orientation != KEEP:
        return config
    masks = [source.root / sample.target.path for sample in manifest.part("train") if sample.target]
    codes = count_orientations(path for path in masks if path.is_file())
    if not codes:  # reading the samples says which file is missing
        return config
    if len(codes) > 1:
        raise ConfigError(
            f"recipe.orientation is 'keep', but the training masks are stored in {len(codes)} ways: "
            f"{format_orientations(codes)}.",
            "Leave recipe.orientation out: every image is then turned to RAS.",
        )
    return turn_to(config, codes[0][0])


def count_orientations(masks: Iterable[Path]) -> list[tuple[str, int]]:
    """The axis codes of label maps with their numbers, the most frequent first, then by name."""
    found = Counter(axis_codes(read_header(path).affine_ras) for path in masks)
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def format_orientations(codes: Sequence[tuple[str, int]]) -> str:
    """`RAS (12), LPS (3)`."""
    return ", ".join(f"{code} ({count})" for code, count in codes)


def turn_to(config: Config, codes: str) -> Config:
    """The configuration with another orientation."""
    return replace(config, recipe=replace(config.recipe, orientation=codes))
