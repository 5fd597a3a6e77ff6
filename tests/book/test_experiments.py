"""The longer runs that chapters cite: their records, and each tool once with little to do."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from helpers.repository import ROOT, copy_of_the_repository

from ae_lib import load_mnist, load_results
from tools import bench, experiments, gpu, width
from tools.results import RESULTS, add_runs


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


def test_an_unknown_record_is_named():
    with pytest.raises(ValueError, match="name is 'hearsay'"):
        load_results("hearsay")


def test_all_seeds_of_all_networks_are_recorded():
    for name, trials in experiments.EXPERIMENTS.items():
        for trial in trials:
            groups = load_results(experiments.record_of(trial).stem)["groups"]
            wanted = {k: v for k, v in dataclasses.asdict(trial).items() if k != "seeds"}
            (found,) = (g for g in groups if wanted.items() <= g.items())
            # An experiment may share a trial with one that asks for more seeds.
            assert {run["seed"] for run in found["runs"]} >= set(range(trial.seeds)), name
            assert found["made_with"]["dataset"]["name"] == "mnist"
            assert found["made_with"]["train_images"] == 60_000


def test_a_trial_is_stored_run_by_run_and_not_repeated(few, tmp_path, monkeypatch):
    path = tmp_path / "experiments.json"
    trial = experiments.Trial("denoising", output_initializer="glorot_uniform", seeds=2)
    experiments.run_trial(dataclasses.replace(trial, seeds=1), few, path)
    first = json.loads(path.read_text(encoding="utf-8"))["groups"][0]["runs"]
    experiments.run_trial(trial, few, path)
    (group,) = json.loads(path.read_text(encoding="utf-8"))["groups"]
    assert [run["seed"] for run in group["runs"]] == [0, 1]
    assert group["runs"][:1] == first
    assert group["runs"][0]["loss"] != group["runs"][1]["loss"]

    def no_training(*arguments):
        raise AssertionError("it was stored already")

    monkeypatch.setattr(experiments, "train", no_training)
    experiments.run_trial(trial, few, path)
    with pytest.raises(AssertionError, match="stored already"):
        experiments.run_trial(trial, few, path, anew=True)


def unfinished_of(folder, code_size):
    """Return the name of the file that holds the unfinished runs of a length."""
    files = {p.name: json.loads(p.read_text("utf-8")) for p in folder.glob("unfinished/*.json")}
    (name,) = (n for n, f in files.items() if f["groups"][0]["code_size"] == code_size)
    return name


def test_another_machines_trial_is_replaced_by_a_whole_one_only(few, tmp_path, monkeypatch):
    path = tmp_path / "experiments.json"
    trial = experiments.Trial("dense", seeds=2)
    elsewhere = {**experiments.runtime_info(), "device": "another machine"}
    with monkeypatch.context() as patch:
        patch.setattr(experiments, "runtime_info", lambda: elsewhere)
        experiments.run_trial(trial, few, path)
    theirs = path.read_text(encoding="utf-8")

    def another(*arguments):
        raise KeyboardInterrupt

    trained = []
    train = experiments.train

    def one_and_no_more(trial, seed, data):
        if trained:
            raise KeyboardInterrupt
        trained.append(seed)
        return train(trial, seed, data)

    with monkeypatch.context() as patch:
        patch.setattr(experiments, "train", one_and_no_more)
        with pytest.raises(KeyboardInterrupt):
            experiments.run_trial(trial, few, path)
    assert path.read_text(encoding="utf-8") == theirs

    # Another trial, begun and stopped meanwhile, costs the first one nothing.
    with monkeypatch.context() as patch:
        calls = iter([train, another])
        patch.setattr(experiments, "train", lambda t, s, d: next(calls)(t, s, d))
        with pytest.raises(KeyboardInterrupt):
            experiments.run_trial(dataclasses.replace(trial, code_size=5), few, path)
        (tmp_path / "unfinished").joinpath(unfinished_of(tmp_path, 5)).unlink()

    with monkeypatch.context() as patch:
        patch.setattr(experiments, "train", lambda t, s, d: trained.append(s) or train(t, s, d))
        experiments.run_trial(trial, few, path)
    assert trained == [0, 1], "a run was repeated, or left out"
    (group,) = json.loads(path.read_text(encoding="utf-8"))["groups"]
    assert group["made_with"]["device"] != "another machine"
    assert [run["seed"] for run in group["runs"]] == [0, 1]
    assert [p.name for p in tmp_path.rglob("*.json")] == ["experiments.json"]


def test_the_living_start_is_positive_for_every_image_and_depends_on_the_seed(few):
    images = few.x_test.reshape(-1, 784)
    starts = []
    for seed in (0, 1):
        model = experiments.build(experiments.LIVING, seed)
        assert model.count_params() == 161_804
        starts.append(model.predict(images, verbose=0))
        assert starts[-1].min() > 0
    assert (starts[0] != starts[1]).mean() > 0.99


@pytest.mark.parametrize("name", ["start_dense", "code_size", "output", "loss"])
def test_a_trial_of_the_dense_network_is_what_it_says(name):
    for trial in experiments.EXPERIMENTS[name]:
        model = experiments.build(trial, seed=0)
        code, output = model.get_layer("code"), model.layers[-1]
        assert (code.units, output.units) == (trial.code_size, 784)
        assert output.activation.__name__ == trial.output_activation
        assert getattr(model.loss, "__name__", model.loss) == trial.loss


@pytest.mark.parametrize("trial", width.TRIALS, ids=str)
def test_a_trial_of_widths_is_what_it_says(trial):
    model, encoder, decoder = width.build(trial, seed=0)
    hidden = [int(units) for units in trial.hidden.split("-")]
    assert [layer.units for layer in encoder.layers] == [*hidden, trial.code_size]
    assert [layer.units for layer in decoder.layers] == [*reversed(hidden), 784]
    assert encoder.layers[-1].activation.__name__ == "linear"
    assert decoder.layers[-1].activation.__name__ == trial.output_activation
    assert model.count_params() == encoder.count_params() + decoder.count_params()
    assert model.loss == trial.loss
    assert any(isinstance(layer, width.NestedDropout) for layer in model.layers) == trial.nested


def test_nested_dropout_keeps_beginnings_of_all_lengths_while_training():
    layer, codes = width.NestedDropout(seed=0), np.ones((20_000, 8), "float32")
    kept = np.asarray(layer(codes, training=True))
    lengths = kept.sum(axis=1)
    assert (kept == (np.arange(8) < lengths[:, None])).all()
    shares = [(lengths == m).mean() for m in range(1, 9)]
    expected = np.diff(np.log(np.arange(1, 10))) / np.log(9)
    assert sum(shares) == 1
    assert shares == pytest.approx(expected, abs=0.02)
    assert (np.asarray(layer(codes)) == 1).all()


def test_a_nested_network_is_judged_at_every_length(few):
    nested = dataclasses.replace(width.DENSE, code_size=64, nested=True, epochs=2, seeds=1)
    run = width.train(nested, 0, few)
    assert list(run["error"]) == [str(k) for k in width.LENGTHS]
    assert run["error"]["64"] == run["error_after_epoch"][-1]
    assert len(set(run["error"].values())) == len(width.LENGTHS)
    assert len(run["loss"]) == len(run["error_after_epoch"]) == 2


@pytest.mark.parametrize("z", [-30.0, -3.0, -0.1001, -0.0999, 0.0, 0.05, 0.1001, 2.0, 50.0])
def test_the_continuous_bernoulli_is_a_density_with_its_mean(z):
    grey = (np.arange(100_000) + 0.5) / 100_000
    density = np.exp(z * grey - max(z, 0.0))
    mass, x = density.mean(), 0.3
    loss = experiments.continuous_bernoulli(np.array([x], "float32"), np.array([z], "float32"))
    assert float(loss) == pytest.approx(np.log(mass) + max(z, 0.0) - z * x, abs=1e-5)
    mean = experiments.cb_mean(np.array([z], "float32"))
    assert float(mean[0]) == pytest.approx((grey * density).mean() / mass, abs=1e-5)


def test_judges_find_no_error_in_a_perfect_copy_and_cut_off_what_is_outside():
    images = np.array([[0.0, 1.0, 0.4]])
    perfect = experiments.judged(images, images)
    assert perfect["mse"] == 0
    assert perfect["bce_less_floor"] == pytest.approx(0, abs=1e-6)
    assert experiments.judged(np.array([[-1.0, 2.0, 0.4]]), images) == perfect
    black = experiments.judged(np.zeros((1, 3)), images)
    assert black["bce_less_floor"] > black["bce_less_floor_half_grey"] > 1


@pytest.mark.parametrize("white", [1, 255])
def test_silent_pixels_are_counted_and_their_error_shared_out(few, white):
    ink = (few.x_train.reshape(-1, 784) > 0.5).mean(axis=0)
    black = np.argsort(ink)[[0, -2, -1]]  # one that no digit needs and two that many need
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(784)])
    answer = np.full(784, float(white))
    answer[black] = 0.4 * white / 255
    model.set_weights([np.zeros((784, 784)), answer])
    found = experiments.silent_pixels(model, few, white)
    assert found["needed"] == (ink > 0.01).sum()
    assert (found["silent"], found["silent_needed"]) == (3, 2)
    assert found["silent_needed_in_test"] == 2
    error = ((answer / white - few.x_test.reshape(-1, 784)) ** 2).mean(axis=0)
    assert found["error_share"] == pytest.approx(error[black[1:]].sum() / error.sum(), rel=1e-3)
    assert found["test_mse_clipped"] == pytest.approx(error.mean(), rel=1e-4)


def test_experiments_refuse_the_standin(monkeypatch):
    monkeypatch.setenv("AE_DATASET", "standin")
    with pytest.raises(SystemExit, match="are of MNIST"):
        experiments.main(["epsilon"])


@pytest.mark.parametrize(
    ("tool", "arguments"), [(gpu, ["--cpu"]), (bench, ["start"])], ids=["gpu", "bench"]
)
def test_the_books_records_refuse_the_standin(tool, arguments, monkeypatch):
    monkeypatch.setenv("AE_DATASET", "standin")
    with pytest.raises(SystemExit, match="holds results of MNIST.*AE_DATA_DIR"):
        tool.main(arguments)


def test_runs_of_two_data_sets_stand_side_by_side(tmp_path):
    out = tmp_path / "reproduction.json"
    run = json.loads((RESULTS / "reproduction.json").read_text(encoding="utf-8"))["runs"][0]
    other = {**run, "dataset": {"name": "standin", "sha256": "0" * 64}}
    add_runs([run, other], out)
    add_runs([{**run, "seconds": 1.0}], out)
    kept = json.loads(out.read_text(encoding="utf-8"))["runs"]
    assert sorted(r["dataset"]["name"] for r in kept) == ["mnist", "standin"]
    assert [r["seconds"] for r in kept if r["dataset"]["name"] == "mnist"] == [1.0]


def said_on_jax(*arguments):
    """Run Python with Keras on JAX, and return what it prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_networks_are_trained_on_the_device(tmp_path):
    out = tmp_path / "reproduction.json"
    options = ("--cpu", "--no-chapters", "--epochs=1", "--images=1300", f"--out={out}")
    assert "together" in said_on_jax("-m", "tools.gpu", *options)
    runs = json.loads(out.read_text(encoding="utf-8"))["runs"]
    assert [run["model"] for run in runs] == ["conv", "denoising", "dense"]
    for run in runs:
        assert (run["backend"], run["profile"]) == ("jax", "quick")
        assert 0 < run["test_mse"] < 1


