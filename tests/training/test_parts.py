"""Loss, schedule, networks and sliding windows, against MONAI and against plain arithmetic."""

from __future__ import annotations

import math

import pytest
import torch
from monai.losses import DiceCELoss

from registry.errors import ConfigError
from tests.training.conftest import TINY
from training.engine.schedule import learning_rate, share_done
from training.networks import monai
from training.predict.window import Fit, probabilities
from training.record.environment import conv3d_error
from training.spec import Model, Optimisation, Prediction, loads
from training.tasks import losses

FIT = Fit((16, 16, 16))

LADDER = {"channels": [4, 8, 16, 32, 64], "strides": [2, 2, 2, 2], "num_res_units": 0}


@pytest.mark.parametrize("pooled", [False, True])
def test_the_loss_is_monais(pooled: bool) -> None:
    logits, target = torch.randn(2, 3, 5, 6, 7), torch.randint(0, 3, (2, 1, 5, 6, 7))
    oracle = DiceCELoss(softmax=True, to_onehot_y=True, include_background=False, batch=pooled)
    # MONAI leaves the background out of the cross-entropy too; ours keeps it there, where it teaches.
    oracle.cross_entropy = torch.nn.CrossEntropyLoss()
    dice = oracle.dice(logits, target)
    entropy = torch.nn.functional.cross_entropy(logits, target[:, 0])
    ours = losses.build(Optimisation(batch_dice=pooled, dice_weight=0.7, cross_entropy_weight=1.3))(logits, target)
    assert torch.isclose(ours, 0.7 * dice + 1.3 * entropy, rtol=1e-5)


def test_a_perfect_answer_costs_nothing_and_an_absent_class_is_perfect() -> None:
    target = torch.zeros(1, 1, 4, 4, 4, dtype=torch.long)
    target[..., :2] = 1
    logits = 50.0 * torch.nn.functional.one_hot(target[:, 0], 3).permute(0, 4, 1, 2, 3)
    assert losses.soft_dice(logits, target, False) < 1e-4


def test_the_learning_rate_warms_up_and_always_anneals() -> None:
    told = Optimisation(max_minutes=2, lr=0.1, warmup=0.1, final_lr_share=0.05)
    rates = [learning_rate(told, n / 100) for n in range(101)]
    assert rates[10] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0.005)
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert share_done(told, 10**9, 1, 60.0) == 0.5
    assert share_done(Optimisation(epochs=4), 6, 3, 1e9) == 0.5
    assert share_done(Optimisation(epochs=4, max_minutes=1), 6, 3, 45.0) == 0.75


def test_the_published_network_has_its_published_size() -> None:
    network = monai.build(Model("UNet", 125_229, LADDER), 4, 5)
    assert sum(p.numel() for p in network.parameters()) == 125_229
    assert monai.stride_of(Model("UNet", None, LADDER)) == (16, 16, 16)


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
        monai.require_sizes(loads(TINY.replace(*change)))
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
        monai.build(model, 4, 5)


def test_the_groups_of_a_dynunet_hold_all_its_parameters() -> None:
    kwargs = {
        "filters": [4, 8, 16],
        "kernel_size": [3, 3, 3],
        "strides": [1, 2, [2, 2, 1]],
        "upsample_kernel_size": [2, [2, 2, 1]],
    }
    model = Model("DynUNet", None, kwargs)
    network = monai.build(model, 1, 2)
    groups = monai.count_groups("DynUNet", network)
    assert groups is not None
    assert sum(groups.values()) == sum(p.numel() for p in network.parameters())
    assert monai.stride_of(model) == (4, 4, 2)


def test_any_size_is_predicted_and_shares_add_up_to_one() -> None:
    network = monai.build(Model("UNet", None, LADDER), 1, 3).eval()
    for told in (Prediction(), Prediction(window=(32, 16, 16)), Prediction(flip_axes=(0, 2))):
        shares = probabilities(network, torch.randn(1, 21, 18, 5), told, Fit((16, 16, 16), (32, 16, 16)))
        assert shares.shape == (3, 21, 18, 5)
        assert torch.allclose(shares.sum(0), torch.ones(21, 18, 5), atol=1e-5)


def test_mirror_averaging_gives_a_mirrored_answer_for_a_mirrored_image() -> None:
    network = monai.build(Model("UNet", None, LADDER), 1, 3).eval()
    image, told = torch.randn(1, 32, 16, 16), Prediction(flip_axes=(0,))
    plain = probabilities(network, image, told, FIT)
    mirrored = probabilities(network, image.flip(1), told, FIT)
    assert torch.allclose(plain, mirrored.flip(1), atol=1e-5)


def test_the_numeric_self_check_is_exact_here() -> None:
    assert conv3d_error(torch.device("cpu")) == 0
    assert math.isfinite(conv3d_error(torch.device("cpu")))
