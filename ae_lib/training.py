"""How the networks are trained: optimiser, seeds, profiles, and the weights that come of it."""

import hashlib
import json
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ae_lib import _feeding, models
from ae_lib._checks import check_float
from ae_lib.data import Dataset, as_vectors
from ae_lib.noise import add_gaussian_noise

__all__ = [
    "DeadOutputError",
    "Profile",
    "check_alive",
    "checkpoint",
    "choose_precision",
    "environment",
    "load_results",
    "pretrained",
    "profile",
    "provenance",
    "rmsprop",
    "set_seed",
    "store_weights",
    "trained",
    "training_pairs",
]

_feeding.stop_waiting()  # for whoever trains with this course, before the first `fit`

BATCH_SIZE = 128
NOISE_FACTOR = 0.5
BUILDERS = {
    "dense": models.dense_autoencoder,
    "conv": models.conv_autoencoder,
    "denoising": models.denoising_autoencoder,
}


@dataclass(frozen=True)
class Profile:
    """How much work a run does. Shapes and parameter counts are the same in all profiles.

    Attributes
    ----------
    name : str
        ``"full"``, the lecture's settings, or ``"quick"``, for tests and laptops.
    epochs : mapping of str to int
        Training epochs of ``"dense"``, ``"conv"`` and ``"denoising"``.
    tsne_iterations : int
        Steps of gradient descent of t-SNE.
    sample : int
        Points on which trustworthiness, which is quadratic in their number, is measured.
    """

    name: str
    epochs: Mapping[str, int]
    tsne_iterations: int
    sample: int


PROFILES = {
    "full": Profile("full", {"dense": 50, "conv": 50, "denoising": 50}, 1000, 10_000),
    "quick": Profile("quick", {"dense": 8, "conv": 2, "denoising": 1}, 300, 2_000),
}


def profile() -> Profile:
    """Return the profile that the environment variable ``AE_PROFILE`` names; default ``full``.

    Raises
    ------
    ValueError
        There is no profile of that name.
    """
    name = os.environ.get("AE_PROFILE", "full")
    if name not in PROFILES:
        raise ValueError(f"AE_PROFILE={name!r}; expected one of {', '.join(PROFILES)}.")
    return PROFILES[name]


def set_seed(seed: int | None = None) -> int:
    """Seed Python, NumPy and Keras, so that a run can be repeated.

    Parameters
    ----------
    seed : int, optional
        From 0 to 2**32 - 1. By default what the environment variable ``AE_SEED`` says, or 0.

    Returns
    -------
    int
        The seed, for generators of your own: ``rng = np.random.default_rng(set_seed())``.

    Raises
    ------
    TypeError
        `seed` is not a whole number.
    ValueError
        `seed` is out of range, or ``AE_SEED`` is not a whole number.
    """
    if seed is None:
        text = os.environ.get("AE_SEED", "0")
        if not text.isdecimal():
            raise ValueError(f"AE_SEED={text!r}; expected a whole number of at least 0.")
        seed = int(text)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"seed is {seed!r}; expected a whole number.")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed}; expected 0 to 2**32 - 1.")
    keras.utils.set_random_seed(int(seed))  # Python's random, NumPy and the backend
    return int(seed)


def rmsprop() -> keras.optimizers.RMSprop:
    """Return RMSprop as the lecture's Keras had it.

    Keras 2 divided a gradient by ``sqrt(v) + 1e-7``, Keras 3 divides it by ``sqrt(v + 1e-7)``.
    In this course v, the running mean of the squared gradients, is near 1e-8, because the loss is
    a mean over 784 pixels: the 1e-7 swamps it and makes every step too short. 1e-14, the square
    of 1e-7, gives back the lecture's steps.

    Returns
    -------
    keras.optimizers.RMSprop
        Learning rate 1e-3, rho 0.9, epsilon 1e-14.

    References
    ----------
    Tieleman and Hinton (2012), lecture 6.5 of "Neural networks for machine learning".
    """
    return keras.optimizers.RMSprop(learning_rate=1e-3, rho=0.9, epsilon=1e-14)


