# dense_autoencoder_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q3"
points = None

@test_case(points=1, hidden=False)
def test_better_than_the_mean(repaired):
    """The widths are unchanged, and the error is well below that of the mean image."""
    import numpy as np
    from ae_lib.sheets import expect
    net = expect.model(repaired, 'repaired')
    widths = [layer.shape[0] for layer in expect.layers(net)]
    assert widths == [64, 16, 64, 784], f'The layers of repaired have the widths {widths}; leave them at 64, 16, 64, 784.'
    data = expect.digits()
    x = data.x_test[:500].reshape(500, 784)
    mean = data.x_train[:6000].reshape(6000, 784).mean(axis=0)
    error = np.mean((expect.predict(net, x, 'repaired', (500, 784)) - x) ** 2)
    bound = np.mean((mean - x) ** 2)
    assert error < 0.9 * bound, f'The error is {error:.4f}; the mean image everywhere would err by {bound:.4f}, and a tenth less is asked. Print the loss of each epoch: does it fall? What must the labels of an autoencoder be? And how bright can 784 pixels be whose outputs add up to 1?'
