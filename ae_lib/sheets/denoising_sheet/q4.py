# denoising_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=1, hidden=False)
def test_example(dead_pixels):
    """The example: three pixels, one of them dead."""
    import numpy as np
    from ae_lib.sheets import expect
    outputs = np.array([[0, 0.2, 0], [0, 0, 0]])
    images = np.array([[0.9, 0.9, 0], [0.9, 0, 0.1]])
    answer = expect.call(dead_pixels, 'dead_pixels', outputs, images)
    found = expect.whole(answer, 'dead_pixels(...)')
    assert found == 1, f'dead_pixels is {found} for the example; expected 1. A dead pixel is 0 in *all* outputs and bright in some originals.'
