# dense_autoencoder_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=1, hidden=False)
def test_network(linear, K):
    """Two dense layers, 64-K-64, without activation functions."""
    from ae_lib.sheets import expect
    net = expect.model(linear, 'linear')
    layers, k = (expect.layers(net), expect.whole(K, 'K'))
    assert [layer.shape for layer in layers] == [(k,), (64,)], f'The layers of linear have the sizes {[layer.shape for layer in layers]}; expected {[(k,), (64,)]}.'
    assert all((layer.activation == 'linear' for layer in layers)), f"The activations are {[layer.activation for layer in layers]}; leave them out, and Keras takes 'linear', that is none."
