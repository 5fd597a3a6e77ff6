"""Measure this course against the lecture's code and against PyTorch, each in its own process.

python -m tools.bench [SECTION ...] [--repeats 7] [--rivals PYTHON]

Sections: training, tsne, start, scale; by default all. --rivals names the Python of an
environment with PyTorch and openTSNE (`make bench` makes one). Seven repeats, since the epochs of
the lecture's code differ: some wait for TensorFlow's tuner (`ae_lib/_fused.py`). Results go to
results/bench.json, which the page on speed and scale shows; nothing else should run meanwhile.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ae_lib import RECIPES, load_mnist, runtime_info
from ae_lib.recipes import BATCH_SIZE
from tools import rivals
from tools.results import RESULTS, ROOT, need_mnist, write_record

PATH = RESULTS / "bench.json"
TRAIN_SIZES = (1_000, 3_000, 10_000, 30_000, 60_000)
TSNE_SIZES = {"scikit-learn": (1_000, 3_000, 10_000), "openTSNE": (1_000, 10_000, 70_000)}


def seconds_of_epochs(fit: Callable[[int], Any], images: int, repeats: int) -> list[float]:
    """Return the seconds of epochs over `images` images, after a short one that compiles.

    The short one has a last batch as small as the others' last one, so that nothing is left to
    compile.
    """
    fit(min(images, 10 * BATCH_SIZE + images % BATCH_SIZE))
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        fit(images)
        seconds.append(round(time.perf_counter() - start, 3))
    return seconds


def train(model: str, variant: str, images: int, repeats: int) -> dict[str, Any]:
    """Time epochs of one network: the lecture's code as printed, or the course's."""
    import keras

    from ae_lib import denoising_autoencoder, rmsprop, set_seed
    from ae_lib._fused import fuse_layers
    from ae_lib._validation import check_name

    check_name(model, RECIPES)
    set_seed(0)
    inputs, targets = RECIPES[model].pairs(load_mnist().x_train[:images])
    if variant == "lecture":
        build = RECIPES[model].build
        net = denoising_autoencoder("glorot_uniform") if model == "denoising" else build()
        net.compile(optimizer="RMSprop", loss="mean_squared_error")
    else:
        net = fuse_layers(RECIPES[model].build())
        net.compile(optimizer=rmsprop(), loss="mean_squared_error")

    def fit(n: int) -> None:
        net.fit(inputs[:n], targets[:n], batch_size=BATCH_SIZE, verbose=0)

    return {
        "seconds": seconds_of_epochs(fit, images, repeats),
        "precision": keras.config.dtype_policy().name,
        "peak_mib": rivals.peak_mib(),
    }


def tsne(variant: str) -> dict[str, Any]:
    """Time the map of the 10,000 codes: the lecture's line, or the course's."""
    from sklearn.manifold import TSNE

    from ae_lib import trustworthiness

    codes = codes_of_mnist(10_000)
    start = time.perf_counter()
    options = {} if variant == "lecture" else {"random_state": 0, "n_jobs": -1}
    points = TSNE(n_components=2, **options).fit_transform(codes)
    seconds = time.perf_counter() - start
    return {
        "seconds": [round(seconds, 2)],
        "trustworthiness": round(trustworthiness(codes, points), 4),
        "peak_mib": rivals.peak_mib(),
    }


def codes_of_mnist(n: int) -> np.ndarray:
    """Return the codes of the first `n` images, the test set first, by the stored network."""
    from ae_lib import as_vectors, encoder_of, load_pretrained

    data = load_mnist()
    images = np.concatenate([data.x_test, data.x_train])[:n]
    return encoder_of(load_pretrained("dense")).predict(as_vectors(images), verbose=0)


def start(what: str) -> dict[str, Any]:
    """Time what a student waits for first. Cold and warm are the first and the second call."""
    if what == "import":
        code = (
            "import time; begin = time.perf_counter(); import ae_lib; "
            "print(time.perf_counter() - begin)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            encoding="utf-8",
        )
        return {"seconds": [round(float(done.stdout), 3)]}
    begin = time.perf_counter()
    load_mnist()
    if what == "load again":
        begin = time.perf_counter()
        load_mnist()
    return {"seconds": [round(time.perf_counter() - begin, 3)]}


def measure(python: Path, module: str, *arguments: Any) -> dict[str, Any]:
    """Run one measurement in a process of its own and return what it prints last."""
    command = [python, "-m", module, "measure", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(
            f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}\nThis measurement failed: {command}"
        )
    return json.loads(done.stdout.splitlines()[-1])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--rivals", type=Path, help="Python with PyTorch and openTSNE")
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument("--images", type=int, default=60_000, help="an epoch's, for a quick try")
    options = parser.parse_args(arguments)
    sections = {"training": training, "tsne": maps, "start": starts, "scale": scale}
    if unknown := set(options.sections) - set(sections):
        parser.error(f"no section {sorted(unknown)}; there are {list(sections)}")
    if options.rivals is None:
        print("No --rivals: PyTorch and openTSNE are left out.")
    content = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {}
    data = load_mnist()
    need_mnist(data, options.out, PATH)
    for name in options.sections or sections:
        rows = sections[name](options)
        made = {
            **runtime_info(),
            "dataset": {"name": data.name, "sha256": data.sha256},
            "date": datetime.now(UTC).date().isoformat(),
        }
        made.pop("precision")  # each row states its own
        content[name] = {"made_with": made, "rows": rows}
        write_record(options.out, content)
        for row in rows:
            median = statistics.median(row["seconds"])
            print(*(v for k, v in row.items() if k != "seconds"), f"{median:.2f} s", sep="  ")


def training(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure one epoch of each network in each way."""
    ours = Path(sys.executable)
    jobs: list[tuple[str, str, tuple[Any, ...]]] = []
    for model in RECIPES:
        for variant in ("lecture", "course"):
            jobs.append((model, variant, (ours, "tools.bench", "train")))
        if options.rivals:
            jobs.append((model, "torch channels_last", (options.rivals, "tools.rivals", "train")))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for model, variant, call in tqdm(jobs, desc="training", unit="job"):
            extra = [model, variant, options.images, options.repeats]
            if call[1] == "tools.rivals":
                extra.append(stored_pairs(model, options.images, Path(folder)))
            rows.append({"model": model, "variant": variant, **measure(*call, *extra)})
    return rows


