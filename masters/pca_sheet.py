# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   ae_grade:
#     title: Principal component analysis
#     backend: numpy
#     libraries: [numpy, scipy.linalg, ae_lib.data, ae_lib.sheets.expect]
#     timeout: 60
#     question_timeout: 10
# ---

# %% tags=["constants"]
def constants(rng):
    return {
        "k": int(rng.integers(6, 15)),
        "share": float(rng.choice([0.65, 0.7, 0.75, 0.8, 0.85, 0.95])),
    }


# %% [markdown]
# # Sheet 1: Principal component analysis
#
# *You write PCA yourself, and find out what it promises, what it leaves open, and how it goes wrong.*
#
# Questions: 6. Points: 20. Time: about two hours; the computer needs seconds.
#
# You need [chapter 1](../chapters/pca.ipynb), NumPy, and nothing else.
# Do not call a ready-made PCA: the point is to write one.
# Work in float64, NumPy's default: answers are compared with a relative tolerance of $10^{-6}$ or so, which float32 misses.
#
# Each answer goes where you see `...`, or replaces what stands there.
# `check("q1")` runs the public tests of question 1 as often as you like and tells you what to look at.
# When the sheet is marked, hidden tests follow with other data: an answer that was fitted to the examples fails there.

# %% tags=["install", "remove-cell"]

# %% [markdown]
# The data are the small digits that come with scikit-learn: 1,797 images of 8 × 8 pixels, so that everything here takes an instant.

# %%
import numpy as np

from ae_lib import check, load_small_digits

SHEET = "pca_sheet"  # tells `check` which sheet this is
K = __k__
SHARE = __share__

digits, labels = load_small_digits()  # one image per row, grey values in [0, 1]
x_train, x_test = digits[:1297], digits[1297:]
print("Shape of x_train: " + str(x_train.shape))
print("Shape of x_test: " + str(x_test.shape))

# %% [raw]
# # BEGIN QUESTION
# name: q1

# %% [markdown]
# ## 1. PCA in a few lines (3 points)
#
# PCA looks for $k$ directions such that projecting the data on them loses as little as possible.
# Chapter 1 proved that the leading right singular vectors of the *centred* data are such directions.
#
# Write `pca_fit(x, k)`.
# It takes an array `x` of shape `(n, d)`, one vector per row, and a whole number `k` of at most `min(n, d)`.
# It returns two things: `mean`, the mean of the rows, of shape `(d,)`, and `V`, of shape `(d, k)`, with the directions as its columns, most important first.
#
# Example: the three points (1, 0), (3, 2), (5, 4) lie on a diagonal.
# `pca_fit(np.array([[1.0, 0], [3, 2], [5, 4]]), 1)` returns the mean `[3, 2]` and `V` equal to `[[0.7071], [0.7071]]`, or to the negative of that: the sign is open.
#
# Marks: 1 point for mean and shape, 1 for orthonormal columns, 1 (hidden) for the right subspace on other data, with fewer vectors than dimensions, too.

# %% [raw]
# # BEGIN SOLUTION


