# tsne_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=1, hidden=False)
def test_example(trust):
    """The example: five points on a line."""
    import numpy as np
    from ae_lib.sheets import expect
    x = np.array([[0.0], [1], [3], [7], [12]])
    codes = np.array([[0.0], [12], [1], [7], [3]])
    for c, expected in ((x, 1.0), (codes, 0.6)):
        found = expect.number(expect.call(trust, 'trust', x, c, 1), 'trust(...)')
        assert np.isclose(found, expected, atol=0.001), f'trust is {found:.4f}; expected {expected:.4f}. The neighbours are taken in the code and their ranks in the data; a point is not its own neighbour; the nearest other point has rank 1.'
