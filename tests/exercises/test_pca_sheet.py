"""Sheet 1: mistakes that its tests are meant to catch, and what each is worth."""

import pytest
from helpers.sheets import answer, check_in, marks

MISTAKES = [
    (
        "q1",
        "forgets to centre the data",
        """
def pca_fit(x, k):
    return x.mean(axis=0), np.linalg.svd(x, full_matrices=False)[2][:k].T
""",
        1,
    ),
    (
        "q1",
        "returns V with the directions as rows",
        """
def pca_fit(x, k):
    return x.mean(axis=0), np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:k]
""",
        0,
    ),
    (
        "q1",
        "takes the first eigenvectors of eigh, which are the least important",
        """
def pca_fit(x, k):
    mean = x.mean(axis=0)
    return mean, np.linalg.eigh((x - mean).T @ (x - mean))[1][:, :k]
""",
        1,
    ),
    (
        "q1",
        "multiplies the directions by the singular values",
        """
def pca_fit(x, k):
    mean = x.mean(axis=0)
    U, sigma, Wt = np.linalg.svd(x - mean, full_matrices=False)
    return mean, (sigma[:k, None] * Wt[:k]).T
""",
        1,
    ),
    (
        "q1",
        "one mean for all pixels",
        """
def pca_fit(x, k):
    mean = x.mean()
    return mean, np.linalg.svd(x - mean, full_matrices=False)[2][:k].T
""",
        1,
    ),
    (
        "q2",
        "forgets to square",
        """
def pca_error(x, k):
    sigma = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    return np.sum(sigma[k:]) / x.size
""",
        0,
    ),
    (
        "q2",
        "divides by the number of vectors only",
        """
def pca_error(x, k):
    sigma = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    return np.sum(sigma[k:] ** 2) / len(x)
""",
        0,
    ),
    (
        "q2",
        "off by one",
        """
def pca_error(x, k):
    sigma = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    return np.sum(sigma[k + 1:] ** 2) / x.size
""",
        0,
    ),
    (
        "q2",
        "what is kept, not what is lost",
        """
def pca_error(x, k):
    sigma = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    return np.sum(sigma[:k] ** 2) / x.size
""",
        0,
    ),
    (
        "q3",
        "counts from zero",
        """
def smallest_k(x, share):
    sigma = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    return int(np.argmax(np.cumsum(sigma**2) / np.sum(sigma**2) >= share))
k_share = smallest_k(x_train, SHARE)
""",
        0,
    ),
    (
        "q3",
        "singular values in place of variances",
        """
def smallest_k(x, share):
    sigma = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    return int(np.argmax(np.cumsum(sigma) / np.sum(sigma) >= share)) + 1
k_share = smallest_k(x_train, SHARE)
""",
        0,
    ),
    (
        "q3",
        "the function is right, the number is last year's",
        "k_share = smallest_k(x_train, 0.5)",
        2,
    ),
    (
        "q4",
        "the mean for every vector",
        """
def reconstruct(x_train, x_test, k):
    return np.tile(x_train.mean(axis=0), (len(x_test), 1))
""",
        0,
    ),
    (
        "q4",
        "the mean of the test vectors is left in",
        """
def reconstruct(x_train, x_test, k):
    mean = x_train.mean(axis=0)
    V = np.linalg.svd(x_train - mean, full_matrices=False)[2][:k].T
    return (x_test - x_test.mean(axis=0)) @ V @ V.T + mean
""",
        1,
    ),
    (
        "q4",
        "columns of Wt in place of its rows",
        """
def reconstruct(x_train, x_test, k):
    mean = x_train.mean(axis=0)
    V = np.linalg.svd(x_train - mean, full_matrices=False)[2][:, :k]
    return (x_test - mean) @ V @ V.T + mean
""",
        2,
    ),
    (
        "q4",
        "the mean is not put back",
        """
def reconstruct(x_train, x_test, k):
    mean = x_train.mean(axis=0)
    V = np.linalg.svd(x_train - mean, full_matrices=False)[2][:k].T
    return (x_test - mean) @ V @ V.T
""",
        1,
    ),
    (
        "q4",
        "one mean for all pixels",
        """
def reconstruct(x_train, x_test, k):
    mean = x_train.mean()
    V = np.linalg.svd(x_train - mean, full_matrices=False)[2][:k].T
    return (x_test - mean) @ V @ V.T + mean
""",
        1,
    ),
    (
        "q5",
        "does not clip the cosines",
        """
def largest_angle(V, W):
    with np.errstate(invalid="ignore"):
        return np.arccos(np.linalg.svd(V.T @ W, compute_uv=False).min())
""",
        2,
    ),
    (
        "q5",
        "the smallest angle",
        """
def largest_angle(V, W):
    cosines = np.linalg.svd(V.T @ W, compute_uv=False)
    return np.arccos(np.clip(cosines.max(), -1, 1))
""",
        2,
    ),
    (
        "q5",
        "compares column by column",
        """
def largest_angle(V, W):
    return np.arccos(np.clip((V * W).sum(axis=0).min(), -1, 1))
""",
        0,
    ),
    (
        "q5",
        "degrees",
        """
def largest_angle(V, W):
    cosines = np.linalg.svd(V.T @ W, compute_uv=False)
    return np.degrees(np.arccos(np.clip(cosines.min(), -1, 1)))
""",
        0,
    ),
]


@pytest.mark.parametrize(
    ("question", "mistake", "code", "points"), MISTAKES, ids=[f"{m[0]}: {m[1]}" for m in MISTAKES]
)
def test_mistake(question, mistake, code, points, built, solved):
    namespace = answer(solved("pca_sheet"), code)
    assert marks(built("pca_sheet"), namespace, question) == {question: points}
    result = check_in(namespace, question)
    assert "Traceback" not in str(result)
