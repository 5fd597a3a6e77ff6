# conv_autoencoder_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q5"
points = None

@test_case(points=1, hidden=False)
def test_example(shift_right):
    """Ink moves to the right, and nothing comes back on the left."""
    import numpy as np
    from ae_lib.sheets import expect
    image = np.zeros((1, 28, 28))
    image[0, 5, [0, 10, 27]] = (0.2, 0.5, 1.0)
    answer = expect.call(shift_right, 'shift_right', image, 3)
    found = expect.array(answer, 'shift_right(...)', (1, 28, 28))
    assert found[0, 5, 2] == 0, 'Ink that went out on the right came back on the left: np.roll moves in a circle.'
    assert found[0, 5, 13] == 0.5, f'The pixel in row 5, column 10 should be in column 13; there is {found[0, 5, 13]:g}.'
    assert np.isclose(found.sum(), 0.7), 'Only two of the three bright pixels should be left.'
