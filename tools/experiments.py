"""Experiments that the book cites. Each run is stored in results/experiments.json as it ends.

python -m tools.experiments [NAME ...]   what is stored already is not run again; --anew does

The names are those of EXPERIMENTS below. "start_dense", "code_size" and "output" train the dense
network a hundred times and more: KERAS_BACKEND=jax halves the time. Real MNIST is needed: nothing
is stored of the stand-in.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.initializers import Constant
from keras.layers import Dense, Input
from tqdm import tqdm

from ae_lib import (
    Dataset,
    as_vectors,
    choose_precision,
    denoising_autoencoder,
    environment,
    load_mnist,
    rmsprop,
    set_seed,
    training_pairs,
)
from ae_lib.training import BATCH_SIZE, BUILDERS
from tools.gpu import jax_epochs
from tools.results import RESULTS, write_checked

PATH = RESULTS / "experiments.json"


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
GLOROT = Trial("dense", output_initializer="glorot_uniform", epochs=50, seeds=10)
LIVING = replace(GLOROT, output_initializer=CONSTANT)
EXPERIMENTS: dict[str, list[Trial]] = {
    # What the constant under the root in RMSprop does to the lecture's line.
    "epsilon": [
        Trial("dense", optimizer="RMSprop", epochs=50, seeds=1),
        Trial("dense", epochs=50, seeds=1),
    ],
    # How often the denoiser's output layer dies, judged after a full epoch.
    "start": [Trial("denoising", output_initializer="glorot_uniform"), DENOISING],
    # Whether the seed matters.
    "seeds": [Trial("dense"), Trial("conv"), DENOISING],
    # How many pixels of the dense network fall silent, and at what cost.
    "start_dense": [GLOROT, LIVING],
    # How the error falls with the length of the code.
    "code_size": [replace(LIVING, code_size=k, seeds=5) for k in (2, 5, 10, 50)] + [LIVING],
    # What comes of other outputs, losses and units of the grey values, in the quick preset.
    "output": [
        replace(GLOROT, epochs=8),
        replace(LIVING, epochs=8),
        *(
            replace(GLOROT, epochs=8, output_activation=activation, loss=loss, white=white)
            for activation, loss, white in (
                ("sigmoid", "mean_squared_error", 1),
                ("linear", "mean_squared_error", 1),
                ("sigmoid", "binary_crossentropy", 1),
                ("relu", "binary_crossentropy", 1),
                ("relu", "mean_squared_error", 255),
                ("sigmoid", "mean_squared_error", 255),
                ("linear", "mean_squared_error", 255),
            )
        ),
    ],
}


def build(trial: Trial, seed: int) -> keras.Model:
    """Return the trial's network, compiled; Keras is seeded."""
    set_seed(seed)
    if trial.output_initializer == "as built":
        model = BUILDERS[trial.model]()
    elif trial.model == "dense":
        model = build_dense(trial)
    else:
        model = denoising_autoencoder(trial.output_initializer)
    # The lecture's line is `optimizer='RMSprop'`.
    optimizer = rmsprop() if trial.optimizer == "rmsprop()" else trial.optimizer
    model.compile(optimizer=optimizer, loss=trial.loss)
    return model


def build_dense(trial: Trial) -> keras.Model:
    """Return the dense autoencoder with the trial's code, output layer and start."""
    start = Constant(0.01) if trial.output_initializer == CONSTANT else trial.output_initializer
    return keras.Sequential(
        [
            Input(shape=(784,)),
            Dense(100, activation="relu"),
            Dense(trial.code_size, activation="relu"),
            Dense(100, activation="relu"),
            Dense(784, activation=trial.output_activation, kernel_initializer=start),
        ]
    )


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


def fit(model: keras.Model, trial: Trial, features: Any, labels: Any, seed: int) -> list[float]:
    """Train a network and return the loss of each epoch."""
    if keras.backend.backend() == "jax":  # the loop of `make gpu` is faster, on processors too
        return list(islice(jax_epochs(model, features, labels, seed), trial.epochs))
    history = model.fit(features, labels, batch_size=BATCH_SIZE, epochs=trial.epochs, verbose=0)
    return history.history["loss"]


def train(trial: Trial, seed: int, data: Dataset) -> dict[str, Any]:
    """Train once and return what is stored of it."""
    model = build(trial, seed)
    rng = np.random.default_rng(seed)
    features, labels = training_pairs(trial.model, data.x_train, rng)
    x_test, y_test = training_pairs(trial.model, data.x_test, rng)
    start = time.perf_counter()
    losses = fit(model, trial, trial.white * features, trial.white * labels, seed)
    seconds = time.perf_counter() - start
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
    return run


def set_precision(trial: Trial) -> None:
    """Compute as the trial's chapter does: only the convolutional ones choose the precision."""
    if trial.model == "dense":
        keras.config.set_dtype_policy("float32")
    else:
        choose_precision()


def run_trial(trial: Trial, data: Dataset, path: Path, anew: bool = False) -> None:
    """Train from each seed and store each run; what is there of the same kind is kept."""
    set_precision(trial)
    made_with = {
        **environment(),
        "dataset": {"name": data.name, "sha256": data.sha256},
        "train_images": len(data.x_train),
    }
    identity = {key: value for key, value in asdict(trial).items() if key != "seeds"}
    group = {**identity, "made_with": made_with, "runs": []}
    others = []
    for old in json.loads(path.read_text())["groups"] if path.is_file() else []:
        if any(old[key] != value for key, value in identity.items()):
            others.append(old)
        elif old["made_with"] == made_with and not anew:
            group = old
    done = {run["seed"] for run in group["runs"]}
    title = ", ".join(str(value) for value in identity.values())
    for seed in tqdm([s for s in range(trial.seeds) if s not in done], desc=title, unit="run"):
        group["runs"].append(train(trial, seed, data))
        group["date"] = datetime.now(UTC).date().isoformat()
        write_checked(path, {"groups": [*others, group]})


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
                run_trial(trial, data, PATH, options.anew)
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Finished runs are stored; the same command goes on from there.")


if __name__ == "__main__":
    main()
