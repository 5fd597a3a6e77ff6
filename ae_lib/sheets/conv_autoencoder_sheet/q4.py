# conv_autoencoder_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q4"
points = None

@test_case(points=1, hidden=False)
def test_output_size(repaired):
    """The output has the size of the input, and the count is the chapter's."""
    from ae_lib.sheets import expect
    net = expect.model(repaired, 'repaired')
    layers = expect.layers(net)
    assert layers[-1].shape == (28, 28, 1), f"The output has the shape {layers[-1].shape}; expected (28, 28, 1). Print repaired.summary() beside the chapter's, and look for the first size that differs."
    assert net.count_params() == 1185, f"repaired has {net.count_params():,} parameters; the chapter's network has 1,185. None of the three faults changes that number."
