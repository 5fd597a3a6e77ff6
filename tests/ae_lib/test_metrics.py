import numpy as np
import pytest

from ae_lib import knn_accuracy, trustworthiness, tsne

rng = np.random.default_rng(0)
labels = np.repeat(np.arange(4), 50)
islands = (10 * np.eye(4)[labels] + rng.normal(size=(200, 4))).astype("float32")


def test_tsne_keeps_islands_and_repeats():
    points = tsne(islands, max_iter=300)
    assert points.shape == (200, 2)
    assert knn_accuracy(points, labels) > 0.95
    np.testing.assert_array_equal(points, tsne(islands, max_iter=300))


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
        tsne(islands[0])
    with pytest.raises(ValueError, match="codes holds NaN"):
        tsne(islands * np.nan)
    with pytest.raises(ValueError, match="x has 200 rows, codes 199"):
        trustworthiness(islands, islands[1:])
    with pytest.raises(ValueError, match="codes has 200 rows, labels 199"):
        knn_accuracy(islands, labels[1:])
