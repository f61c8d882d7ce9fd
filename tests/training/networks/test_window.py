"""Any image is predicted, whole or by windows, mirrored or not."""

from __future__ import annotations

import torch

from training.networks import registry as networks
from training.networks.window import Fit, probabilities
from training.spec import Model, Prediction

FIT = Fit((16, 16, 16))

LADDER = {"channels": [4, 8, 16, 32, 64], "strides": [2, 2, 2, 2], "num_res_units": 0}


def test_any_size_is_predicted_and_shares_add_up_to_one() -> None:
    network = networks.build(Model("UNet", None, LADDER), 1, 3).eval()
    for told in (Prediction(), Prediction(window=(32, 16, 16)), Prediction(flip_axes=(0, 2))):
        shares = probabilities(network, torch.randn(1, 21, 18, 5), told, Fit((16, 16, 16), (32, 16, 16)))
        assert shares.shape == (3, 21, 18, 5)
        assert torch.allclose(shares.sum(0), torch.ones(21, 18, 5), atol=1e-5)


def test_mirror_averaging_gives_a_mirrored_answer_for_a_mirrored_image() -> None:
    network = networks.build(Model("UNet", None, LADDER), 1, 3).eval()
    image, told = torch.randn(1, 32, 16, 16), Prediction(flip_axes=(0,))
    plain = probabilities(network, image, told, FIT)
    mirrored = probabilities(network, image.flip(1), told, FIT)
    assert torch.allclose(plain, mirrored.flip(1), atol=1e-5)
