"""The three networks of the lecture, exactly as chapters 2, 4 and 5 build them."""

from typing import Any

import keras
import numpy as np
from keras import ops
from keras.initializers import RandomUniform
from keras.layers import Conv2D, Dense, Input, MaxPooling2D, UpSampling2D

__all__ = [
    "conv_autoencoder",
    "decoder_of",
    "denoising_autoencoder",
    "dense_autoencoder",
    "encoder_of",
    "faster",
]


def dense_autoencoder() -> keras.Model:
    """Build the dense autoencoder 784-100-20-100-784 of the lecture: 161,804 parameters.

    Returns
    -------
    keras.Model
        Untrained; takes and returns vectors of shape (n, 784). The layer of the 20-dimensional
        code is named ``code``.
    """
    input_img = Input(shape=(784,))
    layer1 = Dense(100, activation="relu")(input_img)
    layer2 = Dense(20, activation="relu", name="code")(layer1)
    layer3 = Dense(100, activation="relu")(layer2)
    layer4 = Dense(784, activation="relu")(layer3)
    return keras.Model(input_img, layer4, name="dense")


def conv_autoencoder() -> keras.Model:
    """Build the convolutional autoencoder of the lecture: 1,185 parameters.

    Returns
    -------
    keras.Model
        Untrained; takes and returns images of shape (n, 28, 28, 1). The layer of the 4 x 4 x 4
        code is named ``code``.
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
    decode7 = Conv2D(1, (3, 3), activation="relu", padding="same", dtype="float32")(decode6)

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
        dtype="float32",
        kernel_initializer=output_initializer or RandomUniform(-0.07, 0.14),
    )(decode4)

    return keras.Model(input_img, decode5, name="denoising")


def encoder_of(model: keras.Model) -> keras.Model:
    """Return the part of an autoencoder up to its layer ``code``; the weights are shared.

    Raises
    ------
    ValueError
        The model has no layer of that name.
    """
    code = model.get_layer("code").output
    return keras.Model(model.input, code, name=f"{model.name}_encoder")


def decoder_of(model: keras.Model) -> keras.Model:
    """Return the part of an autoencoder after its layer ``code``; the weights are shared.

    Raises
    ------
    ValueError
        The model has no layer of that name.
    """
    code = model.get_layer("code").output
    return keras.Model(code, model.output, name=f"{model.name}_decoder")


class _ConvolveUpsampled(keras.layers.Layer):
    """What `UpSampling2D((2, 2))` and then a 3 x 3 convolution compute, without the upsampling.

    Of the nine pixels under the kernel some are copies of the same small pixel. Adding up the
    kernel's weights for each small pixel first gives four kernels, one for each of the four
    places that a pixel can have among the copies (Shi et al., 2016, use them without upsampling).
    """

    # [place, row of the new kernel, row of the old one]; the same for columns.
    ADD_UP = np.array(
        [[[1, 0, 0], [0, 1, 1], [0, 0, 0]], [[0, 0, 0], [1, 1, 0], [0, 0, 1]]], "float32"
    )

    def __init__(self, conv: Conv2D) -> None:
        super().__init__(name=conv.name, dtype=conv.dtype_policy)
        self.conv = conv

    def call(self, x: Any) -> Any:
        kernel, bias = self.conv.kernel, self.conv.bias
        _, height, width, channels = x.shape
        filters = self.conv.filters
        four = ops.einsum("apu,bqv,uvio->pqiabo", self.ADD_UP, self.ADD_UP, kernel)
        four = ops.cast(ops.reshape(four, (3, 3, channels, 4 * filters)), x.dtype)
        small = ops.conv(x, four, padding="same", data_format="channels_last")
        places = ops.reshape(small, (-1, height, width, 2, 2, filters))
        rows = ops.transpose(places, (0, 1, 3, 2, 4, 5))
        image = ops.reshape(rows, (-1, 2 * height, 2 * width, filters))
        return self.conv.activation(image + ops.cast(bias, image.dtype))


def faster(model: keras.Model) -> keras.Model:
    """Return the same network with its last upsampling and convolution computed as one.

    Weights are shared: train the faster one, and `model` is trained. Results are the same but for
    rounding; a training step of the lecture's convolutional networks takes about two thirds of
    the time, because the largest layer no longer works on copies of pixels.

    Parameters
    ----------
    model : keras.Model
        Ends with ``UpSampling2D((2, 2))`` and a 3 x 3 ``Conv2D`` with padding ``"same"``.

    Raises
    ------
    ValueError
        `model` does not end so.
    """
    upsampling, conv = model.layers[-2:]
    if not (
        isinstance(upsampling, UpSampling2D)
        and upsampling.size == (2, 2)
        and isinstance(conv, Conv2D)
        and (conv.kernel_size, conv.strides, conv.padding) == ((3, 3), (1, 1), "same")
    ):
        raise ValueError(
            f"The model {model.name!r} ends with {upsampling.name} and {conv.name}; expected "
            "UpSampling2D((2, 2)) and Conv2D(..., (3, 3), padding='same')."
        )
    return keras.Model(model.input, _ConvolveUpsampled(conv)(upsampling.input), name=model.name)
