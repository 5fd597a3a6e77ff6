import json
import os
import random
import shutil

import keras
import numpy as np
import pytest

from ae_lib import (
    Dataset,
    DeadOutputError,
    _feeding,
    add_gaussian_noise,
    check_alive,
    conv_autoencoder,
    denoising_autoencoder,
    dense_autoencoder,
    environment,
    faster,
    load_mnist,
    pretrained,
    profile,
    provenance,
    reconstruction_error,
    rmsprop,
    set_seed,
    store_weights,
    trained,
    training,
    training_pairs,
)


@pytest.fixture(scope="module")
def images():
    return load_mnist().x_train[:5120]


def one_step(optimizer, gradient):
    """Return how far one step moves a weight."""
    weight = keras.Variable(np.zeros(1, "float32"))
    optimizer.apply([keras.ops.convert_to_tensor([gradient])], [weight])
    return -float(weight.numpy()[0])


# The root of a sum is not the sum of the roots: where the gradient is near epsilon itself the two
# rules differ, and everywhere else they agree.
@pytest.mark.parametrize(("gradient", "tolerance"), [(1e-5, 0.05), (1e-4, 0.005), (1, 1e-5)])
def test_rmsprop_steps_as_keras_2_did(gradient, tolerance):
    v = 0.1 * gradient**2  # rho 0.9, v starts at 0
    keras_2 = 1e-3 * gradient / (v**0.5 + 1e-7)
    assert one_step(rmsprop(), gradient) == pytest.approx(keras_2, rel=tolerance)


def test_todays_rmsprop_takes_shorter_steps():
    gradient = 1e-4  # of the size that a mean over 784 pixels gives
    assert one_step(keras.optimizers.RMSprop(), gradient) < 0.2 * one_step(rmsprop(), gradient)


def history(losses):
    """Return what `fit` with the callback `checkpoint` returns."""
    record = keras.callbacks.History()
    record.history = {"loss": losses, "seconds": [1.0] * len(losses)}
    return record


def black_after_a_few_steps(name, seeds, images, *initializer):
    """Yield for each seed whether its network is black. One compiled network serves all seeds."""
    model = training.BUILDERS[name](*initializer)
    trainer = model if name == "dense" else faster(model)
    trainer.compile(optimizer=rmsprop(), loss="mean_squared_error")
    state = trainer.optimizer.variables
    trainer.optimizer.build(trainer.trainable_variables)
    fresh = [keras.ops.convert_to_numpy(variable) for variable in state]
    for seed in seeds:
        set_seed(seed)
        model.set_weights(training.BUILDERS[name](*initializer).get_weights())
        for variable, value in zip(state, fresh, strict=True):
            variable.assign(value)
        features, labels = training_pairs(name, images, seed)
        trainer.fit(features, labels, batch_size=128, verbose=0)
        try:
            check_alive(model, features[:256])
        except DeadOutputError:
            yield True
        else:
            yield False


# A small sample of the twenty seeds and full epochs of `make experiments`.
@pytest.mark.parametrize(("name", "seeds"), [("dense", 3), ("conv", 3), ("denoising", 10)])
def test_networks_live_from_any_seed(images, name, seeds):
    black = list(black_after_a_few_steps(name, range(seeds), images[:2560]))
    assert black == [False] * seeds


def test_the_lectures_start_would_be_caught(images):
    # `any` stops at the first one that is caught.
    assert any(black_after_a_few_steps("denoising", range(20), images[:2560], "glorot_uniform"))


@pytest.mark.parametrize("build", [dense_autoencoder, conv_autoencoder, denoising_autoencoder])
def test_a_dead_network_is_told(build):
    model = build()
    weights = model.get_weights()
    weights[-1][:] = -1e6
    model.set_weights(weights)
    x = np.random.default_rng(0).random((4, *model.input_shape[1:]), dtype="float32")
    with pytest.raises(DeadOutputError, match="dead"):
        check_alive(model, x)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.data feeds TensorFlow only")
def test_no_epoch_waits_for_the_autotuner():
    x = np.zeros((256, 1), "float32")
    adapter = _feeding._adapter()(x, x, batch_size=128)
    assert adapter.get_tf_dataset().options().autotune.enabled is False
    _feeding.wait_as_keras_does()
    try:
        assert adapter.get_tf_dataset().options().autotune.enabled is not False
    finally:
        _feeding.stop_waiting()
    assert len(list(adapter.get_tf_dataset())) == 2


