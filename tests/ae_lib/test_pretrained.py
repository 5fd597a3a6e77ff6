"""The stored weights and their records."""

import shutil
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from ae_lib import (
    RECIPES,
    Dataset,
    load_mnist,
    load_or_train,
    load_pretrained,
    pretrained,
    reconstruction_error,
    training_record,
)

WEIGHTS = Path(str(resources.files("ae_lib"))) / "weights"


# The test error of the last step swings around the epoch's mean loss, most for the denoiser.
@pytest.mark.parametrize(
    ("name", "limit"), [("dense", 0.0150), ("conv", 0.0235), ("denoising", 0.0120)]
)
def test_stored_weights_are_what_their_record_says(name, limit):
    record = training_record(name)
    model = load_pretrained(name)
    assert record["model"] == name
    assert record["params"] == model.count_params()
    assert record["profile"] == "full"
    assert record["epochs"] == len(record["loss"]) == 50
    assert record["dataset"]["name"] == "mnist"
    assert record["test_mse"] < limit
    data = load_mnist()
    if data.name == "mnist":
        inputs, targets = RECIPES[name].pairs(data.x_test, 12345)
        error = reconstruction_error(targets, model.predict(inputs, verbose=0))
        assert error == pytest.approx(record["test_mse"], rel=0.01)


def test_there_is_one_file_for_each_network_and_they_are_small():
    assert {path.stem for path in WEIGHTS.iterdir()} == set(RECIPES)
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 1_000_000


def test_more_than_ten_arrays_come_back_in_order(tmp_path):
    weights = [np.full(i, i, "float32") for i in range(1, 120)]
    record = pretrained.write_weights(tmp_path / "x.npz", weights, {"loss": [0.5, 0.25]})
    found, again = pretrained.read_weights(tmp_path / "x.npz")
    assert again == record
    assert record["loss"] == [0.5, 0.25]
    for ours, theirs in zip(weights, found, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A copy of the stored weights that the package takes for its own."""
    shutil.copytree(WEIGHTS, tmp_path / "weights")
    monkeypatch.setattr(pretrained.resources, "files", lambda package: tmp_path)
    return tmp_path / "weights"


@pytest.mark.parametrize("keep", [0, 5000, -1])
def test_a_damaged_weight_file_is_refused(elsewhere, keep):
    path = elsewhere / "conv.npz"
    path.write_bytes(path.read_bytes()[:keep])
    for function in (load_pretrained, training_record):
        with pytest.raises(ValueError, match="conv.npz is broken.*Install ae_lib again"):
            function("conv")


def test_other_weights_under_the_same_record_are_refused(elsewhere):
    with np.load(elsewhere / "conv.npz") as archive:
        arrays = dict(archive)
    arrays["0"] = arrays["0"] + 1
    np.savez(elsewhere / "conv.npz", **arrays)
    with pytest.raises(ValueError, match="conv.npz holds weights with sha256 .*, expected"):
        load_pretrained("conv")


def test_stored_weights_serve_only_the_data_they_were_trained_on(monkeypatch):
    monkeypatch.setenv("AE_PROFILE", "quick")
    images = load_mnist().x_train[:2000]
    labels = np.zeros(len(images), "uint8")
    other = Dataset(images, labels, images[:100], labels[:100], "standin", "0" * 64)
    model = load_or_train("dense", other)  # not MNIST: trains on these few images
    stored = load_pretrained("dense").get_weights()[0]
    assert (model.get_weights()[0] != stored).any()
    sha256 = training_record("dense")["dataset"]["sha256"]
    same = Dataset(images, labels, images[:100], labels[:100], "mnist", sha256)
    np.testing.assert_array_equal(load_or_train("dense", same).get_weights()[0], stored)


@pytest.mark.parametrize(
    "function", [load_pretrained, training_record, lambda name: load_or_train(name, None)]
)
def test_unknown_names(function):
    with pytest.raises(ValueError, match="'vae'; expected one of dense, conv, denoising"):
        function("vae")


@pytest.mark.parametrize("name", ["hearsay", "../pyproject", ""])
def test_unknown_records(name):
    with pytest.raises(ValueError, match="there is no such record"):
        pretrained.load_results(name)