def stored_pairs(model: str, images: int, folder: Path) -> Path:
    """Write a network's inputs and targets for an environment that has no Keras."""
    path = folder / f"{model}.npz"
    if not path.is_file():
        inputs, targets = RECIPES[model].pairs(load_mnist().x_train[:images])
        np.savez(path, inputs=inputs, targets=targets)
    return path


def maps(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure t-SNE of the 10,000 codes."""
    ours = Path(sys.executable)
    return [
        {"variant": variant, **measure(ours, "tools.bench", "tsne", variant)}
        for variant in tqdm(("lecture", "course"), desc="t-SNE", unit="job")
    ]


def starts(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure importing the package and loading the data."""
    ours = Path(sys.executable)
    rows = []
    for what in tqdm(("import", "load", "load again"), desc="start", unit="job"):
        runs = [measure(ours, "tools.bench", "start", what) for _ in range(options.repeats)]
        rows.append({"what": what, "seconds": [run["seconds"][0] for run in runs]})
    return rows


def scale(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure time and memory against the number of images."""
    ours = Path(sys.executable)
    rows = []
    for model in RECIPES:
        for n in tqdm(TRAIN_SIZES, desc=f"epoch of {model}", unit="job"):
            found = measure(ours, "tools.bench", "train", model, "course", n, 1)
            rows.append({"what": f"one epoch, {model}", "n": n, **found})
    with tempfile.TemporaryDirectory() as folder:
        codes = Path(folder, "codes.npy")
        np.save(codes, codes_of_mnist(70_000))
        for library, sizes in TSNE_SIZES.items():
            python = ours if library == "scikit-learn" else options.rivals
            if python is None:
                continue
            for n in tqdm(sizes, desc=f"t-SNE, {library}", unit="job"):
                found = measure(python, "tools.rivals", "tsne", library, n, codes)
                rows.append({"what": f"t-SNE, {library}", "n": n, **found})
    return rows


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        _, _, kind, *rest = sys.argv
        if kind == "train":
            print(json.dumps(train(rest[0], rest[1], int(rest[2]), int(rest[3]))))
        else:
            print(json.dumps({"tsne": tsne, "start": start}[kind](*rest)))
    else:
        main()
