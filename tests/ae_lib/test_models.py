from pathlib import Path

import jupytext
import keras
import numpy as np
import pytest

from ae_lib import (
    conv_autoencoder,
    decoder_of,
    denoising_autoencoder,
    dense_autoencoder,
    encoder_of,
    faster,
)

CHAPTERS = Path(__file__).parents[2] / "chapters"

# The lecture's tables, layer by layer: output shape and number of parameters.
LECTURE = {
    dense_autoencoder: [
        ((784,), 0),
        ((100,), 78_500),
        ((20,), 2_020),
        ((100,), 2_100),
        ((784,), 79_184),
    ],
    conv_autoencoder: [
        ((28, 28, 1), 0),
        ((28, 28, 8), 80),
        ((14, 14, 8), 0),
        ((14, 14, 4), 292),
        ((7, 7, 4), 0),
        ((7, 7, 4), 148),
        ((4, 4, 4), 0),
        ((4, 4, 4), 148),
        ((8, 8, 4), 0),
        ((8, 8, 4), 148),
        ((16, 16, 4), 0),
        ((14, 14, 8), 296),
        ((28, 28, 8), 0),
        ((28, 28, 1), 73),
    ],
    denoising_autoencoder: [
        ((28, 28, 1), 0),
        ((28, 28, 32), 320),
        ((14, 14, 32), 0),
        ((14, 14, 32), 9_248),
        ((7, 7, 32), 0),
        ((7, 7, 32), 9_248),
        ((14, 14, 32), 0),
        ((14, 14, 32), 9_248),
        ((28, 28, 32), 0),
        ((28, 28, 1), 289),
    ],
}
TOTALS = {dense_autoencoder: 161_804, conv_autoencoder: 1_185, denoising_autoencoder: 28_353}


@pytest.mark.parametrize("build", LECTURE)
def test_layers_and_counts_are_the_lectures(build):
    model = build()
    layers = [(layer.output.shape[1:], layer.count_params()) for layer in model.layers]
    assert layers == LECTURE[build]
    assert model.count_params() == TOTALS[build]


@pytest.mark.parametrize(
    ("chapter", "build"),
    [
        ("dense_autoencoder", dense_autoencoder),
        ("conv_autoencoder", conv_autoencoder),
        ("denoising", denoising_autoencoder),
    ],
)
def test_the_chapter_builds_the_same_network(chapter, build):
    cells = jupytext.read(CHAPTERS / f"{chapter}.md").cells
    code = [c.source for c in cells if "model" in c.metadata.get("tags", [])]
    assert len(code) == 1
    names = {"models": keras.models, "RandomUniform": keras.initializers.RandomUniform}
    exec(code[0].replace("model.summary()", ""), {**vars(keras.layers), **names}, names)

    def configs(model):
        found = [layer.get_config() for layer in model.layers]
        for config in found:
            config.pop("name")
        return found

    assert configs(names["model"]) == configs(build())


def test_encoder_and_decoder_are_the_two_parts():
    model = dense_autoencoder()
    encoder, decoder = encoder_of(model), decoder_of(model)
    assert encoder.count_params() == 80_520
    assert encoder.output_shape == (None, 20)
    x = np.random.default_rng(0).random((5, 784), dtype="float32")
    parts = decoder.predict(encoder.predict(x, verbose=0), verbose=0)
    np.testing.assert_allclose(parts, model.predict(x, verbose=0), atol=1e-6)


def test_a_model_without_a_code_is_refused():
    with pytest.raises(ValueError, match="code"):
        encoder_of(keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]))


@pytest.mark.parametrize("build", [conv_autoencoder, denoising_autoencoder])
def test_the_faster_network_is_the_same_one(build):
    model = build()
    quick = faster(model)
    x = np.random.default_rng(0).random((4, 28, 28, 1), dtype="float32")
    np.testing.assert_allclose(
        quick.predict(x, verbose=0), model.predict(x, verbose=0), rtol=0, atol=1e-6
    )
    assert quick.count_params() == model.count_params()
    before = model.get_weights()
    quick.compile(optimizer="sgd", loss="mean_squared_error")
    quick.fit(x, x, verbose=0)
    after = model.get_weights()
    assert all((old != new).any() for old, new in zip(before, after, strict=True)), "not shared"


def test_the_faster_network_takes_each_pair():
    names = [type(layer).__name__ for layer in faster(conv_autoencoder()).layers]
    assert names.count("_UpsampleAndConvolve") == 3
    assert names.count("_ConvolveAndPool") == 3
    assert not {"UpSampling2D", "MaxPooling2D"} & set(names)


def test_a_pooling_that_would_change_places_with_more_than_a_relu_stays():
    x = code = keras.Input((4, 4, 1))
    for activation in ("relu", "gelu"):
        code = keras.layers.Conv2D(1, 3, padding="same", activation=activation)(code)
        code = keras.layers.MaxPooling2D()(code)
    image = keras.layers.Conv2D(1, 3, padding="same")(keras.layers.UpSampling2D()(code))
    names = [type(layer).__name__ for layer in faster(keras.Model(x, image)).layers]
    assert names[1:] == ["_ConvolveAndPool", "Conv2D", "MaxPooling2D", "_UpsampleAndConvolve"]


def test_seven_steps_a_call_train_as_single_steps_do():
    """Nine steps an epoch: a call of seven, and one that the data end within."""
    x = np.random.default_rng(0).random((70, 28, 28, 1), dtype="float32")

    def train(steps):
        keras.utils.set_random_seed(0)
        model = faster(conv_autoencoder())
        model.compile(optimizer="rmsprop", loss="mean_squared_error", steps_per_execution=steps)
        assert model.steps_per_execution == (steps or 7)
        losses = model.fit(x, x, batch_size=8, epochs=3, verbose=0).history["loss"]
        assert int(model.optimizer.iterations) == 27
        return losses

    np.testing.assert_allclose(train(None), train(1), rtol=1e-5)


def test_a_model_without_a_pair_is_not_made_faster():
    with pytest.raises(ValueError, match="'dense' has nothing to join: expected an UpSampling2D"):
        faster(dense_autoencoder())


def test_a_model_that_branches_is_not_made_faster():
    x = keras.Input((4, 4, 1))
    a, b = keras.layers.Conv2D(1, 3, name="a")(x), keras.layers.Conv2D(1, 3, name="b")(x)
    model = keras.Model(x, keras.layers.Add()([a, b]), name="fork")
    with pytest.raises(ValueError, match="'fork' is not a chain of layers"):
        faster(model)
