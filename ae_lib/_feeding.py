"""Keep TensorFlow from waiting at the end of each epoch.

Keras feeds arrays to TensorFlow through tf.data, whose autotuner looks at the pipeline after 10,
20, 40 ... ms, and so on up to a minute. When an epoch is over, the autotuner's thread is woken so
that it ends; but TensorFlow (2.21) says "cancelled" only after it has woken it, so the thread may
look too early, sleep on, and let the epoch wait for it, up to as long as it had lasted. Chapter 8
shows the times (`make bench`). The course's pipelines are too simple to gain from an autotuner, so
it is left out.
"""

import functools
from typing import Any

import keras


def _adapter() -> Any:
    """Return the class in Keras that feeds arrays, or None where Keras has it no longer."""
    try:
        from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
    except ImportError:
        return None
    return ArrayDataAdapter if hasattr(ArrayDataAdapter, "get_tf_dataset") else None


def stop_waiting() -> None:
    """Have Keras feed arrays without the autotuner. Without effect on other backends."""
    adapter = _adapter()
    if keras.backend.backend() != "tensorflow" or adapter is None:
        return
    as_keras_does = adapter.get_tf_dataset
    if hasattr(as_keras_does, "__wrapped__"):
        return

    @functools.wraps(as_keras_does)
    def get_tf_dataset(self: Any) -> Any:
        import tensorflow as tf

        options = tf.data.Options()
        options.autotune.enabled = False
        return as_keras_does(self).with_options(options)

    adapter.get_tf_dataset = get_tf_dataset


def wait_as_keras_does() -> None:
    """Undo `stop_waiting`, to measure what it is worth."""
    adapter = _adapter()
    if hasattr(getattr(adapter, "get_tf_dataset", None), "__wrapped__"):
        adapter.get_tf_dataset = adapter.get_tf_dataset.__wrapped__
