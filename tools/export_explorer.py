"""Write what the explorer of chapter 3 needs: maps.json, map_*.bin, labels.bin and codes.bin.

Four maps of the 10,000 test images, each scaled to a square and stored as 16-bit whole numbers,
the labels, and the dense autoencoder's codes with 8 bits a value: the page decodes them to
pictures and looks for neighbours among them. MNIST itself is not stored.

labels.bin: one byte a point. map_0.bin to map_3.bin: x and y of every point (16 bits each); the
page loads the others when the reader turns to the explorer.
codes.bin: the codes, 20 bytes a point; maps.json gives the value of 255 for each of the 20.
"""

import json

import numpy as np
from sklearn.manifold import TSNE

from ae_lib import as_vectors, encoder_of, fit_pca, knn_accuracy, load_mnist, load_pretrained
from ae_lib import trustworthiness as trust
from ae_lib.recipes import PRESETS
from tools.export_demo import TARGET, K, write


def scaled(points: np.ndarray) -> np.ndarray:
    """Return a map as whole numbers from 0 to 65535, y downwards as on a screen.

    The proportions are kept, and the middle is in the middle.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    unit = (points - (low + high) / 2) / (high - low).max() + 0.5
    unit[:, 1] = 1 - unit[:, 1]
    return np.round(unit * 65535).astype("<u2")


def main() -> None:
    data = load_mnist()
    if data.name != "mnist":
        raise SystemExit("The explorer shows MNIST, which cannot be had here; see the warning.")
    x_test = as_vectors(data.x_test)
    pca_codes = fit_pca(as_vectors(data.x_train), K).encode(x_test)
    codes = encoder_of(load_pretrained("dense")).predict(x_test, verbose=0)
    steps = PRESETS["full"].tsne_iterations
    maps = []
    for title, source, points in (
        ("PCA", "pixels", pca_codes[:, :2]),
        ("t-SNE of the pixels", "pixels", None),
        ("t-SNE of the PCA codes", "pca", None),
        ("t-SNE of the autoencoder's codes", "dense", None),
    ):
        print(title, flush=True)
        if points is None:
            chosen = {"pixels": x_test, "pca": pca_codes, "dense": codes}[source]
            points = TSNE(max_iter=steps, random_state=0, n_jobs=-1).fit_transform(chosen)
        points = np.ascontiguousarray(points)
        maps.append(
            {
                "title": title,
                "points": scaled(points),
                "trustworthiness": round(trust(x_test, points), 3),
                "knn_accuracy": round(knn_accuracy(points, data.y_test), 3),
            }
        )
    top = codes.max(axis=0)
    manifest = {
        "made_by": "make explorer",
        "dataset_sha256": data.sha256,
        "count": len(x_test),
        "maps": [{key: m[key] for key in m if key != "points"} for m in maps],
        "code_top": top.round(4).tolist(),
    }
    write(TARGET / "labels.bin", data.y_test.tobytes())
    for number, one in enumerate(maps):
        write(TARGET / f"map_{number}.bin", one["points"].tobytes())
    write(
        TARGET / "codes.bin", np.round(codes / np.maximum(top, 1e-9) * 255).astype("u1").tobytes()
    )
    write(TARGET / "maps.json", json.dumps(manifest, separators=(",", ":")).encode() + b"\n")


if __name__ == "__main__":
    main()
