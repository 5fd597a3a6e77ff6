"""Write the network of the live map in the chapter on the variational autoencoder.

python -m tools.export_prior [--profile full]

It is the decoder of the code of two numbers. The codes of the map are a surface of two dimensions,
and what the last layer makes of them lies near a space of few. So its weights, 400 x 784, are
written as a product of 400 x 64 and 64 x 784: a quarter of the numbers. prior.json says by how
much that moves a pixel at most, anywhere on the map; the format of prior.bin is that of
tools/export_demo.py.
"""

import keras
import numpy as np
from keras.layers import Dense, Input

from tools.export_demo import Tensors, describe
from tools.trained import asked, from_chapter, training_hash, write_figure

CHAPTER = "variational_autoencoder"
TRAINING = r"class Draw|build\(|x_train ="  # the cells that say what is trained, and on what
RANK = 64
REACH = 3  # how far the map goes, in standard deviations of the prior


def trained_decoder(preset: str) -> keras.Model:
    """Return the chapter's decoder of two numbers, without the last sigmoid."""
    names = ("into", "a", "out", "b")
    parts = {name: f"flat_decoder.get_weights()[{i}]" for i, name in enumerate(names)}
    weights = list(from_chapter(CHAPTER, preset, parts).values())
    hidden, pixels = (bias.size for bias in weights[1::2])
    decoder = keras.Sequential([Input((2,)), Dense(hidden, activation="relu"), Dense(pixels)])
    decoder.set_weights(weights)
    return decoder


def factored(decoder: keras.Model, codes: np.ndarray) -> keras.Model:
    """Return the same network with a narrow linear layer before the last, as near as it can be."""
    hidden, last = decoder.layers
    kernel, bias = last.get_weights()
    activity = keras.ops.convert_to_numpy(hidden(codes))
    V = np.linalg.svd(activity @ kernel, full_matrices=False)[2][:RANK].T
    layers = [Dense(len(kernel), activation="relu"), Dense(RANK), Dense(bias.size)]
    narrow = keras.Sequential([Input((2,)), *layers])
    narrow.set_weights([*hidden.get_weights(), kernel @ V, np.zeros(RANK), V.T, bias])
    return narrow


def images(decoder: keras.Model, codes: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(keras.ops.sigmoid(decoder(codes)))


def main() -> None:
    preset, data = asked(__doc__)
    decoder = trained_decoder(preset)
    steps = np.linspace(-REACH, REACH, 61, dtype="float32")
    codes = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    narrow = factored(decoder, codes)
    moved = float(np.abs(images(narrow, codes) - images(decoder, codes)).max())
    tensors = Tensors()
    network = describe("prior", narrow, tensors)
    manifest = {
        "made_by": "make prior",
        "preset": preset,
        "dataset_sha256": data.sha256,
        "training": training_hash(CHAPTER, TRAINING),
        "largest_error": round(moved, 4),
        "reach": REACH,
        "tensors": tensors.table,
        "networks": {"prior": network},
    }
    write_figure("prior", manifest, tensors)


if __name__ == "__main__":
    main()
