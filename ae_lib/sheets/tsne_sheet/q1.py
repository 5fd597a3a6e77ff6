# tsne_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=1, hidden=False)
def test_examples(affinities, perplexity):
    """The two examples."""
    import numpy as np
    from ae_lib.sheets import expect
    d2 = np.array([0.0, 2 * np.log(3)])
    p = expect.array(expect.call(affinities, 'affinities', d2, 1.0), 'affinities(...)', (2,))
    assert np.allclose(p, [0.75, 0.25]), f'The affinities are {np.round(p, 4)}; expected 0.75 and 0.25. d2 is squared already, and the formula divides by twice the squared width.'
    answer = expect.call(perplexity, 'perplexity', np.full(4, 0.25))
    found = expect.number(answer, 'perplexity(...)')
    assert np.isclose(found, 4), f'The perplexity of four equal probabilities is {found:.4g}; expected 4. If the power has base 2, so must the logarithm; mind the sign of the entropy.'
