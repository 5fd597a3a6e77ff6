"""The one door of the book's builder; a student's machine never enters it.

The visible cells of a chapter hold the lecture's ``compile`` and ``fit``. When the builder
executes a chapter, it puts a cell in front of the notebook, in its own kernel and in no file::

    from ae_lib import _book
    _book.install(store="dense", weights_dir="ae_lib/weights", state_dir="_build/unfinished/dense")

From then on ``keras.Model.fit`` in that kernel

- trains networks made of Keras's layers through `fuse_layers`: the same weights, the same order of
  the images, the same outputs up to the rounding of float32;
- saves the state after each epoch in `state_dir`, and goes on from there when the same training is
  asked for again: after an interruption, or because a sentence beside it has changed;
- returns the history that Keras's own ``fit`` returns, of all epochs.

Where later chapters load the chapter's network, a cell behind the notebook stores it::

    _book.store("dense", model, history, data, seed)
"""

import functools
import inspect
import os
import sys
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ae_lib._fused import FusedModel, fuse_layers, fused_from
from ae_lib._keeper import Keeper, training_key
from ae_lib._settings import settings
from ae_lib._validation import check_name
from ae_lib.data import Dataset
from ae_lib.metrics import reconstruction_error
from ae_lib.pretrained import write_weights
from ae_lib.recipes import RECIPES

# Arguments of ``fit`` that change a training or its logs, and that `training_key` leaves out.
NOT_KEPT = ("validation_data", "sample_weight", "class_weight")


@dataclass
class _Door:
    """What `install` was told, and what the kernel has done since."""

    stored_name: str | None
    weights_dir: Path | None
    state_dir: Path | None
    compile: Callable[..., None]
    fit: Callable[..., keras.callbacks.History]
    fused_fit: Callable[..., keras.callbacks.History]
    compiled_as: Any = field(default_factory=weakref.WeakKeyDictionary)
    keepers: Any = field(default_factory=weakref.WeakKeyDictionary)
    inside: bool = False
    resumed: int = 0  # trainings that began with epochs of an earlier run


_door: _Door | None = None


def install(
    store: str | None = None,
    weights_dir: str | os.PathLike[str] | None = None,
    state_dir: str | os.PathLike[str] | None = None,
) -> None:
    """Have ``keras.Model.fit`` in this process train fast, and resumably.

    Parameters
    ----------
    store : str, optional
        The network that this notebook stores, one of `RECIPES`.
    weights_dir : path, optional
        Where `store` writes ``<name>.npz``; needed to store.
    state_dir : path, optional
        Where the state of trainings is kept, one folder per training. A training is known by its
        layers, starting weights, optimizer, loss and data: where all of them are the same, an
        unfinished one goes on, and a finished one is not repeated. Without it nothing is resumed.

    Raises
    ------
    ValueError
        `store` is no network in `RECIPES`.
    RuntimeError
        It is installed already.

    Examples
    --------
    >>> from ae_lib import _book
    >>> _book.install()
    >>> _book.uninstall()
    """
    global _door
    if _door is not None:
        raise RuntimeError("ae_lib._book is installed already: call uninstall first.")
    if store is not None:
        check_name(store, RECIPES)
    door = _door = _Door(
        store,
        Path(weights_dir) if weights_dir is not None else None,
        Path(state_dir) if state_dir is not None else None,
        keras.Model.compile,
        keras.Model.fit,
        FusedModel.fit,
    )

    @functools.wraps(door.compile)
    def compile(model: keras.Model, *arguments: Any, **options: Any) -> None:
        door.compile(model, *arguments, **options)
        bound = inspect.signature(door.compile).bind(model, *arguments, **options).arguments
        door.compiled_as[model] = dict(list(bound.items())[1:])

    def through_the_door(own: Callable[..., Any]) -> Callable[..., keras.callbacks.History]:
        @functools.wraps(own)
        def fit(model: keras.Model, *arguments: Any, **options: Any) -> keras.callbacks.History:
            if door.inside:  # the call below, or one inside a callback of it
                return own(model, *arguments, **options)
            bound = inspect.signature(door.fit).bind(model, *arguments, **options).arguments
            door.inside = True
            try:
                return _fit(door, model, dict(list(bound.items())[1:]))
            finally:
                door.inside = False

        return fit

    keras.Model.compile, keras.Model.fit = compile, through_the_door(door.fit)
    FusedModel.fit = through_the_door(door.fused_fit)  # type: ignore[method-assign]


def uninstall() -> None:
    """Give ``keras.Model`` its own methods back. Nothing happens where none were replaced."""
    global _door
    if _door is not None:
        keras.Model.compile, keras.Model.fit = _door.compile, _door.fit
        FusedModel.fit = _door.fused_fit  # type: ignore[method-assign]
        _door = None


