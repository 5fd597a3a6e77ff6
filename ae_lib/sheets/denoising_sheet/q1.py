# denoising_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=1, hidden=False)
def test_shape_range_seed(add_noise):
    """Shape, range, and what the seed does."""
    import numpy as np
    from ae_lib.sheets import expect
    images = np.full((20, 8, 8), 0.4)
    runs = []
    for seed in (1, 1, 2):
        answer = expect.call(add_noise, 'add_noise', images, 0.5, seed)
        runs.append(expect.array(answer, 'add_noise(...)', (20, 8, 8)))
    low, high = (runs[0].min(), runs[0].max())
    assert low >= 0, f'The smallest value is {low:.3f}; clip the sum of image and noise at 0.'
    assert high <= 1, f'The largest value is {high:.3f}; clip the sum of image and noise at 1.'
    assert not np.allclose(runs[0], images), 'There is no noise in the result.'
    assert np.array_equal(runs[0], runs[1]), 'The same seed gave two different results; make a new generator in each call.'
    assert not np.allclose(runs[0], runs[2]), 'Seeds 1 and 2 gave the same result.'
