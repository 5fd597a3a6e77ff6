"""The state of a training after each epoch, so that it can go on after an interruption."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ae_lib._validation import BROKEN_ARCHIVE


class EpochKeeper(keras.callbacks.Callback):
    """Keeps the state of each epoch, and the logs and times of all, in files of a folder.

    Two files in turn, each written under another name first: one is whole even if the power fails
    while the other is written.
    """

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self.folder = folder
        self.epochs: list[dict[str, float]] = []
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self.start)
        self.epochs.append({key: float(value) for key, value in (logs or {}).items()})
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"epoch-{epoch + 1:04}.npz"
        temporary = path.with_suffix(".tmp.npz")
        state = {str(i): np.asarray(v) for i, v in enumerate(_variables(self.model))}
        log = json.dumps({"epochs": self.epochs, "seconds": self.seconds}).encode()
        np.savez(temporary, log=np.frombuffer(log, "uint8"), **state)  # type: ignore[arg-type]
        temporary.replace(path)
        for old in self._saved()[2:]:
            old.unlink()

    def restore(self, model: keras.Model) -> int:
        """Load the newest state that is whole, and return how many epochs it had."""
        for path in self._saved():
            try:
                with np.load(path, allow_pickle=False) as archive:
                    log = json.loads(archive["log"].tobytes())
                    state = [archive[str(i)] for i in range(len(archive.files) - 1)]
                    epochs, seconds = log["epochs"], log["seconds"]
            except (KeyError, *BROKEN_ARCHIVE) as error:
                print(f"{path} is broken ({error}): passed over.", file=sys.stderr)
                continue
            model.optimizer.build(model.trainable_variables)
            variables = _variables(model)
            if [v.shape for v in variables] != [array.shape for array in state]:
                raise RuntimeError(
                    f"{path} is the state of another network or optimizer. Delete the folder "
                    f"{path.parent}, and training starts from the beginning."
                )
            for variable, array in zip(variables, state, strict=True):
                variable.assign(array)
            self.epochs, self.seconds = epochs, seconds
            return len(epochs)
        return 0

    def _saved(self) -> list[Path]:
        """Return the files of finished epochs, the newest first."""
        if self.folder is None:
            return []
        return sorted(self.folder.glob("epoch-[0-9][0-9][0-9][0-9].npz"), reverse=True)


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.weights, *model.optimizer.variables]
