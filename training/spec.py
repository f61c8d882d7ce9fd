"""The configuration of a training run: a TOML file read into frozen values.

Importing this module loads neither torch nor monai. Every key has a default except `name` and
`[model]`; unknown keys and impossible values are refused by `registry.files.settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from registry.errors import ConfigError, NotFound
from registry.files.settings import Settings, read_settings, write_settings
from training.networks import registry as networks

CONFIGS = Path(__file__).parent / "configs"
"""The configurations that are delivered with Cohortium."""

KEEP = "keep"
"""The orientation of a configuration that takes the axes of its training masks. Older versions trained each image as
it was stored under this word, so it stands in the folders of their runs."""

_AXES = ("LR", "PA", "IS")

Positive = Annotated[float, Gt(0)]
NotNegative = Annotated[float, Ge(0)]
Share = Annotated[float, Ge(0), Le(1)]
Count = Annotated[int, Ge(1)]
Axis = Annotated[int, Ge(0), Le(2)]
Size = tuple[Count, Count, Count]


@dataclass(frozen=True)
class Preprocessing(Settings):
    """Preprocessing: pure, versioned steps from native images to the working grid, in the order of the fields.

    Attributes:
        version: rises when the meaning of a step changes.
        orientation: where the axes of the working grid point, such as `RAS`: images are permuted and flipped to the
            nearest of these, however they are stored. `keep` takes the axes that all training masks are stored with;
            a run writes those down when it starts, and its predictions follow them.
        spacing_mm: resample to this spacing; absent keeps the spacing.
        crop: `nonzero` keeps the bounding box of voxels that are not 0 in any channel.
        margin_voxels: voxels added around that box.
        normalise: per channel: `zscore` over all voxels, `zscore-nonzero` over (and only applied to) voxels that
            are not 0, `percentile` (0.5th to 99.5th onto 0..1), or `none`.
    """

    version: Annotated[int, Ge(1), Le(1)] = 1
    orientation: str = "RAS"
    spacing_mm: tuple[Positive, Positive, Positive] | None = None
    crop: Literal["none", "nonzero"] = "none"
    margin_voxels: Annotated[int, Ge(0)] = 0
    normalise: Literal["zscore", "zscore-nonzero", "percentile", "none"] = "zscore"


@dataclass(frozen=True)
class Data(Settings):
    """Which part of the snapshot is used.

    Attributes:
        channels: channel names in network order; empty takes the snapshot's.
        verify: compare the SHA-256 of every file with the snapshot before it is used.
    """

    channels: tuple[str, ...] = ()
    verify: bool = True


@dataclass(frozen=True)
class Sampling(Settings):
    """How the patch of one slot of a batch is chosen.

    Attributes:
        patch: voxels (I, J, K) of the working grid; smaller volumes are padded with 0.
        foreground_share: probability that the patch is centred on a voxel of the target. Else its position is uniform
            among those where it lies inside the volume (the middle where it does not fit).
        draws_per_epoch: how many times an epoch visits each sample.
    """

    patch: Size = (64, 64, 64)
    foreground_share: Share = 0.0
    draws_per_epoch: Count = 1


@dataclass(frozen=True)
class Augment(Settings):
    """The ranges from which augmentation parameters are drawn; each family is applied with its own probability.

    Attributes:
        affine: probability of rotation, scale and translation together.
        rotate_deg: uniform in +- this, about each axis.
        scale: factor uniform on a log scale in 1 / (1 + scale) .. 1 + scale, each axis on its own.
        translate_voxels: uniform in +- this, each axis.
        flip_axes: axes (0, 1, 2) that are mirrored with probability one half.
        intensity: probability of gain, offset, gamma, noise and blur, for each of them and each channel on its own.
        gain: factor uniform in 1 +- gain.
        offset: added, uniform in +- offset (in units of the normalised image).
        gamma: exponent uniform on a log scale in 1 / (1 + gamma) .. 1 + gamma, on the image's own range.
        noise: standard deviation uniform in 0 .. noise.
        blur_voxels: standard deviation uniform in 0 .. blur_voxels.
    """

    affine: Share = 0.0
    rotate_deg: Annotated[float, Ge(0), Le(180)] = 0.0
    scale: Annotated[float, Ge(0), Le(4)] = 0.0
    translate_voxels: NotNegative = 0.0
    flip_axes: tuple[Axis, ...] = ()
    intensity: Share = 0.0
    gain: Share = 0.0
    offset: NotNegative = 0.0
    gamma: Annotated[float, Ge(0), Le(4)] = 0.0
    noise: NotNegative = 0.0
    blur_voxels: Annotated[float, Ge(0), Le(4)] = 0.0


@dataclass(frozen=True)
class Model(Settings):
    """A network by name; `in_channels` and `out_channels` come from the data.

    Attributes:
        name: a network of `training.networks.registry`.
        expected_params: the exact number of parameters, checked when the network is built.
        kwargs: further arguments of the network's constructor.
    """

    name: str
    expected_params: Count | None = None
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Optimisation(Settings):
    """How long and with which steps the network is trained.

    Attributes:
        epochs: stop after this many epochs; such a run can be repeated bit for bit on one CPU.
        max_minutes: stop after this much time in the loop (validation included); the learning rate follows the
            share of it that has passed, so it always anneals. With both set, the limit that is reached first counts.
        batch: slots in one step.
        optimiser: `adamw` or `sgd` (Nesterov momentum 0.9).
        lr: peak learning rate.
        warmup: share of the budget over which the learning rate rises linearly.
        final_lr_share: the cosine ends at this share of the peak.
        weight_decay: not applied to biases and norm layers.
        clip_norm: gradients are scaled down to this norm; 0 leaves them.
        dice_weight: weight of the soft Dice term of the loss.
        cross_entropy_weight: weight of its cross-entropy term.
        batch_dice: pool the Dice term over the batch, better for small structures.
        ema: decay of the moving average of weights that is validated and kept; 0 switches it off.
        precision: `bf16` runs the network under autocast; `auto` takes it where the device is fast at it.
        memory_format: `channels-last` is faster on some processors; it never changes the result's meaning.
        validate_every: epochs between two measurements of Dice on the validation part.
        checkpoint_minutes: least time between two resumable checkpoints; 0 writes one every epoch.
    """

    epochs: Count | None = None
    max_minutes: Positive | None = None
    batch: Count = 4
    optimiser: Literal["adamw", "sgd"] = "adamw"
    lr: Positive = 1e-3
    warmup: Annotated[float, Ge(0), Le(0.9)] = 0.03
    final_lr_share: Share = 0.0
    weight_decay: NotNegative = 1e-4
    clip_norm: NotNegative = 0.0
    dice_weight: NotNegative = 1.0
    cross_entropy_weight: NotNegative = 1.0
    batch_dice: bool = False
    ema: Annotated[float, Ge(0), Le(0.99999)] = 0.0
    precision: Literal["fp32", "bf16", "auto"] = "fp32"
    memory_format: Literal["contiguous", "channels-last"] = "contiguous"
    validate_every: Count = 1
    checkpoint_minutes: NotNegative = 0.0


@dataclass(frozen=True)
class Prediction(Settings):
    """How a trained network predicts label maps.

    Attributes:
        window: size of the sliding window (I, J, K); without one the whole volume is predicted at once.
        overlap: share of a window that its neighbour covers too.
        flip_axes: average over mirror images along these axes, where anatomy allows it.
        parts: parts of the split that are predicted after training.
    """

    window: Size | None = None
    overlap: Annotated[float, Ge(0), Le(0.95)] = 0.5
    flip_axes: tuple[Axis, ...] = ()
    parts: tuple[Literal["train", "validation", "test"], ...] = ("validation", "test")


@dataclass(frozen=True)
class Scoring(Settings):
    """How predictions are scored.

    Attributes:
        profile: one of `training.evaluation.profiles.table`; `default` is described in `profiles.default`.
        bootstrap: resamples of persons for the confidence intervals.
    """

    profile: str = "default"
    bootstrap: Annotated[int, Ge(100)] = 2000


@dataclass(frozen=True)
class Config(Settings):
    """One training configuration.

    Attributes:
        name: shown in lists and reports.
        task: only `segment` so far.
        recipe: the steps of preprocessing; the key has this name in files that exist.
        seed: seed of the weights, of the order of samples and of every drawn augmentation.
    """

    name: str
    model: Model
    task: Literal["segment"] = "segment"
    seed: Annotated[int, Ge(0), Le(2**63 - 1)] = 0
    description: str = ""
    data: Data = field(default_factory=Data)
    recipe: Preprocessing = field(default_factory=Preprocessing)
    sampling: Sampling = field(default_factory=Sampling)
    augment: Augment = field(default_factory=Augment)
    training: Optimisation = field(default_factory=Optimisation)
    prediction: Prediction = field(default_factory=Prediction)
    evaluation: Scoring = field(default_factory=Scoring)


def loads(text: str) -> Config:
    """A configuration from the text of a TOML file.

    Raises:
        ConfigError: no TOML, an unknown key, or an impossible value.
    """
    return _check(read_settings(Config, text))


def load(path: Path | str) -> Config:
    """A configuration from a file, or one of the delivered ones by its bare name (`hippocampus`).

    Raises:
        NotFound: neither a file nor a delivered name.
        ConfigError: as `loads`.
    """
    path, known = Path(path), {found.stem: found for found in sorted(CONFIGS.glob("*.toml"))}
    found = path if path.is_file() else known.get(str(path).removesuffix(".toml"))
    if found is None:
        raise NotFound(
            f"There is no training configuration '{path}'.", f"Give a .toml file, or one of: {', '.join(known)}."
        )
    return _check(read_settings(Config, found))


def dumps(config: Config) -> str:
    """The configuration as TOML with every default written out; `loads(dumps(c)) == c`."""
    return write_settings(config)


def _check(config: Config) -> Config:
    """The configuration, after the checks that concern several keys or the table of networks."""
    networks.find(config.model.name)
    _check_orientation(config.recipe.orientation)
    settings = config.training
    if settings.epochs is None and settings.max_minutes is None:
        raise ConfigError("This configuration has no end.", "Set training.epochs or training.max_minutes.")
    if settings.dice_weight + settings.cross_entropy_weight <= 0:
        raise ConfigError(
            "Both terms of the loss have weight 0.",
            "Set training.dice_weight or training.cross_entropy_weight above 0.",
        )
    for key, axes in (("augment", config.augment.flip_axes), ("prediction", config.prediction.flip_axes)):
        if len(set(axes)) != len(axes):
            raise ConfigError(f"{key}.flip_axes names an axis twice.", "Allowed: each of 0, 1, 2 once.")
    if len(set(config.data.channels)) != len(config.data.channels):
        raise ConfigError("data.channels names a channel twice.", "Name each channel once.")
    return config


def _check_orientation(codes: str) -> None:
    """Refuse an orientation that is neither `keep` nor one letter of each of left-right, back-front and down-up."""
    named = {pair for letter in codes for pair in _AXES if letter in pair}
    if codes != KEEP and (len(codes) != 3 or len(named) != 3):
        raise ConfigError(
            f"recipe.orientation is '{codes}', which names no three axes.",
            "Use RAS, another code such as LPS, or keep for the axes that all training masks are stored with.",
        )
