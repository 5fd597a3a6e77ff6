"""The three networks of the lecture, exactly as chapters 2, 4 and 5 build them."""

from itertools import pairwise
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


class _ConvolveAndPool(keras.layers.Layer):
    """What a convolution, its ReLU and then a max-pooling compute, with the ReLU last.

    Both keep the order of numbers, so it does not matter which comes first; after the pooling
    only a quarter of the pixels is left.
    """

    def __init__(self, conv: Conv2D, pool: MaxPooling2D) -> None:
        super().__init__(name=pool.name, dtype=conv.dtype_policy)
        self.conv, self.pool = conv, pool

    def call(self, x: Any) -> Any:
        image = self.conv.convolution_op(x, self.conv.kernel)
        image = image + ops.reshape(self.conv.bias, (1, 1, 1, -1))
        return self.conv.activation(self.pool(image))


# A block of 2 x 2 pixels comes from one small pixel. Which of the small pixels left of it, at its
# place and right of it do the kernel's three columns meet, from the block's first column and from
# its second? The same holds for rows, and both together make of a kernel's 9 weights 3 x 3 x 4.
_MEETS = np.array([[[1, 0, 0], [0, 1, 1], [0, 0, 0]], [[0, 0, 0], [1, 1, 0], [0, 0, 1]]])
_SPREAD = np.einsum("ark,bsl->rsabkl", _MEETS, _MEETS).reshape(36, 9)


class _UpsampleAndConvolve(keras.layers.Layer):
    """What `UpSampling2D((2, 2))` and then a 3 x 3 convolution compute, in one step.

    It is a convolution of the small image that gives each pixel the four of its block, a
    sub-pixel convolution (Shi et al., 2016, "Real-time single image and video super-resolution
    using an efficient sub-pixel convolutional neural network").
    """

    def __init__(self, conv: Conv2D) -> None:
        super().__init__(name=conv.name, dtype=conv.dtype_policy)
        self.conv = conv

    def call(self, x: Any) -> Any:
        kernel = ops.cast(self.conv.kernel, self.compute_dtype)
        *_, given, taken = kernel.shape
        kernel = ops.cast(_SPREAD, self.compute_dtype) @ ops.reshape(kernel, (9, given * taken))
        kernel = ops.transpose(ops.reshape(kernel, (3, 3, 4, given, taken)), (0, 1, 3, 2, 4))
        kernel = ops.reshape(kernel, (3, 3, given, 4 * taken))
        blocks = ops.conv(x, kernel, padding="same", data_format="channels_last")
        bias = ops.reshape(ops.tile(self.conv.bias, 4), (1, 1, 1, 4 * taken))
        blocks = self.conv.activation(blocks + bias)

        n, height, width, _ = ops.shape(blocks)
        blocks = ops.reshape(blocks, (n, height, width, 2, 2, taken))
        image = ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
        image = ops.reshape(image, (n, 2 * height, 2 * width, taken))
        if self.conv.padding == "valid":
            # Not image[:, 1:-1, 1:-1], whose gradient takes TensorFlow as long as a convolution.
            image = ops.slice(image, (0, 1, 1, 0), (n, 2 * height - 2, 2 * width - 2, taken))
        return image


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
    rounding, in less time, because the convolutions no longer work on copies of pixels, and a
    ReLU before a max-pooling is applied after it. Also, Keras takes several training steps in one
    call.

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
    if not any(_upsamples_before(*pair) for pair in pairwise(layers)):
        raise ValueError(
            f"The model {model.name!r} has nothing to join: expected an UpSampling2D((2, 2)) and "
            "after it a Conv2D(..., (3, 3))."
        )
    x, todo = layers[0].output, layers[1:]
    while todo:
        layer, *todo = todo
        after = todo[0] if todo else None
        if _upsamples_before(layer, after):
            layer = _UpsampleAndConvolve(todo.pop(0))
        elif _is_pooled_by(layer, after):
            layer = _ConvolveAndPool(layer, todo.pop(0))
        x = layer(x)
    return _Faster(layers[0].output, x, name=model.name)


def _upsamples_before(upsampling: Any, conv: Any) -> bool:
    return (
        isinstance(upsampling, UpSampling2D)
        and (upsampling.size, upsampling.interpolation) == ((2, 2), "nearest")
        and isinstance(conv, Conv2D)
        and (conv.kernel_size, conv.strides, conv.dilation_rate) == ((3, 3), (1, 1), (1, 1))
        and conv.use_bias
    )


def _is_pooled_by(conv: Any, pool: Any) -> bool:
    return (
        isinstance(conv, Conv2D)
        and isinstance(pool, MaxPooling2D)
        and conv.activation is keras.activations.relu
        and conv.use_bias
    )
