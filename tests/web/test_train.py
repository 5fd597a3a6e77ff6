"""The page "Train an autoencoder": its networks beside Keras's, and its weights in Keras."""

import json
import subprocess
import zipfile
from itertools import product
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from helpers.pages import NODE
from keras import ops
from keras.layers import Dense
from training_images import TESTS, dataset_at_hand, ten_thousand

from ae_lib import as_vectors, dense_autoencoder, load_mnist

HERE = Path(__file__).resolve().parent
STEPS, BATCH = 100, 32
HIDDEN = ("linear", "relu", "tanh")
OUTPUTS = (("relu", "mse"), ("sigmoid", "mse"), ("linear", "mse"), ("sigmoid", "cross-entropy"))
OPTIMISERS = ("rmsprop-lecture", "rmsprop-today", "adam")
LOSSES = {"mse": "mean_squared_error", "cross-entropy": "binary_crossentropy"}


class LectureRMSprop(keras.optimizers.RMSprop):
    """RMSprop as it was up to Keras 2.10: epsilon beside the root, not under it."""

    def update_step(self, gradient, variable, learning_rate):
        velocity = self._velocities[self._get_variable_index(variable)]
        self.assign(velocity, self.rho * velocity + (1 - self.rho) * ops.square(gradient))
        step = learning_rate * gradient / (ops.sqrt(velocity) + self.epsilon)
        self.assign_sub(variable, step)


def optimiser_of(name: str, rate: float) -> keras.optimizers.Optimizer:
    kind = {
        "rmsprop-lecture": LectureRMSprop,
        "rmsprop-today": keras.optimizers.RMSprop,
        "adam": keras.optimizers.Adam,
    }[name]
    return kind(learning_rate=rate)


def case(hidden: str, output: str, loss: str, optimiser: str, widths: list[int]) -> dict:
    return {
        "name": "_".join((hidden, output, loss, optimiser, str(len(widths)), str(widths[1]))),
        "widths": widths,
        "activations": [hidden] * (len(widths) - 2) + [output],
        "loss": loss,
        "optimiser": optimiser,
        "rate": 0.001,
    }


SMALL = [784, 32, 8, 32, 784]
CASES = [
    case(HIDDEN[(o + p) % 3], *OUTPUTS[o], OPTIMISERS[p], SMALL)
    for o, p in product(range(4), range(3))
]
PLAIN = CASES[4]
CASES.append(case("relu", "relu", "mse", "rmsprop-lecture", [784, 100, 20, 100, 784]))


def steps_that_can_agree(case: dict) -> int:
    """Return for how many steps two correct programs give the same numbers.

    The lecture's RMSprop moves a weight by as much for the tiniest gradient as for a large one, and
    a ReLU at the end makes many tiny ones: there, Keras differs from itself by 1.5e-3 after a
    hundred steps if its first weights are rounded otherwise (by 1e-7); after ten by 1e-6.
    """
    chaotic = (case["optimiser"], case["activations"][-1]) == ("rmsprop-lecture", "relu")
    return 10 if chaotic else STEPS


def keras_model(case: dict) -> keras.Model:
    keras.utils.set_random_seed(0)
    layers = [keras.Input((784,))]
    for width, activation in zip(case["widths"][1:], case["activations"], strict=True):
        layers.append(Dense(width, activation=activation))
    model = keras.Sequential(layers)
    model.compile(optimiser_of(case["optimiser"], case["rate"]), LOSSES[case["loss"]])
    return model


