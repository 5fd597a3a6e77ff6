"""Claims: asserted where they are made, told apart by kind, and never a bare AssertionError."""

from dataclasses import replace

import numpy as np
import pytest

import ae_lib.claims as module
from ae_lib import ClaimError, Dataset, claim, fact

X, Y = np.zeros((1, 28, 28), "float32"), np.zeros(1, "uint8")
MNIST = Dataset(X, Y, X, Y, name="mnist", sha256="0" * 64)
STANDIN = replace(MNIST, name="standin")


@pytest.fixture(autouse=True)
def _no_claims_of_others(monkeypatch):
    monkeypatch.setattr(module, "claims", [])
    monkeypatch.setenv("AE_PROFILE", "quick")


def test_a_fact_that_fails_says_what_and_that_something_is_broken():
    fact("one is less than two", np.bool_(True))
    with pytest.raises(ClaimError, match="two is less than one.*something is broken"):
        fact("two is less than one", False)
    assert [(entry.kind, entry.holds) for entry in module.claims] == [
        ("fact", True),
        ("fact", False),
    ]


@pytest.mark.parametrize(
    ("about", "data", "made"),
    [
        ("any data", None, True),
        ("mnist", MNIST, True),
        ("mnist quick", MNIST, True),
        ("mnist full", MNIST, False),
        ("mnist", STANDIN, False),
        ("mnist quick", STANDIN, False),
    ],
)
def test_a_claim_is_asserted_only_where_it_is_made(about, data, made):
    if made:
        with pytest.raises(ClaimError, match=r"Found 3, expected below 2\. The claim is about"):
            claim("three is below two", 3, below=2, about=about, data=data)
    else:
        claim("three is below two", 3, below=2, about=about, data=data)
    (entry,) = module.claims
    assert (entry.made, entry.holds, entry.margin) == (made, False, -1.0)


def test_the_nearest_bound_gives_the_margin():
    claim("a half", 0.5, above=0.1, below=0.6, about="any data")
    (entry,) = module.claims
    assert (entry.bound, entry.kind) == (0.6, "data")
    assert entry.margin == pytest.approx(0.1)


def test_a_value_that_is_no_number_does_not_pass():
    with pytest.raises(ClaimError, match="Found nan"):
        claim("nothing", float("nan"), above=0, about="any data")


def test_chance_is_said():
    with pytest.raises(ClaimError, match="room for any seed that was tried"):
        claim("lucky", 0, above=1, about="any data", chance=True)
    assert module.claims[0].kind == "chance"


def test_robustness_runs_note_failures_and_go_on(monkeypatch):
    monkeypatch.setattr(module, "stop_at_failure", False)
    fact("false", False)
    claim("false, too", 3, below=2, about="any data")
    assert [entry.holds for entry in module.claims] == [False, False]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"about": "MNIST", "below": 1}, "about is 'MNIST'; expected 'mnist'"),
        ({"about": "mnist", "below": 1}, "is about mnist: give data="),
        ({"about": "any data"}, "has no bound"),
    ],
)
def test_an_incomplete_claim_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        claim("incomplete", 0, **options)
