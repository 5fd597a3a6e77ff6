from itertools import pairwise

import numpy as np
import pytest
import sklearn.decomposition
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import subspace_angles

from ae_lib import fit_pca, reconstruction_error

shapes = st.tuples(st.integers(2, 40), st.integers(1, 12), st.integers(0, 2**32 - 1))


def data_and_k(draw_shape, share):
    n, d, seed = draw_shape
    x = np.random.default_rng(seed).normal(size=(n, d)) * np.arange(1, d + 1)
    return x, 1 + int(share * (min(n, d) - 1))


@settings(deadline=None)
@given(shapes, st.floats(0, 1))
def test_v_is_orthonormal_and_the_error_is_the_theorem(shape, share):
    x, k = data_and_k(shape, share)
    pca = fit_pca(x, k)
    np.testing.assert_allclose(pca.V.T @ pca.V, np.eye(k), atol=1e-9)
    error = reconstruction_error(x, pca.reconstruct(x)) * x.size
    scale = np.sum(pca.singular_values**2)
    np.testing.assert_allclose(
        error, np.sum(pca.singular_values[k:] ** 2), atol=1e-9 * scale + 1e-12
    )


@settings(deadline=None)
@given(shapes, st.floats(0, 1))
def test_encoding_a_reconstruction_gives_the_code_again(shape, share):
    x, k = data_and_k(shape, share)
    pca = fit_pca(x, k)
    a = pca.encode(x)
    assert a.shape == (len(x), k)
    np.testing.assert_allclose(pca.encode(pca.decode(a)), a, atol=1e-8)


@settings(deadline=None)
@given(shapes)
def test_more_components_never_err_more(shape):
    x, _ = data_and_k(shape, 0)
    errors = [
        reconstruction_error(x, fit_pca(x, k).reconstruct(x)) for k in range(1, min(x.shape) + 1)
    ]
    assert all(b <= a + 1e-9 for a, b in pairwise(errors))


def test_agrees_with_scikit_learn():
    x = np.random.default_rng(0).normal(size=(200, 30)) @ np.diag(np.linspace(3, 0.1, 30))
    ours, theirs = fit_pca(x, 5), sklearn.decomposition.PCA(5).fit(x)
    assert subspace_angles(ours.V, theirs.components_.T).max() < 1e-6
    np.testing.assert_allclose(ours.explained_variance_ratio, theirs.explained_variance_ratio_)
    np.testing.assert_allclose(ours.mean, theirs.mean_)


def test_no_other_orthonormal_matrix_is_better():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(100, 8)) * np.arange(1, 9)
    best = reconstruction_error(x, fit_pca(x, 3).reconstruct(x))
    for _ in range(50):
        v = np.linalg.qr(rng.normal(size=(8, 3)))[0]
        centred = x - x.mean(axis=0)
        assert reconstruction_error(centred, centred @ v @ v.T) >= best


def test_the_sign_is_fixed():
    x = np.random.default_rng(2).normal(size=(50, 6))
    v = fit_pca(x, 6).V
    assert (v[np.abs(v).argmax(axis=0), range(6)] > 0).all()
    np.testing.assert_allclose(fit_pca(x[::-1].copy(), 6).V, v, atol=1e-9)


x = np.zeros((5, 3))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((x, 4), ValueError, r"k is 4; expected 1 to 3"),
        ((x, 0), ValueError, r"k is 0"),
        ((x, 2.0), TypeError, r"k is 2.0"),
        ((x, True), TypeError, r"k is True"),
        ((x[0], 1), ValueError, r"x has shape \(3,\)"),
        ((x[:0], 1), ValueError, r"x has shape \(0, 3\)"),
        ((x.astype(int), 1), TypeError, r"x has dtype int"),
        ((x.tolist(), 1), TypeError, r"x is a list"),
        ((np.full((5, 3), np.nan), 1), ValueError, r"x holds NaN"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        fit_pca(*arguments)


def test_wrong_widths_are_named():
    pca = fit_pca(np.random.default_rng(0).normal(size=(9, 3)), 2)
    with pytest.raises(ValueError, match=r"x has shape \(9, 4\); expected \(n, 3\)"):
        pca.encode(np.zeros((9, 4)))
    with pytest.raises(ValueError, match=r"a has shape \(9, 3\); expected \(n, 2\)"):
        pca.decode(np.zeros((9, 3)))