def choose_precision() -> str:
    """Let Keras compute in bfloat16 where the processor does that faster, and print the choice.

    That is under TensorFlow on x86 processors that multiply 16-bit numbers in hardware
    (AVX512-BF16 or AMX). Weights, loss and the networks' output layers stay float32.
    The environment variable ``AE_PRECISION`` forces ``float32`` or ``mixed_bfloat16``.

    Returns
    -------
    str
        The name of Keras's dtype policy for the layers that are built from now on.

    Raises
    ------
    ValueError
        ``AE_PRECISION`` has another value.
    """
    forced = os.environ.get("AE_PRECISION")
    if forced not in (None, "float32", "mixed_bfloat16"):
        raise ValueError(f"AE_PRECISION={forced!r}; expected 'float32' or 'mixed_bfloat16'.")
    backend = keras.backend.backend()
    fast = backend == "tensorflow" and not gpu_names(backend) and has_bfloat16()
    policy = forced or ("mixed_bfloat16" if fast else "float32")
    keras.config.set_dtype_policy(policy)
    why = "AE_PRECISION says so" if forced else "the faster one on this machine"
    print(f"precision: {policy} ({why}; AE_PRECISION forces another)")
    return policy


def has_bfloat16() -> bool:
    """Say whether this processor multiplies 16-bit numbers in hardware."""
    return "avx512_bf16" in _cpuinfo() or "amx_bf16" in _cpuinfo()


def _cpuinfo() -> str:
    """Return what Linux says of the processors; elsewhere nothing."""
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.is_file() else ""


class _Checkpoint(keras.callbacks.Callback):
    """Keras's ``BackupAndRestore``, plus what it forgets: losses and times of earlier epochs."""

    def __init__(self, directory: Path | None) -> None:
        super().__init__()
        self.epochs: list[dict[str, float]] = []
        self.backup = self.log = None
        if directory is not None:
            # Two checkpoints in turn: one is whole even if the power fails while one is written.
            self.backup = keras.callbacks.BackupAndRestore(
                str(directory), double_checkpoint=True, delete_checkpoint=False
            )
            self.log = directory / "epochs.json"

    def on_train_begin(self, logs: Any = None) -> None:
        if self.backup is None or self.log is None:
            return
        if not (self.log.parent / "training_metadata.json").is_file():
            return  # stopped before a first checkpoint was whole
        self.backup.set_model(self.model)
        try:
            self.backup.on_train_begin()
            self.epochs = json.loads(self.log.read_text())[: self.model._initial_epoch]
        except (OSError, ValueError) as error:
            raise RuntimeError(
                f"The checkpoint in {self.log.parent} cannot be read ({error}). Delete that "
                "folder, and training starts from the beginning."
            ) from error
        print(f"Going on after epoch {len(self.epochs)}, from the checkpoint.")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        loss = float(logs["loss"])  # Keras leaves it as it is where that fails
        self.epochs.append({"loss": loss, "seconds": time.perf_counter() - self.start})
        if self.backup is None or self.log is None:
            return
        # The log first: it may be an epoch ahead of the weights, but never behind.
        self.log.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.log.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.epochs))
        temporary.replace(self.log)
        self.backup.set_model(self.model)
        self.backup.on_epoch_end(epoch)

    def on_train_end(self, logs: Any = None) -> None:
        for key in ("loss", "seconds"):
            self.model.history.history[key] = [epoch[key] for epoch in self.epochs]


def checkpoint(name: str) -> keras.callbacks.Callback:
    """Return a callback for ``model.fit`` that keeps time, and the state where that is asked for.

    The seconds of each epoch come to stand in ``history.history["seconds"]``. If the environment
    variable ``AE_CHECKPOINT_DIR`` names a directory, as ``make chapters`` has it, the state is
    saved there after each epoch, and a later call of ``fit`` goes on after the last one saved.

    Parameters
    ----------
    name : str
        ``"dense"``, ``"conv"`` or ``"denoising"``.

    Raises
    ------
    ValueError
        An unknown name.
    """
    _check_name(name)
    directory = os.environ.get("AE_CHECKPOINT_DIR")
    return _Checkpoint(Path(directory) / name if directory else None)


class DeadOutputError(RuntimeError):
    """(Nearly) every output of a network is zero: a ReLU output layer without a gradient."""


