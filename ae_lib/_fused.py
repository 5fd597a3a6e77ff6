"""Faster training for the course's tools: fused layers, and no waiting between epochs.

`fuse_layers` returns another `keras.Model` over the same weights. Chapters train the plain
network; what is trained here is the same up to rounding.
"""

import itertools
import weakref
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.layers import Conv2D, InputLayer, MaxPooling2D, UpSampling2D

# Training steps per call on backends that can take several: between two calls Keras goes back to
# Python, at the cost of a few milliseconds. An epoch of MNIST has 469 = 7 x 67 steps.
STEPS_PER_EXECUTION = 7


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


class FusedModel(keras.Model):
    """A network that is fed without tf.data's autotuner and takes several steps per call.

    Keras feeds arrays to TensorFlow through tf.data, whose autotuner looks at the pipeline after
    10, 20, 40 ... ms, and so on up to a minute. When an epoch is over, its thread is woken so that
    it ends; but TensorFlow (2.21) says "cancelled" only after it has woken it, so the thread may
    look too early, sleep on, and let the epoch wait for it, up to as long as it had lasted. These
    pipelines are too simple to gain from an autotuner, so it is left out.
    """

    def compile(
        self, *arguments: Any, steps_per_execution: int | None = None, **options: Any
    ) -> None:
        if steps_per_execution is None:
            # Keras's loop on PyTorch takes single steps only, and says so when asked for more.
            torch = keras.backend.backend() == "torch"
            steps_per_execution = 1 if torch else STEPS_PER_EXECUTION
        super().compile(*arguments, steps_per_execution=steps_per_execution, **options)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        *arguments: Any,
        shuffle: Any = True,
        **options: Any,
    ) -> keras.callbacks.History:
        plain = not arguments and not any(
            options.get(name) is not None
            for name in ("sample_weight", "class_weight", "steps_per_epoch")
        )
        plain = plain and not options.get("validation_split") and isinstance(shuffle, bool)
        arrays = isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and len(x) == len(y)
        if plain and arrays and keras.backend.backend() == "tensorflow":
            x, y, batch_size = _batches(x, y, batch_size or 32, shuffle), None, None
            shuffle = False  # done in the pipeline
        return super().fit(
            x, y, batch_size, epochs, verbose, callbacks, *arguments, shuffle=shuffle, **options
        )


def _batches(x: np.ndarray, y: np.ndarray, batch_size: int, shuffle: bool) -> Any:
    """Return a tf.data pipeline over two arrays, in the order in which Keras would take them."""
    import tensorflow as tf

    steps = -(-len(x) // batch_size)
    inputs = tf.convert_to_tensor(x.astype(keras.config.floatx()))
    targets = inputs if y is x else tf.convert_to_tensor(y.astype(keras.config.floatx()))

    def order(_: Any) -> Any:
        rows = tf.range(len(x), dtype=tf.int64)
        return tf.random.shuffle(rows) if shuffle else rows

    def cut(rows: Any) -> Any:
        def batch(step: Any) -> Any:
            return rows[step * batch_size : (step + 1) * batch_size]

        return tf.data.Dataset.range(steps).map(batch)

    def gather(rows: Any) -> Any:
        taken = tf.gather(inputs, rows)
        return taken, (taken if targets is inputs else tf.gather(targets, rows))

    pipeline = tf.data.Dataset.range(1).map(order).flat_map(cut)
    pipeline = pipeline.map(gather, num_parallel_calls=2).prefetch(2)
    options = tf.data.Options()
    options.autotune.enabled = False
    return pipeline.apply(tf.data.experimental.assert_cardinality(steps)).with_options(options)


# What each fused network was made from, for as long as it lives.
fused_from: Any = weakref.WeakKeyDictionary()


def fuse_layers(model: keras.Model) -> keras.Model:
    """Return a network over the same weights whose training takes less time.

    Each upsampling and the convolution after it are done as one, and each ReLU before a
    max-pooling is applied after it. Train the result, and `model` is trained; the outputs are the
    same but for rounding. Several training steps are taken per call, and TensorFlow is fed without
    its autotuner.

    Parameters
    ----------
    model : keras.Model
        A network made of Keras's layers. Layers are fused where it is a chain, as the lecture's
        are: each ``UpSampling2D((2, 2))`` with a 3 x 3 ``Conv2D`` after it, and each ``Conv2D``
        with ReLU with a ``MaxPooling2D`` after it. All else stays as it is.

    Returns
    -------
    keras.Model
        Not compiled.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import conv_autoencoder
    >>> from ae_lib._fused import fuse_layers
    >>> model = conv_autoencoder()
    >>> x = np.random.default_rng(0).random((2, 28, 28, 1), "float32")
    >>> fused = fuse_layers(model).predict(x, verbose=0)
    >>> np.allclose(fused, model.predict(x, verbose=0), atol=1e-6)
    True
    """
    layers = [layer for layer in model.layers if not isinstance(layer, InputLayer)]
    inputs, x = _unwrapped(model.inputs), _unwrapped(model.outputs)
    if _is_chain(model, layers) and any(
        _upsamples_before(*pair) or _is_pooled_by(*pair) for pair in itertools.pairwise(layers)
    ):
        x = inputs
        while layers:
            layer, *layers = layers
            after = layers[0] if layers else None
            if _upsamples_before(layer, after):
                x = _UpsampleAndConvolve(layers.pop(0))(x)
            elif _is_pooled_by(layer, after):
                x = _ConvolveAndPool(layer, layers.pop(0))(x)
            else:
                x = layer(x)
    trainer = FusedModel(inputs, x, name=model.name)
    fused_from[trainer] = model
    return trainer


def _unwrapped(tensors: list[Any]) -> Any:
    """Return the only one of a list, or the list: Keras distinguishes ``[x]`` from ``x``."""
    return tensors[0] if len(tensors) == 1 else tensors


def _is_chain(model: keras.Model, layers: list[Any]) -> bool:
    """Say whether each layer takes exactly what the one before it returns."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        return False
    x = model.inputs[0]
    for layer in layers:
        if isinstance(layer, keras.Model) or layer.input is not x:
            return False
        x = layer.output
    return x is model.outputs[0]


def _upsamples_before(upsampling: Any, conv: Any) -> bool:
    return (
        isinstance(upsampling, UpSampling2D)
        and (upsampling.size, upsampling.interpolation) == ((2, 2), "nearest")
        and isinstance(conv, Conv2D)
        and (conv.kernel_size, conv.strides, conv.dilation_rate) == ((3, 3), (1, 1), (1, 1))
        and conv.groups == 1
        and conv.use_bias
    )


def _is_pooled_by(conv: Any, pool: Any) -> bool:
    return (
        isinstance(conv, Conv2D)
        and isinstance(pool, MaxPooling2D)
        and conv.activation is keras.activations.relu
        and conv.use_bias
    )
