"""Experiments that the book cites. Each run is stored in results/experiments.json as it ends.

python -m tools.experiments [NAME ...]   what is stored already is not run again; --anew does

The names are those of EXPERIMENTS below. Real MNIST is needed: nothing is stored of the stand-in.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from ae_lib import (
    RECIPES,
    Dataset,
    denoising_autoencoder,
    load_mnist,
    rmsprop,
    runtime_info,
    set_seed,
)
from tools.results import RESULTS, write_checked

PATH = RESULTS / "experiments.json"


@dataclass(frozen=True)
class Trial:
    """One network, trained in one way, from `seeds` seeds: 0, 1, 2, ...

    `optimizer` and `output_initializer` are the course's where nothing else is said.
    """

    model: str
    optimizer: str = "rmsprop()"
    output_initializer: str = "as built"
    epochs: int = 1
    seeds: int = 20


DENOISING = Trial("denoising")
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
}


def build(trial: Trial, seed: int) -> keras.Model:
    """Return the trial's network, compiled; Keras is seeded."""
    set_seed(seed)
    if trial.output_initializer == "as built":
        model = RECIPES[trial.model].build()
    else:
        model = denoising_autoencoder(trial.output_initializer)
    # The lecture's line is `optimizer='RMSprop'`.
    optimizer = rmsprop() if trial.optimizer == "rmsprop()" else trial.optimizer
    model.compile(optimizer=optimizer, loss="mean_squared_error")
    return model


def train(trial: Trial, seed: int, data: Dataset) -> dict[str, Any]:
    """Train once and return what is stored of it."""
    model = build(trial, seed)
    recipe, rng = RECIPES[trial.model], np.random.default_rng(seed)
    inputs, targets = recipe.pairs(data.x_train, rng)
    x_test, y_test = recipe.pairs(data.x_test, rng)
    start = time.perf_counter()
    history = model.fit(
        inputs, targets, batch_size=recipe.batch_size, epochs=trial.epochs, verbose=0
    ).history
    seconds = time.perf_counter() - start
    outputs = model.predict(x_test, verbose=0)
    return {
        "seed": seed,
        "loss": [round(value, 6) for value in history["loss"]],
        "test_mse": round(float(np.mean((outputs - y_test) ** 2)), 6),
        "share_above_zero": round(float(np.mean(outputs > 0)), 6),
        "seconds": round(seconds, 1),
    }


def run_trial(trial: Trial, data: Dataset, path: Path, anew: bool = False) -> None:
    """Train from each seed and store each run; what is there of the same kind is kept."""
    made_with = {
        **runtime_info(),
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
