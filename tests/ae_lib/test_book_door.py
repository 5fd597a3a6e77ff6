"""The door of the book's builder: the lecture's cells train as they say, faster and resumably."""

import json

import keras
import numpy as np
import pytest

from ae_lib import RECIPES, Dataset, _book, _keeper, load_mnist, load_or_train, rmsprop, set_seed
from ae_lib.pretrained import read_weights


@pytest.fixture(scope="module")
def tiny():
    images = load_mnist().x_train[:700]
    labels = np.zeros(len(images), "uint8")
    return Dataset(images, labels, images[:100], labels[:100], "standin", "0" * 64)


@pytest.fixture(autouse=True)
def closed():
    """The door is shut after each test, whatever happened in it."""
    yield
    _book.uninstall()


def train(tiny, name="dense", epochs=2, images=700, metrics=None, callbacks=None, **options):
    """Do what a chapter's visible cells do."""
    set_seed(0)
    model = RECIPES[name].build()
    inputs, targets = RECIPES[name].pairs(tiny.x_train[:images], 0)
    model.compile(optimizer=rmsprop(), loss="mean_squared_error", metrics=metrics)
    history = model.fit(
        inputs, targets, batch_size=128, epochs=epochs, verbose=0, callbacks=callbacks, **options
    )
    return model, history


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_stored_is_what_the_visible_code_gives(tiny, name):
    """Three steps: rounding grows with each one, because RMSprop divides by small numbers."""
    plain, history = train(tiny, name, epochs=1, images=300)
    _book.install()
    model, through = train(tiny, name, epochs=1, images=300)
    assert through.model is model
    assert through.history.keys() == history.history.keys()
    assert through.epoch == history.epoch
    np.testing.assert_allclose(through.history["loss"], history.history["loss"], rtol=1e-5)
    for ours, theirs in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-4)
    x = RECIPES[name].pairs(tiny.x_test, 0)[0]
    np.testing.assert_allclose(model.predict(x, verbose=0), plain.predict(x, verbose=0), atol=1e-3)


def test_without_the_door_keras_is_as_it_was(tiny):
    before = keras.Model.fit, keras.Model.compile
    _book.install()
    assert keras.Model.fit is not before[0]
    _book.uninstall()
    assert (keras.Model.fit, keras.Model.compile) == before


def test_it_opens_only_once():
    _book.install()
    with pytest.raises(RuntimeError, match="installed already"):
        _book.install()


def test_a_second_fit_goes_on_where_the_first_ended(tiny):
    _book.install()
    model, history = train(tiny, epochs=1)
    inputs, targets = RECIPES["dense"].pairs(tiny.x_train)
    more = model.fit(inputs, targets, batch_size=128, verbose=0)
    assert int(model.optimizer.iterations) == 12
    assert more.history["loss"][0] < history.history["loss"][0]
    assert model.evaluate(inputs, targets, verbose=0) < more.history["loss"][0]


class Own(keras.Model):
    """A network whose training is its own, as a variational autoencoder's is."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(784)
        self.steps = 0

    def call(self, x):
        return self.dense(x)

    def train_step(self, *arguments):
        self.steps += 1
        return super().train_step(*arguments)


def test_a_network_with_its_own_training_step_keeps_it(tiny, tmp_path):
    _book.install(state_dir=tmp_path)
    model, x = Own(), tiny.x_train.reshape(-1, 784)
    model.build((None, 784))
    model.compile(optimizer="sgd", loss="mean_squared_error")
    assert len(model.fit(x, x, epochs=2, verbose=0).history["loss"]) == 2
    assert model.steps
    assert list(tmp_path.glob("*/*.npz")), "resumable, too"


class Stop(keras.callbacks.Callback):
    """Stands for Ctrl-C in the middle of an epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def interrupted(tiny, folder, epochs=5):
    """Stop in the third epoch, and open the door again as a new kernel does."""
    _book.install(state_dir=folder)
    with pytest.raises(KeyboardInterrupt):
        train(tiny, epochs=epochs, metrics=["mae"], callbacks=[Stop()])
    _book.uninstall()
    _book.install(state_dir=folder)


