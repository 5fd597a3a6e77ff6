# denoising_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=1, hidden=False)
def test_example(positive_share):
    """The example: one of four outputs is above zero."""
    import numpy as np
    from ae_lib.sheets import expect
    outputs = np.array([[0.0, 0.2], [0.0, -0.1]])
    found = expect.number(expect.call(positive_share, 'positive_share', outputs), 'positive_share(...)')
    assert np.isclose(found, 0.25), f'positive_share is {found:g} for the example; expected 0.25. One of the four outputs is above 0; an output that is exactly 0 is not.'
