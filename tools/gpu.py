"""Train the lecture's three networks on the device that Keras finds, and execute the chapters.

python -m tools.gpu [--nets dense conv denoising] [--epochs 50] [--no-chapters]

One epoch is one call: images and weights stay on the device, and a compiled loop goes over the
batches. On JAX the loop is `jax.lax.scan`; on TensorFlow it is Keras's own `steps_per_execution`.
Choose with KERAS_BACKEND; JAX is the faster one. Prints a table and records the runs.
"""

import argparse
import dataclasses
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from ae_lib import (
    RECIPES,
    Dataset,
    check_alive,
    load_mnist,
    reconstruction_error,
    rmsprop,
    runtime_info,
    set_seed,
)
from ae_lib._fused import fuse_layers
from ae_lib._machine import gpu_names
from ae_lib.recipes import BATCH_SIZE
from tools.results import REPRODUCTION, ROOT, add_runs, need_mnist


def jax_epochs(model: keras.Model, inputs: Any, targets: Any, seed: int) -> Iterator[float]:
    """Train `model` forever, one epoch a step, and yield the mean loss of each epoch."""
    import jax
    import jax.numpy as jnp

    x, y = jnp.asarray(inputs), jnp.asarray(targets)
    n, rest = len(x), len(x) % BATCH_SIZE
    model.optimizer.build(model.trainable_variables)
    loss_function = keras.losses.get(model.loss)

    def loss_of(weights: Any, inputs: Any, targets: Any) -> Any:
        outputs, _ = model.stateless_call(weights, [], inputs, training=True)
        return jnp.mean(loss_function(targets, outputs.astype("float32")))

    @jax.jit
    def epoch(state: Any, key: Any, x: Any, y: Any) -> Any:
        # The images are arguments: as constants of the loop they take XLA twenty seconds.
        def step(state: Any, batch: Any) -> Any:
            weights, slots = state
            loss, gradients = jax.value_and_grad(loss_of)(weights, x[batch], y[batch])
            state = model.optimizer.stateless_apply(slots, gradients, weights)
            return state, loss * len(batch)  # the last batch is smaller

        order = jax.random.permutation(key, n)
        state, losses = jax.lax.scan(step, state, order[: n - rest].reshape(-1, BATCH_SIZE))
        total = jnp.sum(losses)
        if rest:
            state, last = step(state, order[n - rest :])
            total += last
        return state, total / n

    state = (
        [v.value for v in model.trainable_variables],
        [v.value for v in model.optimizer.variables],
    )
    key = jax.random.key(seed)
    while True:
        key, this = jax.random.split(key)
        state, loss = epoch(state, this, x, y)
        for variable, value in zip(model.trainable_variables, state[0], strict=True):
            variable.assign(value)
        yield float(loss)


def keras_epochs(model: keras.Model, inputs: Any, targets: Any, seed: int) -> Iterator[float]:
    """Do the same with `fit`, the epoch's steps in one call of the compiled function."""
    while True:
        history = model.fit(inputs, targets, batch_size=BATCH_SIZE, epochs=1, verbose=0)
        yield history.history["loss"][0]


def train(name: str, data: Dataset, epochs: int, seed: int) -> dict[str, Any]:
    """Train a network and return its record for results/reproduction.json."""
    set_seed(seed)
    rng = np.random.default_rng(seed)
    inputs, targets = RECIPES[name].pairs(data.x_train, rng)
    x_test, y_test = RECIPES[name].pairs(data.x_test, rng)
    # PyTorch takes one step a call.
    steps = 1 if keras.backend.backend() == "torch" else -(-len(inputs) // BATCH_SIZE)
    model = RECIPES[name].build()
    trainer = fuse_layers(model)
    trainer.compile(optimizer=rmsprop(), loss="mean_squared_error", steps_per_execution=steps)
    epoch = jax_epochs if keras.backend.backend() == "jax" else keras_epochs
    start = time.perf_counter()  # compilation counts
    training = epoch(trainer, inputs, targets, seed)
    loss = [next(training) for _ in tqdm(range(epochs), desc=name, unit="epoch")]
    seconds = time.perf_counter() - start
    check_alive(model, x_test[:256])
    return {
        "model": name,
        "profile": "full" if epochs == 50 and len(data.x_train) == 60_000 else "quick",
        "epochs": epochs,
        "batch_size": BATCH_SIZE,
        "seed": seed,
        **runtime_info(),
        "dataset": {"name": data.name, "sha256": data.sha256},
        "params": model.count_params(),
        "loss": [round(value, 6) for value in loss],
        "test_mse": round(reconstruction_error(y_test, model.predict(x_test, verbose=0)), 6),
        "seconds": round(seconds, 1),
        "date": datetime.now(UTC).date().isoformat(),
    }


def table(records: list[dict[str, Any]]) -> str:
    """Return one line a network: what was trained, how long, with what loss, on what."""
    lines = ["model      epochs  seconds  final loss  test error  device"]
    lines += [
        f"{r['model']:<10} {r['epochs']:>6} {r['seconds']:>8.1f} {r['loss'][-1]:>11.4f} "
        f"{r['test_mse']:>11.4f}  {r['device']} ({r['backend']}, {r['precision']})"
        for r in records
    ]
    total = sum(r["seconds"] for r in records)
    return "\n".join([*lines, f"{'together':<10} {'':>6} {total:>8.1f}"])


def execute_chapters(names: list[str], folder: Path, preset: str, data: str) -> None:
    """Execute the named chapters, or all, into `folder`, and print how long each took."""
    # Here, because training alone does not need the notebook tools.
    from tools.book import door
    from tools.chapters import chosen
    from tools.execute import execute
    from tools.pairs import read_text, write_notebook

    folder.mkdir(parents=True, exist_ok=True)
    for chapter in chosen(names):
        notebook = read_text(chapter.text)
        environment = {"AE_PROFILE": preset, "AE_DATASET": data}
        before, after = door(chapter, None, store=False)
        seconds, _ = execute(notebook, ROOT / "chapters", environment, before, after)
        write_notebook(folder / f"{chapter.name}.ipynb", notebook)
        print(f"{chapter.name:<28} {seconds:7.1f} s", flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nets", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--images", type=int, default=60_000, help="of each set, the first so many")
    parser.add_argument("--out", type=Path, default=REPRODUCTION, help="where the runs go")
    parser.add_argument("--no-chapters", action="store_true", help="train only")
    parser.add_argument("--cpu", action="store_true", help="go on although there is no GPU")
    options = parser.parse_args(arguments)
    if options.epochs < 1 or not BATCH_SIZE <= options.images <= 60_000:
        parser.error(f"--epochs is at least 1, --images from {BATCH_SIZE} to 60,000.")
    backend = keras.backend.backend()
    if not gpu_names(backend) and not options.cpu:
        sys.exit(f"Keras on {backend} sees no GPU. To try the path on the CPU: --cpu.")
    whole = load_mnist()
    need_mnist(whole, options.out, REPRODUCTION)
    print(whole)
    names = ("x_train", "y_train", "x_test", "y_test")
    few = {name: getattr(whole, name)[: options.images] for name in names}
    data = dataclasses.replace(whole, **few)
    records = [train(name, data, options.epochs, set_seed()) for name in options.nets]
    print(table(records))
    add_runs(records, options.out)
    if not options.no_chapters:
        folder = ROOT / "_build" / "gpu"
        print(f"The chapters, executed in the full preset into {folder}; seconds each:")
        execute_chapters([], folder, "full", whole.name)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Nothing was recorded.")
