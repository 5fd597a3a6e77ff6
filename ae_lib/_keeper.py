"""Trainings that survive an interruption: the state of each epoch, kept in files of a folder."""

import hashlib
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ae_lib._machine import runtime_info
from ae_lib._validation import BROKEN_ARCHIVE

# Of what `compile` is told: what is looked at by itself, and what changes only the speed.
APART = ("optimizer", "steps_per_execution")


def training_key(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    compiled_as: dict[str, Any],
    options: dict[str, Any],
) -> str:
    """Return a name for a training: the same one for the same layers, start, optimizer and data.

    Parameters
    ----------
    model : keras.Model
        Built, and not trained yet.
    optimizer : keras.optimizers.Optimizer
        What will train it.
    compiled_as, options : dict
        The arguments of its ``compile`` and ``fit``, which was given arrays ``x`` and ``y``.
    """
    digest = hashlib.sha256(keras.backend.backend().encode())
    for layer in model.layers:
        digest.update(f"{type(layer).__name__} {_config_of(layer)}".encode())
    for weight in model.get_weights():
        digest.update(np.ascontiguousarray(weight).data)
    settings = optimizer.get_config()
    settings.pop("name", None)
    said = {k: str(v) for k, v in compiled_as.items() if v is not None and k not in APART}
    fit = {k: v for k, v in options.items() if k in ("batch_size", "shuffle", "validation_split")}
    digest.update(json.dumps([settings, said, fit], sort_keys=True, default=str).encode())
    for name in ("x", "y"):
        digest.update(np.ascontiguousarray(options[name]).data)
    return digest.hexdigest()[:12]


def _config_of(layer: keras.layers.Layer) -> str:
    """Return all that a layer was told, but for its name, which counts the layers of a kernel."""
    try:
        config = layer.get_config()
    except (NotImplementedError, TypeError, ValueError):  # a layer that cannot say it
        return os.urandom(8).hex()  # is like no other
    config.pop("name", None)
    return json.dumps(config, sort_keys=True, default=str)


class Keeper(keras.callbacks.Callback):
    """Keeps the state of each epoch, and the logs and times of all, in files of a folder.

    Two files in turn, each written under another name first: one is whole even if the power fails
    while the other is written.
    """

    def __init__(self, folder: Path | None, epochs: int) -> None:
        super().__init__()
        self.folder, self.last = folder, epochs
        self.epochs: list[dict[str, float]] = []
        self.seconds: list[float] = []
        # Where the training began; it may end on another machine.
        self.made_with = {**runtime_info(), "date": datetime.now(UTC).date().isoformat()}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self.start)
        self.epochs.append({key: float(value) for key, value in (logs or {}).items()})
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"epoch-{epoch + 1:04}.npz"
        # Two notebooks may train the same at the same time.
        temporary = path.with_suffix(f".{os.getpid()}.npz")
        state = {str(i): np.asarray(v) for i, v in enumerate(_variables(self.model))}
        log = json.dumps(
            {"epochs": self.epochs, "seconds": self.seconds, "made_with": self.made_with}
        ).encode()
        np.savez(temporary, log=np.frombuffer(log, "uint8"), **state)  # type: ignore[arg-type]
        temporary.replace(path)
        for old in self._saved()[2:]:
            old.unlink(missing_ok=True)

    def restore(self, model: keras.Model) -> int:
        """Load the newest state that is whole, and return how many epochs it had."""
        for path in self._saved():
            try:
                with np.load(path, allow_pickle=False) as archive:
                    log = json.loads(archive["log"].tobytes())
                    state = [archive[str(i)] for i in range(len(archive.files) - 1)]
                    epochs, seconds, made_with = log["epochs"], log["seconds"], log["made_with"]
            except (KeyError, *BROKEN_ARCHIVE) as error:
                print(f"{path} is broken ({error}): passed over.", file=sys.stderr)
                continue
            model.optimizer.build(model.trainable_variables)
            variables = _variables(model)
            for variable, array in zip(variables, state, strict=True):
                variable.assign(array)
            self.epochs, self.seconds, self.made_with = epochs, seconds, made_with
            return len(epochs)
        return 0

    def _saved(self) -> list[Path]:
        """Return the files of finished epochs, the newest first.

        A state with more epochs than are asked for is a longer training's: it is left alone.
        """
        if self.folder is None:
            return []
        found = self.folder.glob("epoch-[0-9][0-9][0-9][0-9].npz")
        return sorted((p for p in found if int(p.stem.split("-")[1]) <= self.last), reverse=True)


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.weights, *model.optimizer.variables]
