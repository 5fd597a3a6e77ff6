"""No mark that was not earned: what easy cheats get in every question of every sheet."""

import ast
import pickle
from collections.abc import Callable
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from claims import Claimed, Direct, dense, layer

from ae_grade import testfile
from ae_grade.build import build_sheet
from ae_grade.sheet import Sheet, load_sheet

MASTERS = Path(__file__).parents[2] / "masters"


@pytest.fixture(scope="module")
def sheet_of(tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("dist")

    @cache
    def build(name: str) -> Sheet:
        sheet = load_sheet(str(build_sheet(MASTERS / f"{name}.py", out)))
        sheet.course.settle()
        return sheet

    return build


def identity(*arguments: Any) -> Any:
    return arguments[0]


def second(*arguments: Any) -> Any:
    return arguments[min(1, len(arguments) - 1)]


def last(*arguments: Any) -> Any:
    return arguments[-1]


def constant(value: Any) -> Any:
    return lambda *_: value


def drawn(*sizes: int) -> list:
    """Return weights as Keras draws them: a network that nobody has trained."""
    rng = np.random.default_rng(3)
    limit = (6 / sum(sizes[-2:])) ** 0.5
    return [rng.uniform(-limit, limit, sizes).astype("f4"), np.zeros(sizes[-1], "f4")]


def chain(widths: list[int], activations: list[str], zero: bool = False) -> Claimed:
    pairs = zip(widths, widths[1:], activations, strict=False)
    return Claimed(
        (widths[0],), *(dense(p, q, a, None if zero else drawn(p, q)) for p, q, a in pairs)
    )


def picture(kinds: str, channels: list[int], end: str, padding: str = "same") -> Claimed:
    """Return convolutions (c), pooling (p) and upsampling (u), untrained."""
    made, before, rest = [], 1, list(channels)
    for kind in kinds:
        if kind in "cv":
            after = rest.pop(0)
            about: dict[str, Any] = {"filters": after, "kernel_size": [3, 3]}
            about["padding"] = "valid" if kind == "v" else padding
            weights = drawn(3, 3, before, after)
            made.append(layer("Conv2D", "relu" if rest else end, weights, **about))
            before = after
        elif kind == "p":
            size = {"pool_size": [2, 2], "strides": [2, 2], "padding": padding}
            made.append(layer("MaxPooling2D", None, [], **size))
        else:
            made.append(layer("UpSampling2D", None, [], size=[2, 2], interpolation="nearest"))
    return Claimed((28, 28, 1), *made)


def pca(k: int, mixed: bool = False) -> Claimed:
    """Return PCA dressed as a model."""
    from sklearn.datasets import load_digits

    x = load_digits().data / 16
    V = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:k].T
    A = np.random.default_rng(0).normal(size=(k, k)) if mixed else np.eye(k)
    there, back = V @ A, np.linalg.inv(A) @ V.T
    zero = [np.zeros(k, "f4"), np.zeros(64, "f4")]
    weights = [[there.astype("f4"), zero[0]], [back.astype("f4"), zero[1]]]
    first, then = dense(64, k, "linear", weights[0]), dense(k, 64, "linear", weights[1])
    return Claimed((64,), first, then)


def ordered_dense(sheet: Sheet, zero: bool = False) -> Claimed:
    c = sheet.constants()
    code = c["CODE"]
    h = (c["PARAMS"] - code - 784) // (785 + 2 * code + 1 + 784)
    return chain([784, h, code, h, 784], ["relu"] * 3 + ["sigmoid"], zero)


def without_weights(net: Claimed) -> Claimed:
    for part in net.layers:
        part.get_weights = list
    return net


BOTTLENECK = [784, 64, 16, 64, 784]
ENDS = ["relu"] * 3 + ["sigmoid"]


