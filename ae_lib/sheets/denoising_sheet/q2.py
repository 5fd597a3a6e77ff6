# denoising_sheet
from ae_lib.sheets import test_case

OK_FORMAT = False

name = "q2"
points = None

@test_case(points=1, hidden=False)
def test_example(expected_black):
    """The example: a factor of 0.5."""
    from ae_lib.sheets import expect
    answer = expect.call(expected_black, 'expected_black', 0.5)
    found = expect.number(answer, 'expected_black(0.5)')
    assert abs(found - 0.1952) < 0.0001, f'expected_black(0.5) is {found:.5f}; expected 0.1952. Values above 1 become 1: their probability times 1 is the second part.'