def test_training_goes_on_after_an_interruption(tiny, tmp_path, capsys):
    whole = train(tiny, epochs=2, metrics=["mae"])[1].history
    interrupted(tiny, tmp_path)
    assert _book.resumed() == 0
    model, history = train(tiny, epochs=5, metrics=["mae"])
    assert _book.resumed() == 1, "so that the time is not taken for that of the chapter"
    captured = capsys.readouterr()
    assert "Going on after epoch 2" in captured.err  # the builder stores no stderr
    assert "Going on" not in captured.out
    assert history.epoch == list(range(5))
    assert {key: len(values) for key, values in history.history.items()} == {"loss": 5, "mae": 5}
    np.testing.assert_allclose(history.history["loss"][:2], whole["loss"], rtol=1e-5)
    assert history.history["loss"][4] < history.history["loss"][2] < history.history["loss"][1]
    assert int(model.optimizer.iterations) == 5 * 6
    assert len(list(tmp_path.glob("*/*"))) == 2  # two in turn

    _book.uninstall()
    _book.install(state_dir=tmp_path)
    again, complete = train(tiny, epochs=5, metrics=["mae"])  # nothing is left to train
    assert complete.history == history.history
    np.testing.assert_array_equal(model.get_weights()[0], again.get_weights()[0])


def test_resumed_steps_are_those_of_an_uninterrupted_run(tiny, tmp_path):
    """Optimizer and weights come back: without shuffling, all steps are the same."""

    def unshuffled(epochs):
        set_seed(0)
        model, x = RECIPES["dense"].build(), tiny.x_train.reshape(-1, 784)
        model.compile(optimizer=rmsprop(), loss="mean_squared_error")
        return model.fit(x, x, epochs=epochs, shuffle=False, verbose=0).history["loss"]

    whole = unshuffled(4)
    _book.install(state_dir=tmp_path)
    unshuffled(2)
    _book.uninstall()
    _book.install(state_dir=tmp_path)
    np.testing.assert_allclose(unshuffled(4), whole, rtol=1e-5)


class Noise(keras.layers.Layer):
    """A layer of a chapter's own; it does not say how it is copied."""

    def __init__(self, limits, **options):
        super().__init__(**options)
        self.limits = limits

    def call(self, x):
        return x


class Silent(Noise):
    def get_config(self):
        raise NotImplementedError


def test_a_training_is_known_by_all_that_its_layers_were_told():
    def key(limits=(0.1, 10.0), l2=0.0, kind=Noise):
        keras.utils.set_random_seed(0)
        told = {"activation": "relu", "kernel_regularizer": keras.regularizers.L2(l2)}
        layers = [kind(limits), keras.layers.Dense(4, **told)]
        model = keras.Sequential([keras.Input((4,)), *layers])
        model.compile("adam", "mean_squared_error")
        compiled_as = {"loss": "mean_squared_error"}
        x = np.ones((2, 4), "float32")
        return _keeper.training_key(model, model.optimizer, compiled_as, {"x": x, "y": x})

    assert key() == key(), "layers made later have other names"
    different = {key(), key(limits=(0.5, 0.5)), key(l2=0.1)}
    assert len(different) == 3
    assert key(kind=Silent) != key(kind=Silent)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b""])
def test_a_broken_state_is_passed_over(tiny, tmp_path, capsys, damage):
    interrupted(tiny, tmp_path)
    (newest,) = tmp_path.glob("*/epoch-0002.npz")
    newest.write_bytes(damage(newest.read_bytes()))
    history = train(tiny, epochs=3, metrics=["mae"])[1]
    told = capsys.readouterr().err
    assert "epoch-0002.npz is broken" in told
    assert "Going on after epoch 1" in told
    assert len(history.history["mae"]) == 3


def test_another_training_starts_from_the_beginning(tiny, tmp_path, capsys):
    interrupted(tiny, tmp_path)
    train(tiny, "conv", epochs=3)
    train(tiny, epochs=3)  # without the metric, so compiled in another way
    assert "Going on" not in capsys.readouterr().err
    assert len(list(tmp_path.iterdir())) == 3


