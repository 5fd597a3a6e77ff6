import matplotlib as mpl
import numpy as np
import pytest

mpl.use("agg")

import matplotlib.pyplot as plt

from ae_lib import plot_history, plot_image_rows, plot_map
from ae_lib.plots import DIGIT_COLOURS


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (784,)])
def test_image_rows(shape):
    axes = plot_image_rows({"a": np.zeros((3, *shape)), "b": np.ones((3, *shape))})
    assert axes.shape == (2, 3)
    assert axes[1, 0].figure.get_suptitle() == "b"
    image = axes[1, 2].images[0]
    assert image.get_clim() == (0, 1)  # true grey values: no stretching to the data's range
    assert image.get_array().shape == (28, 28)


def test_image_rows_of_different_length():
    with pytest.raises(ValueError, match="'a': 2, 'b': 3"):
        plot_image_rows({"a": np.zeros((2, 784)), "b": np.zeros((3, 784))})


def test_history():
    ax = plot_history({"training": [3.0, 2.0, 1.0]})
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert ax.get_legend_handles_labels()[1] == ["training"]


def test_map_names_each_digit():
    labels = np.arange(10).repeat(3)
    ax = plot_map(np.random.default_rng(0).normal(size=(30, 2)), labels)
    assert [text.get_text() for text in ax.texts] == [str(d) for d in range(10)]


def test_map_with_wrong_input():
    with pytest.raises(ValueError, match=r"expected \(n, 2\)"):
        plot_map(np.zeros((3, 3)), np.zeros(3, int))
    with pytest.raises(ValueError, match="3 rows, labels 2"):
        plot_map(np.zeros((3, 2)), np.zeros(2, int))


def test_ten_different_colours():
    assert len(set(DIGIT_COLOURS)) == 10


def test_the_style_sheet_is_found():
    with plt.style.context("ae_lib.course"):
        assert mpl.rcParams["image.cmap"] == "gray"