# %%
def pca_fit(x, k):
    # BEGIN SOLUTION
    mean = x.mean(axis=0)
    Wt = np.linalg.svd(x - mean, full_matrices=False)[2]
    return mean, Wt[:k].T
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_mean_and_shape(pca_fit):
    """The mean, and a V of shape (d, k), as in the example."""
    import numpy as np

    from ae_lib.sheets import expect

    x = np.array([[1.0, 0], [3, 2], [5, 4]])
    mean, V = expect.pair(expect.call(pca_fit, "pca_fit", x, 1), "pca_fit")
    mean = expect.array(mean, "mean", (2,))
    assert np.allclose(mean, [3, 2]), (
        f"mean is {mean}; the three points of the example have the mean [3, 2]."
    )
    V = expect.array(V, "V", (2, 1))
    assert np.isclose(abs(V[0, 0] + V[1, 0]), np.sqrt(2)), (
        f"V is {V.ravel()}; the points lie on the diagonal, so both entries are 0.7071 or both "
        "are -0.7071. Is the data centred before the decomposition, and V made of *right* "
        "singular vectors?"
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_orthonormal(pca_fit):
    """The columns of V are orthonormal: V'V = I."""
    import numpy as np

    from ae_lib.sheets import expect

    x = np.random.default_rng(1).normal(size=(30, 7)) + 5
    V = expect.pair(expect.call(pca_fit, "pca_fit", x, 3), "pca_fit")[1]
    V = expect.array(V, "V", (7, 3))
    assert np.allclose(V.T @ V, np.eye(3), atol=1e-8), (
        "V'V is not the identity. Singular vectors have length 1; do not multiply them by "
        "singular values."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_subspace(pca_fit):
    """The columns of V span the leading directions; fewer vectors than dimensions, too."""
    import numpy as np
    from scipy.linalg import eigh, subspace_angles, svd

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__)
    for n, d, k in ((40, 9, 3), (200, 25, 6)):
        x = rng.normal(size=(n, d)) * np.linspace(4, 1, d) @ rng.normal(size=(d, d))
        x += 10 * rng.normal(size=d)
        V = expect.pair(expect.call(pca_fit, "pca_fit", x, k), "pca_fit")[1]
        V = expect.array(V, "V", (d, k))
        expected = eigh(np.cov(x.T))[1][:, ::-1]
        for j in (1, k):
            assert subspace_angles(V[:, :j], expected[:, :j]).max() < 1e-5
    rng = np.random.default_rng(__hidden_seed__ + 1)
    x = rng.normal(size=(8, 50)) * np.linspace(3, 1, 50) + rng.normal(size=50)
    V = expect.pair(expect.call(pca_fit, "pca_fit", x, 4), "pca_fit")[1]
    V = expect.array(V, "V", (50, 4))
    expected = svd(x - np.mean(x, axis=0), full_matrices=False)[2][:4].T
    assert subspace_angles(V, expected).max() < 1e-5


# %% [raw]
# # END TESTS

# %%
check("q1")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q2

# %% [markdown]
# ## 2. The error without a reconstruction (3 points)
#
# The theorem of chapter 1 says more than which directions are best.
# It says how large the error is, before a single image has been rebuilt: the squares of the singular values that are left out add up to it.
#
# Write `pca_error(x, k)`: the mean squared error over all $n d$ entries of `x` (shape `(n, d)`) when each row is projected on the first `k` principal directions and the mean is put back.
# Use the singular values of the centred data only.
#
# Example: `pca_error(np.array([[0.0, 0], [4, 0], [0, 2], [4, 2]]), 1)` is `0.5`.
# The centred points have the singular values 4 and 2.
#
# Marks: 1 point for the example, 2 (hidden) for other data and for the edge cases `k = 0` and `k = d`.

# %% [raw]
# # BEGIN SOLUTION


# %%
def pca_error(x, k):
    # BEGIN SOLUTION
    sigma = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    return np.sum(sigma[k:] ** 2) / x.size
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(pca_error):
    """The example: four corners of a rectangle."""
    import numpy as np

    from ae_lib.sheets import expect

    x = np.array([[0.0, 0], [4, 0], [0, 2], [4, 2]])
    found = expect.number(expect.call(pca_error, "pca_error", x, 1), "pca_error(x, 1)")
    assert np.isclose(found, 0.5), (
        f"pca_error(x, 1) is {found:g} for the example; expected 0.5. The second singular value, "
        "2, is left out. Its *square* is the sum over all n * d = 8 entries; the error is their "
        "mean."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_data(pca_error):
    """It agrees with the error that is measured on reconstructions."""
    import numpy as np
    from scipy.linalg import eigh

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 2)
    for n, d, k in ((50, 8, 2), (30, 12, __k__ // 2), (15, 20, 5)):
        x = rng.normal(size=(n, d)) * np.linspace(3, 0.5, d) + 4 * rng.normal(size=d)
        centred = x - np.mean(x, axis=0)
        V = eigh(centred.T @ centred)[1][:, ::-1][:, :k]
        expected = np.mean((centred - centred @ V @ V.T) ** 2)
        found = expect.number(
            expect.call(pca_error, "pca_error", x, k), "pca_error(x, k)"
        )
        assert np.isclose(found, expected, rtol=1e-6)


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_edges(pca_error):
    """All variance is lost with k = 0, and nothing with k = d."""
    import numpy as np

    from ae_lib.sheets import expect

    x = np.random.default_rng(__hidden_seed__ + 3).normal(size=(20, 6)) + 3
    none = expect.number(expect.call(pca_error, "pca_error", x, 0), "pca_error(x, 0)")
    all_ = expect.number(expect.call(pca_error, "pca_error", x, 6), "pca_error(x, d)")
    assert np.isclose(none, np.mean(np.var(x, axis=0)))
    assert abs(all_) < 1e-12


# %% [raw]
# # END TESTS

# %%
check("q2")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q3

# %% [markdown]
# ## 3. How many components are enough? (3 points)
#
# A common rule keeps as many components as are needed for a given share of the variance, $\sum_{i \le k} \sigma_i^2 / \sum_i \sigma_i^2$.
#
# Write `smallest_k(x, share)`: the smallest `k`, a whole number, for which the first `k` directions of `x` carry at least `share` of its variance, $0 < \text{share} < 1$.
# Then set `k_share` to the answer for `x_train` and this course's `SHARE`, __share__.
#
# Example: the columns of a matrix are uncorrelated and have the variances 4, 3, 2 and 1.
# One direction carries 40 %, two 70 %, three 90 %.
# So `smallest_k` is 2 for a share of 0.65, and 3 for 0.75.
#
# Marks: 1 point for the example, 1 (hidden) for other data, 1 (hidden) for `k_share`.

# %% [raw]
# # BEGIN SOLUTION


# %%
def smallest_k(x, share):
    # BEGIN SOLUTION
    sigma = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    shares = np.cumsum(sigma**2) / np.sum(sigma**2)
    return int(np.argmax(shares >= share - 1e-12)) + 1
    # END SOLUTION


k_share = smallest_k(x_train, SHARE)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(smallest_k):
    """The example: variances 4, 3, 2 and 1."""
    import numpy as np

    from ae_lib.sheets import expect

    signs = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    x = np.vstack([signs, -signs]) * np.sqrt([4, 3, 2, 1]) + 10
    for share, expected in ((0.65, 2), (0.75, 3)):
        answer = expect.call(smallest_k, "smallest_k", x, share)
        found = expect.whole(answer, f"smallest_k(x, {share})")
        assert found == expected, (
            f"smallest_k(x, {share}) is {found}; expected {expected}. np.argmax gives an index, "
            "which counts from 0, and k counts from 1; variances are *squared* singular values "
            "of the *centred* data."
        )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_data(smallest_k):
    """Other data and shares."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 4)
    for n, d in ((60, 10), (25, 40)):
        x = rng.normal(size=(n, d)) * 0.85 ** np.arange(d) + 3 * rng.normal(size=d)
        variances = np.sort(np.linalg.eigvalsh(np.cov(x.T)))[::-1]
        shares = np.cumsum(variances) / np.sum(variances)
        for k in (1, 3, 7):
            # Half-way between two shares, so that rounding decides nothing.
            share = float(
                shares[k - 1] - 0.5 * (shares[k - 1] - (shares[k - 2] if k > 1 else 0))
            )
            answer = expect.call(smallest_k, "smallest_k", x, share)
            assert expect.whole(answer, "smallest_k(x, share)") == k


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_the_course_share(k_share):
    """The number of components for this course's share."""
    import numpy as np

    from ae_lib import load_small_digits
    from ae_lib.sheets import expect

    x = load_small_digits()[0][:1297]
    variances = np.sort(np.linalg.eigvalsh(np.cov(x.T)))[::-1]
    shares = np.cumsum(variances) / np.sum(variances)
    assert expect.whole(k_share, "k_share") == int(np.sum(shares < __share__)) + 1


# %% [raw]
# # END TESTS

# %%
check("q3")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q4

# %% [markdown]
# ## 4. A broken reconstruction (4 points)
#
# A colleague wrote `reconstruct(x_train, x_test, k)`.
# It should fit PCA on the training vectors and return the reconstructions of the test vectors, of the shape of `x_test`.
# It runs, it returns the right shape, and it is wrong in four places.
#
# Find them and repair them.
# A check for your eyes: with `k = d` the reconstruction must be the test vectors themselves.
#
# Example: the four training points (6, 4, 7), (4, 8, 3), (-2, -4, 3) and (-4, 0, -1) lie in a plane.
# With `k = 2` the test point (7, 5, 3) comes back as (5, 6, 5), the nearest point of that plane.
#
# Marks: 1 point for the example, 1 (hidden) for the mean of the reconstructions, 1 (hidden) if the result for one vector does not depend on the other test vectors, 1 (hidden) for the reconstructions of other data.

# %% [raw]
# # BEGIN SOLUTION


# %%
def reconstruct(x_train, x_test, k):
    # BEGIN SOLUTION NO PROMPT
    mean = x_train.mean(axis=0)
    Wt = np.linalg.svd(x_train - mean, full_matrices=False)[2]
    V = Wt[:k].T
    a = (x_test - mean) @ V
    return a @ V.T + mean
    # END SOLUTION
    """ # BEGIN PROMPT
    mean = x_train.mean()
    U, sigma, Wt = np.linalg.svd(x_train - mean, full_matrices=False)
    V = Wt[:, :k]
    a = (x_test - x_test.mean(axis=0)) @ V
    return a @ V.T
    """  # END PROMPT


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(reconstruct):
    """The example: the point (7, 5, 3) and the plane of four points."""
    import numpy as np

    from ae_lib.sheets import expect

    plane = np.array([[6.0, 4, 7], [4, 8, 3], [-2, -4, 3], [-4, 0, -1]])
    answer = expect.call(reconstruct, "reconstruct", plane, np.array([[7.0, 5, 3]]), 2)
    found = expect.array(answer, "reconstruct(...)", (1, 3))
    assert np.allclose(found, [[5, 6, 5]]), (
        f"(7, 5, 3) comes back as {np.round(found[0], 2)}; expected (5, 6, 5). Which mean is "
        "subtracted on the way in, which is added on the way out, and which part of Wt is V?"
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_mean_returns(reconstruct):
    """The reconstructions of the training vectors have the mean of the training vectors."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 5)
    x = rng.normal(size=(60, 7)) * np.linspace(2, 1, 7) + 5 * rng.normal(size=7)
    found = expect.array(
        expect.call(reconstruct, "reconstruct", x, x, 2), "reconstruct", x.shape
    )
    assert np.allclose(np.mean(found, axis=0), np.mean(x, axis=0))
    # Two components: not all of the seven, and not the mean for each.
    assert np.linalg.matrix_rank(found - np.mean(found, axis=0), tol=1e-3) == 2


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_one_at_a_time(reconstruct):
    """A vector's reconstruction does not depend on the other test vectors."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 6)
    x, new = rng.normal(size=(60, 7)) + 4, rng.normal(size=(9, 7)) + 6
    together = expect.call(reconstruct, "reconstruct", x, new, 3)
    alone = expect.call(reconstruct, "reconstruct", x, new[:1], 3)
    together = expect.array(together, "reconstruct(...)", (9, 7))
    alone = expect.array(alone, "reconstruct(...)", (1, 7))
    assert np.allclose(together[:1], alone)
    assert np.linalg.matrix_rank(together - np.mean(together, axis=0), tol=1e-3) == 3


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_projection(reconstruct):
    """Each vector comes back as its projection."""
    import numpy as np
    from scipy.linalg import eigh

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 7)
    mixing = rng.normal(size=(__k__ + 4, __k__ + 4))
    x = rng.normal(size=(90, __k__ + 4)) @ mixing + 3
    new = rng.normal(size=(12, __k__ + 4)) @ mixing + 3
    mean = np.mean(x, axis=0)
    for k in (1, __k__):
        V = eigh(np.cov(x.T))[1][:, ::-1][:, :k]
        expected = (new - mean) @ V @ V.T + mean
        answer = expect.call(reconstruct, "reconstruct", x, new, k)
        assert np.allclose(
            expect.array(answer, "reconstruct(...)", new.shape), expected, atol=1e-6
        )


# %% [raw]
# # END TESTS

# %%
check("q4")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q5

# %% [markdown]
# ## 5. Are these two the same? (3 points)
#
# Two correct programs can return different matrices $\mathbf{V}$ and $\mathbf{W}$: signs are open, and so is any rotation inside the subspace.
# What must agree is the *subspace*, and two subspaces are compared by their **principal angles**.
# If the columns of both matrices are orthonormal, the cosines of these angles are the singular values of $\mathbf{V}^T \mathbf{W}$.
#
# Write `largest_angle(V, W)`: the largest principal angle, in radians, between the spans of two matrices of shape `(d, k)` with orthonormal columns.
#
# Example: for `V` the first unit vector of the plane, `[[1], [0]]`, and `W` the diagonal, `[[0.7071], [0.7071]]`, it is $\pi / 4 \approx 0.7854$.
# For `W = -V` it is 0.
#
# Computers round: a cosine may come out as 1.0000000000000002, and what is the arc cosine of that?
#
# Marks: 1 point for the examples, 1 (hidden) for subspaces that are the same, 1 (hidden) for subspaces that differ.

# %% [raw]
# # BEGIN SOLUTION


# %%
def largest_angle(V, W):
    # BEGIN SOLUTION
    cosines = np.linalg.svd(V.T @ W, compute_uv=False)
    return np.arccos(np.clip(cosines.min(), -1, 1))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_examples(largest_angle):
    """The examples: a diagonal, and a change of sign."""
    import numpy as np

    from ae_lib.sheets import expect

    V = np.array([[1.0], [0.0]])
    for W, expected in ((np.full((2, 1), np.sqrt(0.5)), np.pi / 4), (-V, 0.0)):
        answer = expect.call(largest_angle, "largest_angle", V, W)
        found = expect.number(answer, "largest_angle(V, W)")
        assert np.isclose(found, expected, atol=1e-6), (
            f"largest_angle is {found:.4f} for W = {W.ravel()}; expected {expected:.4f}. "
            "Singular values are never negative, so a change of sign should not matter; the "
            "angle is in radians."
        )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_rotated(largest_angle):
    """Zero for the same subspace, however its basis is rotated; and always a number."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 8)
    # A single direction's cosine with itself is rounded above 1 about every third time.
    for k in [1] * 30 + [4] * 3:
        V, other = np.split(np.linalg.qr(rng.normal(size=(20, 2 * k)))[0], 2, axis=1)
        pairs = [(V @ np.linalg.qr(rng.normal(size=(k, k)))[0], 0.0)]
        if k > 1:
            # Who always answers 0 knows nothing: the last pair is orthogonal.
            pairs += [(V, 0.0), (other, np.pi / 2)]
        for W, expected in pairs:
            answer = expect.call(largest_angle, "largest_angle", V, W)
            assert abs(expect.number(answer, "largest_angle(V, W)") - expected) < 1e-6


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_subspaces(largest_angle):
    """The largest angle between other subspaces."""
    import numpy as np
    from scipy.linalg import subspace_angles

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 9)
    for d, k in ((10, 2), (30, 3), (64, __k__)):
        V = np.linalg.qr(rng.normal(size=(d, k)))[0]
        W = np.linalg.qr(V + 0.1 * rng.normal(size=(d, k)))[0]
        answer = expect.call(largest_angle, "largest_angle", V, W)
        found = expect.number(answer, "largest_angle(V, W)")
        assert np.isclose(found, subspace_angles(V, W).max(), atol=1e-6)


# %% [raw]
# # END TESTS

# %%
check("q5")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q6
# manual: true
# points: 4

# %% [markdown]
# ## 6. To scale or not to scale? (4 points)
#
# *The guide.* "Always bring each feature to unit variance before PCA", says a guide on the internet.
#
# Try it on `x_train` and `x_test` with `K` = __k__ components.
# Measure the errors in grey values (that is, undo the scaling before you compare) with the scaling and without, on the training set and on the test set.
# Mind the pixels that never change: their standard deviation is zero.
# Then answer in at most five sentences.
# Why can the error with scaling never be the smaller one on the training set, whatever the data?
# Does the same argument hold for the test set?
# Name data for which you would follow the guide.
#
# *The report.* Somebody writes about PCA of these images:
#
# > (a) "With all 64 components the reconstruction is exact. (b) Our component 3 is the negative of the one in a colleague's program, so one of the two programs has an error. (c) Ten components carry about three quarters of the variance, so about three quarters of the digits can be read off them. (d) We chose $k$ so that the error on the *test* images is small, and report that same error as the error on new images."
#
# Three of the four statements are wrong or not allowed.
# Say which, and why, in one sentence each.
#
# Marks, by hand: 1 point for four errors that were measured as asked, 1 for the reason, the test set and the example, 2 for the report (1 if two of the three are found with a right reason).

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# Unscaled PCA minimises the mean squared error in grey values among *all* reconstructions whose centred matrix has rank K at most (Eckart and Young), and what scaled PCA rebuilds, scaled back, is one of these: on the training set it cannot be better.
# Scaling spends directions on pixels at the rim that hardly vary.
# One follows the guide where features have different units, such as height in metres and weight in grams.
#
# For the test set nothing forces it: the directions were fitted to other images, so the order is usual there, not certain.
#
# Not right are (b), (c) and (d).
# (b) The sign of a direction is open; only the subspace must agree.
# (c) Variance is a share of squared grey values, and says nothing about which digits can be told apart.
# (d) Images that took part in a choice are no longer new: choose $k$ on other images.
#
# A full answer names the errors from code that runs, undoes the scaling, handles the zero deviations, and appeals to optimality, not to "it came out so".

# %%
# BEGIN SOLUTION
spread = x_train.std(axis=0)
spread[spread == 0] = 1
for name, x in (("training", x_train), ("test", x_test)):
    scaled = reconstruct(x_train / spread, x / spread, K) * spread
    plain = reconstruct(x_train, x, K)
    print(
        f"{name} error with scaling {np.mean((x - scaled) ** 2):.4f}, "
        f"without {np.mean((x - plain) ** 2):.4f}"
    )
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