def test_seed_repeats_everything(monkeypatch):
    def draw():
        return (
            random.random(),
            np.random.rand(),  # noqa: NPY002 - the global generator is seeded, too
            dense_autoencoder().get_weights()[0].sum(),
        )

    set_seed(7)
    first = draw()
    set_seed(7)
    assert draw() == first
    monkeypatch.setenv("AE_SEED", "7")
    assert set_seed() == 7
    assert draw() == first
    set_seed(8)
    assert draw() != first


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ValueError), (2**32, ValueError), (1.5, TypeError), (True, TypeError)]
)
def test_bad_seed(seed, error):
    with pytest.raises(error, match="seed is"):
        set_seed(seed)


def test_bad_seed_in_the_environment(monkeypatch):
    monkeypatch.setenv("AE_SEED", "minus one")
    with pytest.raises(ValueError, match="AE_SEED='minus one'"):
        set_seed()


def test_profiles(monkeypatch):
    monkeypatch.delenv("AE_PROFILE")
    assert profile().name == "full"
    assert set(profile().epochs.values()) == {50}
    monkeypatch.setenv("AE_PROFILE", "quick")
    assert max(profile().epochs.values()) <= 10
    monkeypatch.setenv("AE_PROFILE", "fast")
    with pytest.raises(ValueError, match="'fast'.*full, quick"):
        profile()


def test_environment_names_backend_device_and_versions():
    found = environment()
    assert found["versions"]["keras"] == keras.__version__
    assert found["versions"][found["backend"]]
    assert found["device"]
    if os.environ.get("AE_EXPECT_GPU"):
        assert training.gpu_names(found["backend"]), "make test GPU=1, but Keras sees no GPU"


# The test error of the last step swings around the epoch's mean loss, most for the denoiser.
@pytest.mark.parametrize(
    ("name", "limit"), [("dense", 0.0150), ("conv", 0.0235), ("denoising", 0.0120)]
)
def test_stored_weights_are_what_their_record_says(name, limit):
    record = provenance(name)
    model = pretrained(name)
    assert record["params"] == model.count_params()
    assert record["profile"] == "full"
    assert record["epochs"] == len(record["loss"]) == 50
    assert record["dataset"]["name"] == "mnist"
    assert record["test_mse"] < limit
    data = load_mnist()
    if data.name == "mnist":
        features, labels = training_pairs(name, data.x_test, 12345)
        error = reconstruction_error(labels, model.predict(features, verbose=0))
        assert error == pytest.approx(record["test_mse"], rel=0.01)


def test_stored_weights_are_small():
    folder = training.resources.files("ae_lib") / "weights"
    assert sum(len(path.read_bytes()) for path in folder.iterdir()) < 1_000_000


@pytest.fixture
def tiny(images):
    labels = np.zeros(len(images), "uint8")
    return Dataset(images, labels, images[:100], labels[:100], "standin", "0" * 64)


