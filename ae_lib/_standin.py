"""The offline stand-in for MNIST: warped copies of scikit-learn's small handwritten digits."""

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ae_lib._validation import BROKEN_ARCHIVE

N_TRAIN, N_TEST = 60_000, 10_000


def load_standin() -> dict[str, np.ndarray]:
    """Return the four 8-bit arrays: from the user's cache, or drawn now and kept there.

    Where the cache cannot be written, a warning says so, and they are only returned.

    Raises
    ------
    ValueError
        The cached file is broken.
    """
    import filelock
    import pooch

    path = Path(pooch.os_cache("ae_lib")) / "standin-1.npz"  # the number changes with the recipe
    arrays = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two notebooks started together must not both draw it.
        with filelock.FileLock(path.with_suffix(".lock")):
            if not path.is_file():
                arrays = draw_standin()
                _write(path, arrays)
    except OSError as error:
        warnings.warn(
            f"The stand-in for MNIST cannot be kept in {path.parent} "
            f"({type(error).__name__}: {error.strerror or error}), so each notebook draws it "
            "again. Make that folder writable, or free some space.",
            stacklevel=3,
        )
        if arrays is None and not path.is_file():
            arrays = draw_standin()
    return _read(path) if arrays is None else arrays


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.npz")
    try:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    except (KeyError, *BROKEN_ARCHIVE) as error:
        raise ValueError(
            f"The cached stand-in {path} is not readable ({error}). Delete it: it is drawn again."
        ) from error


def draw_standin(seed: int = 0) -> dict[str, np.ndarray]:
    """Make 70,000 images by warping the 1,797 handwritten 8 x 8 digits of scikit-learn.

    The small digits are split into a training and a test part *before* they are warped, so that
    no test image is a warped copy of a training image. Like MNIST's, the digits lie in a box of
    20 x 20 pixels with a black margin.
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    small = load_digits()
    large = zoom(small.images / 16.0, (1, 2.5, 2.5), order=3)
    # The zoom blurs edges; a steep sigmoid brings back strokes that are nearly black and white.
    large = 1 / (1 + np.exp(-12 * (large - 0.5)))
    large = np.pad(np.where(large < 0.02, 0, large), ((0, 0), (4, 4), (4, 4)))
    train, test = train_test_split(
        np.arange(len(large)), test_size=1 / 7, stratify=small.target, random_state=seed
    )
    rng = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {}
    for part, base, size in (("train", train, N_TRAIN), ("test", test, N_TEST)):
        chosen = rng.choice(base, size=size)
        arrays[f"x_{part}"] = _warp(large, chosen, rng)
        arrays[f"y_{part}"] = small.target[chosen].astype("uint8")
    return arrays


def _warp(images: np.ndarray, chosen: np.ndarray, rng: Any) -> np.ndarray:
    """Return 8-bit copies of ``images[chosen]``, each turned, sheared, scaled and shifted a bit."""
    from scipy.ndimage import affine_transform
    from tqdm.auto import tqdm

    warped = np.empty((len(chosen), 28, 28), dtype="uint8")
    centre = np.array([13.5, 13.5])
    for j, index in enumerate(tqdm(chosen, desc="making the stand-in", unit=" images")):
        angle, shear = rng.normal(0, [0.12, 0.12])
        scale = rng.normal(1, 0.07, size=2)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = turn @ np.array([[1, shear], [0, 1]]) / scale
        offset = centre - matrix @ (centre + rng.normal(0, 0.8, size=2))
        image = affine_transform(images[index], matrix, offset, order=1)
        warped[j] = np.clip(255 * image, 0, 255).round()
    return warped
