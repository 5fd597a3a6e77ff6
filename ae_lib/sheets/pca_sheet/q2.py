# pca_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=1, hidden=False)
def test_example(pca_error):
    """The example: four corners of a rectangle."""
    import numpy as np
    from ae_lib.sheets import expect
    x = np.array([[0.0, 0], [4, 0], [0, 2], [4, 2]])
    found = expect.number(expect.call(pca_error, 'pca_error', x, 1), 'pca_error(x, 1)')
    assert np.isclose(found, 0.5), f'pca_error(x, 1) is {found:g} for the example; expected 0.5. The second singular value, 2, is left out. Its *square* is the sum over all n * d = 8 entries; the error is their mean.'
