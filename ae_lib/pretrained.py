"""The trained networks that come with the course, and the records of its longer runs."""

import hashlib
import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ae_lib._fused import fuse_layers
from ae_lib._validation import BROKEN_ARCHIVE, check_name
from ae_lib.data import Dataset
from ae_lib.recipes import RECIPES, preset
from ae_lib.training import check_alive, rmsprop, set_seed

__all__ = ["load_or_train", "load_pretrained", "load_results", "training_record"]


def load_pretrained(name: str) -> keras.Model:
    """Return a network with the stored weights: trained on MNIST for the lecture's 50 epochs.

    Parameters
    ----------
    name : str
        One of `RECIPES`: ``"dense"``, ``"conv"`` or ``"denoising"``.

    Returns
    -------
    keras.Model
        Trained; not compiled.

    Raises
    ------
    ValueError
        An unknown name, or the stored file is not the one that was trained.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import load_pretrained
    >>> load_pretrained("dense").predict(np.zeros((2, 784)), verbose=0).shape
    (2, 784)
    """
    weights, _ = read_weights(_stored(name))
    model = RECIPES[name].build()
    model.set_weights(weights)
    return model


def training_record(name: str) -> dict[str, Any]:
    """Return where the stored weights of a network come from: seed, data, versions, losses.

    Parameters
    ----------
    name : str
        One of `RECIPES`.

    Returns
    -------
    dict
        ``loss`` is the training loss of each epoch, ``test_mse`` the error on the test set at the
        end, ``seconds`` the time of all epochs.

    Raises
    ------
    ValueError
        An unknown name, or the stored file is not the one that was trained.

    Examples
    --------
    >>> from ae_lib import training_record
    >>> record = training_record("dense")
    >>> record["params"], len(record["loss"])
    (161804, 50)
    """
    return read_weights(_stored(name))[1]


def load_or_train(name: str, data: Dataset) -> keras.Model:
    """Return a network trained on `data`: with the stored weights if they are, else trained now.

    Parameters
    ----------
    name : str
        One of `RECIPES`.
    data : Dataset
        As `load_mnist` returns it. The stored weights are of MNIST; for the stand-in the network
        is trained here, for as many epochs as the preset says, with Keras's progress bar.

    Returns
    -------
    keras.Model
        Trained.

    Raises
    ------
    ValueError
        An unknown name.
    DeadOutputError
        Training ended with a dead output layer.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from ae_lib import load_mnist, load_or_train, training_record
    >>> data = load_mnist()
    >>> data = replace(data, sha256=training_record("dense")["dataset"]["sha256"])  # as if MNIST
    >>> load_or_train("dense", data).count_params()
    161804
    """
    check_name(name, RECIPES)
    if training_record(name)["dataset"]["sha256"] == data.sha256:
        return load_pretrained(name)
    recipe, seed = RECIPES[name], set_seed()
    model = recipe.build()
    trainer = fuse_layers(model)
    trainer.compile(optimizer=rmsprop(), loss="mean_squared_error")
    inputs, targets = recipe.pairs(data.x_train, seed)
    trainer.fit(inputs, targets, batch_size=recipe.batch_size, epochs=preset().epochs[name])
    check_alive(model, inputs[:256])
    return model


def load_results(name: str) -> Any:
    """Return a record of what the book's longer runs measured.

    Parameters
    ----------
    name : str
        ``"reproduction"``: full trainings of the lecture's networks. ``"experiments"``: trainings
        from many seeds and with other settings. ``"width"``: codes of many lengths. ``"bench"``:
        times. ``"grading"``: times of the grader.

    Returns
    -------
    dict or list
        The content of ``results/<name>.json``.

    Raises
    ------
    ValueError
        There is no record of that name.

    Examples
    --------
    >>> from ae_lib import load_results
    >>> type(load_results("bench"))
    <class 'dict'>
    """
    package = Path(__file__).parent
    # Beside the package in the repository, inside it where it was installed.
    folders = [package.parent / "results", package / "results"]
    for folder in folders:
        path = folder / f"{name}.json"
        if path.parent == folder and path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
    raise ValueError(f"name is {name!r}; there is no such record in {folders[0]} or {folders[1]}.")


def write_weights(path: Path, weights: list[np.ndarray], record: dict[str, Any]) -> dict[str, Any]:
    """Write weights and the record of their training as one ``.npz`` file, whole or not at all.

    The arrays are named 0, 1, ... in Keras's order; ``record`` is the bytes of a JSON text.

    Returns
    -------
    dict
        The record as it was written: with ``weights_sha256``, a hash of the arrays.
    """
    record = {**record, "weights_sha256": _hash(weights)}
    text = np.frombuffer(json.dumps(record, indent=2).encode(), "uint8")
    arrays: dict[str, Any] = {str(i): array for i, array in enumerate(weights)}
    temporary = path.with_name(f"{path.stem}.{os.getpid()}.npz")
    try:
        np.savez(temporary, record=text, **arrays)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return record


def read_weights(path: Path) -> tuple[list[np.ndarray], dict[str, Any]]:
    """Return what `write_weights` wrote: the weights in Keras's order, and the record.

    Raises
    ------
    ValueError
        The file is broken, or the arrays are not those of the record.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            record = json.loads(archive["record"].tobytes())
            weights = [archive[str(i)] for i in range(len(archive.files) - 1)]
    except (KeyError, *BROKEN_ARCHIVE) as error:
        raise ValueError(f"{path} is broken ({error}). Install ae_lib again.") from error
    if (found := _hash(weights)) != record["weights_sha256"]:
        raise ValueError(
            f"{path} holds weights with sha256 {found}, expected {record['weights_sha256']}. "
            "Install ae_lib again."
        )
    return weights, record


def _stored(name: str) -> Path:
    check_name(name, RECIPES)
    return Path(str(resources.files("ae_lib"))) / "weights" / f"{name}.npz"


def _hash(weights: list[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for array in weights:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
