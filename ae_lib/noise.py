"""Noise for the denoising autoencoder."""

from typing import Any

import numpy as np

from ae_lib._validation import check_images

__all__ = ["add_gaussian_noise"]


def add_gaussian_noise(images: np.ndarray, factor: float, rng: Any) -> np.ndarray:
    """Add Gaussian noise to images and clip the result to [0, 1].

    Parameters
    ----------
    images : ndarray of shape (n, height, width) or (n, height, width, 1), float
        Grey values in [0, 1].
    factor : float
        Standard deviation of the noise, at least 0; the lecture takes 0.5.
    rng : numpy.random.Generator or int
        Source of the random numbers, or the seed of one.

    Returns
    -------
    ndarray, same shape and dtype as `images`
        ``clip(images + factor * normal, 0, 1)``. Clipping makes the noise on a black or white
        pixel one-sided: half of it vanishes.

    Raises
    ------
    TypeError
        `images` is not a floating-point array, `factor` not a number, or `rng` neither a
        generator nor a whole number.
    ValueError
        `images` has a wrong shape, NaN or values outside [0, 1]; `factor` is negative or not
        finite; or the seed is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import add_gaussian_noise
    >>> noisy = add_gaussian_noise(np.zeros((100, 28, 28)), 0.5, 0)
    >>> print(f"{np.mean(noisy == 0):.0%} of the black pixels stay black")
    50% of the black pixels stay black
    """
    images = check_images(images, "images")
    if isinstance(factor, bool) or not isinstance(factor, int | float | np.number):
        raise TypeError(f"factor is a {type(factor).__name__}; expected a number.")
    if not (np.isfinite(factor) and factor >= 0):
        raise ValueError(f"factor is {factor}; expected a finite number of at least 0.")
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer | np.random.Generator):
        raise TypeError(
            f"rng is a {type(rng).__name__}; expected numpy.random.default_rng(seed) or a seed."
        )
    if not isinstance(rng, np.random.Generator) and rng < 0:
        raise ValueError(f"rng is {rng}; a seed is at least 0.")
    dtype = images.dtype if images.dtype in (np.float32, np.float64) else np.float32
    noise = np.random.default_rng(rng).standard_normal(images.shape, dtype=dtype)
    return np.clip(images + factor * noise, 0, 1).astype(images.dtype)
