"""A configuration says exactly what it means, or is refused with the key, the value and what is allowed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import ConfigError, NotFound
from tests.support import ROOT
from tests.training.conftest import OLD, TINY
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
        (("batch = 2", "batch = 2020-01-01"), "The date 2020-01-01 stands where"),
        (("[recipe]", "[recipe]\nversion = true"), "'recipe.version' must be a whole number, got True"),
        (("[recipe]", "[recipe]\nversion = 2"), "'recipe.version' is 2, which is not possible"),
        (("[recipe]", "recipe = 3\n[sampling.x]"), "'recipe' must be a table, got 3"),
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


def test_every_mistake_is_told_and_the_first_one_has_the_hint() -> None:
    text = TINY.replace("lr = 0.01", "lrr = 0.01").replace("batch = 2", "batch = 0").replace("[0]", "[3]")
    with pytest.raises(ConfigError) as caught:
        loads(text)
    assert caught.value.message.splitlines() == [
        "The key 'training.lrr' is not known. Did you mean 'lr'?",
        "'augment.flip_axes' is 3, which is not possible. Allowed: at least 0 and at most 2.",
        "'training.batch' is 0, which is not possible. Allowed: at least 1.",
    ]
    assert caught.value.hint.startswith("Allowed here: epochs, ")


def test_a_run_s_text_of_an_older_version_says_the_same() -> None:
    """Runs keep their text; the writer of today lays it out otherwise and may not read it otherwise."""
    old = OLD.read_text()
    assert dumps(loads(old)) != old
    assert tomllib.loads(dumps(loads(old))) == tomllib.loads(old)


HEAVY = ("torch", "monai", "scipy", "nibabel", "numpy", "safetensors", "matplotlib")


def test_reading_a_configuration_loads_no_heavy_module() -> None:
    program = "import sys, training.spec, training.record.run_record; training.spec.load('demo'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "training.record.run_record" in loaded
    assert [name for name in HEAVY if name in loaded] == []
