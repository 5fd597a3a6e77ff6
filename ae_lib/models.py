"""The three networks of the lecture, exactly as their chapters build them."""

from numbers import Integral
from typing import Any

import keras
from keras.initializers import Constant, RandomUniform
from keras.layers import Conv2D, Dense, Input, MaxPooling2D, UpSampling2D

__all__ = [
    "conv_autoencoder",
    "denoising_autoencoder",
    "dense_autoencoder",
    "encoder_of",
]


def dense_autoencoder(
    code: int = 20, *, output: str = "relu", output_initializer: Any = None
) -> keras.Model:
    """Build the dense autoencoder 784-100-20-100-784 of the lecture: 161,804 parameters.

    One thing is not the lecture's: all weights of the output layer start at 0.01 instead of being
    drawn from Glorot's distribution. The layer before it is a ReLU, so every pixel starts above
    zero for every image, and none that digits need falls silent while the network learns.

    Parameters
    ----------
    code : int
        Numbers in the code; the lecture has 20.
    output : str
        Activation function of the output layer.
    output_initializer : str or keras.initializers.Initializer, optional
        Another start of that layer's weights, ``"glorot_uniform"`` for the lecture's.

    Returns
    -------
    keras.Model
        Untrained; takes and returns vectors of shape (n, 784). The layer of the code is named
        ``code``.

    Raises
    ------
    TypeError, ValueError
        `code` is not a whole number of at least 1, or Keras does not know `output`.

    Examples
    --------
    >>> from ae_lib import dense_autoencoder
    >>> dense_autoencoder().count_params()
    161804
    >>> dense_autoencoder(code=2).count_params()
    158186
    """
    if isinstance(code, bool) or not isinstance(code, Integral):
        raise TypeError(f"code is {code!r}; expected a whole number.")
    if code < 1:
        raise ValueError(f"code is {code}; expected at least 1.")
    input_img = Input(shape=(784,))
    layer1 = Dense(100, activation="relu")(input_img)
    layer2 = Dense(int(code), activation="relu", name="code")(layer1)
    layer3 = Dense(100, activation="relu")(layer2)
    start = output_initializer or Constant(0.01)
    layer4 = Dense(784, activation=output, kernel_initializer=start)(layer3)
    return keras.Model(input_img, layer4, name="dense")


def conv_autoencoder() -> keras.Model:
    """Build the convolutional autoencoder of the lecture: 1,185 parameters.

    Returns
    -------
    keras.Model
        Untrained; takes and returns images of shape (n, 28, 28, 1). The layer of the 4 x 4 x 4
        code is named ``code``.

    Examples
    --------
    >>> from ae_lib import conv_autoencoder
    >>> model = conv_autoencoder()
    >>> model.count_params(), model.get_layer("code").output.shape
    (1185, (None, 4, 4, 4))
    """
    input_img = Input(shape=(28, 28, 1))

    encode1 = Conv2D(8, (3, 3), activation="relu", padding="same")(input_img)
    encode2 = MaxPooling2D((2, 2), padding="same")(encode1)
    encode3 = Conv2D(4, (3, 3), activation="relu", padding="same")(encode2)
    encode4 = MaxPooling2D((2, 2), padding="same")(encode3)
    encode5 = Conv2D(4, (3, 3), activation="relu", padding="same")(encode4)
    encode6 = MaxPooling2D((2, 2), padding="same", name="code")(encode5)

    decode1 = Conv2D(4, (3, 3), activation="relu", padding="same")(encode6)
    decode2 = UpSampling2D((2, 2))(decode1)
    decode3 = Conv2D(4, (3, 3), activation="relu", padding="same")(decode2)
    decode4 = UpSampling2D((2, 2))(decode3)
    decode5 = Conv2D(8, (3, 3), activation="relu")(decode4)
    decode6 = UpSampling2D((2, 2))(decode5)
    decode7 = Conv2D(1, (3, 3), activation="relu", padding="same")(decode6)

    return keras.Model(input_img, decode7, name="conv")


def denoising_autoencoder(output_initializer: Any = None) -> keras.Model:
    """Build the denoising autoencoder of the lecture, 32 filters a layer: 28,353 parameters.

    One thing is not the lecture's: the output layer's weights start in (-0.07, 0.14) instead of
    Glorot's (-0.14, 0.14). From there most outputs start positive, and the ReLU at the end does
    not die in the first training steps, as it does from some seeds (chapter 5).

    Parameters
    ----------
    output_initializer : str or keras.initializers.Initializer, optional
        Another initialisation of that layer, ``"glorot_uniform"`` for the lecture's.

    Returns
    -------
    keras.Model
        Untrained; takes and returns images of shape (n, 28, 28, 1). The layer of the 7 x 7 x 32
        code is named ``code``: larger than the image, so there is no bottleneck.

    Examples
    --------
    >>> from ae_lib import denoising_autoencoder
    >>> denoising_autoencoder().count_params()
    28353
    """
    input_img = Input(shape=(28, 28, 1))

    encode1 = Conv2D(32, (3, 3), activation="relu", padding="same")(input_img)
    encode2 = MaxPooling2D((2, 2), padding="same")(encode1)
    encode3 = Conv2D(32, (3, 3), activation="relu", padding="same")(encode2)
    encode4 = MaxPooling2D((2, 2), padding="same", name="code")(encode3)

    decode1 = Conv2D(32, (3, 3), activation="relu", padding="same")(encode4)
    decode2 = UpSampling2D((2, 2))(decode1)
    decode3 = Conv2D(32, (3, 3), activation="relu", padding="same")(decode2)
    decode4 = UpSampling2D((2, 2))(decode3)
    decode5 = Conv2D(
        1,
        (3, 3),
        activation="relu",
        padding="same",
        kernel_initializer=output_initializer or RandomUniform(-0.07, 0.14),
    )(decode4)

    return keras.Model(input_img, decode5, name="denoising")


def encoder_of(model: keras.Model) -> keras.Model:
    """Return the part of an autoencoder up to its layer ``code``; the weights are shared.

    Parameters
    ----------
    model : keras.Model
        One of the networks above, or another with a layer named ``code``.

    Returns
    -------
    keras.Model
        Train either, and the other one is trained.

    Raises
    ------
    ValueError
        The model has no layer of that name.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import dense_autoencoder, encoder_of
    >>> encoder = encoder_of(dense_autoencoder())
    >>> encoder.predict(np.zeros((3, 784)), verbose=0).shape
    (3, 20)
    """
    code = model.get_layer("code").output
    return keras.Model(model.input, code, name=f"{model.name}_encoder")
