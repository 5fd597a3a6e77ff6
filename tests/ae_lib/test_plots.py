import matplotlib as mpl
import numpy as np
import pytest

mpl.use("agg")

import matplotlib.pyplot as plt

from ae_lib import plot_embedding, plot_history, plot_image_rows
from ae_lib.plots import DIGIT_COLOURS


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize(
    ("shape", "size"),
    [((28, 28), (28, 28)), ((28, 28, 1), (28, 28)), ((784,), (28, 28)), ((64,), (8, 8)),
     ((9, 5), (9, 5)), ((1024,), (32, 32))],
)  # fmt: skip
def test_image_rows(shape, size):
    axes = plot_image_rows({"a": np.zeros((3, *shape)), "b": np.ones((3, *shape))})
    assert axes.shape == (2, 3)
    assert axes[1, 0].figure.get_suptitle() == "b"
    image = axes[1, 2].images[0]
    assert image.get_clim() == (0, 1)  # true grey values: no stretching to the data's range
    assert image.get_array().shape == size


def test_image_rows_of_different_length():
    with pytest.raises(ValueError, match="'a': 2, 'b': 3"):
        plot_image_rows({"a": np.zeros((2, 784)), "b": np.zeros((3, 784))})


def test_history():
    ax = plot_history({"training": [3.0, 2.0, 1.0]})
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert ax.get_legend_handles_labels()[1] == ["training"]


def test_map_names_each_digit():
    labels = np.arange(10).repeat(3)
    ax = plot_embedding(np.random.default_rng(0).normal(size=(30, 2)), labels)
    assert [text.get_text() for text in ax.texts] == [str(d) for d in range(10)]


def test_map_with_wrong_input():
    with pytest.raises(ValueError, match=r"expected \(n, 2\)"):
        plot_embedding(np.zeros((3, 3)), np.zeros(3, int))
    with pytest.raises(ValueError, match="points has 3 rows, labels 2"):
        plot_embedding(np.zeros((3, 2)), np.zeros(2, int))


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        (np.zeros((2, 32, 32, 3)), ValueError, r"the row 'a' has shape \(2, 32, 32, 3\); expected"),
        (np.zeros((2, 30)), ValueError, "vectors of square images"),
        (np.zeros((0, 28, 28)), ValueError, r"shape \(0, 28, 28\)"),
        (np.zeros((2, 28, 28), "uint8"), TypeError, "the row 'a' has dtype uint8"),
        ([[0.5]], TypeError, "the row 'a' is a list"),
    ],
)
def test_image_rows_with_wrong_input(row, error, message):
    with pytest.raises(error, match=message):
        plot_image_rows({"a": row})


def test_no_rows_and_no_curves():
    with pytest.raises(ValueError, match="the rows have {} images"):
        plot_image_rows({})
    with pytest.raises(ValueError, match="losses is empty"):
        plot_history({})


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["cat", "dog", "cat"], ["cat", "dog"]),
        ([3.0, 1.0, 3.0], ["1", "3"]),
        (np.array([7, 9, 7], "uint8"), ["7", "9"]),
        ([True, False, True], ["False", "True"]),
        ([-1, 12, 12], ["-1", "12"]),
    ],
)
def test_classes_of_any_kind(labels, names):
    ax = plot_embedding(np.zeros((3, 2)), labels)
    assert [text.get_text() for text in ax.texts] == names


def test_many_classes_differ_in_colour_or_shape():
    labels = np.arange(100)
    ax = plot_embedding(np.random.default_rng(0).normal(size=(100, 2)), labels)
    looks = {
        (tuple(c.get_facecolor()[0]), c.get_paths()[0].vertices.tobytes()) for c in ax.collections
    }
    assert len(looks) == 100


def test_a_digit_keeps_its_colour_where_others_are_missing():
    ax = plot_embedding(np.zeros((2, 2)), [7, 9])
    assert mpl.colors.to_hex(ax.collections[0].get_facecolor()[0]) == DIGIT_COLOURS[7].lower()


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0.5, 1.0], ValueError, "labels holds 0.5; expected classes"),
        ([np.nan, 1.0], ValueError, "labels holds nan"),
        (np.zeros((2, 1)), ValueError, r"labels has shape \(2, 1\)"),
        ([1j, 2j], TypeError, "labels has dtype complex"),
    ],
)
def test_labels_that_are_no_classes(labels, error, message):
    with pytest.raises(error, match=message):
        plot_embedding(np.zeros((2, 2)), labels)


def test_too_many_classes():
    with pytest.raises(ValueError, match="labels holds 101 different values; expected at most 100"):
        plot_embedding(np.zeros((101, 2)), np.arange(101))


def test_ten_different_colours():
    assert len(set(DIGIT_COLOURS)) == 10


def test_the_style_sheet_is_found():
    with plt.style.context("ae_lib.course"):
        assert mpl.rcParams["image.cmap"] == "gray"
