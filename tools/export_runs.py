"""Write the recorded runs of chapter 3's live figure: site/demo/data/tsne/.

t-SNE of the dense autoencoder's codes of the first thousand test images, for several perplexities,
stopped after several numbers of steps. Every run starts from the same place, the first two
principal components, so that a run of more steps goes on where a shorter one stopped.

P_S.bin: x and y of every point in the run with perplexity P and S steps, one byte each.
runs.json: the perplexities, the steps, and for each run how many of the nearest neighbours it
keeps, as in the chapter.
"""

import json

import numpy as np
from scipy.linalg import orthogonal_procrustes
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

from ae_lib import as_vectors, encoder_of, load_mnist, load_pretrained, training_record
from tools.export_demo import TARGET, write
from tools.export_explorer import scaled

COUNT = 1000
PERPLEXITIES = (2, 5, 10, 30, 100, 300)
STEPS = (250, 300, 400, 600, 1200)
MIDDLE = 30  # the others are turned towards the map with this perplexity


def kept(found: np.ndarray, reference: np.ndarray, k: int) -> float:
    """Return the share of each point's k nearest neighbours that stay among its k nearest."""
    near, true = (
        NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)
        for points in (found, reference)
    )
    shares = [np.isin(old, new).mean() for old, new in zip(true, near, strict=True)]
    return round(float(np.mean(shares)), 2)


def turned(points: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """Return a map, centred, and turned or mirrored so that it lies like another one."""
    points, towards = points - points.mean(axis=0), towards - towards.mean(axis=0)
    return np.asarray(points @ orthogonal_procrustes(points, towards)[0])


def main() -> None:
    data = load_mnist()
    if data.name != "mnist":
        raise SystemExit("The runs are of MNIST, which cannot be had here; see the warning.")
    x = as_vectors(data.x_test[:COUNT])
    codes = encoder_of(load_pretrained("dense")).predict(x, verbose=0)
    maps: dict[tuple[int, int], np.ndarray] = {}
    for perplexity in PERPLEXITIES:
        for steps in STEPS:
            tsne = TSNE(perplexity=perplexity, max_iter=steps, random_state=0)
            maps[perplexity, steps] = tsne.fit_transform(codes)
        print(f"perplexity {perplexity}", flush=True)
    folder = TARGET / "tsne"
    folder.mkdir(exist_ok=True)
    for (perplexity, steps), points in maps.items():
        last = turned(maps[perplexity, STEPS[-1]], maps[MIDDLE, STEPS[-1]])
        bytes_ = np.round(scaled(turned(points, last)) / 257).astype("u1")
        write(folder / f"{perplexity}_{steps}.bin", bytes_.tobytes())
    manifest = {
        "made_by": "make explorer",
        "weights_sha256": training_record("dense")["weights_sha256"],
        "count": COUNT,
        "perplexities": PERPLEXITIES,
        "steps": STEPS,
        **{
            f"kept_{k}": [[kept(maps[p, s], codes, k) for s in STEPS] for p in PERPLEXITIES]
            for k in (10, 100)
        },
    }
    write(folder / "runs.json", json.dumps(manifest, separators=(",", ":")).encode() + b"\n")


if __name__ == "__main__":
    main()
