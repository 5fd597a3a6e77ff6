"""The live figures of the chapters in a real browser: what they compute, and by keyboard."""

import gzip
import json
import re
import shutil

import keras
import numpy as np
import pytest
from helpers.pages import DEMO_PAGE, in_browser
from helpers.repository import ROOT
from PIL import Image
from scipy.ndimage import median_filter

from ae_lib import load_pretrained, training_record
from tools import export_prior, export_strokes
from tools.trained import training_hash

FIGURES = ("components", "noise", "layers", "bottleneck", "runs", "prior", "strokes")
DATA = ROOT / "site" / "demo" / "data"


@pytest.fixture(scope="module")
def samples():
    """Return the first test digit of each class, and what the dense network makes of them."""
    sheet = np.array(Image.open(DATA / "samples.png"), "f4") / 255
    return sheet.reshape(2, 28, 10, 28).swapaxes(1, 2)


@pytest.fixture(scope="module")
def seen(tmp_path_factory, chromium):
    """What the browser saw."""
    folder = tmp_path_factory.mktemp("figures")
    shutil.copytree(ROOT / "site" / "demo", folder / "demo")
    for name in FIGURES:
        (folder / f"{name}.html").write_text(DEMO_PAGE.format(name=name), encoding="utf-8")
    return in_browser(chromium, "figures_browser.mjs", folder, timeout=120)


def psnr(clean, image):
    return f"{10 * np.log10(1 / np.mean((clean - image) ** 2)):.1f} dB"


def test_chapters_have_them_beside_their_sentences():
    found = []
    for path in (ROOT / "chapters").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        found += re.findall(r'website[^\n]+:\n\n<div data-demo="(\w+)"></div>\n', text)
    assert set(FIGURES) <= set(found)


def test_nothing_comes_from_elsewhere_and_nothing_is_complained_of(seen):
    assert seen["foreign"] == []
    assert seen["messages"] == []


def test_accessible_in_both_themes_and_on_a_phone(seen):
    assert seen["axe"] == []
    assert seen["wide"] == []


def test_they_are_light(seen):
    assert max(seen["kib"].values()) < 140
    for name in ("prior", "strokes"):
        assert seen[name]["before"] < 40, "it comes when it is asked for"
    assert max(seen["kib"][name] for name in ("layers", "bottleneck")) < 40


def test_components_add_up(seen, samples):
    components, clean = seen["components"], samples[0].reshape(10, 784)
    rebuilt, mean = (np.array(components["exact"][name]) for name in ("rebuilt", "mean"))
    left = np.sum((rebuilt - clean) ** 2) / np.sum((clean - mean) ** 2)
    assert components["twenty"].startswith(f"{100 * left:.1f} % of the spread")
    grey = np.array(components["grey"]).reshape(28, 10, 28).swapaxes(0, 1).reshape(10, 784) / 255
    assert np.abs(grey - rebuilt.clip(0, 1)).max() < 0.02
    parts = [float(components[k].split()[0]) for k in ("twenty", "more")]
    assert parts[0] > parts[1] > 20
    assert components["spoken"] == "21"
    none = components["none"]
    assert none[0].startswith("100.0 % of the spread")
    assert none[0].endswith("explains 0.0 %.")
    assert "Rebuilt from none: the mean image" in none


def test_three_answers_to_noise(seen, samples):
    noise, clean = seen["noise"], samples[0][7]
    spoilt = np.array(noise["spoilt"], "f4").reshape(28, 28)
    filtered = [median_filter(spoilt, size) for size in (3, 5)]
    assert np.array_equal(np.array(noise["median"], "f4").reshape(2, 28, 28), filtered)
    model = load_pretrained("denoising")
    denoised = model.predict(spoilt.reshape(1, 28, 28, 1), verbose=0).reshape(28, 28)
    best = min(filtered, key=lambda image: np.mean((image - clean) ** 2))
    linear = np.array(noise["linear"]).reshape(28, 28)
    expected = [psnr(clean, image.clip(0, 1)) for image in (spoilt, best, linear, denoised)]
    assert noise["half"] == ["", *expected]
    values = [float(text.split()[0]) for text in expected]
    assert values == sorted(values), "each method is better than the one before"
    assert noise["clean"][1] == "no error"
    assert noise["chosen"]
    assert noise["again"]


def test_layers_are_those_of_keras(seen, samples):
    layers = seen["layers"]
    model = load_pretrained("conv")
    outputs = keras.Model(model.input, [layer.output for layer in model.layers[1:]])
    expected = outputs.predict(samples[0][4].reshape(1, 28, 28, 1), verbose=0)
    assert layers["sizes"] == ["28x28x1", *("x".join(map(str, x.shape[1:])) for x in expected)]
    assert len(layers["states"]) == 1 + len(expected)
    for state, output in zip(layers["states"][1:], expected, strict=True):
        assert np.abs(np.array(state) - output.ravel()).max() < 1e-4
    sides = [widths for _, widths in layers["walk"]]
    assert sides == [[28] * 8, [14] * 8, [14] * 4, [7] * 4, [7] * 4, [4] * 4]
    assert layers["walk"][1][0].startswith("14 x 14 x 8. Max pooling")


def test_the_code_is_named_and_one_can_step_back(seen):
    layers = seen["layers"]
    assert layers["code"].startswith("4 x 4 x 4. Convolution")
    assert layers["back"].startswith("4 x 4 x 4. Max pooling")


