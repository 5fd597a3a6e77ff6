from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = 2


@test_case(points=1)
def test_type(ratio):
    assert isinstance(ratio, float), "`ratio` must be a number with a decimal point."
    assert 0 <= ratio <= 1, "`ratio` must lie between 0 and 1."


@test_case(points=1, hidden=True)
def test_value(ratio):
    assert ratio == 0.25
