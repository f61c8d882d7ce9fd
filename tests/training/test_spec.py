"""A configuration says exactly what it means, or is refused with the key, the value and what is allowed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import ConfigError, NotFound
from tests.training.conftest import TINY
from training.spec import CONFIGS, dumps, load, loads


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_delivered_configurations_parse_and_survive_a_round_trip(path: Path) -> None:
    config = load(path)
    assert config.name == path.stem
    assert config == loads(dumps(config)) == load(path.stem)
    assert config.model.expected_params is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("lr = 0.01", "lrr = 0.01"), "'training.lrr' is not known. Did you mean 'lr'"),
        (("[recipe]", "[receipt]"), "'receipt' is not known. Did you mean 'recipe'"),
        (("lr = 0.01", "lr = -1.0"), "'training.lr' is -1.0, which is not possible"),
        (("lr = 0.01", "lr = nan"), "'training.lr' is nan"),
        (("lr = 0.01", 'lr = "fast"'), "'training.lr' must be a number, got 'fast'"),
        (("batch = 2", "batch = 2.5"), "'training.batch' must be a whole number"),
        (("batch = 2", "batch = true"), "'training.batch' must be a whole number"),
        (("batch = 2", "batch = 0"), "'training.batch' is 0"),
        (("epochs = 3", ""), "no end"),
        (('"zscore"', '"z-score"'), "'recipe.normalise' is 'z-score'.*Did you mean 'zscore'"),
        (("patch = [16, 16, 8]", "patch = [16, 16]"), "'sampling.patch' needs 3 values, got 2"),
        (("flip_axes = [0]", "flip_axes = [3]"), "'augment.flip_axes' is 3"),
        (("flip_axes = [0]", "flip_axes = [0, 0]"), "names an axis twice"),
        (('"UNet"', '"UNNet"'), "'model.name' is 'UNNet'"),
        (('name = "tiny"', ""), "'name' is missing"),
        (("seed = 3", "seed ="), "not valid TOML"),
    ],
)
def test_mistakes_are_named(change: tuple[str, str], message: str) -> None:
    text = TINY.replace(*change)
    assert text != TINY
    with pytest.raises(ConfigError, match=message) as caught:
        loads(text)
    assert caught.value.hint


@settings(deadline=None, max_examples=50)
@given(st.floats(min_value=1e-6, max_value=1e3), st.integers(0, 2**40), st.text(max_size=20))
def test_any_value_survives_a_round_trip(lr: float, seed: int, description: str) -> None:
    config = loads(TINY.replace("lr = 0.01", f"lr = {lr!r}").replace("seed = 3", f"seed = {seed}"))
    again = loads(dumps(config))
    assert (again.training.lr, again.seed) == (lr, seed)
    told = replace(config, description=description)
    assert loads(dumps(told)) == told


def test_a_name_that_is_no_configuration_lists_those_that_are() -> None:
    with pytest.raises(NotFound, match="no training configuration 'hippo'") as caught:
        load("hippo")
    assert "hippocampus" in caught.value.hint


def test_reading_a_configuration_is_light() -> None:
    code = "import sys, training.spec, training.record.run_record; training.spec.load('demo')"
    code += "; assert not {'torch', 'monai', 'scipy', 'nibabel'} & set(sys.modules), 'heavy'"
    subprocess.run([sys.executable, "-c", code], check=True)
