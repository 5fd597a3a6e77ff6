"""What a result depends on."""

import os
import sys
from types import SimpleNamespace

import keras
import pytest

from ae_lib import _machine, runtime_info


def test_runtime_info_names_backend_device_and_versions():
    found = runtime_info()
    assert found["versions"]["keras"] == keras.__version__
    assert found["versions"][found["backend"]]
    assert found["device"]
    assert found["precision"] == "float32"
    if os.environ.get("AE_EXPECT_GPU"):
        assert _machine.gpu_names(found["backend"]), "make test GPU=1, but Keras sees no GPU"


def test_versions_are_known_without_an_installation(monkeypatch):
    """As with tensorflow-cpu, or ae_lib in a folder: there is no distribution of that name."""
    from importlib import metadata

    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert set(runtime_info()["versions"]) > {"ae-lib", "keras", "numpy", "scikit-learn"}


@pytest.mark.parametrize(("details", "name"), [({}, "GPU"), ({"device_name": "M2"}, "M2")])
def test_a_gpu_without_a_name(monkeypatch, details, name):
    config = SimpleNamespace(
        list_physical_devices=lambda kind: ["/physical_device:GPU:0"],
        experimental=SimpleNamespace(get_device_details=lambda gpu: details),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=config))
    assert _machine.gpu_names("tensorflow") == [name]
