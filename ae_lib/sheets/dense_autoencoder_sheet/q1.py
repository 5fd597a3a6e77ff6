# dense_autoencoder_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q1"
points = None

@test_case(points=1, hidden=False)
def test_chapter_2(dense_params, mirrored):
    """The examples: the network of chapter 2."""
    from ae_lib.sheets import expect
    found = expect.array(expect.call(mirrored, 'mirrored', [784, 100, 20]), 'mirrored(...)')
    assert found.tolist() == [784, 100, 20, 100, 784], f'mirrored([784, 100, 20]) is {found.astype(int).tolist()}; expected [784, 100, 20, 100, 784]: back from the code to the input, the code only once.'
    answer = expect.call(dense_params, 'dense_params', [784, 100, 20, 100, 784])
    count = expect.whole(answer, 'dense_params(...)')
    assert count == 161804, f'dense_params([784, 100, 20, 100, 784]) is {count:,}; expected 161,804. From p to q units there are p * q weights and q biases.'