def test_bars_move_the_picture(seen, samples):
    bars, (clean, rebuilt) = seen["bottleneck"], samples[:, 4]
    assert bars["asked"].count("dense_decoder.bin") == 1, "loaded once, and not before it is used"
    assert "dense_encoder.bin" not in bars["asked"]
    mse = {name: float(bars[name].removeprefix("MSE ")) for name in ("digit", "up", "down")}
    assert abs(mse["digit"] - np.mean((rebuilt - clean) ** 2)) < 2e-4
    assert mse["up"] > mse["digit"]
    assert abs(mse["down"] - mse["digit"]) < 2e-4, "the decoder's answer is the stored picture"
    assert bars["moved"]
    assert bars["back"] == [bars["digit"], True]
    assert bars["random"] != bars["digit"]


def test_runs_of_t_sne_are_loaded_when_they_are_wanted(seen):
    runs = seen["runs"]
    assert runs["asked"] == ["100_600.bin", "100_250.bin"]
    labels, texts, maps = zip(*(runs[name] for name in ("start", "wide", "early")), strict=True)
    assert labels[0] == "Map of 1,000 digits, perplexity 30, 600 steps"
    assert labels[1:] == tuple(
        f"Map of 1,000 digits, perplexity 100, {steps} steps" for steps in (600, 250)
    )
    assert texts[0] != texts[1]
    assert len(set(maps)) == 3


def exported(name):
    """Return what a figure loads: its description, and the weights that this names."""
    manifest = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    planes = np.frombuffer(gzip.decompress((DATA / f"{name}.bin").read_bytes()), "u1")
    planes = planes.reshape(3, -1)
    numbers = np.stack([np.zeros_like(planes[0]), *planes]).T.copy().view("<i4").ravel() >> 8
    weights = []
    for tensor in manifest["tensors"]:
        count = np.prod(tensor["shape"])
        weights.append(numbers[:count].reshape(tensor["shape"]) / 2 ** tensor["bits"])
        numbers = numbers[count:]
    return manifest, weights


def test_features_add_up_to_the_digit(seen, samples):
    strokes, clean = seen["strokes"], samples[0][4].ravel()
    manifest, (rows, bias, into, b) = exported("strokes")
    code = np.zeros(len(rows))
    for feature, value in manifest["codes"][4]:
        code[feature] = value
    assert strokes["sliders"] == np.sum(code > 0) > 5
    decoder = keras.Sequential(load_pretrained("dense").layers[3:])

    def image(code):
        hidden = np.maximum(code @ rows + bias, 0)
        return keras.ops.convert_to_numpy(decoder(np.maximum(hidden @ into + b, 0)[None]))[0]

    mse = {name: float(strokes[name].removeprefix("MSE ")) for name in ("digit", "alone")}
    assert abs(mse["digit"] - np.mean((image(code) - clean) ** 2)) < 2e-4
    shown = np.array(strokes["shown"]).reshape(784, 4)[:, 0] / 255
    assert np.abs(shown - image(code).clip(0, 1)).max() < 0.01
    strongest = manifest["codes"][4][0][0]
    alone = np.where(np.arange(len(code)) == strongest, code, 0)
    assert abs(mse["alone"] - np.mean((image(alone) - clean) ** 2)) < 2e-4
    assert mse["alone"] > mse["digit"], "one feature is not enough"
    assert strokes["without"] != strokes["digit"]
    assert strokes["back"] == strokes["digit"]


def test_the_features_are_the_chapters():
    manifest = exported("strokes")[0]
    known = training_hash(export_strokes.CHAPTER, export_strokes.TRAINING)
    assert manifest["training"] == known, "run `make strokes`"
    assert manifest["preset"] == "full"
    assert manifest["weights_sha256"] == training_record("dense")["weights_sha256"]


def test_the_map_of_codes_decodes(seen):
    prior = seen["prior"]
    W, a, into, b, out, c = exported("prior")[1]
    code = np.array([0.5, -1.25])
    hidden = np.maximum(code @ W + a, 0)
    expected = 1 / (1 + np.exp(-((hidden @ into + b) @ out + c)))
    shown = np.array(prior["shown"]).reshape(784, 4)[:, 0] / 255
    assert np.abs(shown - expected).max() < 0.01, "half a grey value, and float32"
    assert expected.max() > 0.5, "something is drawn there"
    assert prior["texts"] == ["z = (0.50, -1.25)", "1.3 from the middle"]
    assert prior["tapped"] == "z = (0.00, 0.00)"
    assert prior["moved"]
    assert prior["drawn"][0] != prior["drawn"][1], "other codes, other images"


def test_the_map_of_codes_is_the_chapters():
    manifest = json.loads((DATA / "prior.json").read_text(encoding="utf-8"))
    known = training_hash(export_prior.CHAPTER, export_prior.TRAINING)
    assert manifest["training"] == known, "run `make prior`"
    assert manifest["preset"] == "full"
    assert manifest["dataset_sha256"] == training_record("dense")["dataset"]["sha256"]
    assert manifest["largest_error"] < 3 / 255, "no pixel is moved by three grey values"


def test_the_exports_are_of_the_stored_weights(samples):
    """`make demo` must follow a new training."""
    clean, rebuilt = samples.reshape(2, 10, 784)
    expected = load_pretrained("dense").predict(clean, verbose=0).clip(0, 1)
    assert np.abs(rebuilt - expected).max() < 0.5 / 255 + 1e-3, "run `make demo`"
    runs = json.loads((DATA / "tsne" / "runs.json").read_text(encoding="utf-8"))
    assert runs["weights_sha256"] == training_record("dense")["weights_sha256"], (
        "run `make explorer`"
    )
