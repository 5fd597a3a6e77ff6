from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = 3


@test_case(points=1)
def test_values(clip):
    import numpy as np

    assert callable(clip), "Define the function `clip` first."
    got = clip(np.array([-1.0, 0.25, 3.0]), 2.0)
    assert isinstance(got, np.ndarray), "`clip` must return an array."
    assert got.shape == (3,), "`clip` must keep the shape."
    np.testing.assert_allclose(got, [0.0, 0.5, 1.0])


@test_case(points=2, hidden=True)
def test_images(clip):
    import numpy as np

    x = np.random.default_rng(17).normal(size=(5, 28, 28))
    got = clip(x, 0.5)
    assert isinstance(got, np.ndarray)
    assert got.dtype.kind == "f"
    assert got.shape == x.shape
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got, np.clip(0.5 * x, 0, 1))
