# pca_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=1, hidden=False)
def test_mean_and_shape(pca_fit):
    """The mean, and a V of shape (d, k), as in the example."""
    import numpy as np
    from ae_lib.sheets import expect
    x = np.array([[1.0, 0], [3, 2], [5, 4]])
    mean, V = expect.pair(expect.call(pca_fit, 'pca_fit', x, 1), 'pca_fit')
    mean = expect.array(mean, 'mean', (2,))
    assert np.allclose(mean, [3, 2]), f'mean is {mean}; the three points of the example have the mean [3, 2].'
    V = expect.array(V, 'V', (2, 1))
    assert np.isclose(abs(V[0, 0] + V[1, 0]), np.sqrt(2)), f'V is {V.ravel()}; the points lie on the diagonal, so both entries are 0.7071 or both are -0.7071. Is the data centred before the decomposition, and V made of *right* singular vectors?'

@test_case(points=1, hidden=False)
def test_orthonormal(pca_fit):
    """The columns of V are orthonormal: V'V = I."""
    import numpy as np
    from ae_lib.sheets import expect
    x = np.random.default_rng(1).normal(size=(30, 7)) + 5
    V = expect.pair(expect.call(pca_fit, 'pca_fit', x, 3), 'pca_fit')[1]
    V = expect.array(V, 'V', (7, 3))
    assert np.allclose(V.T @ V, np.eye(3), atol=1e-08), "V'V is not the identity. Singular vectors have length 1; do not multiply them by singular values."
