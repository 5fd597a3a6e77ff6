"""Experiments that the book cites. Each run is stored as it ends: those of "width" in
results/width.json, the others in results/experiments.json.

python -m tools.experiments [NAME ...]   what is stored already is not run again; --anew does

The names are those of EXPERIMENTS below. "start_dense", "code_size", "output", "loss" and "width"
train dense networks nearly 150 times: KERAS_BACKEND=jax halves the time. Real MNIST is needed:
nothing is stored of the stand-in.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.initializers import Constant
from scipy.special import rel_entr
from tqdm import tqdm

from ae_lib import (
    RECIPES,
    Dataset,
    as_vectors,
    denoising_autoencoder,
    dense_autoencoder,
    load_mnist,
    rmsprop,
    runtime_info,
    set_seed,
)
from tools import width
from tools.chapters import short_hash
from tools.gpu import jax_epochs
from tools.results import RESULTS, write_record


@dataclass(frozen=True)
class Trial:
    """One network, trained in one way, from `seeds` seeds: 0, 1, 2, ...

    What differs from the course's network and training is said; `code_size`, `output_activation`,
    `loss` and `white`, the value of a white pixel, can be chosen for the dense network only.
    """

    model: str
    optimizer: str = "rmsprop()"
    output_initializer: str = "as built"
    epochs: int = 1
    seeds: int = 20
    code_size: int = 20
    output_activation: str = "relu"
    loss: str = "mean_squared_error"
    white: int = 1


# A start of the dense network's output layer: all its weights the same and positive. The units
# before it are ReLUs and answer nothing negative, so that no output starts black, for any image.
CONSTANT = "Constant(0.01)"
DENOISING = Trial("denoising")
GLOROT = Trial("dense", output_initializer="glorot_uniform", epochs=50, seeds=3)
LIVING = replace(GLOROT, output_initializer=CONSTANT)
EXPERIMENTS: dict[str, Sequence[Trial | width.Width]] = {
    # What the constant under the root in RMSprop does to the lecture's line, from its start.
    "epsilon": [
        replace(GLOROT, optimizer="RMSprop", seeds=1),
        replace(GLOROT, seeds=1),
    ],
    # How often the denoiser's output layer dies, judged after a full epoch.
    "start": [Trial("denoising", output_initializer="glorot_uniform"), DENOISING],
    # Whether the seed matters.
    "seeds": [Trial("dense", output_initializer="glorot_uniform"), Trial("conv"), DENOISING],
    # How many pixels of the dense network fall silent, and at what cost: the lecture's training
    # from three seeds, and the quick preset's from ten.
    "start_dense": [
        GLOROT,
        LIVING,
        replace(GLOROT, epochs=8, seeds=10),
        replace(LIVING, epochs=8, seeds=10),
    ],
    # How the error falls with the length of the code.
    "code_size": [replace(LIVING, epochs=20, code_size=k) for k in (2, 5, 10, 20, 50)],
    # What comes of other outputs, losses and units of the grey values, in the quick preset.
    "output": [
        replace(GLOROT, epochs=8, seeds=5, output_activation=activation, loss=loss, white=white)
        for activation, loss, white in (
            ("sigmoid", "mean_squared_error", 1),
            ("linear", "mean_squared_error", 1),
            ("sigmoid", "binary_crossentropy", 1),
            ("relu", "binary_crossentropy", 1),
            ("relu", "mean_squared_error", 255),
            ("sigmoid", "mean_squared_error", 255),
        )
    ],
    # The same network for each loss with an output that suits it, under two judges.
    "loss": [
        replace(trial, epochs=10, seeds=5, output_activation=activation, loss=loss)
        for trial, activation, loss in (
            (LIVING, "relu", "mean_squared_error"),
            (GLOROT, "linear", "mean_squared_error"),
            (GLOROT, "sigmoid", "mean_squared_error"),
            (GLOROT, "sigmoid", "binary_crossentropy"),
            (GLOROT, "linear", "continuous_bernoulli"),
        )
    ],
    # How the error falls with the length of the code, the width and the number of layers.
    "width": width.TRIALS,
}


def continuous_bernoulli(x: Any, z: Any) -> Any:
    """Return minus the log-density of the continuous Bernoulli distribution: a loss for Keras.

    `z` is the parameter of the exponential family: the density of x is exp(z x - A(z)) on [0, 1],
    A(z) = log((exp(z) - 1) / z). The output layer is linear; see `cb_mean` for its image.
    """
    size = ops.abs(z)
    far = ops.where(size < 0.1, 1.0, size)  # close to 0 the formula divides 0 by 0
    log_of = ops.where(size < 0.1, z**2 / 24, far / 2 + ops.log(-ops.expm1(-far) / far))
    return ops.mean(z / 2 + log_of - z * x, axis=-1)


def cb_mean(z: Any) -> Any:
    """Return the mean of the continuous Bernoulli distribution, the grey value that `z` stands for.

    It is A'(z) = 1 / (1 - exp(-z)) - 1 / z, and 1/2 at 0.
    """
    far = ops.where(ops.abs(z) < 0.1, 1.0, z)
    return ops.where(ops.abs(z) < 0.1, 0.5 + z / 12, -1 / ops.expm1(-far) - 1 / far)


def build(trial: Trial, seed: int) -> keras.Model:
    """Return the trial's network, compiled; Keras is seeded."""
    set_seed(seed)
    if trial.output_initializer == "as built":
        model = RECIPES[trial.model].build()
    elif trial.model == "dense":
        start = Constant(0.01) if trial.output_initializer == CONSTANT else trial.output_initializer
        model = dense_autoencoder(
            trial.code_size, output=trial.output_activation, output_initializer=start
        )
    else:
        model = denoising_autoencoder(trial.output_initializer)
    # The lecture's line is `optimizer='RMSprop'`.
    optimizer = rmsprop() if trial.optimizer == "rmsprop()" else trial.optimizer
    loss = continuous_bernoulli if trial.loss == "continuous_bernoulli" else trial.loss
    model.compile(optimizer=optimizer, loss=loss)
    return model


