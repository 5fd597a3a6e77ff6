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
    codes = np.array([[0.0], [1], [10], [11]])
    for labels, expected in (([0, 1, 0, 1], 0), ([0, 0, 0, 1], 0.5)):
        answer = expect.call(loo_accuracy, 'loo_accuracy', codes, np.array(labels), 1)
        found = expect.number(answer, 'loo_accuracy(...)')
        assert found == expected, f'loo_accuracy is {found:g} for the labels {labels}; expected {expected}. Which point is nearest to a point, if nobody forbids it? And a share is never larger than 1.'