def solutions(name: str) -> dict[str, Callable]:
    """Return the functions of a sheet's own solution."""
    tree = ast.parse((MASTERS / f"{name}.py").read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    held: dict[str, Any] = {"np": np}
    exec(compile(tree, name, "exec"), held)
    return held


def zero(answer: Any) -> Any:
    return tuple(map(zero, answer)) if isinstance(answer, tuple) else answer * 0


def lookup(sheet: Sheet, functions: list[str]) -> dict[str, Callable]:
    """Return functions that give right answers to the public tests, and zeros to all others."""
    known: dict[tuple[str, bytes], Any] = {}
    right = solutions(sheet.name)

    def recorder(name: str) -> Callable:
        def answer(*arguments: Any) -> Any:
            asked = pickle.dumps(arguments)  # before a solution can change them
            return known.setdefault((name, asked), right[name](*arguments))

        return answer

    def cheat(name: str) -> Callable:
        some = next(answer for (about, _), answer in known.items() if about == name)
        return lambda *arguments: known.get((name, pickle.dumps(arguments)), zero(some))

    points(sheet, {name: recorder(name) for name in functions}, hidden=False)
    return {name: cheat(name) for name in functions}


def looked_at(sheet: Sheet) -> set[str]:
    """Return the names of the notebook that a sheet's tests look at."""
    files = [testfile.test_file(q) for q in sheet.questions if q.tests is not None]
    cases = [case for file in files for case in file.test_cases]
    return {name for case in cases for name in signature(case.body.test_func).parameters}


def cheats(name: str, sheet: Sheet) -> dict[str, dict[str, Any]]:
    """Return the notebooks of cheats for a sheet, by kind: names and what they hold."""
    functions = {
        "pca_sheet": "pca_fit pca_error smallest_k reconstruct largest_angle",
        "dense_autoencoder_sheet": "dense_params mirrored tied_gradient",
        "tsne_sheet": "affinities perplexity find_width loo_accuracy trust",
        "conv_autoencoder_sheet": "trace conv_params conv2d max_pool shift_right",
        "denoising_sheet": "add_noise expected_black psnr positive_share",
    }[name].split()
    numbers = {
        "pca_sheet": "k_share",
        "dense_autoencoder_sheet": "error_ratio angle",
        "tsne_sheet": "width_point",
        "conv_autoencoder_sheet": "penalty_dense penalty_conv",
        "denoising_sheet": "median_db before after dead",
    }[name].split()
    made: dict[str, dict[str, Any]] = {
        "identity": dict.fromkeys(functions, identity) | dict.fromkeys(numbers, 1.0),
        "second argument": dict.fromkeys(functions, second) | dict.fromkeys(numbers, 2.0),
        "last argument": dict.fromkeys(functions, last) | dict.fromkeys(numbers, 0.0),
        "constant": dict.fromkeys(functions, constant(0.5)) | dict.fromkeys(numbers, 10.0),
        "lookup": lookup(sheet, functions) | dict.fromkeys(numbers, 0.0),
    }
    # A name that no test looks at would be a cheat that proves nothing.
    assert {*functions, *numbers} <= looked_at(sheet)
    # What a model's names hold: an identity that claims the layers, the layers with weights that
    # are all zero, untrained weights under a `predict` that returns its input, PCA.
    if name == "dense_autoencoder_sheet":
        k = sheet.constants()["K"]
        small = [64, k, 64]
        made["identity"] |= {
            "ordered": without_weights(ordered_dense(sheet)),
            "repaired": without_weights(chain(BOTTLENECK, ENDS)),
            "linear": without_weights(chain(small, ["linear"] * 2)),
        }
        made["constant"] |= {
            "ordered": ordered_dense(sheet, zero=True),
            "repaired": chain(BOTTLENECK, ENDS, zero=True),
            "linear": chain(small, ["linear"] * 2, zero=True),
        }
        made["claimed model"] = {
            "ordered": chain([784, 90, 10, 90, 784], ENDS),
            "PARAMS": chain([784, 90, 10, 90, 784], ENDS).count_params(),
            "repaired": chain(BOTTLENECK, ENDS),
            "linear": chain(small, ["linear"] * 2),
            "error_ratio": 1.0,
            "angle": 0.0,
        }
        made["PCA in disguise"] = {"linear": pca(k), "error_ratio": 1.0, "angle": 0.0}
        made["PCA in disguise, mixed"] = {
            "linear": pca(k, mixed=True),
            "error_ratio": 1.0,
            "angle": 0.0,
        }
    elif name == "tsne_sheet":
        encoder, decoder = chain([784, 2], ["linear"]), chain([2, 784], ["linear"])
        classifier = chain([2, 10], ["softmax"])
        made["claimed model"] = {"encoder": encoder, "decoder": decoder, "classifier": classifier}
        made["identity"] |= {
            "encoder": without_weights(chain([784, 2], ["linear"])),
            "decoder": without_weights(chain([2, 784], ["linear"])),
            "classifier": without_weights(chain([2, 10], ["softmax"])),
        }
    elif name == "conv_autoencoder_sheet":
        path, channels = "cpcpcpcucuvuc", [8, 4, 4, 4, 4, 8, 1]
        made["identity"] |= {
            "ordered": without_weights(picture("cpcpcucuc", [8, 4, 4, 8, 1], "sigmoid")),
            "repaired": without_weights(picture(path, channels, "relu")),
        }
        wrong = picture("cpcpcucuc", [8, 4, 4, 8, 1], "sigmoid")
        made["claimed model"] = {"ordered": wrong, "PARAMS": wrong.count_params()}
    else:
        made["claimed model"] = {}
    if name == "denoising_sheet":
        net = picture("cpcuc", [16, 16, 1], "sigmoid")
        made["identity"]["denoiser"] = without_weights(picture("cpcuc", [16, 16, 1], "sigmoid"))
        made["claimed model"] = {"denoiser": net, "NOISE": 1e6}
        # Lists that look like shares, of ten networks that never were trained.
        shares = list(np.linspace(0.1, 0.6, 10))
        made["claimed model"] |= {"networks": [net] * 10, "untrained": constant(net)}
        made["claimed model"] |= {"before": shares, "after": shares[::-1], "dead": [False] * 10}
    return made


def points(sheet: Sheet, names: dict[str, Any], hidden: bool = True) -> dict[str, float]:
    """Return the points of each question for a notebook with these names."""
    direct = Direct()
    held = {name: direct.crossed(value) for name, value in names.items()} | sheet.constants()
    found = {}
    for question in sheet.questions:
        if question.tests is not None:
            file = testfile.test_file(question)
            file.test_cases = [case for case in file.test_cases if hidden or not case.hidden]
            file.run(held)
            found[question.name] = float(file.score)
    return found


# What they get: nothing, but for what is said.
DESERVED: dict[tuple[str, str], dict[str, float]] = {
    # The public points of the questions that ask for functions, and none of the hidden ones.
    ("pca_sheet", "lookup"): {"q1": 2, "q2": 1, "q3": 1, "q4": 1, "q5": 1},
    ("dense_autoencoder_sheet", "lookup"): {"q1": 1, "q5": 1},
    ("tsne_sheet", "lookup"): {"q1": 1, "q2": 1, "q3": 1, "q4": 1},
    ("conv_autoencoder_sheet", "lookup"): {"q1": 1, "q2": 1, "q5": 1},
    ("denoising_sheet", "lookup"): {"q1": 1, "q2": 1, "q3": 1, "q4": 1},
    # The example's answer is 0.5, and public.
    ("pca_sheet", "constant"): {"q2": 1},
    # The widths are worked out and the layers are right; that it answers the same to all is not.
    ("dense_autoencoder_sheet", "constant"): {"q2": 3, "q4": 1},
    # The sizes of input and output, and the activations; a network of the right sizes.
    ("dense_autoencoder_sheet", "claimed model"): {"q2": 2, "q4": 1},
    ("dense_autoencoder_sheet", "PCA in disguise"): {"q4": 1},
    ("dense_autoencoder_sheet", "PCA in disguise, mixed"): {"q4": 1},
    # Three models of the right sizes, untrained.
    ("tsne_sheet", "claimed model"): {"q5": 1},
    ("conv_autoencoder_sheet", "claimed model"): {"q3": 1},
}
SHEETS = [f"{name}_sheet" for name in ("pca", "dense_autoencoder", "tsne", "conv_autoencoder")]
SHEETS.append("denoising_sheet")


@pytest.mark.parametrize("name", SHEETS)
def test_easy_cheats_get_what_they_deserve(name: str, sheet_of: Any) -> None:
    sheet = sheet_of(name)
    for kind, names in cheats(name, sheet).items():
        found = {q: p for q, p in points(sheet, names).items() if p}
        assert found == DESERVED.get((name, kind), {}), (name, kind)