def node(*arguments: object) -> Any:
    """Return what `train_steps.mjs` prints."""
    command = [NODE, HERE / "train_steps.mjs", *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_the_modules_by_hand():
    command = [NODE, "--test", HERE / "train_engine.test.mjs"]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture(scope="module")
def batches():
    """Noisy inputs and clean targets, [steps, batch, 784]."""
    targets = as_vectors(load_mnist().x_test[: STEPS * BATCH]).reshape(STEPS, BATCH, 784)
    noise = np.random.default_rng(0).normal(0, 0.2, targets.shape)
    return np.clip(targets + noise, 0, 1).astype("float32"), targets


@pytest.fixture(scope="module")
def found(tmp_path_factory, batches):
    """What the page's networks make of all cases, beginning with Keras's weights."""
    folder = tmp_path_factory.mktemp("train")
    np.savez(folder / "batches.npz", inputs=batches[0], targets=batches[1])
    for one in CASES:
        np.savez(folder / f"{one['name']}_before.npz", *keras_model(one).get_weights())
    (folder / "cases.json").write_text(json.dumps(CASES), encoding="utf-8")
    node("steps", folder, PLAIN["name"])
    paths = [*folder.glob("*_fast.npz"), *folder.glob("*_plain.npz")]
    return {path.stem: dict(np.load(path)) for path in paths}


@pytest.mark.parametrize("one", CASES, ids=lambda one: one["name"])
def test_a_hundred_steps_are_those_of_keras(batches, found, one):
    inputs, targets = batches
    model = keras_model(one)
    losses = [float(model.train_on_batch(x, y)) for x, y in zip(inputs, targets, strict=True)]
    page = found[f"{one['name']}_fast"]
    difference = np.abs(page["losses"] / np.array(losses) - 1)
    steps = steps_that_can_agree(one)
    assert losses[-1] < 0.9 * losses[0]  # it has learned something
    assert difference[:steps].max() < 1e-4
    if steps == STEPS:
        for i, weight in enumerate(model.get_weights()):
            error = np.linalg.norm(page[f"w{i}"] - weight) / np.linalg.norm(weight)
            assert error < 1e-4, (i, error)


@pytest.mark.parametrize("one", CASES, ids=lambda one: one["name"])
def test_gradients_are_those_of_keras(batches, found, one):
    inputs, targets = batches
    model = keras_model(one)
    model.compile(keras.optimizers.SGD(1.0), LOSSES[one["loss"]])
    before = model.get_weights()
    model.train_on_batch(inputs[0], targets[0])
    gradient = np.concatenate(
        [(a - b).ravel() for a, b in zip(before, model.get_weights(), strict=True)]
    )
    page = found[f"{one['name']}_fast"]["gradients"]
    # A difference of weights is only as exact as the weights are.
    assert np.abs(page - gradient).max() < 1e-4 * np.abs(gradient).max() + 1e-7


def test_the_plain_engine_computes_the_same(found):
    """Browsers without SIMD use it."""
    name = PLAIN["name"]
    fast, plain = found[f"{name}_fast"], found[f"{name}_plain"]
    for key, values in fast.items():
        assert np.abs(plain[key] - values).max() <= 1e-4 * np.abs(values).max(), key


def test_weights_of_the_page_go_into_keras_in_one_line(tmp_path):
    output = np.array(node("weights", tmp_path / "autoencoder.npz"))
    model = dense_autoencoder()
    model.set_weights(list(np.load(tmp_path / "autoencoder.npz").values()))
    assert np.abs(model.predict(np.full((1, 784), 0.5), verbose=0) - output).max() < 1e-5
    assert output.max() > 0.01
    with zipfile.ZipFile(tmp_path / "autoencoder.npz") as archive:
        assert archive.testzip() is None
        assert json.loads(archive.comment)["settings"]["code"] == 20


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_weights_of_keras_go_into_the_page(tmp_path, save):
    weights = dense_autoencoder().get_weights()
    weights[0] = np.asfortranarray(weights[0])
    weights[2] = weights[2].astype("float64")
    save(tmp_path / "weights.npz", *weights)
    seen = node("read", tmp_path / "weights.npz")
    assert seen["widths"] == [784, 100, 20, 100, 784]
    assert seen["settings"] is None
    assert np.allclose(seen["sums"], [w.sum() for w in weights], atol=1e-3)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The ten thousand digits as the page has them, with 16 grey values."""
    folder = tmp_path_factory.mktemp("digits")
    images, labels = ten_thousand(dataset_at_hand())
    pixels = 17 * np.round(15 * images).astype("u1")
    (folder / "pixels.bin").write_bytes(pixels.tobytes())
    (folder / "labels.bin").write_bytes(labels.tobytes())
    return folder, as_vectors(pixels.astype("float32") / 255)


def test_a_linear_network_becomes_pca(digits):
    folder, images = digits
    seen = node("preset", "pca", folder)
    train, test = images[~TESTS].astype("float64"), images[TESTS].astype("float64")
    mean = train.mean(axis=0)
    components = np.linalg.eigh(np.cov(train.T, bias=True))[1][:, ::-1][:, :64]
    for k in (1, 2, 20, 64):
        V = components[:, :k]
        for name, part in (("train", train), ("test", test)):
            error = np.mean((part - mean - (part - mean) @ V @ V.T) ** 2)
            assert abs(seen["pca"][name][k] / error - 1) < 1e-4, (k, name)
    page = np.reshape(seen["pca"]["components"], (64, 784))
    assert np.abs(np.abs(np.sum(page * components.T, axis=1)) - 1).max() < 1e-4
    assert 1 < seen["losses"][-1] / seen["pca"]["train"][20] < 1.01
    assert seen["mse"] / seen["pca"]["test"][20] < 1.01
    assert seen["angle"] < 15


def test_a_network_dies_on_purpose(digits):
    seen = node("preset", "dies", digits[0])
    assert seen["dead"] == seen["needed"] > 400
    assert abs(seen["mse"] - np.mean(digits[1][TESTS] ** 2)) < 1e-6
