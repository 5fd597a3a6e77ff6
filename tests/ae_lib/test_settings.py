"""The environment variables, one by one."""

from pathlib import Path

import pytest

from ae_lib import load_mnist, preset, set_seed
from ae_lib._settings import settings


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    for name in ("AE_PROFILE", "AE_DATA_DIR", "AE_DATASET", "AE_SEED"):
        monkeypatch.delenv(name, raising=False)


def test_defaults():
    found = settings()
    assert (found.preset, found.mnist_file, found.dataset, found.seed) == ("full", None, None, 0)


def test_an_empty_variable_is_no_variable(monkeypatch):
    for name in ("AE_PROFILE", "AE_DATA_DIR", "AE_DATASET", "AE_SEED"):
        monkeypatch.setenv(name, "")
    test_defaults()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("AE_PROFILE", "fast", "AE_PROFILE='fast'; expected one of full, quick"),
        ("AE_DATASET", "cifar", "AE_DATASET='cifar'; expected one of mnist, standin"),
        ("AE_SEED", "minus one", "AE_SEED='minus one'; expected a whole number"),
        ("AE_SEED", "-1", "AE_SEED='-1'"),
        ("AE_SEED", "1_000", "AE_SEED='1_000'"),
        ("AE_SEED", str(2**32), "AE_SEED='4294967296'"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch, name, value, message):
    monkeypatch.setenv(name, value)
    for function in (settings, preset, load_mnist, set_seed):
        with pytest.raises(ValueError, match=message):
            function()


def test_a_home_is_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # Windows
    monkeypatch.setenv("AE_DATA_DIR", "~/data")
    assert settings().mnist_file == tmp_path / "data" / "mnist.npz"


@pytest.mark.parametrize("name", ["mnist.npz", "my-mnist.npz", "mnist"])
def test_the_file_itself_may_be_named(monkeypatch, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"")
    monkeypatch.setenv("AE_DATA_DIR", str(path))
    assert settings().mnist_file == path


def test_the_environment_is_read_in_one_place():
    package = Path(__file__).parents[2] / "ae_lib"
    readers = [p.name for p in package.rglob("*.py") if "os.environ" in p.read_text("utf-8")]
    assert readers == ["_settings.py"]
