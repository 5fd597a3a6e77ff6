"""The three networks of the lecture, exactly as chapters 2, 4 and 5 build them."""

from itertools import pairwise
from typing import Any

import keras
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


class _UpsampleAndConvolve(keras.layers.Layer):
    """What `UpSampling2D((2, 2))` and then a 3 x 3 convolution compute, in one step.

    A small pixel spreads to a block of 2 x 2, and from each pixel of the block, weighted by the
    kernel, to 3 x 3: to 4 x 4 in all. That is a transposed convolution with stride 2 (Dumoulin and
    Visin, 2016, "A guide to convolution arithmetic for deep learning", chapter 4), whose kernel
    is a sum of four shifted copies of the one that is given.
    """

    def __init__(self, conv: Conv2D) -> None:
        super().__init__(name=conv.name, dtype=conv.dtype_policy)
        self.conv = conv

    def call(self, x: Any) -> Any:
        # Turned round: the kernel says what a pixel takes, a transposed one what it gives.
        # Keras 3.8 on TensorFlow flips only one axis at a time.
        kernel = ops.flip(ops.flip(self.conv.kernel, axis=0), axis=1)
        kernel = ops.pad(kernel, ((1, 1), (1, 1), (0, 0), (0, 0)))
        spread = kernel[:-1, :-1] + kernel[1:, :-1] + kernel[:-1, 1:] + kernel[1:, 1:]
        spread = ops.transpose(spread, (0, 1, 3, 2))
        image = ops.conv_transpose(
            x, spread, strides=2, padding="same", data_format="channels_last"
        )
        if self.conv.padding == "valid":
            n, height, width, channels = ops.shape(image)
            # Not image[:, 1:-1, 1:-1], whose gradient takes TensorFlow as long as a convolution.
            image = ops.slice(image, (0, 1, 1, 0), (n, height - 2, width - 2, channels))
        return self.conv.activation(image + self.conv.bias)


class _Faster(keras.Model):
    """A network that takes seven training steps a call (an epoch of MNIST has 7 x 67).

    Between two calls Keras goes back to Python, at the cost of a few milliseconds.
    """

    def compile(
        self, *arguments: Any, steps_per_execution: int | None = None, **options: Any
    ) -> None:
        if steps_per_execution is None:
            # Keras's loop on PyTorch takes single steps only, and says so when asked for more.
            steps_per_execution = 1 if keras.backend.backend() == "torch" else 7
        super().compile(*arguments, steps_per_execution=steps_per_execution, **options)


def faster(model: keras.Model) -> keras.Model:
    """Return the same network with each upsampling and the convolution after it done as one.

    Weights are shared: train the faster one, and `model` is trained. Results are the same but for
    rounding, in less time, because the convolutions no longer work on copies of pixels. Also,
    Keras takes several training steps in one call.

    Parameters
    ----------
    model : keras.Model
        A chain of layers, as the lecture's networks are. Each ``UpSampling2D((2, 2))`` that a
        3 x 3 ``Conv2D`` follows is joined with it.

    Raises
    ------
    ValueError
        `model` is not a chain, or has no such pair.
    """
    layers = model.layers
    for before, layer in pairwise(layers):
        if layer.input is not before.output:
            raise ValueError(
                f"The model {model.name!r} is not a chain of layers: {layer.name} does not take "
                f"the output of {before.name}."
            )
    if not any(_can_be_joined(*pair) for pair in pairwise(layers)):
        raise ValueError(
            f"The model {model.name!r} has nothing to join: expected an UpSampling2D((2, 2)) and "
            "after it a Conv2D(..., (3, 3))."
        )
    x = layers[0].output
    for before, layer, after in zip(layers, layers[1:], [*layers[2:], None], strict=False):
        if _can_be_joined(layer, after):
            continue
        x = (_UpsampleAndConvolve(layer) if _can_be_joined(before, layer) else layer)(x)
    return _Faster(layers[0].output, x, name=model.name)


def _can_be_joined(upsampling: Any, conv: Any) -> bool:
    return (
        isinstance(upsampling, UpSampling2D)
        and (upsampling.size, upsampling.interpolation) == ((2, 2), "nearest")
        and isinstance(conv, Conv2D)
        and (conv.kernel_size, conv.strides, conv.dilation_rate) == ((3, 3), (1, 1), (1, 1))
        and conv.use_bias
    )
