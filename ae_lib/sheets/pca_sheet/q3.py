# pca_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=1, hidden=False)
def test_example(smallest_k):
    """The example: variances 4, 3, 2 and 1."""
    import numpy as np
    from ae_lib.sheets import expect
    signs = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    x = np.vstack([signs, -signs]) * np.sqrt([4, 3, 2, 1]) + 10
    for share, expected in ((0.65, 2), (0.75, 3)):
        answer = expect.call(smallest_k, 'smallest_k', x, share)
        found = expect.whole(answer, f'smallest_k(x, {share})')
        assert found == expected, f'smallest_k(x, {share}) is {found}; expected {expected}. np.argmax gives an index, which counts from 0, and k counts from 1; variances are *squared* singular values of the *centred* data.'
