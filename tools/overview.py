"""Draw the picture of the landing page: one row of digits for each stored network."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from ae_lib import RECIPES, as_vectors, fit_pca, load_mnist, load_pretrained, plot_image_rows

data = load_mnist()
if data.name != "mnist":
    raise SystemExit("The picture shows MNIST, which cannot be had here; see the warning above.")
chosen = [int(np.argmax(data.y_test == digit)) for digit in range(10)]
rows = {"original": data.x_test[chosen]}
pca = fit_pca(as_vectors(data.x_train), 20)
rows["PCA, 20 numbers"] = pca.reconstruct(as_vectors(data.x_test[chosen]))
for name, title in (
    ("dense", "dense autoencoder, 20 numbers"),
    ("conv", "convolutional autoencoder, 64 numbers"),
    ("denoising", "denoised"),
):
    inputs, targets = RECIPES[name].pairs(data.x_test[chosen])
    if (inputs != targets).any():
        rows["with noise"] = inputs
    rows[title] = load_pretrained(name).predict(inputs, verbose=0)

plt.style.use("ae_lib.course")
plot_image_rows(rows)
target = Path(__file__).resolve().parent.parent / "site" / "_static" / "overview.png"
plt.savefig(target, dpi=150, metadata={"Software": None})
print(f"drew {target.name}")
