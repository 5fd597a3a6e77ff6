"""What a result depends on besides its code: device, backend and versions."""

import importlib
import os
import platform
from pathlib import Path
from typing import Any

import keras

__all__ = ["runtime_info"]


def runtime_info() -> dict[str, Any]:
    """Return the versions, the backend and the device that compute here.

    Returns
    -------
    dict
        ``backend``, ``device``, ``precision`` and ``versions``, the latter by distribution name.

    Examples
    --------
    >>> from ae_lib._machine import runtime_info
    >>> sorted(runtime_info())
    ['backend', 'device', 'precision', 'versions']
    """
    backend = keras.backend.backend()
    # Of the modules, not of the distributions: TensorFlow has several (tensorflow-cpu,
    # tf-nightly), and ae_lib may lie in a folder without having been installed.
    modules = {
        "ae-lib": "ae_lib",
        "keras": "keras",
        backend: backend,
        "numpy": "numpy",
        "scikit-learn": "sklearn",
    }
    return {
        "backend": backend,
        "device": ", ".join(gpu_names(backend)) or processor(),
        "precision": keras.config.dtype_policy().name,
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.import_module(m).__version__ for name, m in modules.items()},
        },
    }


def gpu_names(backend: str) -> list[str]:
    """Return the names of the GPUs that a Keras backend sees."""
    if backend == "tensorflow":
        import tensorflow as tf

        details = tf.config.experimental.get_device_details
        # TensorFlow promises no key: on Metal and DirectML there is no name.
        gpus = tf.config.list_physical_devices("GPU")
        return [details(gpu).get("device_name", "GPU") for gpu in gpus]
    if backend == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform == "gpu"]
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


def processor() -> str:
    """Return the number of processors and their name."""
    # On Linux, platform.processor() does not name the processor.
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {(names or [platform.processor() or platform.machine()])[0]}"
