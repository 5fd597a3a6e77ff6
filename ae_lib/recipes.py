"""How each stored network is made: what builds it, what it learns from, and for how long."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from ae_lib import models
from ae_lib._settings import settings
from ae_lib.data import as_vectors
from ae_lib.noise import add_gaussian_noise

__all__ = ["RECIPES", "Preset", "Recipe", "preset"]

Pairs = tuple[np.ndarray, np.ndarray]

BATCH_SIZE = 128  # the lecture's, of every network


@dataclass(frozen=True)
class Recipe:
    """How a network is made.

    Attributes
    ----------
    build : callable
        Returns the untrained network, a ``keras.Model``.
    pairs : callable
        ``pairs(images, rng=0)`` makes the inputs and targets of training or testing from images
        of shape (n, 28, 28), float in [0, 1]. `rng` is a ``numpy.random.Generator`` or a seed; it
        matters only where noise is drawn.
    epochs : mapping of str to int
        Passes over the training set in each preset.
    batch_size : int
        Images per training step; the lecture takes 128.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import RECIPES
    >>> inputs, targets = RECIPES["denoising"].pairs(np.zeros((5, 28, 28)))
    >>> inputs.shape, float(targets.max())
    ((5, 28, 28, 1), 0.0)
    """

    build: Callable[..., keras.Model]
    pairs: Callable[..., Pairs]
    epochs: Mapping[str, int]
    batch_size: int = BATCH_SIZE


def _same_vectors(images: np.ndarray, rng: Any = None) -> Pairs:
    vectors = as_vectors(images)
    return vectors, vectors


def _same_images(images: np.ndarray, rng: Any = None) -> Pairs:
    pixels = as_vectors(images).reshape(*images.shape[:3], 1)
    return pixels, pixels


def _noisy_images(images: np.ndarray, rng: Any = 0) -> Pairs:
    clean, _ = _same_images(images)
    return add_gaussian_noise(clean, 0.5, rng), clean


RECIPES = {
    "dense": Recipe(models.dense_autoencoder, _same_vectors, {"full": 50, "quick": 8}),
    "conv": Recipe(models.conv_autoencoder, _same_images, {"full": 50, "quick": 2}),
    "denoising": Recipe(models.denoising_autoencoder, _noisy_images, {"full": 50, "quick": 1}),
}
"""The networks whose trained weights come with the course, by name."""


@dataclass(frozen=True)
class Preset:
    """How much work a run does. Shapes and parameter counts are the same in all presets.

    Attributes
    ----------
    name : str
        ``"full"``, the lecture's settings, or ``"quick"``, for tests and laptops.
    tsne_iterations : int
        Steps of gradient descent of t-SNE.
    sample : int
        Points on which trustworthiness, which is quadratic in their number, is measured.
    """

    name: str
    tsne_iterations: int
    sample: int

    @property
    def epochs(self) -> dict[str, int]:
        """Training epochs of each network in `RECIPES`, by name."""
        return {name: recipe.epochs[self.name] for name, recipe in RECIPES.items()}


PRESETS = {"full": Preset("full", 1000, 10_000), "quick": Preset("quick", 300, 2_000)}


def preset() -> Preset:
    """Return the preset that the environment variable ``AE_PROFILE`` names; ``full`` by default.

    Returns
    -------
    Preset

    Raises
    ------
    ValueError
        There is no preset of that name.

    Examples
    --------
    >>> from ae_lib import preset
    >>> list(preset().epochs)
    ['dense', 'conv', 'denoising']
    """
    return PRESETS[settings().preset]
