"""Time training in the page "Train an autoencoder" beside TensorFlow.js.

python -m tools.bench_demo [--rounds 7] [--steps 50] [--seeds 5]

Both train the same networks in one run of Chromium, on one thread each, in turns. Then the
lecture's network is trained to its end by the page's code and by Keras, on the same images and from
several seeds: both must end at the same error. Results go to results/bench_demo.json; nothing else
should run meanwhile.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tools.pdf import chromium
from tools.results import RESULTS, ROOT, write_record

sys.path.insert(0, str(ROOT / "site" / "_ext"))

from node_packages import NODE
from training_images import TESTS, dataset_at_hand, export, ten_thousand

PATH = RESULTS / "bench_demo.json"
WEB = ROOT / "tests" / "web"


def node(script: str, *arguments: Any) -> Any:
    """Return what a script in tests/web prints."""
    command = [NODE, WEB / script, *map(str, arguments)]
    run = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if run.returncode:
        raise SystemExit(f"{script} has failed; see above.")
    return json.loads(run.stdout)


def speeds(folder: Path, rounds: int, steps: int) -> dict[str, Any]:
    """Return steps per second of the page and of TensorFlow.js."""
    seen = node("bench_demo.mjs", chromium(), folder, rounds, steps)
    for result in seen["results"].values():
        for who, values in result["speeds"].items():
            result["speeds"][who] = [round(value, 1) for value in values]
        medians = {who: statistics.median(values) for who, values in result["speeds"].items()}
        result["times_as_fast"] = round(medians["page"] / medians["tfjs"], 1)
    return seen


def errors(folder: Path, seeds: int) -> dict[str, list[float]]:
    """Return the test errors of the lecture's network, trained by the page's code and by Keras."""
    import keras
    from keras.layers import Dense

    from ae_lib import as_vectors, rmsprop, set_seed

    images, labels = ten_thousand(dataset_at_hand())
    pixels = 17 * np.round(15 * images).astype("u1")  # as the picture has them
    (folder / "pixels.bin").write_bytes(pixels.tobytes())
    (folder / "labels.bin").write_bytes(labels.tobytes())
    vectors = as_vectors(pixels.astype("float32") / 255)
    train, test = vectors[~TESTS], vectors[TESTS]
    found: dict[str, list[float]] = {"page": [], "keras": []}
    for seed in range(seeds):
        seen = node("train_steps.mjs", "preset", "lecture", folder, seed)
        found["page"].append(round(seen["mse"], 5))
        set_seed(seed)
        # The lecture's network with Keras's own first weights, as the page has it.
        widths = (100, 20, 100, 784)
        layers = [Dense(width, activation="relu") for width in widths]
        model = keras.Sequential([keras.Input((784,)), *layers])
        model.compile(optimizer=rmsprop(), loss="mean_squared_error")
        model.fit(train, train, batch_size=128, epochs=50, verbose=0)
        found["keras"].append(round(float(model.evaluate(test, test, verbose=0)), 5))
        print(f"seed {seed}: page {found['page'][-1]}, Keras {found['keras'][-1]}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=50, help="steps of a round")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "site" / "demo", folder / "demo")
        data = dataset_at_hand()
        export(folder / "demo" / "data", data)
        record = {
            "made_by": "make bench-demo",
            "date": datetime.now(UTC).date().isoformat(),
            "dataset": data.name,
            **speeds(folder, options.rounds, options.steps),
            "lecture_test_error": errors(folder, options.seeds),
        }
    write_record(PATH, record)
    for name, result in record["results"].items():
        print(f"{name}: {result['times_as_fast']} times as fast as TensorFlow.js")


if __name__ == "__main__":
    main()
