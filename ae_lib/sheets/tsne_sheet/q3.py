# tsne_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=1, hidden=False)
def test_example(loo_accuracy):
    """The example: four points on a line."""
    import numpy as np
    from ae_lib.sheets import expect
    codes, labels = (np.array([[0.0], [1], [10], [11]]), np.array([0, 1, 0, 1]))
    answer = expect.call(loo_accuracy, 'loo_accuracy', codes, labels, 1)
    found = expect.number(answer, 'loo_accuracy(...)')
    assert found == 0, f'loo_accuracy is {found:g} for the example; expected 0. Which point is nearest to a point, if nobody forbids it? And a share is never larger than 1.'
