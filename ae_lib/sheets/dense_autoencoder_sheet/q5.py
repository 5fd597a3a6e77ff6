# dense_autoencoder_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q5"
points = None

@test_case(points=1, hidden=False)
def test_example(tied_gradient):
    """The example with a single number."""
    import numpy as np
    from ae_lib.sheets import expect
    answer = expect.call(tied_gradient, 'tied_gradient', np.array([[1.0]]), np.array([[2.0]]))
    found = expect.array(answer, 'tied_gradient(X, W)', (1, 1))
    assert np.allclose(found, 24), f'The gradient of the example is {found[0, 0]:g}; expected 24. Half of it comes from the first W and half from the second, and the square gives a factor 2.'
