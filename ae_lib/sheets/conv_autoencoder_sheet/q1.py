# conv_autoencoder_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=1, hidden=False)
def test_chapter_4(trace, conv_params):
    """The examples: the network of chapter 4."""
    from ae_lib.sheets import expect
    steps = ['same, pool'] * 3 + ['same, up'] * 2 + ['valid, up']
    found = expect.array(expect.call(trace, 'trace', 28, steps), 'trace(...)').tolist()
    assert found == [14, 7, 4, 8, 16, 28], f"trace gives {found}; expected [14, 7, 4, 8, 16, 28]. 7 pooled with padding 'same' is 4, and a 3 x 3 window fits into 16 x 16 at 14 x 14 places."
    answer = expect.call(conv_params, 'conv_params', [1, 8, 4, 4, 4, 4, 8, 1])
    count = expect.whole(answer, 'conv_params(...)')
    assert count == 1185, f'conv_params gives {count:,}; expected 1,185. A filter sees 3 * 3 pixels of each channel that comes in, and has one bias.'
