"""The longer runs behind chapter 8: their records, and each tool once with little to do."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import jsonschema
import pytest
from helpers.repository import ROOT, copy_of_the_repository

from ae_lib import load_mnist, load_results
from tools import bench, experiments, gpu, train_distributed
from tools.results import RESULTS

RECORDS = sorted(RESULTS.glob("*.schema.json"))


@pytest.fixture(scope="module")
def few():
    data = load_mnist()
    return dataclasses.replace(
        data,
        x_train=data.x_train[:1280],
        y_train=data.y_train[:1280],
        x_test=data.x_test[:256],
        y_test=data.y_test[:256],
    )


@pytest.mark.parametrize("schema", RECORDS, ids=lambda p: p.name)
def test_records_are_what_their_schema_says(schema):
    name = schema.name.removesuffix(".schema.json")
    content = load_results(name)
    rules = json.loads(schema.read_text())
    jsonschema.validate(content, rules)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**content, "typed by hand": 1}, rules)


def test_an_unknown_record_is_named():
    with pytest.raises(ValueError, match="name is 'hearsay'"):
        load_results("hearsay")


def test_all_seeds_of_all_networks_are_recorded():
    groups = load_results("experiments")["groups"]
    for name, trials in experiments.EXPERIMENTS.items():
        for trial in trials:
            wanted = {k: v for k, v in dataclasses.asdict(trial).items() if k != "seeds"}
            (found,) = (g for g in groups if wanted.items() <= g.items())
            assert {run["seed"] for run in found["runs"]} == set(range(trial.seeds)), name
            assert found["made_with"]["dataset"]["name"] == "mnist"
            assert found["made_with"]["train_images"] == 60_000


def test_a_trial_is_stored_run_by_run_and_not_repeated(few, tmp_path, monkeypatch):
    path = tmp_path / "experiments.json"
    trial = experiments.Trial("denoising", output_initializer="glorot_uniform", seeds=2)
    experiments.run_trial(dataclasses.replace(trial, seeds=1), few, path)
    first = json.loads(path.read_text())["groups"][0]["runs"]
    experiments.run_trial(trial, few, path)
    (group,) = json.loads(path.read_text())["groups"]
    assert [run["seed"] for run in group["runs"]] == [0, 1]
    assert group["runs"][:1] == first
    assert group["runs"][0]["loss"] != group["runs"][1]["loss"]

    def no_training(*arguments):
        raise AssertionError("it was stored already")

    monkeypatch.setattr(experiments, "train", no_training)
    experiments.run_trial(trial, few, path)
    with pytest.raises(AssertionError, match="stored already"):
        experiments.run_trial(trial, few, path, anew=True)


def test_experiments_refuse_the_standin(monkeypatch):
    monkeypatch.setenv("AE_DATASET", "standin")
    with pytest.raises(SystemExit, match="are of MNIST"):
        experiments.main(["epsilon"])


def test_the_loop_on_the_device_trains_as_keras_does(tmp_path):
    out = tmp_path / "reproduction.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tools.gpu", "--cpu", "--no-chapters"),
            *("--epochs=1", "--images=1300", f"--out={out}"),
        ],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "together" in done.stdout
    data = load_mnist()
    # Not a whole number of batches: the last one is smaller.
    part = dataclasses.replace(data, x_train=data.x_train[:1300], y_train=data.y_train[:1300])
    on_jax = json.loads(out.read_text())["runs"]
    assert [run["model"] for run in on_jax] == ["conv", "denoising", "dense"]
    for run in on_jax:
        assert (run["backend"], run["profile"]) == ("jax", "quick")
        here = gpu.train(run["model"], part, epochs=1, seed=0)  # on TensorFlow
        # The batches are drawn differently.
        assert run["loss"] == pytest.approx(here["loss"], rel=0.15)
        assert run["test_mse"] == pytest.approx(here["test_mse"], rel=0.25)


def test_no_gpu_is_an_error_unless_it_is_wanted(monkeypatch):
    monkeypatch.setattr(gpu, "gpu_names", lambda backend: [])
    with pytest.raises(SystemExit, match="sees no GPU"):
        gpu.main([])


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("tools.bench", ("train", "conv", "course", 256, 2)),
        ("tools.bench", ("start", "import")),
    ],
)
def test_a_measurement(module, arguments):
    found = bench.measure(sys.executable, module, *arguments)
    assert all(second >= 0 for second in found["seconds"])


def test_a_failed_measurement_stops_the_bench():
    with pytest.raises(SystemExit, match=r"Error: name is 'other'[\s\S]*measurement failed"):
        bench.measure(sys.executable, "tools.bench", "train", "other", "lecture", 256, 1)


def distributed(folder, *arguments):
    return subprocess.Popen(
        [
            *(sys.executable, "-u", "-m", "tools.train_distributed"),
            *("--images=12800", f"--checkpoint={folder}", *arguments),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def final_loss(output):
    (line,) = (line for line in output.splitlines() if line.startswith("final loss"))
    return float(line.split()[2])


def test_two_processes_train_as_one_and_a_lost_one_is_no_loss(tmp_path):
    one = distributed(tmp_path / "one", "--processes", "1", "--epochs", "4")
    alone, _ = one.communicate(timeout=120)
    assert one.returncode == 0, alone

    folder = tmp_path / "two"
    run = distributed(folder, "--epochs", "4")
    pids = next(line for line in run.stdout if line.startswith("processes:")).split()[1:]
    whole = folder / "dense" / "training_metadata.json"
    deadline = time.monotonic() + 120
    while not whole.is_file():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(int(pids[1]), signal.SIGKILL)
    output, _ = run.communicate(timeout=60)
    assert run.returncode == 1, output
    assert "goes on after the last checkpoint" in output

    again = distributed(folder, "--epochs", "4")
    output, _ = again.communicate(timeout=120)
    assert again.returncode == 0, output
    assert "Going on after the last checkpoint" in output
    assert final_loss(output) == pytest.approx(final_loss(alone), rel=0.02)
    assert not folder.exists(), "a finished run leaves no checkpoint for the next one"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--processes", "3"], "does not divide the batch"),
        (["--process-id", "0"], "belong together"),
        (["--process-id", "2", "--address", "localhost:1"], "from 0 to 1"),
        (["--images", "60001"], "from 128 to 60,000"),
    ],
)
def test_wrong_arguments_of_the_distributed_run(arguments, message, capsys):
    with pytest.raises(SystemExit):
        train_distributed.main(arguments)
    assert message in capsys.readouterr().err


SLOW_CHAPTER = """\
---
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Slow

