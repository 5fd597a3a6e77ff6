# pca_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q5"
points = None

@test_case(points=1, hidden=False)
def test_examples(largest_angle):
    """The examples: a diagonal, and a change of sign."""
    import numpy as np
    from ae_lib.sheets import expect
    V = np.array([[1.0], [0.0]])
    for W, expected in ((np.full((2, 1), np.sqrt(0.5)), np.pi / 4), (-V, 0.0)):
        answer = expect.call(largest_angle, 'largest_angle', V, W)
        found = expect.number(answer, 'largest_angle(V, W)')
        assert np.isclose(found, expected, atol=1e-06), f'largest_angle is {found:.4f} for W = {W.ravel()}; expected {expected:.4f}. Singular values are never negative, so a change of sign should not matter; the angle is in radians.'
