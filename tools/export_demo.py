"""Write what the page "Draw a digit" and the live figures of the chapters need.

site/demo/data/models.json describes the networks stored in ae_lib/weights and a PCA fitted here,
on MNIST. Each network has a file of its own, the dense one two, encoder and decoder, so that a page
loads no more than it runs: dense_encoder.bin, dense_decoder.bin, conv.bin, denoising.bin, pca.bin.

Such a file is a gzip stream. In it, all numbers are fixed-point: whole numbers of 24 bits, to be
divided by a power of two that models.json gives. First come the lowest bytes of all numbers, then
the middle bytes, then the highest: the highest are nearly all 0 or 255, and so compress well.
Half-precision floats would take the same space, but the outputs of the dense network would be
wrong by 2e-3; with these they are right to 1e-4 (tests/web/test_demo.py).

principal.bin has the first 64 principal directions with 8 bits a number, for pictures: in each
reconstruction the rounding is a thousandth of the error.

digits.png has ten sample digits of each class. The figures take the first ones: samples.png has
them in its first row, and in its second what the dense network makes of them. layers.png is what
paper shows in place of the convolutional network, layer by layer.
"""

import gzip
import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.linear_model import Ridge

from ae_lib import (
    PCA,
    Dataset,
    add_gaussian_noise,
    as_vectors,
    encoder_of,
    fit_pca,
    load_mnist,
    load_pretrained,
    training_record,
)

TARGET = Path(__file__).resolve().parent.parent / "site" / "demo" / "data"
K = 20
PER_CLASS = 10  # sample digits of each class
DIRECTIONS = 64  # of the live figures' PCA
NOISE = 0.5  # the strength that chapter 5 trains with


class Tensors:
    """Collects arrays as fixed-point numbers, file by file, and hands out their places."""

    def __init__(self) -> None:
        self.numbers: dict[str, list[np.ndarray]] = {}
        self.table: list[dict[str, Any]] = []

    def add(self, file: str, array: np.ndarray) -> int:
        # Small tensors lie around the bottleneck, where an error spreads to all outputs; an error
        # in the large one that makes the 784 outputs stays where it is.
        bits = 20 if array.size < 5000 else 17 if array.shape[-1] == 784 else 18
        numbers = np.round(array.astype("float64") * 2**bits)
        if np.abs(numbers).max() >= 2**23:
            raise ValueError(f"A weight of {np.abs(array).max()} does not fit into 24 bits.")
        self.numbers.setdefault(file, []).append(numbers.astype("<i4").ravel())
        self.table.append({"file": file, "shape": list(array.shape), "bits": bits})
        return len(self.table) - 1

    def packed(self, file: str) -> bytes:
        planes = np.concatenate(self.numbers[file]).view("u1").reshape(-1, 4)[:, :3].T
        return gzip.compress(planes.tobytes(), mtime=0)


def describe(name: str, model: keras.Model, tensors: Tensors) -> dict[str, Any]:
    """Return the layers of a network as demo/engine.js reads them."""
    halves = ("dense_encoder", "dense_decoder") if name == "dense" else (name, name)
    layers: list[dict[str, Any]] = []
    code = 0
    for layer in model.layers:
        kind = type(layer).__name__
        match kind:
            case "InputLayer":
                continue
            case "Dense" | "Conv2D":
                kernel, bias = layer.get_weights()
                file = halves[code > 0]
                entry = {"type": kind, "kernel": tensors.add(file, kernel)}
                entry["bias"] = tensors.add(file, bias)
                entry["relu"] = layer.activation is keras.activations.relu
                if kind == "Conv2D":
                    entry["padding"] = layer.padding
            case "MaxPooling2D" | "UpSampling2D":
                entry = {"type": kind}
            case _:
                raise ValueError(f"demo/engine.js has no layer {kind}.")
        layers.append(entry)
        if layer.name == "code":
            code = len(layers)
    shape = list(model.input_shape[1:])
    return {"input": shape, "code": code, "parameters": model.count_params(), "layers": layers}


def ranges(codes: np.ndarray) -> dict[str, list[float]]:
    """Return where nearly all test digits have each code value: the ends of the page's sliders."""
    low, high = np.quantile(codes, [0.001, 0.999], axis=0)
    return {"low": low.round(3).tolist(), "high": high.round(3).tolist()}


def principal(data: Dataset, pca: PCA) -> tuple[dict[str, Any], bytes]:
    """Return the leading principal directions with 8 bits a number, and what belongs to them.

    Beside them, for each direction, is the factor by which the least-squares map from noisy to
    clean images multiplies it, and the PSNR of that map on the test images: of these directions
    alone, and of chapter 5's, which has all 784.
    """
    rng = np.random.default_rng(0)
    images = {"train": data.x_train, "test": data.x_test}
    clean = {name: as_vectors(x) for name, x in images.items()}
    noisy = {n: as_vectors(add_gaussian_noise(x, NOISE, rng)) for n, x in images.items()}
    mean_noisy = noisy["train"].mean(axis=0)
    codes, noisy_codes = pca.encode(clean["train"]), (noisy["train"] - mean_noisy) @ pca.V
    gain = np.sum(codes * noisy_codes, axis=0) / np.sum(noisy_codes**2, axis=0)

    denoised = pca.decode((noisy["test"] - mean_noisy) @ pca.V * gain)
    best = Ridge(alpha=100).fit(noisy["train"], clean["train"]).predict(noisy["test"])
    errors = [np.mean((x.clip(0, 1) - clean["test"]) ** 2) for x in (denoised, best)]

    directions = pca.V.T
    scale = np.abs(directions).max(axis=1) / 127
    whole = np.round(directions / scale[:, None]).astype("i1")
    means = [np.round(255 * mean).astype("u1").tobytes() for mean in (pca.mean, mean_noisy)]
    description = {
        "scale": [float(f"{value:.6g}") for value in scale],
        "gain": [float(f"{value:.4f}") for value in gain],
        "explained": np.cumsum(pca.explained_variance_ratio).astype("float64").round(4).tolist(),
        "psnr": [round(float(10 * np.log10(1 / error)), 1) for error in errors],
    }
    return description, gzip.compress(b"".join([*means, whole.tobytes()]), mtime=0)


