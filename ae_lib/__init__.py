"""What the chapters of *Autoencoders for dimensionality reduction* import.

One idea a file, and every public name can be imported from here. A name's module is loaded
when the name is first used, so that ``import ae_lib`` itself is quick: no Keras, no matplotlib.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "sheets": ["check"],
        "data": ["Dataset", "as_vectors", "load_mnist", "load_small_digits"],
        "embedding": ["knn_accuracy", "trustworthiness", "tsne"],
        "models": [
            "conv_autoencoder",
            "decoder_of",
            "dense_autoencoder",
            "denoising_autoencoder",
            "encoder_of",
            "faster",
        ],
        "noise": ["add_gaussian_noise"],
        "pca": ["PCA", "fit_pca", "reconstruction_error"],
        "plots": [
            "plot_history",
            "plot_image_rows",
            "plot_map",
        ],
        "training": [
            "DeadOutputError",
            "Profile",
            "check_alive",
            "checkpoint",
            "choose_precision",
            "environment",
            "load_results",
            "pretrained",
            "profile",
            "provenance",
            "rmsprop",
            "set_seed",
            "store_weights",
            "trained",
            "training_pairs",
        ],
    },
)
