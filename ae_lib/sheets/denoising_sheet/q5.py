# denoising_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q5"
points = None

@test_case(points=1, hidden=False)
def test_beats_the_noise(denoiser, NOISE):
    """Closer to the clean image than the noisy one is, by 5 decibels."""
    import numpy as np
    from ae_lib import add_gaussian_noise
    from ae_lib.sheets import expect
    x = expect.digits().x_test[:300].reshape(300, 28, 28, 1)
    noisy = add_gaussian_noise(x, expect.number(NOISE, 'NOISE'), 5)
    net = expect.model(denoiser, 'denoiser')
    found = expect.predict(net, noisy, 'denoiser', x.shape)
    before = -10 * np.log10(np.mean((noisy - x) ** 2))
    after = -10 * np.log10(np.mean((np.clip(found, 0, 1) - x) ** 2))
    assert after > before + 5, f"The noisy images have {before:.1f} dB, the network's {after:.1f}. What are the inputs, what are the targets? Can the last layer answer black, grey and white, and does the loss fall from epoch to epoch?"
    assert not expect.is_linear(net, noisy), 'The network is a linear map: between its layers with weights there is no activation.'
