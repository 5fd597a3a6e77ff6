"""Write what the live figure of the chapter on sparse codes needs: features on sliders.

python -m tools.export_strokes [--profile full]

The chapter's dictionary of the dense network's hidden layer is written as a layer from features to
units, whose bias is the layer's mean and the dictionary's own bias, followed by the network's own
layer to its code; the page has the decoder. Only features that are on for one of the sample digits
are written.
"""

import keras
import numpy as np
from keras.layers import Dense, Input

from ae_lib import load_pretrained, training_record
from tools.export_demo import Tensors, describe
from tools.trained import asked, from_chapter, training_hash, write_figure

CHAPTER = "sparse_codes"
TRAINING = r"def dictionary|def learn|dictionary\(100|h_train"


def main() -> None:
    preset, data = asked(__doc__)
    wanted = {"rows": 'rows["TopK"]', "mean": 'mean + bias["TopK"]', "codes": 'codes["TopK"][1]'}
    found = from_chapter(CHAPTER, preset, wanted)
    samples = [int(np.flatnonzero(data.y_test == digit)[0]) for digit in range(10)]
    codes = found["codes"][samples]
    used = np.flatnonzero((codes > 0).any(axis=0))
    # Where a slider ends: nearly the largest value that the feature has for a test image.
    on = [np.quantile(column[column > 0], 0.99) for column in found["codes"].T[used]]
    largest = np.maximum(on, codes[:, used].max(axis=0))
    strengths = codes[:, used] * np.linalg.norm(found["rows"][used], axis=1)
    order = np.argsort(-strengths, axis=1)

    to_code = load_pretrained("dense").layers[2]
    network = keras.Sequential([
        Input((len(used),)),
        Dense(len(found["mean"]), activation="relu"),
        Dense(to_code.units, activation=to_code.activation),
    ])  # fmt: skip
    network.set_weights([found["rows"][used], found["mean"], *to_code.get_weights()])
    tensors = Tensors()
    manifest = {
        "made_by": "make strokes",
        "preset": preset,
        "dataset_sha256": data.sha256,
        "weights_sha256": training_record("dense")["weights_sha256"],
        "training": training_hash(CHAPTER, TRAINING),
        "networks": {"strokes": describe("strokes", network, tensors)},
        "tensors": tensors.table,
        "largest": [float(f"{value:.4g}") for value in largest],
        "codes": [
            [[int(i), float(f"{row[i]:.4g}")] for i in places if row[i] > 0]
            for row, places in zip(codes[:, used], order, strict=True)
        ],
    }
    write_figure("strokes", manifest, tensors)


if __name__ == "__main__":
    main()
