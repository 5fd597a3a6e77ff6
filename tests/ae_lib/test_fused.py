"""Fused layers: the same network; and training that is fed without waiting."""

import keras
import numpy as np
import pytest

from ae_lib import conv_autoencoder, denoising_autoencoder, dense_autoencoder, rmsprop
from ae_lib._fused import _batches, fuse_layers

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="tf.data feeds TensorFlow only"
)


@pytest.mark.parametrize("build", [conv_autoencoder, denoising_autoencoder])
def test_the_fused_network_is_the_same_one(build):
    model = build()
    quick = fuse_layers(model)
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


def test_each_pair_is_fused():
    names = [type(layer).__name__ for layer in fuse_layers(conv_autoencoder()).layers]
    assert names.count("_UpsampleAndConvolve") == 3
    assert names.count("_ConvolveAndPool") == 3
    assert not {"UpSampling2D", "MaxPooling2D"} & set(names)


def test_a_pooling_that_would_change_places_with_more_than_a_relu_stays():
    x = code = keras.Input((4, 4, 1))
    for activation in ("relu", "gelu"):
        code = keras.layers.Conv2D(1, 3, padding="same", activation=activation)(code)
        code = keras.layers.MaxPooling2D()(code)
    image = keras.layers.Conv2D(1, 3, padding="same")(keras.layers.UpSampling2D()(code))
    names = [type(layer).__name__ for layer in fuse_layers(keras.Model(x, image)).layers]
    assert names[1:] == [
        "_ConvolveAndPool", "Conv2D", "MaxPooling2D", "_UpsampleAndConvolve",
    ]  # fmt: skip


def test_seven_steps_a_call_train_as_single_steps_do():
    """Nine steps an epoch: a call of seven, and one that the data end within."""
    x = np.random.default_rng(0).random((70, 28, 28, 1), dtype="float32")

    def train(steps):
        keras.utils.set_random_seed(0)
        model = fuse_layers(conv_autoencoder())
        model.compile(optimizer="rmsprop", loss="mean_squared_error", steps_per_execution=steps)
        assert model.steps_per_execution == (steps or 7)
        losses = model.fit(x, x, batch_size=8, epochs=3, verbose=0).history["loss"]
        assert int(model.optimizer.iterations) == 27
        return losses

    np.testing.assert_allclose(train(None), train(1), rtol=1e-5)


@pytest.mark.parametrize("build", [dense_autoencoder, conv_autoencoder])
def test_the_plain_network_is_left_as_it_was(build):
    model = build()
    before = [layer.output for layer in model.layers]
    fuse_layers(model)
    assert all(a is layer.output for a, layer in zip(before, model.layers, strict=True))
    assert before[-1] is model.output


def test_what_cannot_be_fused_keeps_its_layers():
    dense = dense_autoencoder()
    assert fuse_layers(dense).layers == dense.layers
    x = keras.Input((4, 4, 1))
    a, b = keras.layers.Conv2D(1, 3, name="a")(x), keras.layers.Conv2D(1, 3, name="b")(x)
    fork = keras.Model(x, keras.layers.Add()([a, b]), name="fork")
    assert fuse_layers(fork).layers == fork.layers
    nested = keras.Sequential([keras.Input((28, 28, 1)), conv_autoencoder()])
    x = np.random.default_rng(0).random((2, 28, 28, 1), dtype="float32")
    np.testing.assert_allclose(
        fuse_layers(nested).predict(x, verbose=0), nested.predict(x, verbose=0), atol=1e-6
    )


def test_a_stack_is_fused_too():
    layers = [type(x).from_config(x.get_config()) for x in conv_autoencoder().layers[1:]]
    stack = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    assert len(fuse_layers(stack).layers) == len(fuse_layers(conv_autoencoder()).layers)


@on_tensorflow
def test_no_epoch_waits_for_the_autotuner():
    x = np.arange(300, dtype="float32")[:, None]
    pipeline = _batches(x, x, 128, True)
    assert pipeline.options().autotune.enabled is False
    assert len(pipeline) == 3
    first, second = ([batch.numpy() for batch, _ in pipeline] for _ in range(2))
    assert [len(batch) for batch in first] == [128, 128, 44]
    for epoch in (first, second):
        assert (np.concatenate(epoch) != x).any(), "not shuffled"
        assert sorted(np.concatenate(epoch).ravel()) == list(range(300))
    other = _batches(x, x + 1, 128, False)
    (a, b), *_ = other
    np.testing.assert_array_equal(a, x[:128])
    np.testing.assert_array_equal(b, x[:128] + 1)


@pytest.mark.parametrize(
    "options", [{}, {"shuffle": False}, {"sample_weight": np.ones(70)}, {"validation_split": 0.2}]
)
def test_fit_is_kerass_own_fit(options):
    """Whatever can be asked of `fit` gives what the plain network gives."""
    x = np.random.default_rng(0).random((70, 784), dtype="float32")

    def train(wrap):
        keras.utils.set_random_seed(0)
        model = wrap(dense_autoencoder())
        model.compile(optimizer=rmsprop(), loss="mean_squared_error")
        return model.fit(x, x, batch_size=16, epochs=2, verbose=0, **options).history

    ours, theirs = train(fuse_layers), train(lambda model: model)
    assert ours.keys() == theirs.keys()
    for key in ours:
        np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-4)
