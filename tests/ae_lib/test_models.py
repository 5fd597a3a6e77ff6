from pathlib import Path

import jupytext
import keras
import numpy as np
import pytest

from ae_lib import (
    conv_autoencoder,
    denoising_autoencoder,
    dense_autoencoder,
    encoder_of,
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
        # The chapter shows the lecture's code; the start that keeps it alive comes after it.
        ("denoising", lambda: denoising_autoencoder("glorot_uniform")),
    ],
)
def test_the_chapter_builds_the_same_network(chapter, build):
    cells = jupytext.read(CHAPTERS / f"{chapter}.md").cells
    code = [c.source for c in cells if "model" in c.metadata.get("tags", [])]
    assert len(code) == 1
    starts = {name: getattr(keras.initializers, name) for name in ("Constant", "RandomUniform")}
    names = {"models": keras.models, **starts}
    exec(code[0].replace("model.summary()", ""), {**vars(keras.layers), **names}, names)

    def configs(model):
        found = [layer.get_config() for layer in model.layers]
        for config in found:
            config.pop("name")
        return found

    assert configs(names["model"]) == configs(build())


def test_encoder_and_the_rest_are_the_two_parts():
    model = dense_autoencoder()
    encoder = encoder_of(model)
    decoder = keras.Model(model.get_layer("code").output, model.output)
    assert encoder.count_params() == 80_520
    assert encoder.output_shape == (None, 20)
    x = np.random.default_rng(0).random((5, 784), dtype="float32")
    parts = decoder.predict(encoder.predict(x, verbose=0), verbose=0)
    np.testing.assert_allclose(parts, model.predict(x, verbose=0), atol=1e-6)


def test_a_model_without_a_code_is_refused():
    with pytest.raises(ValueError, match="code"):
        encoder_of(keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]))


def test_another_size_of_the_code_and_another_output():
    model = dense_autoencoder(code=3, output="sigmoid")
    assert encoder_of(model).output_shape == (None, 3)
    names = [layer.activation.__name__ for layer in model.layers[1:]]
    assert names == ["relu", "relu", "relu", "sigmoid"]


def test_every_output_starts_positive_but_for_the_lectures_start():
    x = np.random.default_rng(0).random((50, 784), dtype="float32")
    assert dense_autoencoder().predict(x, verbose=0).min() > 0
    lecture = dense_autoencoder(output_initializer="glorot_uniform")
    assert 0.3 < (lecture.predict(x, verbose=0) > 0).mean() < 0.7


@pytest.mark.parametrize(("code", "error"), [(0, ValueError), (2.0, TypeError), (True, TypeError)])
def test_a_code_of_no_size(code, error):
    with pytest.raises(error, match=f"code is {code}; expected"):
        dense_autoencoder(code=code)


@pytest.mark.parametrize("build", LECTURE)
def test_everything_is_float32(build):
    assert {layer.compute_dtype for layer in build().layers} == {"float32"}
