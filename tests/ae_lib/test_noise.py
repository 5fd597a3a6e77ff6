import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ae_lib import add_gaussian_noise

images = arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9)),
    elements=st.floats(0, 1, width=32),
)
seeds = st.integers(0, 2**32)


@given(images, st.floats(0, 10), seeds)
def test_range_shape_and_type_stay(x, factor, seed):
    noisy = add_gaussian_noise(x, factor, seed)
    assert noisy.shape == x.shape
    assert noisy.dtype == x.dtype
    assert noisy.min() >= 0
    assert noisy.max() <= 1


@given(images, seeds)
def test_no_noise_changes_nothing(x, seed):
    np.testing.assert_array_equal(add_gaussian_noise(x, 0, seed), x)


@given(images, st.floats(0.1, 2), seeds)
def test_the_seed_decides(x, factor, seed):
    first = add_gaussian_noise(x, factor, seed)
    np.testing.assert_array_equal(first, add_gaussian_noise(x, factor, np.random.default_rng(seed)))


def test_the_noise_has_the_stated_size():
    grey = np.full((50, 40, 40), 0.5)  # far from 0 and 1, so that little is clipped
    noisy = add_gaussian_noise(grey, 0.1, 0)
    assert abs(noisy.std() - 0.1) < 0.001
    assert abs(noisy.mean() - 0.5) < 0.001


x = np.zeros((2, 4, 4), "float32")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((x, -0.5, 0), ValueError, "factor is -0.5"),
        ((x, np.nan, 0), ValueError, "factor is nan"),
        ((x, np.inf, 0), ValueError, "factor is inf"),
        ((x, "0.5", 0), TypeError, "factor is a str"),
        ((x, True, 0), TypeError, "factor is a bool"),
        ((x, 0.5, None), TypeError, "rng is a NoneType"),
        ((x, 0.5, -1), ValueError, "rng is -1"),
        ((x + 2, 0.5, 0), ValueError, r"images has values from 2 to 2; expected .*\[0, 1\]"),
        ((x - 1, 0.5, 0), ValueError, "images has values from -1"),
        ((x * np.nan, 0.5, 0), ValueError, "images holds NaN"),
        ((x.astype("uint8"), 0.5, 0), TypeError, "images has dtype uint8.*255"),
        ((x[0], 0.5, 0), ValueError, r"images has shape \(4, 4\)"),
        ((x[:0], 0.5, 0), ValueError, "no image"),
        ((np.zeros((2, 4, 4, 3)), 0.5, 0), ValueError, r"\(2, 4, 4, 3\)"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        add_gaussian_noise(*arguments)
