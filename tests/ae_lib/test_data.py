import hashlib
import http.server
import importlib.util
import multiprocessing
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ae_lib import _mnist, _standin, as_vectors, load_mnist, load_small_digits


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """An empty home, no data directory, and a server address that nobody answers."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("AE_DATA_DIR", raising=False)
    monkeypatch.delenv("AE_DATASET", raising=False)
    monkeypatch.setattr(_mnist, "MNIST_URL", "http://127.0.0.1:9/mnist.npz")
    return tmp_path


@pytest.fixture(scope="session")
def standin():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AE_DATASET", "standin")
        return load_mnist()


@pytest.fixture
def as_if_mnist(standin, monkeypatch, tmp_path_factory):
    """A file that takes MNIST's part: the stand-in's arrays, with their hash as the expected."""
    arrays = {
        "x_train": (standin.x_train * 255).round().astype("uint8"),
        "y_train": standin.y_train,
        "x_test": (standin.x_test * 255).round().astype("uint8"),
        "y_test": standin.y_test,
    }
    path = tmp_path_factory.mktemp("data") / "mnist.npz"
    np.savez(path, **arrays)
    monkeypatch.setattr(_mnist, "MNIST_SHA256", standin.sha256)
    monkeypatch.setattr(_mnist, "MNIST_FILE_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    sums = {name: hashlib.sha256(array.data).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(_mnist, "ARRAY_SHA256", sums)
    return path


@pytest.fixture
def server(tmp_path):
    """A web server on the loopback interface over a folder; yields the folder and the address."""
    folder = tmp_path / "www"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def test_real_mnist_where_it_is_to_be_had():
    loaded = load_mnist()
    if os.environ.get("AE_DATASET") == "standin":
        assert loaded.name == "standin"
        return
    assert loaded.name == "mnist"
    assert loaded.sha256 == _mnist.MNIST_SHA256
    assert np.bincount(loaded.y_test).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip


def test_standin_has_the_shapes_of_mnist(standin):
    assert standin.x_train.shape == (60000, 28, 28)
    assert standin.x_test.shape == (10000, 28, 28)
    assert standin.x_train.dtype == np.float32
    assert standin.x_train.min() == 0
    assert standin.x_train.max() == 1
    assert set(standin.y_train) == set(range(10))
    assert standin.name == "standin"
    assert "not MNIST" in str(standin)
    assert 0.05 < standin.x_train.mean() < 0.25  # mostly black, like MNIST


def test_standin_is_the_same_each_time():
    def small(seed):
        rng = np.random.default_rng(seed)
        return _standin._warp(np.eye(28)[None], np.zeros(20, int), rng)

    np.testing.assert_array_equal(small(0), small(0))
    assert (small(0) != small(1)).any()


def test_standin_splits_digits_before_it_warps_them(monkeypatch):
    used = []

    def spy(images, chosen, rng):
        used.append(set(chosen))
        return np.zeros((len(chosen), 28, 28), "uint8")

    monkeypatch.setattr(_standin, "_warp", spy)
    _standin.draw_standin()
    train, test = used
    assert train.isdisjoint(test)
    assert len(train) + len(test) == 1797


def test_falls_back_to_the_standin_with_one_clear_warning(nowhere):
    with pytest.warns(UserWarning, match="offline stand-in") as record:
        loaded = load_mnist()
    assert loaded.name == "standin"
    assert len(record) == 1
    message = str(record[0].message)
    assert "AE_DATA_DIR is not set" in message
    assert "download failed" in message


def test_forced_mnist_does_not_fall_back(nowhere, monkeypatch):
    monkeypatch.setenv("AE_DATASET", "mnist")
    with pytest.raises(FileNotFoundError, match="AE_DATA_DIR"):
        load_mnist()


def test_unknown_dataset(monkeypatch):
    monkeypatch.setenv("AE_DATASET", "cifar")
    with pytest.raises(ValueError, match="'cifar'.*mnist, standin"):
        load_mnist()


def test_directory_comes_before_keras_cache(nowhere, as_if_mnist, monkeypatch):
    cache = nowhere / "keras" / "datasets" / "mnist.npz"
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"broken, and not to be read")
    monkeypatch.setenv("AE_DATA_DIR", str(as_if_mnist.parent))
    assert load_mnist().name == "mnist"


def test_keras_cache_comes_before_the_download(nowhere, as_if_mnist):
    cache = nowhere / "keras" / "datasets" / "mnist.npz"
    cache.parent.mkdir(parents=True)
    cache.write_bytes(as_if_mnist.read_bytes())
    assert load_mnist().name == "mnist"


def test_download_is_stored_where_keras_looks(nowhere, as_if_mnist, server, monkeypatch):
    folder, address = server
    (folder / "mnist.npz").write_bytes(as_if_mnist.read_bytes())
    monkeypatch.setattr(_mnist, "MNIST_URL", f"{address}/mnist.npz")
    assert load_mnist().name == "mnist"
    cached = nowhere / "keras" / "datasets" / "mnist.npz"
    assert cached.read_bytes() == as_if_mnist.read_bytes()


def test_a_web_page_in_place_of_the_data_is_not_kept(nowhere, server, monkeypatch):
    folder, address = server
    (folder / "mnist.npz").write_text("<html>503 Service Unavailable</html>", encoding="utf-8")
    monkeypatch.setattr(_mnist, "MNIST_URL", f"{address}/mnist.npz")
    with pytest.warns(UserWarning, match=r"download failed.*hash"):
        assert load_mnist().name == "standin"
    assert not list((nowhere / "keras" / "datasets").glob("*.npz"))


def junk_archive(path):
    with zipfile.ZipFile(path, "w") as archive:
        for name in _mnist.ARRAYS:
            archive.writestr(f"{name}.npy", b"junk")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: p.write_bytes(p.read_bytes()[:100_000]), "truncated"),
        (lambda p: p.write_bytes(b""), "truncated"),
        (
            lambda p: p.write_text("<html>", encoding="utf-8"),
            "is a web page: .*login or error page",
        ),
        (lambda p: p.write_text("\n <!DOCTYPE html>", encoding="utf-8"), "is a web page"),
        (lambda p: p.write_text("x" * 100, encoding="utf-8"), "truncated or not an .npz"),
        (lambda p: np.savez(p, x_train=np.zeros(3)), "y_train"),
        (lambda p: np.save(p.open("wb"), np.zeros(3)), "not an .npz"),
        (lambda p: junk_archive(p), "not an .npz archive"),
    ],
)
def test_a_broken_file_is_named(nowhere, as_if_mnist, monkeypatch, spoil, message):
    monkeypatch.setenv("AE_DATA_DIR", str(as_if_mnist.parent))
    spoil(as_if_mnist)
    with pytest.raises(ValueError, match=message) as error:
        load_mnist()
    assert str(as_if_mnist) in str(error.value)
    assert "Delete or replace" in str(error.value)
    assert "pickle" not in str(error.value)  # NumPy's advice to load it all the same


def change(name, make):
    def spoil(path):
        with np.load(path) as archive:
            arrays = dict(archive)
        np.savez(path, **{**arrays, name: make(arrays[name])})

    return spoil


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            change("x_test", lambda x: x / np.float32(255)),
            "x_test has dtype float32, expected uint8",
        ),
        (change("y_test", lambda y: y.astype("int64")), "y_test has dtype int64, expected uint8"),
        (change("y_train", lambda y: y[::-1]), "the images are MNIST's, the labels in y_train are"),
        (change("x_train", lambda x: 255 - x), "x_train have another content"),
        (change("x_train", lambda x: x.reshape(-1, 784)), r"x_train has shape \(60000, 784\), exp"),
    ],
)
def test_what_is_wrong_with_other_data_is_said(nowhere, as_if_mnist, monkeypatch, spoil, message):
    monkeypatch.setenv("AE_DATA_DIR", str(as_if_mnist.parent))
    spoil(as_if_mnist)
    with pytest.raises(ValueError, match=f"does not hold MNIST: {message}"):
        load_mnist()


def test_the_variable_may_name_the_file(nowhere, as_if_mnist, monkeypatch):
    elsewhere = as_if_mnist.rename(nowhere / "digits.npz")
    monkeypatch.setenv("AE_DATA_DIR", str(elsewhere))
    assert load_mnist().name == "mnist"


@pytest.fixture
def no_cache(tmp_path, monkeypatch):
    """A home in which no folder can be made: a file lies where its parent should be."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setenv("KERAS_HOME", str(blocked))
    monkeypatch.delenv("AE_DATA_DIR", raising=False)
    monkeypatch.setenv("AE_DATASET", "standin")
    tiny = {name: np.zeros(shape, "uint8") for name, shape in _mnist.ARRAYS.items()}
    monkeypatch.setattr(_standin, "draw_standin", lambda: tiny)
    return blocked


