# pca_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=1, hidden=False)
def test_example(reconstruct):
    """The example: the point (7, 5, 3) and the plane of four points."""
    import numpy as np
    from ae_lib.sheets import expect
    plane = np.array([[6.0, 4, 7], [4, 8, 3], [-2, -4, 3], [-4, 0, -1]])
    answer = expect.call(reconstruct, 'reconstruct', plane, np.array([[7.0, 5, 3]]), 2)
    found = expect.array(answer, 'reconstruct(...)', (1, 3))
    assert np.allclose(found, [[5, 6, 5]]), f'(7, 5, 3) comes back as {np.round(found[0], 2)}; expected (5, 6, 5). Which mean is subtracted on the way in, which is added on the way out, and which part of Wt is V?'
