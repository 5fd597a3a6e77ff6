# conv_autoencoder_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=1, hidden=False)
def test_shapes(ordered):
    """A model that takes and returns images of 28 x 28 x 1."""
    import numpy as np
    from ae_lib.sheets import expect
    net = expect.model(ordered, 'ordered')
    x = np.random.default_rng(2).uniform(size=(3, 28, 28, 1)).astype('float32')
    expect.predict(net, x, 'ordered', (3, 28, 28, 1))

@test_case(points=1, hidden=False)
def test_count(ordered, PARAMS):
    """As many parameters as ordered."""
    from ae_lib.sheets import expect
    found = expect.whole(expect.model(ordered, 'ordered').count_params(), 'the count')
    wanted = expect.whole(PARAMS, 'PARAMS')
    assert found == wanted, f'ordered has {found:,} parameters; the order is for {wanted:,}. The five convolutions have 10 F, (9 F + 1) CODE, (9 CODE + 1) CODE, (9 CODE + 1) F and 9 F + 1 of them.'