def test_without_a_cache_the_standin_stays_in_memory(no_cache):
    with pytest.warns(UserWarning, match="cannot be kept in .*file") as record:
        assert load_mnist().name == "standin"
    assert len(record) == 1
    assert "Make that folder writable" in str(record[0].message)


def test_a_full_disk_is_no_reason_to_stop(no_cache, tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(_standin.np, "savez", full)
    with pytest.warns(UserWarning, match="No space left on device.*free some space"):
        assert load_mnist().name == "standin"
    assert not list(tmp_path.rglob("*.npz"))


def test_without_a_cache_mnist_is_downloaded_into_memory(
    no_cache, as_if_mnist, server, monkeypatch
):
    monkeypatch.delenv("AE_DATASET")
    folder, address = server
    (folder / "mnist.npz").write_bytes(as_if_mnist.read_bytes())
    monkeypatch.setattr(_mnist, "MNIST_URL", f"{address}/mnist.npz")
    with pytest.warns(UserWarning, match="MNIST cannot be kept in .*each notebook downloads it"):
        assert load_mnist().name == "mnist"
    assert no_cache.read_text(encoding="utf-8") == "not a folder"


def test_other_data_of_the_right_shape_are_refused(nowhere, as_if_mnist, monkeypatch):
    monkeypatch.setenv("AE_DATA_DIR", str(as_if_mnist.parent))
    monkeypatch.setattr(_mnist, "MNIST_SHA256", "0" * 64)
    with pytest.raises(ValueError, match="does not hold MNIST"):
        load_mnist()


def make_in_process(cache: str, made: multiprocessing.SimpleQueue) -> None:
    def slow_standin(seed=0):
        made.put(os.getpid())
        return {name: np.zeros(shape, "uint8") for name, shape in _mnist.ARRAYS.items()}

    os.environ.update(XDG_CACHE_HOME=cache, AE_DATASET="standin")
    _standin.draw_standin = slow_standin
    load_mnist()


def test_two_kernels_make_the_standin_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    made = context.SimpleQueue()
    workers = [
        context.Process(target=make_in_process, args=(str(tmp_path), made)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    made.get()
    assert made.empty()
    assert [path.name for path in tmp_path.rglob("*.npz")] == ["standin-1.npz"]


def test_interrupted_standin_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(seed=0):
        raise KeyboardInterrupt

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("AE_DATASET", "standin")
    monkeypatch.setattr(_standin, "draw_standin", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_mnist()
    assert not list(tmp_path.rglob("*.npz"))


def test_a_broken_cached_standin_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("AE_DATASET", "standin")
    path = Path(tmp_path) / "ae_lib" / "standin-1.npz"
    path.parent.mkdir()
    path.write_bytes(b"half")
    with pytest.raises(ValueError, match="standin-1.npz.*Delete it"):
        load_mnist()


def test_as_vectors():
    images = np.zeros((3, 28, 28), "float32")
    assert as_vectors(images).shape == (3, 784)
    assert as_vectors(images[..., None]).shape == (3, 784)
    with pytest.raises(ValueError, match=r"\(3, 784\)"):
        as_vectors(images.reshape(3, 784))
    with pytest.raises(TypeError, match="uint8"):
        as_vectors(images.astype("uint8"))


@pytest.mark.parametrize("found", [True, False])
def test_small_digits_are_those_of_scikit_learn(found, tmp_path, monkeypatch):
    from sklearn.datasets import load_digits

    if not found:  # as if the file lay elsewhere
        elsewhere = importlib.util.spec_from_file_location("sklearn", tmp_path / "__init__.py")
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: elsewhere)
    x, y = load_small_digits()
    expected = load_digits()
    np.testing.assert_array_equal(x, expected.data / 16)
    np.testing.assert_array_equal(y, expected.target)
    assert y.dtype == "uint8"


def test_small_digits_do_not_import_scikit_learn():
    code = "import sys, ae_lib; ae_lib.load_small_digits(); print('sklearn' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "False"