# Of one image, many times over, all batches are the same, whoever draws them, and so is the only
# batch of as many images as it holds: what the two loops make of the same weights differs by
# rounding alone. 300 is no whole number of batches; in the other each image has its own target.
BOTH_LOOPS = """
import numpy as np
from ae_lib import RECIPES, load_mnist, rmsprop, set_seed
from ae_lib.recipes import BATCH_SIZE
from tools.gpu import jax_epochs, keras_epochs

images = load_mnist().x_train
alike, one_batch = np.repeat(images[:1], 300, axis=0), images[:BATCH_SIZE]
for name, some in (("dense", alike), ("conv", alike), ("dense", one_batch)):
    recipe = RECIPES[name]
    inputs, targets = recipe.pairs(some, set_seed(0))
    ours, keras_own = recipe.build(), recipe.build()
    keras_own.set_weights(ours.get_weights())
    losses = []
    for model, epochs in ((ours, jax_epochs), (keras_own, keras_epochs)):
        model.compile(optimizer=rmsprop(), loss="mean_squared_error")
        training = epochs(model, inputs, targets, 0)
        losses.append([next(training) for _ in range(2)])
    np.testing.assert_allclose(*losses, rtol=1e-4, err_msg=name)
    assert losses[0][1] < losses[0][0], name
    for a, b in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-4, err_msg=name)
"""


