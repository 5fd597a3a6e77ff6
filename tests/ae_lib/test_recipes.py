"""Presets, and what the networks learn from."""

import numpy as np
import pytest

from ae_lib import RECIPES, add_gaussian_noise, load_mnist, preset


def test_presets(monkeypatch):
    monkeypatch.delenv("AE_PROFILE")
    assert preset().name == "full"
    assert preset().epochs == {"dense": 50, "conv": 50, "denoising": 50}
    monkeypatch.setenv("AE_PROFILE", "quick")
    assert max(preset().epochs.values()) <= 10
    assert preset().epochs.keys() == RECIPES.keys()


@pytest.mark.parametrize("name", RECIPES)
def test_inputs_and_targets_fit_the_network(name):
    model = RECIPES[name].build()
    inputs, targets = RECIPES[name].pairs(load_mnist().x_train[:10])
    assert inputs.shape[1:] == model.input_shape[1:]
    assert targets.shape[1:] == model.output_shape[1:]


def test_only_the_denoiser_sees_noise():
    few = load_mnist().x_train[:10]
    for name in ("dense", "conv"):
        inputs, targets = RECIPES[name].pairs(few, 4)
        assert inputs is targets
        np.testing.assert_array_equal(inputs.ravel(), few.ravel())
    inputs, targets = RECIPES["denoising"].pairs(few, 4)
    np.testing.assert_array_equal(inputs, add_gaussian_noise(few[..., None], 0.5, 4))
    np.testing.assert_array_equal(targets, few[..., None])


def test_images_with_8_bits_are_refused():
    with pytest.raises(TypeError, match="images has dtype uint8"):
        RECIPES["dense"].pairs(np.zeros((2, 28, 28), "uint8"))
