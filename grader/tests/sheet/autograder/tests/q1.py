from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = 3


@test_case(points=1)
def test_small_layer(count):
    assert callable(count), "Define the function `count` first."
    assert count(784, 32) == 25_120, "A layer with 784 inputs and 32 units has 784 * 32 + 32."


@test_case(points=2, hidden=True)
def test_another_layer(count):
    assert count(4711, 3) == 14_136
