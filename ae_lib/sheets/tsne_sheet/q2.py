# tsne_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=1, hidden=False)
def test_example(find_width):
    """The example has the perplexity that was asked for."""
    import numpy as np
    from ae_lib.sheets import expect
    d2 = np.linspace(1, 9, 50)
    width = expect.number(expect.call(find_width, 'find_width', d2, 10), 'find_width(d2, 10)')
    assert width > 0, f'find_width(d2, 10) is {width:g}; a width is positive.'
    p = np.exp(-(d2 - 1) / (2 * width ** 2))
    p = np.maximum(p / p.sum(), 1e-300)
    found = 2 ** (-np.sum(p * np.log2(p)))
    assert abs(found - 10) < 0.1, f'With width = {width:.4g} the perplexity is {found:.3f}; expected 10. A larger width gives a larger perplexity: which end of the interval must move?'