def test_the_loop_on_the_device_trains_as_keras_does():
    said_on_jax("-c", BOTH_LOOPS)


def test_chapters_are_executed_after_the_trainings(tmp_path, capsys):
    gpu.execute_chapters(["speed_and_scale"], tmp_path, "quick", load_mnist().name)
    assert "speed_and_scale" in capsys.readouterr().out
    assert '"execution_count": 1,' in (tmp_path / "speed_and_scale.ipynb").read_text("utf-8")


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


SLOW_CHAPTER = """\
---
course: {stores: [dense]}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Slow

```{code-cell} ipython3
import time, keras, numpy as np
from ae_lib import dense_autoencoder, load_mnist, set_seed
data, seed = load_mnist(), set_seed()
x = np.random.default_rng(0).random((256, 784), dtype="float32")
model = dense_autoencoder()
model.compile(optimizer="sgd", loss="mean_squared_error")
pause = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: time.sleep(0.5))
history = model.fit(x, x, epochs=8, verbose=0, callbacks=[pause])
print(len(history.history["loss"]), "epochs")
```
"""


def seconds_of(state):
    """Return how long each epoch of a kept training took."""
    with np.load(state) as arrays:
        return json.loads(arrays["log"].tobytes())["seconds"]


def test_a_killed_run_goes_on_and_leaves_nothing_half_written(tmp_path):
    copy = copy_of_the_repository(tmp_path)
    # Only MNIST may be stored in the book; an interruption is the same on any data.
    tool, guard = copy / "tools" / "book.py", 'preset == "full" and data.name != "mnist"'
    source = tool.read_text(encoding="utf-8")
    assert source.count(guard) == 1
    tool.write_text(source.replace(guard, "False"), encoding="utf-8")
    text = copy / "chapters" / "99_slow.md"
    text.write_text(SLOW_CHAPTER, encoding="utf-8")
    before = {path: path.read_bytes() for path in (copy / "results").glob("*.json")}
    command = [sys.executable, "-m", "tools.book", "run", "99_slow", "--profile", "full"]
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    run = subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 240
    while not list(copy.glob("_build/trainings/full/*/epoch-000[3-7].npz")):
        assert time.monotonic() < deadline
        assert run.poll() is None, "it ended before it was killed"
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)  # the tool and the kernel at once, as a power cut would
    run.wait()
    newest = max(copy.glob("_build/trainings/full/*/epoch-000?.npz"))
    before_it = seconds_of(newest)
    assert len(before_it) >= 3
    assert not text.with_suffix(".ipynb").exists()
    assert {path: path.read_bytes() for path in (copy / "results").glob("*.json")} == before

    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    stored = text.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert "8 epochs" in stored
    (last,) = copy.glob("_build/trainings/full/*/epoch-0008.npz")
    seconds = seconds_of(last)
    assert len(seconds) == 8
    assert seconds[: len(before_it)] == before_it, "epochs were run again"
