# denoising_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=1, hidden=False)
def test_example(psnr):
    """The example: an error of 0.1 everywhere."""
    import numpy as np
    from ae_lib.sheets import expect
    answer = expect.call(psnr, 'psnr', np.full((2, 3, 3), 0.3), np.full((2, 3, 3), 0.4))
    found = expect.number(answer, 'psnr(...)')
    assert np.isclose(found, 20), f'psnr is {found:.4g} for the example; expected 20. The logarithm has base 10, and it is the mean of the *squared* differences that it is taken of.'
