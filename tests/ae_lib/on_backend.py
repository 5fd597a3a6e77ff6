"""Run by test_backends.py under another Keras backend: load weights, predict, train one step.

python on_backend.py FOLDER     reads <name>.weights.h5 and x.npz there, writes <name>.json, .npz
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np

from ae_lib import RECIPES, rmsprop


def main(folder: Path) -> None:
    with np.load(folder / "x.npz") as stored:
        inputs = dict(stored)
    for name, recipe in RECIPES.items():
        x = inputs[name]
        model = recipe.build()
        model.load_weights(folder / f"{name}.weights.h5")
        loaded = model.predict(x, verbose=0)
        model.compile(optimizer=rmsprop(), loss="mean_squared_error")
        losses = [float(model.train_on_batch(x, x)) for _ in range(2)]
        model.save_weights(folder / f"{name}.stepped.weights.h5")
        np.savez(folder / f"{name}.npz", loaded=loaded, stepped=model.predict(x, verbose=0))
        report = {
            "backend": keras.backend.backend(),
            "params": model.count_params(),
            "losses": losses,
        }
        (folder / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
