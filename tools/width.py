"""Autoencoders with codes of many lengths: the experiment "width" of tools/experiments.py."""

import time
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.layers import Dense, Input, Layer

from ae_lib import Dataset, as_vectors, knn_accuracy, set_seed
from tools.gpu import jax_epochs, keras_epochs

LENGTHS = (2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Width:
    """One network with a linear code between mirrored layers of ReLUs, from `seeds` seeds.

    `hidden` names the encoder's layers between the image and the code, as "1000-500-250". A
    `nested` network is trained with nested dropout, and judged at each of `LENGTHS`.
    """

    hidden: str
    code_size: int
    nested: bool = False
    epochs: int = 8
    seeds: int = 3
    optimizer: str = "adam"
    output_activation: str = "sigmoid"
    loss: str = "mean_squared_error"


DENSE, DEEP = Width("100", 16), Width("300-150-75", 16, seeds=2)
TRIALS = [
    *(replace(trial, code_size=k) for trial in (DENSE, DEEP) for k in LENGTHS),
    replace(DENSE, code_size=LENGTHS[-1], nested=True),
    # Wider hidden layers instead of a longer code.
    *(replace(DENSE, hidden=hidden) for hidden in ("25", "50", "200", "400")),
    # What more epochs do for one length.
    replace(DENSE, epochs=40, seeds=1),
    # Hinton and Salakhutdinov's layers, output and loss, from a random start.
    Width("1000-500-250", 30, epochs=9, seeds=1, loss="binary_crossentropy"),
]


class NestedDropout(Layer):
    """Keep only the first m numbers of a code while training; m is drawn anew for each.

    The logarithm of m is uniform: each doubling of the length is trained as often as any other.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.draws = keras.random.SeedGenerator(seed)

    def call(self, codes: Any, training: bool = False) -> Any:
        if not training:
            return codes
        size = codes.shape[-1]
        drawn = keras.random.uniform((ops.shape(codes)[0], 1), seed=self.draws)
        kept = ops.floor((size + 1.0) ** drawn)
        return ops.where(ops.arange(size, dtype=kept.dtype) < kept, codes, 0.0)


def build(trial: Width, seed: int) -> tuple[keras.Model, keras.Model, keras.Model]:
    """Return the trial's network, compiled, its encoder and its decoder; Keras is seeded."""
    set_seed(seed)
    hidden = [int(units) for units in trial.hidden.split("-")]
    image, code = Input((784,)), Input((trial.code_size,))
    encoder = keras.Sequential([image, *(Dense(n, activation="relu") for n in hidden)])
    encoder.add(Dense(trial.code_size))
    decoder = keras.Sequential([code, *(Dense(n, activation="relu") for n in reversed(hidden))])
    decoder.add(Dense(784, activation=trial.output_activation))
    codes = encoder(image)
    if trial.nested:
        codes = NestedDropout(seed)(codes)
    model = keras.Model(image, decoder(codes))
    model.compile(optimizer=trial.optimizer, loss=trial.loss)
    return model, encoder, decoder


def answers(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """Return what a network answers; `predict` would take the weights away from `jax_epochs`."""
    return ops.convert_to_numpy(model(inputs))


def error_per_image(decoder: keras.Model, codes: np.ndarray, images: np.ndarray) -> float:
    """Return the squared error, summed over the pixels, of the mean image."""
    left = answers(decoder, codes) - images
    return round(float(np.mean(np.sum(left**2, axis=1, dtype="float64"))), 4)


def first(codes: np.ndarray, length: int) -> np.ndarray:
    """Return the codes with zeros behind their first `length` numbers."""
    return np.where(np.arange(codes.shape[1]) < length, codes, np.float32(0))


def train(trial: Width, seed: int, data: Dataset) -> dict[str, Any]:
    """Train once and return what is stored of it; errors and accuracies by length of the code."""
    model, encoder, decoder = build(trial, seed)
    x_train, x_test = as_vectors(data.x_train), as_vectors(data.x_test)
    # The loop of `make gpu` cannot carry the state of random numbers.
    on_jax = keras.backend.backend() == "jax" and not trial.nested
    epochs = (jax_epochs if on_jax else keras_epochs)(model, x_train, x_train, seed)
    losses, errors, seconds = [], [], 0.0
    while len(losses) < trial.epochs:
        start = time.perf_counter()
        losses += islice(epochs, 1)
        seconds += time.perf_counter() - start
        codes = answers(encoder, x_test)
        errors.append(error_per_image(decoder, codes, x_test))
    lengths = LENGTHS if trial.nested else (trial.code_size,)
    return {
        "seed": seed,
        "params": model.count_params(),
        "loss": [round(value, 6) for value in losses],
        "error_after_epoch": errors,
        "error": {str(k): error_per_image(decoder, first(codes, k), x_test) for k in lengths},
        "knn": {str(k): round(knn_accuracy(codes[:, :k], data.y_test), 4) for k in lengths},
        "seconds": round(seconds, 1),
    }
