import numpy as np
import pytest

from ae_lib import knn_accuracy, reconstruction_error, trustworthiness

rng = np.random.default_rng(0)
labels = np.repeat(np.arange(4), 50)
islands = (10 * np.eye(4)[labels] + rng.normal(size=(200, 4))).astype("float32")


def test_trustworthiness_tells_good_from_bad():
    assert trustworthiness(islands, islands) == 1
    shuffled = rng.permutation(islands)
    assert trustworthiness(islands, shuffled) < 0.8
    assert trustworthiness(islands, shuffled, sample=60) < 0.9


def test_knn_accuracy_tells_good_from_bad():
    assert knn_accuracy(islands, labels) > 0.95
    assert knn_accuracy(islands, rng.permutation(labels)) < 0.5


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="codes has shape"):
        knn_accuracy(islands[0], labels)
    with pytest.raises(ValueError, match="codes holds NaN"):
        trustworthiness(islands, islands * np.nan)
    with pytest.raises(ValueError, match="sample is 0"):
        trustworthiness(islands, islands, sample=0)
    with pytest.raises(ValueError, match="x has 200 rows, codes 199"):
        trustworthiness(islands, islands[1:])
    with pytest.raises(ValueError, match="codes has 200 rows, labels 199"):
        knn_accuracy(islands, labels[1:])


def test_a_sample_is_not_the_head_of_the_data():
    """The first half of these points keeps its neighbours, the second half is shuffled."""
    codes = islands.copy()
    codes[100:] = rng.permutation(codes[100:])
    head = trustworthiness(islands[:100], codes[:100])
    drawn = trustworthiness(islands, codes, sample=100)
    assert drawn < head
    assert drawn == trustworthiness(islands, codes, sample=100), "always the same points"
    assert trustworthiness(islands, codes, sample=200) == trustworthiness(islands, codes)
    assert trustworthiness(islands, codes, sample=9999) == trustworthiness(islands, codes)


def test_reconstruction_error_refuses_to_broadcast():
    assert reconstruction_error(np.zeros((2, 2)), np.full((2, 2), 3.0)) == 9
    with pytest.raises(ValueError, match=r"\(2, 2\), reconstruction \(2, 1\)"):
        reconstruction_error(np.zeros((2, 2)), np.zeros((2, 1)))


def test_one_error_per_image():
    x = rng.random((5, 4, 3, 1))
    y = rng.random((5, 4, 3, 1))
    errors = reconstruction_error(x, y, per_image=True)
    assert errors.shape == (5,)
    assert errors[2] == pytest.approx(reconstruction_error(x[2], y[2]))
    assert errors.mean() == pytest.approx(reconstruction_error(x, y))


def test_the_error_of_nothing():
    nothing = np.zeros((0, 3))
    with pytest.raises(ValueError, match=r"x has shape \(0, 3\): there is nothing"):
        reconstruction_error(nothing, nothing)