def test_a_training_of_which_the_key_says_too_little_is_not_kept(tiny, tmp_path):
    _book.install(state_dir=tmp_path)
    test = tiny.x_test.reshape(-1, 784)
    for _ in range(2):
        history = train(tiny, epochs=1, validation_data=(test, test))[1]
        assert set(history.history) == {"loss", "val_loss"}
        train(tiny, epochs=1, sample_weight=np.ones(700))
    assert _book.resumed() == 0
    assert not list(tmp_path.iterdir())


def test_a_short_training_keeps_its_state_beside_a_long_ones(tiny, tmp_path):
    _book.install(state_dir=tmp_path)
    train(tiny, epochs=3)
    train(tiny, epochs=1)
    kept = sorted(path.name for path in tmp_path.glob("*/*"))
    assert kept == ["epoch-0001.npz", "epoch-0002.npz", "epoch-0003.npz"]
    train(tiny, epochs=1)
    assert _book.resumed() == 1


@pytest.mark.parametrize("name", ["dense", "conv"])
def test_what_a_chapter_has_trained_is_not_trained_again(name, tiny, tmp_path, capsys, monkeypatch):
    """Without MNIST a later chapter trains the network of an earlier one, as that one did."""
    monkeypatch.setenv("AE_PROFILE", "quick")
    epochs = RECIPES[name].epochs["quick"]
    _book.install(state_dir=tmp_path)
    model, _ = train(tiny, name, epochs=epochs)
    capsys.readouterr()
    again = load_or_train(name, tiny)
    assert f"Going on after epoch {epochs}" in capsys.readouterr().err
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_resumed_training_says_where_it_began(tiny, tmp_path):
    """A training that another machine has finished is not this machine's."""
    _book.install(store="dense", weights_dir=tmp_path, state_dir=tmp_path / "state")
    train(tiny, epochs=2)
    (newest,) = (tmp_path / "state").glob("*/epoch-0002.npz")
    with np.load(newest) as archive:
        arrays = dict(archive)
    log = json.loads(arrays["log"].tobytes())
    log["made_with"]["device"] = "another machine"
    arrays["log"] = np.frombuffer(json.dumps(log).encode(), "uint8")
    np.savez(newest, **arrays)
    model, history = train(tiny, epochs=2)
    assert _book.store("dense", model, history, tiny, 0)["device"] == "another machine"


def test_without_a_folder_nothing_is_written(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _book.install()
    train(tiny, epochs=2)
    assert not list(tmp_path.iterdir())


def test_store_and_load_again(tiny, tmp_path):
    _book.install(store="dense", weights_dir=tmp_path, state_dir=tmp_path / "state")
    model, history = train(tiny, epochs=2)
    record = _book.store("dense", model, history, tiny, 3)
    weights, found = read_weights(tmp_path / "dense.npz")
    assert found == record == json.loads(json.dumps(record))
    assert record["loss"] == [round(value, 6) for value in history.history["loss"]]
    assert (record["seed"], record["epochs"], record["batch_size"]) == (3, 2, 128)
    assert (record["precision"], record["profile"]) == ("float32", "quick")
    assert record["seconds"] >= 0
    assert 0 < record["test_mse"] < 0.2
    for ours, theirs in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_only_what_was_announced_is_stored(tiny, tmp_path):
    model, history = train(tiny, epochs=1)
    with pytest.raises(RuntimeError, match=r"install\(store='dense', weights_dir=...\)"):
        _book.store("dense", model, history, tiny, 0)
    _book.install(store="conv", weights_dir=tmp_path)
    with pytest.raises(RuntimeError, match=r"install\(store='dense'"):
        _book.store("dense", model, history, tiny, 0)
    with pytest.raises(RuntimeError, match="history is not what"):
        _book.store("conv", model, history, tiny, 0)
    model, history = train(tiny, epochs=1)
    with pytest.raises(ValueError, match="'dense' is not the network 'conv'"):
        _book.store("conv", model, history, tiny, 0)
    assert not list(tmp_path.iterdir())


def test_an_unknown_network_is_not_announced():
    with pytest.raises(ValueError, match="'vae'; expected one of dense"):
        _book.install(store="vae")
