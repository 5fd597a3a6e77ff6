"""What the chapters of *Autoencoders for dimensionality reduction* import.

One idea a file, and every public name can be imported from here. A name's module is loaded
when the name is first used, so that ``import ae_lib`` itself is quick: no Keras, no matplotlib.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "_machine": ["runtime_info"],
        "claims": ["ClaimError", "claim", "fact"],
        "data": ["Dataset", "as_vectors", "load_mnist", "load_small_digits"],
        "images": ["load_images"],
        "metrics": ["knn_accuracy", "reconstruction_error", "trustworthiness"],
        "models": [
            "conv_autoencoder",
            "denoising_autoencoder",
            "dense_autoencoder",
            "encoder_of",
        ],
        "noise": ["add_gaussian_noise"],
        "pca": ["PCA", "fit_pca"],
        "plots": ["plot_embedding", "plot_history", "plot_image_rows"],
        "pretrained": ["load_or_train", "load_pretrained", "load_results", "training_record"],
        "recipes": ["RECIPES", "Preset", "Recipe", "preset"],
        "training": ["DeadOutputError", "check_alive", "rmsprop", "set_seed"],
        "sheets": ["check"],
    },
)
