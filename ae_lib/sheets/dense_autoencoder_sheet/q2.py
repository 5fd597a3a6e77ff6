# dense_autoencoder_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=1, hidden=False)
def test_shapes(ordered):
    """A model that takes and returns vectors of 784 numbers."""
    import numpy as np
    from ae_lib.sheets import expect
    net = expect.model(ordered, 'ordered')
    x = np.random.default_rng(2).uniform(size=(3, 784)).astype('float32')
    expect.predict(net, x, 'ordered', (3, 784))

@test_case(points=1, hidden=False)
def test_count(ordered, PARAMS):
    """As many parameters as ordered."""
    from ae_lib.sheets import expect
    found = expect.whole(expect.model(ordered, 'ordered').count_params(), 'the count')
    wanted = expect.whole(PARAMS, 'PARAMS')
    assert found == wanted, f'ordered has {found:,} parameters; the order is for {wanted:,}. With a width h the network has (784 + 1) h + (h + 1) CODE + (CODE + 1) h + (h + 1) 784 of them.'
