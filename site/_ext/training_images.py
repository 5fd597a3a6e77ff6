"""Ten thousand digits for the page "Train an autoencoder": a picture, the labels, a description.

They are MNIST's test images where MNIST lies on the machine that builds the site, else as many of
the offline stand-in, and the page then says so. The repository holds neither.

train.json names the two files and the data set. The picture has 16 grey values and a hundred
images side by side. Three of every twenty images, at the places 0, 1 and 2 of each twenty, are for
testing (site/demo/train/data.js).
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

import ae_lib.data
from ae_lib.data import Dataset

ACROSS = 100  # images side by side
COUNT = 10_000
TESTS = np.arange(COUNT) % 20 < 3
LEVELS = 16  # grey values: an image in four bits a pixel loses nothing that one would see


def write_atlas(path: Path, images: np.ndarray) -> None:
    """Write images side by side as one picture with 16 grey values.

    Parameters
    ----------
    path : Path
        The PNG file.
    images : ndarray of shape (n, 28, 28), float
        Grey values in [0, 1]; n is a multiple of `ACROSS`.
    """
    rows = np.round((LEVELS - 1) * images).astype("u1").reshape(-1, ACROSS, 28, 28).swapaxes(1, 2)
    atlas = Image.fromarray(rows.reshape(-1, ACROSS * 28), "P")
    atlas.putpalette([17 * grey for grey in range(LEVELS) for _ in "rgb"])
    atlas.save(path, bits=4, optimize=True)


@contextmanager
def _dataset_asked_for(name: str) -> Iterator[None]:
    before = os.environ.get("AE_DATASET")
    os.environ["AE_DATASET"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["AE_DATASET"]
        else:
            os.environ["AE_DATASET"] = before


def dataset_at_hand() -> Dataset:
    """Return MNIST if it lies on this machine, else the stand-in; nothing is downloaded."""
    if ae_lib.data.local_mnist([]) is not None:
        return ae_lib.data.load_mnist()  # the stand-in may be asked for
    with _dataset_asked_for("standin"):
        return ae_lib.data.load_mnist()


def ten_thousand(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels that the page trains with, tests at the places of `TESTS`.

    MNIST's own test images and their order, since the explorer shows them, too. The stand-in's
    images are copies of few digits: there, tests come from its test set, or the network would be
    tested with what it has learned.

    Returns
    -------
    images : ndarray of shape (10000, 28, 28), float32
    labels : ndarray of shape (10000,), uint8
    """
    if data.name == "mnist":
        return data.x_test, data.y_test
    images = data.x_train[:COUNT].copy()
    labels = data.y_train[:COUNT].copy()
    images[TESTS] = data.x_test[: TESTS.sum()]
    labels[TESTS] = data.y_test[: TESTS.sum()]
    return images, labels


def export(folder: Path, data: Dataset, atlas: str | None = None) -> None:
    """Write what the page trains with into a folder of the built site.

    Parameters
    ----------
    folder : Path
        The demos' data.
    data : Dataset
        What to take the images from.
    atlas : str, optional
        A picture of the same images that lies there already.
    """
    images, labels = ten_thousand(data)
    if atlas is None:
        atlas = "training_images.png"
        write_atlas(folder / atlas, images)
    (folder / "training_labels.bin").write_bytes(labels.astype("u1").tobytes())
    manifest = {"images": atlas, "labels": "training_labels.bin", "dataset": data.name}
    (folder / "train.json").write_text(json.dumps(manifest), encoding="utf-8")
