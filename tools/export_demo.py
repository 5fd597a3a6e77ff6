"""Write what the page "Draw a digit" needs: site/demo/data/models.json, models.bin and digits.png.

The networks are those stored in ae_lib/weights; PCA is fitted here, on MNIST.

models.bin is a gzip stream. In it, all numbers are fixed-point: whole numbers of 24 bits, to be
divided by a power of two that models.json gives. First come the lowest bytes of all numbers, then
the middle bytes, then the highest: the highest are nearly all 0 or 255, and so compress well.
Half-precision floats would take the same space, but the outputs of the dense network would be
wrong by 2e-3; with these they are right to 1e-4 (tests/web/test_demo.py).
"""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from ae_lib import as_vectors, encoder_of, fit_pca, load_mnist, load_pretrained, training_record

TARGET = Path(__file__).resolve().parent.parent / "site" / "demo" / "data"
K = 20
PER_CLASS = 10  # sample digits of each class


class Tensors:
    """Collects arrays as fixed-point numbers, and hands out their places."""

    def __init__(self) -> None:
        self.numbers: list[np.ndarray] = []
        self.table: list[dict[str, Any]] = []

    def add(self, array: np.ndarray) -> int:
        # Small tensors lie around the bottleneck, where an error spreads to all outputs; an error
        # in the large one that makes the 784 outputs stays where it is.
        bits = 20 if array.size < 5000 else 17 if array.shape[-1] == 784 else 18
        numbers = np.round(array.astype("float64") * 2**bits)
        if np.abs(numbers).max() >= 2**23:
            raise ValueError(f"A weight of {np.abs(array).max()} does not fit into 24 bits.")
        self.numbers.append(numbers.astype("<i4").ravel())
        self.table.append({"shape": list(array.shape), "bits": bits})
        return len(self.table) - 1

    def packed(self) -> bytes:
        planes = np.concatenate(self.numbers).view("u1").reshape(-1, 4)[:, :3].T
        return gzip.compress(planes.tobytes(), mtime=0)


def describe(model: keras.Model, tensors: Tensors) -> dict[str, Any]:
    """Return the layers of a network as demo/engine.js reads them."""
    layers: list[dict[str, Any]] = []
    code = 0
    for layer in model.layers[1:]:
        kind = type(layer).__name__
        match kind:
            case "Dense" | "Conv2D":
                kernel, bias = layer.get_weights()
                entry = {"type": kind, "kernel": tensors.add(kernel), "bias": tensors.add(bias)}
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


def write(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    print(f"{path.name}: {len(content) / 1024:.1f} KiB")


def main() -> None:
    data = load_mnist()
    if data.name != "mnist":
        raise SystemExit("The page shows MNIST, which cannot be had here; see the warning above.")
    x_test = as_vectors(data.x_test)
    tensors = Tensors()
    networks, codes, hashes = {}, {}, {}
    for name in ("dense", "conv", "denoising"):
        model = load_pretrained(name)
        networks[name] = describe(model, tensors)
        hashes[name] = training_record(name)["weights_sha256"]
        if name == "dense":
            codes[name] = ranges(encoder_of(model).predict(x_test, verbose=0))

    # PCA is two dense layers without activation; the second has the kernel of the first, turned.
    pca = fit_pca(as_vectors(data.x_train), K)
    kernel = tensors.add(pca.V)
    encode = {"type": "Dense", "kernel": kernel, "bias": tensors.add(-pca.mean @ pca.V)}
    decode = {"type": "Dense", "kernel": kernel, "bias": tensors.add(pca.mean)}
    layers = [encode | {"relu": False}, decode | {"relu": False, "transposed": True}]
    count = pca.V.size + pca.mean.size
    networks["pca"] = {"input": [784], "code": 1, "parameters": count, "layers": layers}
    codes["pca"] = ranges(pca.encode(x_test))

    chosen = [np.flatnonzero(data.y_test == digit)[:PER_CLASS] for digit in range(10)]
    pixels = np.round(data.x_test[np.array(chosen)] * 255).astype("uint8")
    atlas = Image.fromarray(pixels.transpose(0, 2, 1, 3).reshape(280, PER_CLASS * 28))
    manifest = {
        "made_by": "make demo",
        "dataset_sha256": data.sha256,
        "weights_sha256": hashes,
        "tensors": tensors.table,
        "networks": networks,
        "codes": codes,
        # One row of the picture for each class; the numbers are places in the test set.
        "digits": [indices.tolist() for indices in chosen],
    }
    TARGET.mkdir(parents=True, exist_ok=True)
    write(TARGET / "models.bin", tensors.packed())
    write(TARGET / "models.json", json.dumps(manifest, separators=(",", ":")).encode() + b"\n")
    picture = TARGET / "digits.png"
    temporary = picture.with_suffix(".tmp.png")
    atlas.save(temporary, optimize=True)
    temporary.replace(picture)
    print(f"{picture.name}: {picture.stat().st_size / 1024:.1f} KiB")


if __name__ == "__main__":
    main()
