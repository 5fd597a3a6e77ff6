"""The environment variables of the course, read in this one place and checked.

`AE_PROFILE`, `AE_DATA_DIR`, `AE_DATASET` and `AE_SEED`: nothing else of `ae_lib` depends on the
environment, except that the grader says with `AE_GRADING` that it marks.
"""

import os
from dataclasses import dataclass
from pathlib import Path

PRESETS = ("full", "quick")
DATASETS = ("mnist", "standin")


@dataclass(frozen=True)
class Settings:
    """What the environment asks for.

    Attributes
    ----------
    preset : str
        ``AE_PROFILE``: ``"full"`` (default) or ``"quick"``.
    mnist_file : Path or None
        Where ``AE_DATA_DIR`` says that MNIST lies: ``mnist.npz`` in that directory, or the file
        itself. None if the variable is not set.
    dataset : str or None
        ``AE_DATASET``: ``"mnist"`` rules out the stand-in, ``"standin"`` asks for it.
    seed : int
        ``AE_SEED``, 0 by default.
    """

    preset: str
    mnist_file: Path | None
    dataset: str | None
    seed: int


def settings() -> Settings:
    """Read the environment as it is now.

    Raises
    ------
    ValueError
        A variable has a value that it cannot have; the message names both.

    Examples
    --------
    >>> from ae_lib._settings import settings
    >>> settings().preset in ("full", "quick")
    True
    """
    return Settings(
        preset=_one_of("AE_PROFILE", PRESETS) or "full",
        mnist_file=_mnist_file(),
        dataset=_one_of("AE_DATASET", DATASETS),
        seed=_seed(),
    )


def is_grading() -> bool:
    """Say whether the grader runs this notebook: it runs the tests itself."""
    return bool(os.environ.get("AE_GRADING"))


def keras_home() -> Path:
    """Return the folder where Keras keeps its downloads, as Keras itself finds it."""
    home = os.environ.get("KERAS_HOME")
    return Path(home) if home else Path.home() / ".keras"


def _one_of(name: str, allowed: tuple[str, ...]) -> str | None:
    value = os.environ.get(name, "")
    if value and value not in allowed:
        raise ValueError(f"{name}={value!r}; expected one of {', '.join(allowed)}, or nothing.")
    return value or None


def _mnist_file() -> Path | None:
    value = os.environ.get("AE_DATA_DIR", "")
    if not value:
        return None
    path = Path(value).expanduser()
    return path if path.suffix == ".npz" or path.is_file() else path / "mnist.npz"


def _seed() -> int:
    value = os.environ.get("AE_SEED", "") or "0"
    # isdecimal: int() would also take "1_000" and " 1 ".
    if not (value.isascii() and value.isdecimal() and int(value) < 2**32):
        raise ValueError(f"AE_SEED={value!r}; expected a whole number from 0 to 2**32 - 1.")
    return int(value)