def silent_pixels(model: keras.Model, images: Dataset, white: int) -> dict[str, Any]:
    """Count the output pixels that stay black for every image, and what that costs.

    Black is what rounds to the grey value 0. A pixel is *needed* if it is bright, more than half
    of white, in more than 1 % of the training images.
    """
    train, test = as_vectors(images.x_train), as_vectors(images.x_test)
    outputs = model.predict(white * test, batch_size=1000, verbose=0) / white
    brightest = model.predict(white * train, batch_size=1000, verbose=0).max(axis=0) / white
    silent = brightest < 0.5 / 255
    needed = (train > 0.5).mean(axis=0) > 0.01
    error = ((outputs - test) ** 2).mean(axis=0)
    return {
        "needed": int(needed.sum()),
        "silent": int(silent.sum()),
        "silent_ever_inked": int((silent & (train > 0).any(axis=0)).sum()),
        "silent_needed": int((silent & needed).sum()),
        "silent_needed_in_test": int(((outputs.max(axis=0) < 0.5 / 255) & needed).sum()),
        "error_share": round(float(error[silent & needed].sum() / error.sum()), 6),
        "test_mse_clipped": round(float(((outputs.clip(0, 1) - test) ** 2).mean()), 6),
    }


def judged(outputs: np.ndarray, images: np.ndarray) -> dict[str, float]:
    """Return the errors of reconstructions, cut off at 0 and 1, under several judges.

    The cross-entropy is less its floor, that of a perfect copy, in nats a pixel. Its logarithm
    needs outputs away from 0 and 1: by Keras's 1e-7, or by half a grey value.
    """
    x, y = images.astype("float64"), outputs.astype("float64")
    return {
        "mse": round(float(((y.clip(0, 1) - x) ** 2).mean()), 6),
        "bce_less_floor": round(_divergence(x, y, 1e-7), 6),
        "bce_less_floor_half_grey": round(_divergence(x, y, 0.5 / 255), 6),
    }


def _divergence(x: np.ndarray, y: np.ndarray, away: float) -> float:
    y = y.clip(away, 1 - away)
    # rel_entr(p, q) is p log(p / q), and 0 where p is.
    return float(np.mean(rel_entr(x, y) + rel_entr(1 - x, 1 - y)))