def resumed() -> int:
    """Return how many trainings since `install` did not start from their beginning."""
    return _door.resumed if _door is not None else 0


def _fit(door: _Door, model: keras.Model, options: dict[str, Any]) -> keras.callbacks.History:
    trainer = _trainer(door, model)
    folder = None
    # Only arrays can be told apart: a pipeline does not say what is in it.
    arrays = all(isinstance(options.get(name), np.ndarray) for name in ("x", "y"))
    # Nor do the logs of a kept training hold what these would add to them.
    plain_fit = not any(options.get(name) is not None for name in NOT_KEPT)
    resumable = model in door.compiled_as and trainer.built and arrays and plain_fit
    if door.state_dir is not None and resumable:
        plain, compiled_as = fused_from.get(model, model), door.compiled_as[model]
        key = training_key(plain, model.optimizer, compiled_as, options)
        folder = door.state_dir / key
    keeper = Keeper(folder, options.get("epochs", 1))
    first = 0 if options.get("initial_epoch") else keeper.restore(trainer)
    if first:
        door.resumed += 1
        print(f"Going on after epoch {first}, from {folder}.", file=sys.stderr)
        options["initial_epoch"] = first
    given = options.get("callbacks") or []
    if not isinstance(given, list | tuple):
        raise TypeError(f"callbacks is a {type(given).__name__}; the builder expects a list.")
    history = trainer.fit(**{**options, "callbacks": [*given, keeper]})
    history.set_model(model)
    model.history = history
    if first:
        history.epoch = list(range(len(keeper.epochs)))
        history.history = {
            key: [epoch[key] for epoch in keeper.epochs if key in epoch]
            for key in {key: None for epoch in keeper.epochs for key in epoch}
        }
    door.keepers[history] = keeper
    return history


def _trainer(door: _Door, model: keras.Model) -> keras.Model:
    """Return what trains the model's weights: fused where it is made of Keras's layers."""
    compiled = door.compiled_as.get(model)
    # A class of the reader's own may have its own train_step or loss.
    if compiled is None or not type(model).__module__.startswith("keras.") or not model.built:
        return model
    trainer = fuse_layers(model)
    # The optimizer is shared, so that a second call of fit goes on where the first one ended.
    trainer.compile(**{**compiled, "optimizer": model.optimizer})
    return trainer


def store(
    name: str,
    model: keras.Model,
    history: keras.callbacks.History,
    data: Dataset,
    seed: int,
) -> dict[str, Any]:
    """Keep a chapter's trained network, and the record of its training, for later chapters.

    Parameters
    ----------
    name : str
        The network, as `install` was told it.
    model : keras.Model
        The trained network.
    history : keras.callbacks.History
        What ``model.fit`` returned.
    data : Dataset
        What it was trained on. The error on its test images is measured here; their noise, where
        the recipe has any, is drawn from a seed that belongs to `seed`.
    seed : int
        The seed of the run.

    Returns
    -------
    dict
        The record, as `training_record` returns it from the file.

    Raises
    ------
    RuntimeError
        `install` was not told a folder, or to store a network of this name; or the history is not
        one of this kernel.
    ValueError
        The model is not the one of the recipe.
    """
    if _door is None or _door.weights_dir is None or _door.stored_name != name:
        raise RuntimeError(f"install(store={name!r}, weights_dir=...) must come first.")
    if history not in _door.keepers:
        raise RuntimeError("history is not what model.fit returned in this notebook.")
    recipe = RECIPES[name]
    weights = model.get_weights()
    expected = [tuple(weight.shape) for weight in recipe.build().weights]
    if [weight.shape for weight in weights] != expected:
        raise ValueError(f"The model {model.name!r} is not the network {name!r} of RECIPES.")
    inputs, targets = recipe.pairs(data.x_test, np.random.default_rng([seed, 1]))
    error = reconstruction_error(targets, model.predict(inputs, verbose=0))
    keeper, loss = _door.keepers[history], history.history["loss"]
    record = {
        "model": name,
        "profile": settings().preset,
        "epochs": len(loss),
        "batch_size": recipe.batch_size,
        "seed": seed,
        **keeper.made_with,
        "dataset": {"name": data.name, "sha256": data.sha256},
        "params": model.count_params(),
        "loss": [round(value, 6) for value in loss],
        "test_mse": round(float(error), 6),
        "seconds": round(sum(keeper.seconds), 1),
    }
    return write_weights(_door.weights_dir / f"{name}.npz", weights, record)
