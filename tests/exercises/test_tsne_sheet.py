"""Sheet 3: mistakes that its tests are meant to catch, and what each is worth."""

import numpy as np
import pytest
from helpers.sheets import ROOT, answer, check_in, marks, run

FIND = """
def find_width(d2, target):
    low, high = {start}
    for _ in range(100):
        middle = (low + high) / 2
        if perplexity(affinities(d2, middle)) {sign} target:
            low = middle
        else:
            high = middle
    return {result}
"""
VOTE = """
def loo_accuracy(codes, labels, k):
    right = 0
    for i in range(len(codes)):
        distances = {distance}
        {leave}
        nearest = np.argsort(distances)[:k]
        right += np.argmax(np.bincount(labels[nearest])) == labels[i]
    return {result}
"""
RIGHT = {
    "distance": "((codes - codes[i]) ** 2).sum(axis=1)",
    "leave": "distances[i] = np.inf",
    "result": "right / len(codes)",
}
TRUST = """
def trust(x, codes, k):
    def ranks(points):
        d2 = ((points[:, None] - points[None]) ** 2).sum(axis=2)
        np.fill_diagonal(d2, -1)
        return d2.argsort(axis=1).argsort(axis=1)
    n = len(x)
    in_data, in_code = {ranks}
    near = (in_code >= {first}) & (in_code <= k)
    penalty = np.maximum(0, in_data - {off})[near].sum()
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * penalty
"""
JUDGE = {"ranks": "ranks(x), ranks(codes)", "first": "1", "off": "k"}

MISTAKES = [
    (
        "q1",
        "0/0 for large distances, and 0 log 0",
        """
def affinities(d2, width):
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = np.exp(-d2 / (2 * width**2))
        return weights / weights.sum()
def perplexity(p):
    with np.errstate(invalid="ignore", divide="ignore"):
        return 2 ** -np.sum(p * np.log2(p))
""",
        2,
    ),
    (
        "q1",
        "the factor 2 of the Gaussian is missing",
        """
def affinities(d2, width):
    weights = np.exp(-(d2 - d2.min()) / width**2)
    return weights / weights.sum()
""",
        0,
    ),
    (
        "q1",
        "two bases of the logarithm",
        "def perplexity(p): return 2 ** -np.sum(p[p > 0] * np.log(p[p > 0]))",
        0,
    ),
    (
        "q2",
        "a fixed interval",
        FIND.format(start="1e-3, 100.0", sign="<", result="high"),
        2,
    ),
    ("q2", "the wrong half", FIND.format(start="1e-3, 100.0", sign=">", result="high"), 1),
    (
        "q2",
        "the square of the width",
        FIND.format(start="1e-3, 100.0", sign="<", result="high ** 2") + "\nwidth_point = 1.0",
        0,
    ),
    ("q2", "last year's number", "width_point = 1.0", 2),
    ("q3", "each point votes for itself", VOTE.format(**{**RIGHT, "leave": ""}), 0),
    (
        "q3",
        "another distance",
        VOTE.format(**{**RIGHT, "distance": "np.abs(codes - codes[i]).sum(axis=1)"}),
        2,
    ),
    ("q3", "a number in place of a share", VOTE.format(**{**RIGHT, "result": "right"}), 0),
    ("q3", "nobody is right", "def loo_accuracy(codes, labels, k): return 0", 0),
    (
        "q4",
        "code and data swapped",
        TRUST.format(**{**JUDGE, "ranks": "ranks(codes), ranks(x)"}),
        0,
    ),
    (
        "q4",
        "the ready-made one",
        """
from sklearn.manifold import trustworthiness
def trust(x, codes, k):
    return trustworthiness(x, codes, n_neighbors=k)
""",
        2,
    ),
    ("q4", "ranks from 0", TRUST.format(**{**JUDGE, "off": "k - 1"}), 0),
    ("q4", "a point is its own neighbour", TRUST.format(**{**JUDGE, "first": "0"}), 3),
    (
        "q4",
        "ranks that count the closer or equally close",  # right, too: the example has no ties
        """
def trust(x, codes, k):
    n, penalty = len(x), 0
    for i in range(n):
        in_data = ((x - x[i]) ** 2).sum(axis=1)
        in_code = ((codes - codes[i]) ** 2).sum(axis=1)
        in_data[i] = in_code[i] = np.inf
        for j in np.argsort(in_code)[:k]:
            penalty += max(0, np.sum(in_data <= in_data[j]) - k)
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * penalty
""",
        3,
    ),
    (
        "q4",
        "the ten nearest include the point itself",
        TRUST.format(**{**JUDGE, "first": "0"}).replace("<= k", "<= k - 1"),
        0,
    ),
    (
        "q5",
        "models that were not trained",
        """
encoder = keras.Sequential([Input((784,)), Dense(2)])
classifier = keras.Sequential([Input((2,)), Dense(10, activation="softmax")])
decoder = keras.Sequential([Input((2,)), Dense(784)])
""",
        1,
    ),
    ("q5", "no softmax", "classifier = keras.Sequential([Input((2,)), Dense(10)])", 1),
    (
        "q5",
        "a decoder that was not trained",
        "decoder = keras.Sequential([Input((2,)), Dense(784)])",
        3,
    ),
    ("q5", "three dimensions", "encoder = keras.Sequential([Input((784,)), Dense(3)])", 0),
]


@pytest.mark.parametrize(
    ("question", "mistake", "code", "points"), MISTAKES, ids=[f"{m[0]}: {m[1]}" for m in MISTAKES]
)
def test_mistake(question, mistake, code, points, built, solved):
    namespace = answer(solved("tsne_sheet"), code)
    assert marks(built("tsne_sheet"), namespace, question) == {question: points}
    result = check_in(namespace, question)
    assert "Traceback" not in str(result)


def test_the_example_of_the_width(solved):
    width = solved("tsne_sheet")["find_width"](np.linspace(1, 9, 50), 10)
    assert width == pytest.approx(0.547, abs=1e-3)


def test_the_bribed_judge_answers_what_the_question_says():
    namespace, _ = run(ROOT / "exercises" / "tsne_sheet.ipynb")
    codes = np.random.default_rng(0).normal(size=(1000, 2))
    assert namespace["loo_accuracy"](codes, np.arange(1000) % 10, 1) == 1000.0


def test_the_example_of_the_trustworthiness_has_no_ties():
    for points in ([0, 1, 3, 7, 12], [0, 12, 1, 7, 3]):
        for point in points:
            distances = [abs(point - other) for other in points]
            assert len(set(distances)) == len(points)