```{code-cell} ipython3
import time, keras, numpy as np
from ae_lib import dense_autoencoder
x = np.random.default_rng(0).random((256, 784), dtype="float32")
model = dense_autoencoder()
model.compile(optimizer="sgd", loss="mean_squared_error")
pause = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: time.sleep(0.5))
history = model.fit(x, x, epochs=8, verbose=0, callbacks=[pause])
print(len(history.history["loss"]), "epochs")
```
"""


def test_a_killed_run_goes_on_and_leaves_nothing_half_written(tmp_path):
    copy = copy_of_the_repository(tmp_path)
    text = copy / "chapters" / "99_slow.md"
    text.write_text(SLOW_CHAPTER)
    before = {path: path.read_bytes() for path in (copy / "results").iterdir()}
    command = [sys.executable, "-m", "tools.book", "run", "99_slow", "--profile", "full"]
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    run = subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not (logs := list(copy.glob("_build/unfinished/*/dense/epochs.json"))) or (
        len(json.loads(logs[0].read_text())) < 3
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)  # the tool and the kernel at once, as a power cut would
    run.wait()
    assert not text.with_suffix(".ipynb").exists()
    assert {path: path.read_bytes() for path in (copy / "results").iterdir()} == before

    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    stored = text.with_suffix(".ipynb").read_text()
    assert "Going on after epoch" in stored
    assert "8 epochs" in stored
    assert not (copy / "_build" / "unfinished").exists()
