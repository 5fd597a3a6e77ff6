# conv_autoencoder_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=1, hidden=False)
def test_examples(conv2d, max_pool):
    """The two examples."""
    import numpy as np
    from ae_lib.sheets import expect
    kernel = np.zeros((3, 3))
    kernel[0, 0] = 1
    answer = expect.call(conv2d, 'conv2d', np.arange(9.0).reshape(3, 3), kernel, 10.0)
    found = expect.array(answer, 'conv2d(...)', (1, 1))
    assert found[0, 0] == 10, f'conv2d returns {found[0, 0]:g} for the example; expected 0 + 10. 18 means that the kernel was turned round, 0 that the bias is missing.'
    block = np.array([[1.0, 3, 0, 2], [5, 2, 1, 1], [0, 0, 7, 4], [2, 6, 3, 8]])
    found = expect.array(expect.call(max_pool, 'max_pool', block), 'max_pool(...)', (2, 2))
    assert found.tolist() == [[5, 2], [6, 8]], f"max_pool returns {found.tolist()} for the chapter's block; expected [[5, 2], [6, 8]]."
