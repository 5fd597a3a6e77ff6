"""How the networks are trained: the lecture's optimiser, seeds, and a look for dead outputs."""

import keras
import numpy as np

from ae_lib._settings import settings
from ae_lib._validation import check_float

__all__ = ["DeadOutputError", "check_alive", "rmsprop", "set_seed"]


def set_seed(seed: int | None = None) -> int:
    """Seed Python, NumPy and Keras, so that a run can be repeated.

    Parameters
    ----------
    seed : int, optional
        From 0 to 2**32 - 1. By default what the environment variable ``AE_SEED`` says, or 0.

    Returns
    -------
    int
        The seed, for generators of your own.

    Raises
    ------
    TypeError
        `seed` is not a whole number.
    ValueError
        `seed` is out of range, or ``AE_SEED`` is not a whole number.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import set_seed
    >>> rng = np.random.default_rng(set_seed(7))
    >>> int(rng.integers(100))
    94
    """
    if seed is None:
        seed = settings().seed
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"seed is {seed!r}; expected a whole number.")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed}; expected 0 to 2**32 - 1.")
    keras.utils.set_random_seed(int(seed))  # Python's random, NumPy and the backend
    return int(seed)


def rmsprop() -> keras.optimizers.RMSprop:
    """Return RMSprop as the lecture's Keras had it.

    Up to version 2.10 Keras divided a gradient by ``sqrt(v) + 1e-7``, since 2.11 it divides it by
    ``sqrt(v + 1e-7)``. In this course v, the running mean of the squared gradients, is far below
    1e-7, because the loss is a mean over 784 pixels: the divisor is then nearly a constant, and
    RMSprop nearly plain gradient descent. 1e-14, the square of 1e-7, gives back the lecture's
    steps (chapter 2 prints both divisors).

    Returns
    -------
    keras.optimizers.RMSprop
        Learning rate 1e-3, rho 0.9, epsilon 1e-14.

    References
    ----------
    Tieleman and Hinton (2012), lecture 6.5 of "Neural networks for machine learning".

    Examples
    --------
    >>> from ae_lib import rmsprop
    >>> rmsprop().epsilon
    1e-14
    """
    return keras.optimizers.RMSprop(learning_rate=1e-3, rho=0.9, epsilon=1e-14)


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

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import check_alive, dense_autoencoder, set_seed
    >>> seed = set_seed(0)
    >>> check_alive(dense_autoencoder(), np.ones((2, 784), "float32"))  # says nothing: it lives
    """
    share = float(np.mean(model.predict(check_float(x, "x"), verbose=0) > 0))
    if share < min_share:
        raise DeadOutputError(
            f"Only {share:.2%} of the outputs of the model {model.name!r} are above zero: its "
            "ReLU output layer is dead, and no gradient flows through it. Build the model again; "
            "if it dies once more, start its output layer with more positive than negative "
            "weights, as ae_lib.denoising_autoencoder does."
        )