def check_alive(model: keras.Model, x: np.ndarray, min_share: float = 0.01) -> None:
    """Raise if hardly any output of the model is above zero.

    Parameters
    ----------
    model : keras.Model
        A network with a ReLU as last layer.
    x : ndarray, float
        Some inputs, as ``model.predict`` takes them.
    min_share : float
        The share of outputs that must be above zero. In MNIST a fifth of all pixels are.

    Raises
    ------
    DeadOutputError
        Fewer are: the reconstructions are black, and hardly a gradient is left to change that.
    TypeError, ValueError
        `x` is not an array of finite floats.
    """
    share = float(np.mean(model.predict(check_float(x, "x"), verbose=0) > 0))
    if share < min_share:
        raise DeadOutputError(
            f"Only {share:.2%} of the outputs of the model {model.name!r} are above zero: its "
            "ReLU output layer is dead, and no gradient flows through it. Build the model anew; "
            "if it dies again, start its output layer with more positive than negative weights, "
            "as ae_lib.denoising_autoencoder does."
        )


def training_pairs(name: str, images: np.ndarray, rng: Any = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the features and labels on which a network is trained or tested.

    Parameters
    ----------
    name : str
        ``"dense"``: vectors of shape (n, 784). ``"conv"``: images of shape (n, 28, 28, 1).
        Features and labels are the same. ``"denoising"``: noisy images and clean images.
    images : ndarray of shape (n, 28, 28), float
        Grey values in [0, 1].
    rng : numpy.random.Generator or int
        Source of the noise.

    Raises
    ------
    TypeError, ValueError
        An unknown name, or `images` is not an array of that kind.
    """
    _check_name(name)
    vectors = as_vectors(images)
    if name == "dense":
        return vectors, vectors
    clean = images.reshape(-1, 28, 28, 1)
    return (add_gaussian_noise(clean, NOISE_FACTOR, rng) if name == "denoising" else clean), clean


def environment() -> dict[str, Any]:
    """Return what a result depends on: versions, backend, device."""
    backend = keras.backend.backend()
    packages = ("ae-lib", "keras", backend, "numpy", "scikit-learn")
    return {
        "backend": backend,
        "device": ", ".join(gpu_names(backend)) or _processor(),
        "precision": keras.config.dtype_policy().name,
        "versions": {
            "python": platform.python_version(),
            **{package: metadata.version(package) for package in packages},
        },
    }


def gpu_names(backend: str) -> list[str]:
    """Return the names of the GPUs that a Keras backend sees."""
    if backend == "tensorflow":
        import tensorflow as tf

        details = tf.config.experimental.get_device_details
        return [details(gpu)["device_name"] for gpu in tf.config.list_physical_devices("GPU")]
    if backend == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform == "gpu"]
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


def _processor() -> str:
    # On Linux, platform.processor() does not name the processor.
    lines = _cpuinfo().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {(names or [platform.processor() or platform.machine()])[0]}"


def store_weights(
    name: str,
    model: keras.Model,
    history: keras.callbacks.History,
    test_mse: float,
    data: Dataset,
    seed: int,
) -> None:
    """Keep a chapter's trained network for the later chapters, when the book asks for it.

    Does nothing unless the environment variable ``AE_WEIGHTS_DIR`` names a directory, as
    ``make chapters PROFILE=full`` does. Then writes ``<name>.npz`` and ``<name>.json``, each
    under a temporary name first.

    Parameters
    ----------
    name : str
        ``"dense"``, ``"conv"`` or ``"denoising"``.
    model : keras.Model
        The trained network.
    history : keras.callbacks.History
        What ``model.fit`` with the callback `checkpoint` returned.
    test_mse : float
        Mean squared error on the test set.
    data : Dataset
        What it was trained on.
    seed : int
        The seed of the run.

    Raises
    ------
    ValueError
        An unknown name.
    """
    _check_name(name)
    directory = os.environ.get("AE_WEIGHTS_DIR")
    if not directory:
        return
    loss, seconds = history.history["loss"], history.history["seconds"]
    weights = {f"w{i:02}": w for i, w in enumerate(model.get_weights())}
    target = Path(directory) / f"{name}.npz"
    temporary = target.with_suffix(f".{os.getpid()}.npz")
    try:
        np.savez(temporary, **weights)
        record = {
            "model": name,
            "profile": profile().name,
            "epochs": len(loss),
            "batch_size": BATCH_SIZE,
            "seed": seed,
            **environment(),
            "dataset": {"name": data.name, "sha256": data.sha256},
            "params": model.count_params(),
            "loss": [round(value, 6) for value in loss],
            "test_mse": round(test_mse, 6),
            "seconds": round(sum(seconds), 1),
            "weights_sha256": _file_hash(temporary),
            "date": datetime.now(UTC).date().isoformat(),
        }
        temporary.replace(target)
        temporary.write_text(json.dumps(record, indent=2) + "\n")
        temporary.replace(target.with_suffix(".json"))
    finally:
        temporary.unlink(missing_ok=True)


def provenance(name: str) -> dict[str, Any]:
    """Return where the stored weights of a network come from: seed, data, versions, losses.

    Raises
    ------
    ValueError
        An unknown name.
    """
    _check_name(name)
    text = (resources.files("ae_lib") / "weights" / f"{name}.json").read_text()
    return json.loads(text)


def load_results(name: str) -> Any:
    """Return a record of what the book's longer runs measured.

    Parameters
    ----------
    name : str
        ``"reproduction"``: full trainings of the lecture's networks. ``"experiments"``: trainings
        from many seeds and with other settings. ``"bench"``: times. ``"grading"``: times of the
        grader.

    Returns
    -------
    dict
        The content of ``results/<name>.json``; its fields stand in ``results/<name>.schema.json``.

    Raises
    ------
    ValueError
        There is no record of that name.
    """
    package = Path(__file__).parent
    # Beside the package in the repository, inside it where it was installed.
    folders = [package.parent / "results", package / "results"]
    for folder in folders:
        path = folder / f"{name}.json"
        if (folder / f"{name}.schema.json").is_file() and path.is_file():
            return json.loads(path.read_text())
    raise ValueError(f"name is {name!r}; there is no such record in {folders[0]} or {folders[1]}.")


def pretrained(name: str) -> keras.Model:
    """Return a network with the stored weights: trained on MNIST for the lecture's 50 epochs.

    Parameters
    ----------
    name : str
        ``"dense"``, ``"conv"`` or ``"denoising"``.

    Raises
    ------
    ValueError
        An unknown name, or the stored file is not the one that was trained.
    """
    expected = provenance(name)["weights_sha256"]
    with resources.as_file(resources.files("ae_lib") / "weights" / f"{name}.npz") as path:
        found = _file_hash(path)
        if found != expected:
            raise ValueError(f"{path} has sha256 {found}, expected {expected}. Reinstall ae_lib.")
        with np.load(path, allow_pickle=False) as archive:
            weights = [archive[key] for key in sorted(archive.files)]
    model = _build_exact(name)
    model.set_weights(weights)
    return model


def _build_exact(name: str) -> keras.Model:
    """Build in full precision whatever `choose_precision` chose, for networks to be compared."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        return BUILDERS[name]()
    finally:
        keras.config.set_dtype_policy(policy)


def trained(name: str, data: Dataset) -> keras.Model:
    """Return a network trained on `data`: with the stored weights if they are, else trained now.

    Parameters
    ----------
    name : str
        ``"dense"``, ``"conv"`` or ``"denoising"``.
    data : Dataset
        As `load_mnist` returns it. The stored weights are of MNIST; for the stand-in the network
        is trained here, for as many epochs as the profile says, with Keras's progress bar.

    Raises
    ------
    ValueError
        An unknown name.
    DeadOutputError
        Training ended with a dead output layer.
    """
    if provenance(name)["dataset"]["sha256"] == data.sha256:
        return pretrained(name)
    seed = set_seed()
    model = _build_exact(name)
    trainer = model if name == "dense" else models.faster(model)
    trainer.compile(optimizer=rmsprop(), loss="mean_squared_error")
    features, labels = training_pairs(name, data.x_train, seed)
    trainer.fit(features, labels, batch_size=BATCH_SIZE, epochs=profile().epochs[name])
    check_alive(model, features[:256])
    return model


def _check_name(name: str) -> None:
    if name not in BUILDERS:
        raise ValueError(f"name is {name!r}; expected one of {', '.join(BUILDERS)}.")


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