def fit(model: keras.Model, trial: Trial, inputs: Any, targets: Any, seed: int) -> list[float]:
    """Train a network and return the loss of each epoch."""
    if keras.backend.backend() == "jax":  # the loop of `make gpu` is faster, on processors too
        return list(islice(jax_epochs(model, inputs, targets, seed), trial.epochs))
    size = RECIPES[trial.model].batch_size
    return model.fit(inputs, targets, batch_size=size, epochs=trial.epochs, verbose=0).history[
        "loss"
    ]


def train(trial: Trial, seed: int, data: Dataset) -> dict[str, Any]:
    """Train once and return what is stored of it."""
    model = build(trial, seed)
    recipe, rng = RECIPES[trial.model], np.random.default_rng(seed)
    inputs, targets = recipe.pairs(data.x_train, rng)
    x_test, y_test = recipe.pairs(data.x_test, rng)
    start = time.perf_counter()
    losses = fit(model, trial, trial.white * inputs, trial.white * targets, seed)
    seconds = time.perf_counter() - start
    if trial.loss == "continuous_bernoulli":
        model = keras.Model(model.input, cb_mean(model.output))
    outputs = model.predict(trial.white * x_test, verbose=0) / trial.white
    run = {
        "seed": seed,
        "loss": [round(value, 6) for value in losses],
        "test_mse": round(float(np.mean((outputs - y_test) ** 2)), 6),
        "share_above_zero": round(float(np.mean(outputs > 0)), 6),
        "seconds": round(seconds, 1),
    }
    if trial.model == "dense":
        run["pixels"] = silent_pixels(model, data, trial.white)
        run["judges"] = judged(outputs, y_test)
    return run


def train_any(trial: Trial | width.Width, seed: int, data: Dataset) -> dict[str, Any]:
    """Train a trial of either kind once."""
    if isinstance(trial, width.Width):
        return width.train(trial, seed, data)
    return train(trial, seed, data)


def run_trial(trial: Trial | width.Width, data: Dataset, path: Path, anew: bool = False) -> None:
    """Train from each seed and store each run; what is there of the same kind is kept.

    Runs go into the folder `unfinished` beside the record until all seeds are done: what another
    machine has recorded of this trial is replaced by a whole trial only.
    """
    made_with = {
        **runtime_info(),
        "dataset": {"name": data.name, "sha256": data.sha256},
        "train_images": len(data.x_train),
    }
    identity = {key: value for key, value in asdict(trial).items() if key != "seeds"}
    group = {**identity, "made_with": made_with, "runs": []}
    # A file each, so that another trial, begun before this one has ended, costs it nothing.
    unfinished = path.parent / "unfinished" / f"{short_hash(repr(identity).encode())}.json"
    stored = groups_in(path)
    others = [old for old in stored if not identity.items() <= old.items()]
    for old in [*stored, *groups_in(unfinished)]:
        if identity.items() <= old.items() and old["made_with"] == made_with and not anew:
            group = old
    done = {run["seed"] for run in group["runs"]}
    title = ", ".join(str(value) for value in identity.values())
    for seed in tqdm([s for s in range(trial.seeds) if s not in done], desc=title, unit="run"):
        group["runs"].append(train_any(trial, seed, data))
        group["date"] = datetime.now(UTC).date().isoformat()
        if len(group["runs"]) < trial.seeds:
            write_record(unfinished, {"groups": [group]})
        else:
            write_record(path, {"groups": [*others, group]})
            unfinished.unlink(missing_ok=True)


def record_of(trial: Trial | width.Width) -> Path:
    """Return where a trial's runs are stored. No chapter reads both records."""
    return RESULTS / ("width.json" if isinstance(trial, width.Width) else "experiments.json")


def groups_in(path: Path) -> list[dict[str, Any]]:
    """Return the trials of a record; none if there is no such file."""
    return json.loads(path.read_text(encoding="utf-8"))["groups"] if path.is_file() else []


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--anew", action="store_true", help="run again what is stored")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(EXPERIMENTS):
        parser.error(f"no experiment {sorted(unknown)}; there are {list(EXPERIMENTS)}")
    data = load_mnist()
    if data.name != "mnist":
        sys.exit("The experiments are of MNIST, which cannot be had here: set AE_DATA_DIR.")
    try:
        for name in options.names or EXPERIMENTS:
            for trial in EXPERIMENTS[name]:
                run_trial(trial, data, record_of(trial), options.anew)
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Finished runs are stored; the same command goes on from there.")


if __name__ == "__main__":
    main()