def layers_picture(model: keras.Model, image: np.ndarray) -> bytes:
    """Return a picture of what each layer makes of an image, a column a layer."""
    layers = keras.Model(model.input, [layer.output for layer in model.layers[1:]])
    states = [image[None, ..., None], *layers.predict(image[None, ..., None], verbose=0)]
    figure, axes = plt.subplots(8, len(states), figsize=(9.8, 6.2), layout="compressed")
    for ax in axes.flat:
        ax.axis("off")
    for column, state in zip(axes.T, states, strict=True):
        height, width, channels = state.shape[1:]
        column[0].set_title(f"{height} x {width}\nx {channels}", fontsize=8)
        for channel, ax in zip(range(channels), column, strict=False):
            ax.imshow(state[0, ..., channel], cmap="gray", vmin=0, vmax=state.max())
    content = BytesIO()
    figure.savefig(content, format="png", dpi=100, metadata={"Software": None})
    return content.getvalue()


def write(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    print(f"{path.name}: {len(content) / 1024:.1f} KiB")


def write_picture(path: Path, images: np.ndarray) -> None:
    """Write images (rows, columns, 28, 28) as one picture; grey values are cut off at 0 and 1."""
    rows, columns = images.shape[:2]
    pixels = np.round(images.clip(0, 1) * 255).astype("uint8").transpose(0, 2, 1, 3)
    content = BytesIO()
    Image.fromarray(pixels.reshape(28 * rows, 28 * columns)).save(content, "PNG", optimize=True)
    write(path, content.getvalue())


def main() -> None:
    data = load_mnist()
    if data.name != "mnist":
        raise SystemExit("The page shows MNIST, which cannot be had here; see the warning above.")
    x_test = as_vectors(data.x_test)
    tensors = Tensors()
    networks, codes, hashes = {}, {}, {}
    chosen = [np.flatnonzero(data.y_test == digit)[:PER_CLASS] for digit in range(10)]
    for name in ("dense", "conv", "denoising"):
        model = load_pretrained(name)
        networks[name] = describe(name, model, tensors)
        hashes[name] = training_record(name)["weights_sha256"]
        if name == "conv":
            write(TARGET / "layers.png", layers_picture(model, data.x_test[chosen[4][0]]))
        if name == "dense":
            codes[name] = ranges(encoder_of(model).predict(x_test, verbose=0))
            layers = networks[name]["layers"][networks[name]["code"] :]
            networks["decoder"] = {"input": [K], "code": 0, "layers": layers}
            first = x_test[[places[0] for places in chosen]]
            rebuilt = model.predict(first, verbose=0)
            samples = [
                {"code": [float(f"{a:.3f}") for a in code], "mse": float(f"{mse:.4f}")}
                for code, mse in zip(
                    encoder_of(model).predict(first, verbose=0),
                    np.mean((rebuilt - first) ** 2, axis=1),
                    strict=True,
                )
            ]

    # PCA is two dense layers without activation; the second has the kernel of the first, turned.
    pca = fit_pca(as_vectors(data.x_train), DIRECTIONS)
    V = pca.V[:, :K]
    kernel = tensors.add("pca", V)
    encode = {"type": "Dense", "kernel": kernel, "bias": tensors.add("pca", -pca.mean @ V)}
    decode = {"type": "Dense", "kernel": kernel, "bias": tensors.add("pca", pca.mean)}
    layers = [encode | {"relu": False}, decode | {"relu": False, "transposed": True}]
    count = V.size + pca.mean.size
    networks["pca"] = {"input": [784], "code": 1, "parameters": count, "layers": layers}
    codes["pca"] = ranges(pca.encode(x_test)[:, :K])

    directions, principal_file = principal(data, pca)

    rows = np.concatenate([first, rebuilt]).reshape(2, 10, 28, 28)
    manifest = {
        "made_by": "make demo",
        "dataset_sha256": data.sha256,
        "weights_sha256": hashes,
        "tensors": tensors.table,
        "networks": networks,
        "codes": codes,
        "samples": samples,
        "principal": directions,
        # One row of the picture for each class; the numbers are places in the test set.
        "digits": [indices.tolist() for indices in chosen],
    }
    for file in tensors.numbers:
        write(TARGET / f"{file}.bin", tensors.packed(file))
    write(TARGET / "principal.bin", principal_file)
    write(TARGET / "models.json", json.dumps(manifest, separators=(",", ":")).encode() + b"\n")
    write_picture(TARGET / "digits.png", data.x_test[np.array(chosen)])
    write_picture(TARGET / "samples.png", rows)


if __name__ == "__main__":
    main()
