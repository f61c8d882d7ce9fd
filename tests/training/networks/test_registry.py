"""Networks are found by name, refused with a sentence, and added by one file from outside."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from registry.errors import ConfigError
from tests.training.conftest import TINY, Cohort
from training.networks import registry
from training.record import run_record
from training.run import train
from training.spec import Model, loads

LADDER = {"channels": [4, 8, 16, 32, 64], "strides": [2, 2, 2, 2], "num_res_units": 0}

OUTSIDE = """
from torch import nn
from training.networks.registry import Network, register

def build(model, channels, classes, dims):
    width = model.kwargs["width"]
    return nn.Sequential(nn.Conv3d(channels, width, 3, padding=1), nn.Conv3d(width, classes, 1))

register(Network("TwoConvolutions", build, lambda model: (1, 1, 1), {r"0\\.": "encoder", r"1\\.": "head"}))
"""


def test_a_network_is_added_by_one_file_of_another_package(
    tmp_path: Path, cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside_networks.py").write_text(OUTSIDE)
    (tmp_path / "outside-1.0.dist-info").mkdir()
    (tmp_path / "outside-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n")
    (tmp_path / "outside-1.0.dist-info" / "entry_points.txt").write_text(
        "[cohortium.networks]\noutside = outside_networks\n"
    )
    monkeypatch.setattr(registry, "NETWORKS", dict(registry.NETWORKS))
    text = (
        TINY[: TINY.index("[model]")]
        + "[model]\nname = 'TwoConvolutions'\nkwargs = {width = 2}\n[training]\nepochs = 1\n"
    )
    with pytest.raises(ConfigError, match=r"'model\.name' is 'TwoConvolutions', which is not allowed"):
        loads(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    train(loads(text), cohort.manifest, cohort.root, tmp_path / "runs" / "outside")
    sys.modules.pop("outside_networks")
    record = run_record.read(tmp_path / "runs" / "outside")
    assert record["status"] == "trained"
    # 2 channels, width 2, 2 classes: kernels and biases of both layers
    assert record["model"]["groups"] == {"encoder": 2 * 2 * 27 + 2, "head": 2 * 2 + 2}


def test_a_name_belongs_to_one_network() -> None:
    with pytest.raises(ValueError, match="already a network 'UNet'"):
        registry.register(registry.Network("UNet", registry.NETWORKS["UNet"].build, lambda _: (1, 1, 1)))


def test_a_name_that_no_network_has_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        ConfigError, match=r"'model.name' is 'UNNet', which is not allowed. Did you mean 'UNet'\?"
    ) as caught:
        loads(TINY.replace('"UNet"', '"UNNet"'))
    assert caught.value.hint == "Allowed: UNet, DynUNet, BasicUNet."


def test_a_network_for_slices_is_not_given_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = registry.Network("Flat", registry.NETWORKS["UNet"].build, lambda _: (1, 1), dims=(2,))
    monkeypatch.setitem(registry.NETWORKS, "Flat", flat)
    with pytest.raises(ConfigError, match="Flat is a network for 2 axes; patches have three"):
        registry.require_sizes(loads(TINY.replace('"UNet"', '"Flat"')))


def test_the_published_network_has_its_published_size() -> None:
    network = registry.build(Model("UNet", 125_229, LADDER), 4, 5)
    assert sum(p.numel() for p in network.parameters()) == 125_229
    assert registry.stride_of(Model("UNet", None, LADDER)) == (16, 16, 16)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("patch = [16, 16, 8]", "patch = [16, 15, 8]"), r"'sampling.patch' is \[16, 15, 8\]"),
        (("patch = [16, 16, 8]", "patch = [2, 2, 2]"), r"'sampling.patch' is \[2, 2, 2\]"),
        (("[evaluation]", "[prediction]\nwindow = [16, 16, 9]\n[evaluation]"), "'prediction.window' is"),
    ],
)
def test_sizes_the_network_cannot_halve_are_refused(change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        registry.require_sizes(loads(TINY.replace(*change)))
    assert "multiples of 2 x 2 x 2" in caught.value.hint


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Model("UNet", 125_230, LADDER), "has 125,229 parameters, the configuration expects 125,230"),
        (Model("UNet", None, {**LADDER, "chanels": 1}), "'model.kwargs.chanels'. Did you mean 'channels'"),
        (Model("UNet", None, {"channels": [4], "strides": [2]}), "cannot be built"),
        (Model("UNet", None, {**LADDER, "in_channels": 3}), "no argument 'model.kwargs.in_channels'"),
    ],
)
def test_a_network_that_cannot_be_meant_is_refused(model: Model, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        registry.build(model, 4, 5)


@pytest.mark.parametrize("strides", [2, [0], ["2"], ["222"], [[2, 2]], [[2, 2, 2, 2]]])
def test_strides_that_cannot_be_meant_are_a_sentence(strides: object) -> None:
    text = TINY.replace("strides = [2]", f"strides = {strides!r}")
    with pytest.raises(ConfigError, match=r"UNet cannot be built from \[model.kwargs\]"):
        registry.require_sizes(loads(text))


def test_the_groups_of_a_dynunet_hold_all_its_parameters() -> None:
    kwargs = {
        "filters": [4, 8, 16],
        "kernel_size": [3, 3, 3],
        "strides": [1, 2, [2, 2, 1]],
        "upsample_kernel_size": [2, [2, 2, 1]],
    }
    model = Model("DynUNet", None, kwargs)
    network = registry.build(model, 1, 2)
    groups = registry.count_groups("DynUNet", network)
    assert groups is not None
    assert sum(groups.values()) == sum(p.numel() for p in network.parameters())
    assert registry.stride_of(model) == (4, 4, 2)