def test_store_and_load_again(tmp_path, monkeypatch, tiny):
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv("AE_WEIGHTS_DIR", str(folder))
    model = conv_autoencoder()
    store_weights("conv", model, history([0.5, 0.25]), 0.3, tiny, 3)
    assert sorted(path.name for path in folder.iterdir()) == [
        "conv.json",
        "conv.npz",
    ]
    monkeypatch.setattr(training.resources, "files", lambda package: tmp_path)
    assert provenance("conv")["loss"] == [0.5, 0.25]
    for ours, theirs in zip(model.get_weights(), pretrained("conv").get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def fit(tiny, epochs, *callbacks):
    set_seed(0)
    model = dense_autoencoder()
    model.compile(optimizer=rmsprop(), loss="mean_squared_error")
    x = tiny.x_train.reshape(-1, 784)
    record = model.fit(
        x, x, epochs=epochs, verbose=0, callbacks=[training.checkpoint("dense"), *callbacks]
    )
    return model, record.history


class Stop(keras.callbacks.Callback):
    """Stands for Ctrl-C in the middle of an epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def test_training_goes_on_after_an_interruption(monkeypatch, tiny, tmp_path):
    monkeypatch.setenv("AE_CHECKPOINT_DIR", str(tmp_path))
    whole = fit(tiny, 2)[1]["loss"]
    shutil.rmtree(tmp_path / "dense")
    with pytest.raises(KeyboardInterrupt):
        fit(tiny, 5, Stop())
    model, record = fit(tiny, 5)
    assert len(record["loss"]) == len(record["seconds"]) == 5
    assert record["loss"][:2] == whole
    assert record["loss"][4] < record["loss"][2] < record["loss"][1]
    again, complete = fit(tiny, 5)  # nothing is left to train
    assert complete == record
    np.testing.assert_array_equal(model.get_weights()[0], again.get_weights()[0])


def test_an_unreadable_checkpoint_is_named(monkeypatch, tiny, tmp_path):
    monkeypatch.setenv("AE_CHECKPOINT_DIR", str(tmp_path))
    fit(tiny, 1)
    (tmp_path / "dense" / "epochs.json").write_text("[{")
    with pytest.raises(RuntimeError, match="Delete that folder"):
        fit(tiny, 2)


def test_without_a_directory_only_time_is_kept(monkeypatch, tiny, tmp_path):
    monkeypatch.delenv("AE_CHECKPOINT_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    assert len(fit(tiny, 2)[1]["seconds"]) == 2
    assert not list(tmp_path.iterdir())


@pytest.fixture
def float32():
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.usefixtures("float32")
def test_precision_can_be_forced(monkeypatch, capsys):
    monkeypatch.setenv("AE_PRECISION", "mixed_bfloat16")
    assert training.choose_precision() == "mixed_bfloat16"
    assert "AE_PRECISION says so" in capsys.readouterr().out
    model = denoising_autoencoder()
    assert model.count_params() == 28_353
    assert model.layers[1].compute_dtype == "bfloat16"
    assert model.predict(np.zeros((1, 28, 28, 1), "float32"), verbose=0).dtype == np.float32
    assert pretrained("conv").layers[1].compute_dtype == "float32"
    assert environment()["precision"] == "mixed_bfloat16"
    monkeypatch.setenv("AE_PRECISION", "float32")
    assert training.choose_precision() == "float32"
    monkeypatch.setenv("AE_PRECISION", "int8")
    with pytest.raises(ValueError, match="AE_PRECISION='int8'"):
        training.choose_precision()


@pytest.mark.usefixtures("float32")
def test_precision_is_what_the_processor_does_fast(monkeypatch, capsys):
    monkeypatch.delenv("AE_PRECISION", raising=False)
    monkeypatch.setattr(training, "gpu_names", lambda backend: [])
    for backend, fast, policy in (
        ("tensorflow", True, "mixed_bfloat16"),
        ("tensorflow", False, "float32"),
        ("jax", True, "float32"),
    ):
        monkeypatch.setattr(keras.backend, "backend", lambda backend=backend: backend)
        monkeypatch.setattr(training, "has_bfloat16", lambda fast=fast: fast)
        assert training.choose_precision() == policy
        assert policy in capsys.readouterr().out


def test_nothing_is_stored_unasked(monkeypatch, tiny, tmp_path):
    monkeypatch.delenv("AE_WEIGHTS_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    store_weights("conv", conv_autoencoder(), history([0.5]), 0.5, tiny, 0)
    assert not list(tmp_path.iterdir())


def test_a_damaged_weight_file_is_refused(tmp_path, monkeypatch):
    shutil.copytree(training.resources.files("ae_lib") / "weights", tmp_path / "weights")
    path = tmp_path / "weights" / "conv.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    monkeypatch.setattr(training.resources, "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match="conv.npz has sha256.*expected"):
        pretrained("conv")


def test_stored_weights_serve_only_the_data_they_were_trained_on(monkeypatch, tiny):
    monkeypatch.setenv("AE_PROFILE", "quick")
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")  # as chapters 4 and 5 may have it
    try:
        model = trained("dense", tiny)  # not MNIST: trains on these few images
    finally:
        keras.config.set_dtype_policy(policy)
    assert model.predict(tiny.x_test.reshape(-1, 784), verbose=0).dtype == "float32"
    assert (model.get_weights()[0] != pretrained("dense").get_weights()[0]).any()
    stored = json.loads(json.dumps(provenance("dense")))["dataset"]["sha256"]
    same = Dataset(tiny.x_train, tiny.y_train, tiny.x_test, tiny.y_test, "mnist", stored)
    np.testing.assert_array_equal(
        trained("dense", same).get_weights()[0], pretrained("dense").get_weights()[0]
    )


def test_training_pairs(images):
    few = images[:10]
    features, labels = training_pairs("dense", few)
    assert features.shape == (10, 784)
    assert features is labels
    features, labels = training_pairs("conv", few)
    assert features.shape == labels.shape == (10, 28, 28, 1)
    features, labels = training_pairs("denoising", few, 4)
    np.testing.assert_array_equal(features, add_gaussian_noise(few[..., None], 0.5, 4))
    np.testing.assert_array_equal(labels, few[..., None])


@pytest.mark.parametrize("function", [pretrained, provenance, lambda n: training_pairs(n, None)])
def test_unknown_names(function):
    with pytest.raises(ValueError, match="'vae'; expected one of dense, conv, denoising"):
        function("vae")
