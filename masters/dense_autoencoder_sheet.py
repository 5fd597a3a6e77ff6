# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   ae_grade:
#     title: The dense autoencoder
#     backend: keras
#     libraries: [numpy, scipy.linalg, sklearn.datasets, keras, ae_lib.sheets.expect, ae_lib.training]
#     timeout: 300
#     question_timeout: 30
# ---

# %% tags=["constants"]
def constants(rng):
    h, code = int(rng.integers(60, 160)), int(rng.integers(8, 25))
    return {
        "code": code,
        "params": (784 + 1) * h + (h + 1) * code + (code + 1) * h + (h + 1) * 784,
        "k": int(rng.integers(3, 7)),
        "seed": int(rng.integers(1000)),
    }


# %% [markdown]
# # Sheet 2: The dense autoencoder
#
# *You count, build, repair and train autoencoders, and prove with a computer that the linear one is PCA.*
#
# Questions: 6. Points: 20. Time: about three hours; the computer needs one minute.
#
# You need [chapter 2](../chapters/dense_autoencoder.ipynb), and question 4 needs [chapter 1](../chapters/pca.ipynb).
#
# Each answer goes where you see `...`, or replaces what stands there.
# `check("q1")` runs the public tests of question 1 as often as you like and tells you what to look at.
# When the sheet is marked, hidden tests follow with other data: an answer that was fitted to the examples fails there.

# %% tags=["install", "remove-cell"]

# %% [markdown]
# The images are those of the chapter; to keep training short, only 6,000 of them are used here.

# %%
import numpy as np

from ae_lib import check, load_mnist

SHEET = "dense_autoencoder_sheet"  # tells `check` which sheet this is
CODE = __code__
PARAMS = __params__
K = __k__
SEED = __seed__

data = load_mnist()
x_train_vec = data.x_train[:6000].reshape(6000, 784)
x_test_vec = data.x_test[:1000].reshape(1000, 784)
print(data)

# %% tags=["nbval-ignore-output"]
import keras
from keras import models
from keras.layers import Dense, Input

from ae_lib import rmsprop, set_seed

# %% [raw]
# # BEGIN QUESTION
# name: q1

# %% [markdown]
# ## 1. Counting parameters (2 points)
#
# Before you build a network you should know how large it will be.
# A dense layer from $p$ to $q$ units has a weight for each pair of units, and a bias for each of the $q$.
#
# Write `dense_params(widths)`: the number of parameters of a stack of dense layers, where `widths` lists the sizes from the input to the output.
# Write `mirrored(widths)`: given the widths of an encoder, from the input to the code, it returns the list of widths of the whole autoencoder whose decoder is the encoder's mirror image.
# The code appears once.
#
# Example: `mirrored([784, 100, 20])` is `[784, 100, 20, 100, 784]`, the network of chapter 2, and `dense_params` of that list is 161,804.
#
# Marks: 1 point for the examples, 1 (hidden) for the counts of other networks and for other encoders.

# %% [raw]
# # BEGIN SOLUTION


# %%
def dense_params(widths):
    # BEGIN SOLUTION
    return sum((p + 1) * q for p, q in zip(widths, widths[1:]))
    # END SOLUTION


def mirrored(widths):
    # BEGIN SOLUTION
    return list(widths) + list(widths)[-2::-1]
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_chapter_2(dense_params, mirrored):
    """The examples: the network of chapter 2."""
    from ae_lib.sheets import expect

    found = expect.array(
        expect.call(mirrored, "mirrored", [784, 100, 20]), "mirrored(...)"
    )
    assert found.tolist() == [784, 100, 20, 100, 784], (
        f"mirrored([784, 100, 20]) is {found.astype(int).tolist()}; expected "
        "[784, 100, 20, 100, 784]: back from the code to the input, the code only once."
    )
    answer = expect.call(dense_params, "dense_params", [784, 100, 20, 100, 784])
    count = expect.whole(answer, "dense_params(...)")
    assert count == 161_804, (
        f"dense_params([784, 100, 20, 100, 784]) is {count:,}; expected 161,804. From p to q "
        "units there are p * q weights and q biases."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_networks(dense_params, mirrored):
    """The counts of other networks, and the widths of other autoencoders."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__)
    drawn = [int(width) for width in rng.integers(2, 500, size=6)]
    cases = {
        (784, 128, 32, 8, 2, 8, 32, 128, 784): 210_562,
        (784, 32, 784): 50_992,
        tuple(drawn): int(np.dot(np.array(drawn[:-1]) + 1, drawn[1:])),
        (5, 3): 18,
    }
    for widths, expected in cases.items():
        answer = expect.call(dense_params, "dense_params", list(widths))
        assert expect.whole(answer, "dense_params(...)") == expected
    rng = np.random.default_rng(__hidden_seed__ + 1)
    drawn = [int(width) for width in rng.permutation(300)[:4]]
    cases = {
        (784, 128, 32, 8, 2): [784, 128, 32, 8, 2, 8, 32, 128, 784],
        (64, 5): [64, 5, 64],
        tuple(drawn): [*drawn, drawn[2], drawn[1], drawn[0]],
    }
    for widths, expected in cases.items():
        answer = expect.call(mirrored, "mirrored", list(widths))
        assert expect.array(answer, "mirrored(...)").tolist() == expected


# %% [raw]
# # END TESTS

# %%
check("q1")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q2

# %% [markdown]
# ## 2. A network made to order (4 points)
#
# Memory is a budget: here the order is for an autoencoder with exactly `PARAMS` = __params__ parameters.
#
# Build `ordered`, an untrained Keras model: one stack of four `Dense` layers, with activations given by `activation=`, 784-$h$-`CODE`-$h$-784, where `CODE` = __code__.
# The three hidden layers have a ReLU, the output layer a sigmoid, so that it answers grey values between 0 and 1.
# Work out the width $h$ that fits the budget: write down the count for an unknown $h$, and solve for it.
#
# Example: the network 784-100-20-100-784 has 161,804 parameters, so for that budget and a code of 20 the answer would be $h = 100$.
#
# Marks: 1 point for a model that takes and returns vectors of 784 numbers, 1 for the number of parameters, 1 (hidden) for the widths, 1 (hidden) for the activations.

# %% [raw]
# # BEGIN SOLUTION

# %%
ordered = ...
# BEGIN SOLUTION NO PROMPT
h = (PARAMS - CODE - 784) // (785 + CODE + CODE + 1 + 784)
ordered = models.Sequential(
    [
        Input(shape=(784,)),
        Dense(h, activation="relu"),
        Dense(CODE, activation="relu"),
        Dense(h, activation="relu"),
        Dense(784, activation="sigmoid"),
    ]
)
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_shapes(ordered):
    """A model that takes and returns vectors of 784 numbers."""
    import numpy as np

    from ae_lib.sheets import expect

    net = expect.model(ordered, "ordered")
    x = np.random.default_rng(2).uniform(size=(3, 784)).astype("float32")
    expect.predict(net, x, "ordered", (3, 784))


# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_count(ordered, PARAMS):
    """As many parameters as ordered."""
    from ae_lib.sheets import expect

    found = expect.whole(expect.model(ordered, "ordered").count_params(), "the count")
    wanted = expect.whole(PARAMS, "PARAMS")
    assert found == wanted, (
        f"ordered has {found:,} parameters; the order is for {wanted:,}. With a width h the "
        "network has (784 + 1) h + (h + 1) CODE + (CODE + 1) h + (h + 1) 784 of them."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_widths(ordered):
    """Four dense layers with the widths of the order."""
    from ae_lib.sheets import expect

    net = expect.model(ordered, "ordered")
    layers = expect.layers(net)
    assert [layer.kind for layer in layers] == ["Dense"] * 4
    h = layers[0].shape[0]
    assert [layer.shape for layer in layers] == [(h,), (__code__,), (h,), (784,)]
    assert sum(layer.params for layer in layers) == __params__


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_activations(ordered):
    """ReLU in the hidden layers, a sigmoid at the end."""
    import numpy as np

    from ae_lib.sheets import expect

    net = expect.model(ordered, "ordered")
    found = [layer.activation for layer in expect.layers(net)]
    assert found == ["relu", "relu", "relu", "sigmoid"]
    x = (
        np.random.default_rng(__hidden_seed__)
        .normal(0, 9, size=(20, 784))
        .astype("float32")
    )
    outputs = expect.predict(net, x, "ordered", (20, 784))
    assert outputs.min() >= 0
    assert outputs.max() <= 1
    assert (
        np.median(outputs) > 0.1
    )  # a ReLU at the end would answer 0 for every other pixel
    assert np.std(outputs, axis=0).max() > 0.01  # it does not answer the same to all


# %% [raw]
# # END TESTS

# %%
check("q2")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q3

# %% [markdown]
# ## 3. An autoencoder that does not learn (4 points)
#
# A colleague's autoencoder answers the same dark fog for every image.
# The widths 784-64-16-64-784 are right, and so are the loss, the 10 epochs and the size of the batches.
# Three other things are wrong: one in the network, one in how it is compiled, one in what it is trained on.
#
# Repair `train_autoencoder(x)`, and leave the trained network in `repaired`.
# It is tested on images that it has not seen.
#
# Three numbers to compare with, on this sheet's test images of MNIST: answering black everywhere errs by about 0.10, the mean image everywhere by 0.065, and a repaired network by less than 0.04.
#
# Example: `np.mean((repaired.predict(x_test_vec) - x_test_vec) ** 2)` is the error on this sheet's test images.
#
# Marks: 1 point if the error is at most nine tenths of the mean image's, and the widths are unchanged, 1 (hidden) for outputs that are bright in many pixels at once, and in the right ones, 1 (hidden) for beating PCA with 2 components, 1 (hidden) for beating PCA with 6; weights that were copied from PCA get none of the hidden points.

# %% [raw]
# # BEGIN SOLUTION


# %%
def train_autoencoder(x):
    set_seed(SEED)
    # BEGIN SOLUTION NO PROMPT
    net = models.Sequential(
        [
            Input(shape=(784,)),
            Dense(64, activation="relu"),
            Dense(16, activation="relu"),
            Dense(64, activation="relu"),
            Dense(784, activation="sigmoid"),
        ]
    )
    net.compile(optimizer=rmsprop(), loss="mean_squared_error")
    net.fit(x, x, batch_size=128, epochs=10, verbose=0)
    return net
    # END SOLUTION
    """ # BEGIN PROMPT
    net = models.Sequential(
        [
            Input(shape=(784,)),
            Dense(64, activation="relu"),
            Dense(16, activation="relu"),
            Dense(64, activation="relu"),
            Dense(784, activation="softmax"),
        ]
    )
    net.compile(optimizer="sgd", loss="mean_squared_error")
    net.fit(x, x[::-1], batch_size=128, epochs=10, verbose=0)
    return net
    """  # END PROMPT


repaired = train_autoencoder(x_train_vec)

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_better_than_the_mean(repaired):
    """The widths are unchanged, and the error is well below that of the mean image."""
    import numpy as np

    from ae_lib.sheets import expect

    net = expect.model(repaired, "repaired")
    widths = [layer.shape[0] for layer in expect.layers(net)]
    assert widths == [64, 16, 64, 784], (
        f"The layers of repaired have the widths {widths}; leave them at 64, 16, 64, 784."
    )
    data = expect.digits()
    x = data.x_test[:500].reshape(500, 784)
    mean = data.x_train[:6000].reshape(6000, 784).mean(axis=0)
    error = np.mean((expect.predict(net, x, "repaired", (500, 784)) - x) ** 2)
    bound = np.mean((mean - x) ** 2)
    assert error < 0.9 * bound, (
        f"The error is {error:.4f}; the mean image everywhere would err by "
        f"{bound:.4f}, and a tenth less is asked. Print the loss of each epoch: does it fall? What must the labels of an autoencoder be? And "
        "how bright can 784 pixels be whose outputs add up to 1?"
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_can_be_bright(repaired):
    """The outputs are bright in many pixels at once, where the image is."""
    import numpy as np

    from ae_lib.sheets import expect

    data = expect.digits()
    x, train = data.x_test[1000:1300].reshape(300, 784), data.x_train[:6000]
    net = expect.model(repaired, "repaired")
    outputs = expect.predict(net, x, "repaired", (300, 784))
    assert np.median(np.sum((outputs > 0.5) & (x > 0.5), axis=1)) > 25
    assert np.mean(outputs) < 0.3
    # Weights of pixels that are never lit stay as they were drawn: PCA, copied, has zeros there.
    never = (train.reshape(-1, 784) == 0).all(axis=0)
    assert np.abs(net.get_weights()[0][never]).max() > 1e-3


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_beats_pca_2(repaired):
    """The error on unseen images is below that of PCA with 2 components."""
    import numpy as np

    from ae_lib.sheets import expect

    data = expect.digits()
    x = data.x_test[1000:2000].reshape(1000, 784)
    train = data.x_train[:6000].reshape(6000, 784)
    mean = train.mean(axis=0)
    V = np.linalg.eigh((train - mean).T @ (train - mean))[1][:, -2:]
    bound = np.mean((x - mean - (x - mean) @ V @ V.T) ** 2)
    net = expect.model(repaired, "repaired")
    assert np.mean((expect.predict(net, x, "repaired", x.shape) - x) ** 2) < bound
    never = (train == 0).all(axis=0)
    assert np.abs(net.get_weights()[0][never]).max() > 1e-3  # not copied from PCA


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_beats_pca_6(repaired):
    """The error on unseen images is below that of PCA with 6 components."""
    import numpy as np

    from ae_lib.sheets import expect

    data = expect.digits()
    x = data.x_test[1000:2000].reshape(1000, 784)
    train = data.x_train[:6000].reshape(6000, 784)
    mean = train.mean(axis=0)
    V = np.linalg.eigh((train - mean).T @ (train - mean))[1][:, -6:]
    bound = np.mean((x - mean - (x - mean) @ V @ V.T) ** 2)
    net = expect.model(repaired, "repaired")
    assert np.mean((expect.predict(net, x, "repaired", x.shape) - x) ** 2) < bound
    never = (train == 0).all(axis=0)
    assert np.abs(net.get_weights()[0][never]).max() > 1e-3  # not copied from PCA


# %% [raw]
# # END TESTS

# %%
check("q3")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q4

# %% [markdown]
# ## 4. The linear autoencoder finds PCA (4 points)
#
# An autoencoder without activation functions cannot beat PCA, says chapter 2, and finds the same subspace.
# More precisely, its best answer is the same subspace; its weights need not be PCA's directions, and training has to get there.
# See for yourself, on scikit-learn's small digits of 8 × 8 pixels, where training to the end takes seconds.
#
# Train `linear`, a Keras model 64-`K`-64 with `K` = __k__ and *no* activation functions, on the centred images `x_small`.
# Train it until its error is within 2 % of PCA's: the step size of `rmsprop()` is too large at the end, so take Adam with a step size of 0.01, batches of 600, and 200 epochs.
#
# Then measure:
#
# - `error_ratio`: the mean squared error of `linear` on `x_small`, divided by that of PCA with `K` components;
# - `angle`: the largest principal angle, in radians, between the span of the decoder's weights (the last layer's kernel has shape `(K, 64)`, so its *rows* span the subspace) and the span of PCA's `V`. `scipy.linalg.subspace_angles` expects the vectors as columns.
#
# Example: a network that is trained to the end has a ratio just above 1 and an angle near 0; one that is not trained at all, a ratio far above 1 and an angle near $\pi / 2$.
#
# Marks: 1 point for the network, 1 (hidden) for a ratio below 1.02, 1 (hidden) for an angle below 0.2, 1 (hidden) if your two numbers agree with the measured ones.
# The hidden points are for a network that found the subspace itself: weights copied from PCA get none of them.

# %%
from sklearn.datasets import load_digits

x_small = load_digits().data.astype("float32") / 16
x_small = x_small - x_small.mean(axis=0)

# %% [raw]
# # BEGIN SOLUTION

# %%
set_seed(SEED)
linear = ...
error_ratio = ...
angle = ...
# BEGIN SOLUTION NO PROMPT
from scipy.linalg import subspace_angles

linear = models.Sequential([Input(shape=(64,)), Dense(K), Dense(64)])
linear.compile(optimizer=keras.optimizers.Adam(0.01), loss="mean_squared_error")
linear.fit(x_small, x_small, batch_size=600, epochs=200, verbose=0)
V = np.linalg.svd(x_small, full_matrices=False)[2][:K].T
pca_error = np.mean((x_small - x_small @ V @ V.T) ** 2)
linear_error = np.mean((x_small - linear.predict(x_small, verbose=0)) ** 2)
error_ratio = linear_error / pca_error
angle = subspace_angles(linear.layers[-1].get_weights()[0].T, V).max()
print(f"error ratio {error_ratio:.4f}, largest angle {angle:.3f}")
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_network(linear, K):
    """Two dense layers, 64-K-64, without activation functions."""
    from ae_lib.sheets import expect

    net = expect.model(linear, "linear")
    layers, k = expect.layers(net), expect.whole(K, "K")
    assert [layer.shape for layer in layers] == [(k,), (64,)], (
        f"The layers of linear have the sizes {[layer.shape for layer in layers]}; expected "
        f"{[(k,), (64,)]}."
    )
    assert all(layer.activation == "linear" for layer in layers), (
        f"The activations are {[layer.activation for layer in layers]}; leave them out, and "
        "Keras takes 'linear', that is none."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_ratio(linear):
    """The error is within 2 % of PCA's."""
    import numpy as np
    from scipy.linalg import subspace_angles
    from sklearn.datasets import load_digits

    from ae_lib.sheets import expect

    x = load_digits().data / 16
    x = (x - np.mean(x, axis=0)).astype("float32")
    V = np.linalg.eigh(x.T @ x)[1][:, -__k__:]
    pca = np.mean((x - x @ V @ V.T) ** 2)
    net = expect.model(linear, "linear")
    assert expect.layers(net)[0].shape == (__k__,)
    assert np.mean((x - expect.predict(net, x, "linear", x.shape)) ** 2) < 1.02 * pca
    # Training leaves the weights of pixels that never vary as they were drawn (angle above 0.4
    # for 40 seeds); PCA's are zero there.
    encoder = expect.array(net.get_weights()[0], "a weight", (64, __k__))
    assert subspace_angles(encoder, V).max() > 0.05


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_angle(linear):
    """The decoder's weights span PCA's subspace."""
    import numpy as np
    from scipy.linalg import subspace_angles
    from sklearn.datasets import load_digits

    from ae_lib.sheets import expect

    x = load_digits().data / 16
    x = x - np.mean(x, axis=0)
    V = np.linalg.eigh(x.T @ x)[1][:, -__k__:]
    weights = expect.model(linear, "linear").get_weights()
    kernels = [expect.array(w, "a weight") for w in weights if len(np.shape(w)) == 2]
    assert [w.shape for w in kernels] == [(64, __k__), (__k__, 64)]
    assert subspace_angles(kernels[1].T, V).max() < 0.2
    assert subspace_angles(kernels[0], V).max() > 0.05  # not copied from PCA


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_numbers(linear, error_ratio, angle):
    """The two numbers are those of this network."""
    import numpy as np
    from scipy.linalg import subspace_angles
    from sklearn.datasets import load_digits

    from ae_lib.sheets import expect

    x = load_digits().data / 16
    x = (x - np.mean(x, axis=0)).astype("float32")
    V = np.linalg.eigh(x.T @ x)[1][:, -__k__:]
    net = expect.model(linear, "linear")
    error = np.mean((x - expect.predict(net, x, "linear", x.shape)) ** 2)
    ratio = error / np.mean((x - x @ V @ V.T) ** 2)
    kernels = [expect.array(w, "w") for w in net.get_weights() if len(np.shape(w)) == 2]
    assert subspace_angles(kernels[0], V).max() > 0.05  # not copied from PCA
    largest = subspace_angles(kernels[-1].T, V).max()
    assert np.isclose(expect.number(error_ratio, "error_ratio"), ratio, rtol=0.01)
    assert np.isclose(expect.number(angle, "angle"), largest, rtol=0.02, atol=1e-3)


# %% [raw]
# # END TESTS

# %%
check("q4")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q5

# %% [markdown]
# ## 5. Tied weights (2 points)
#
# PCA encodes with $\mathbf{V}^T$ and decodes with the same $\mathbf{V}$.
# An autoencoder with **tied weights** does so, too: $\tilde{\mathbf{x}} = \mathbf{W} \mathbf{W}^T \mathbf{x}$ in the linear case, with half the parameters.
# Its loss on the rows of $\mathbf{X}$ (shape $n \times d$) is
#
# $$
# L(\mathbf{W}) = \frac{1}{n d} \left\| \mathbf{X} - \mathbf{X} \mathbf{W} \mathbf{W}^T \right\|_F^2 .
# $$
#
# Write `tied_gradient(X, W)`: the gradient $\partial L / \partial \mathbf{W}$, of the shape of `W`, `(d, k)`, in NumPy.
# It is a formula: a few products of matrices, exact up to rounding, in an instant also where `W` has tens of thousands of entries.
# To go through the entries one by one with quotients of differences takes minutes there.
#
# Hint: let $\mathbf{R} = \mathbf{X} \mathbf{W} \mathbf{W}^T - \mathbf{X}$, so that $L = \| \mathbf{R} \|_F^2 / n d$.
# If $\mathbf{W}$ changes by a small $d\mathbf{W}$, the product rule gives two terms, because $\mathbf{W}$ occurs twice:
#
# $$
# dL = \frac{2}{n d} \left\langle \mathbf{R}, \; \mathbf{X} \, d\mathbf{W} \, \mathbf{W}^T + \mathbf{X} \mathbf{W} \, d\mathbf{W}^T \right\rangle ,
# \qquad \langle \mathbf{A}, \mathbf{B} \rangle = \operatorname{tr}(\mathbf{A}^T \mathbf{B}) = \sum_{i,j} A_{ij} B_{ij} .
# $$
#
# Bring this into the form $dL = \langle \mathbf{G}, d\mathbf{W} \rangle$; then $\mathbf{G}$ is the gradient.
# The trace helps: $\operatorname{tr}(\mathbf{A} \mathbf{B}) = \operatorname{tr}(\mathbf{B} \mathbf{A})$ and $\operatorname{tr}(\mathbf{A}) = \operatorname{tr}(\mathbf{A}^T)$.
#
# Example: for `X = np.array([[1.0]])` and `W = np.array([[2.0]])` the loss is $(1 - w^2)^2$, so the gradient is $-4 w (1 - w^2) = 24$.
#
# A finite difference is how you check a gradient that you derived: $(L(\mathbf{W} + \varepsilon \mathbf{E}) - L(\mathbf{W} - \varepsilon \mathbf{E})) / 2 \varepsilon$ for a matrix $\mathbf{E}$ with a single 1.
#
# Work in float64; the answer is compared to twelve digits.
#
# Marks: 1 point for the example, 1 (hidden) for the gradient at other places.

# %% [raw]
# # BEGIN SOLUTION


# %%
def tied_gradient(X, W):
    # BEGIN SOLUTION
    R = X @ W @ W.T - X
    return 2 / X.size * (X.T @ R @ W + R.T @ X @ W)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(tied_gradient):
    """The example with a single number."""
    import numpy as np

    from ae_lib.sheets import expect

    answer = expect.call(
        tied_gradient, "tied_gradient", np.array([[1.0]]), np.array([[2.0]])
    )
    found = expect.array(answer, "tied_gradient(X, W)", (1, 1))
    assert np.allclose(found, 24), (
        f"The gradient of the example is {found[0, 0]:g}; expected 24. Half of it comes from "
        "the first W and half from the second, and the square gives a factor 2."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_finite_differences(tied_gradient):
    """It is the gradient at other places, to twelve digits, and of large matrices, too."""
    import numpy as np

    from ae_lib.sheets import expect

    def loss(X, W):
        return np.mean((X - X @ W @ W.T) ** 2)

    rng = np.random.default_rng(__hidden_seed__ + 2)
    for n, d, k in ((7, 4, 2), (5, 6, 3)):
        X, W = rng.normal(size=(n, d)), rng.normal(size=(d, k))
        expected = np.empty((d, k))
        for index in np.ndindex(d, k):
            step = np.zeros((d, k))
            step[index] = 1e-5
            expected[index] = (loss(X, W + step) - loss(X, W - step)) / 2e-5
        answer = expect.call(tied_gradient, "tied_gradient", X, W)
        found = expect.array(answer, "tied_gradient(X, W)", (d, k))
        assert np.allclose(found, expected, rtol=1e-4, atol=1e-6)
    for n, d, k in ((7, 4, 2), (400, 784, 32)):
        X, W = rng.normal(size=(n, d)), rng.normal(size=(d, k))
        R = X @ W @ W.T - X
        exact = 2 / X.size * (X.T @ R @ W + R.T @ X @ W)
        answer = expect.call(tied_gradient, "tied_gradient", X, W)
        found = expect.array(answer, "tied_gradient(X, W)", (d, k))
        assert np.linalg.norm(found - exact) < 1e-12 * np.linalg.norm(exact)


# %% [raw]
# # END TESTS

# %%
check("q5")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q6
# manual: true
# points: 4

# %% [markdown]
# ## 6. Which output layer? (4 points)
#
# The lecture ends its network with a ReLU and lets Keras draw the weights at random ("Glorot", the default).
# Chapter 2 keeps the ReLU and starts its weights from a constant.
# Questions 2 and 3 took a sigmoid.
#
# Train the network of question 3 with four output layers, from two seeds each; 5 epochs are enough:
#
# - a ReLU with the weights that Keras draws;
# - a ReLU with `kernel_initializer=keras.initializers.Constant(0.01)`;
# - a sigmoid;
# - no activation (`activation=None`).
#
# Report the test errors, and for each network the number of *silent* pixels that are needed: output pixels that are zero for every test image although more than 1 % of the images are bright (above 0.5) there.
#
# Then answer in at most eight sentences.
# Which output layers leave needed pixels silent?
# The weights of a silent pixel get no gradient: why?
# And yet it may speak again in a later epoch, as long as not all pixels are silent: what can change its input?
# You have two seeds of each: which differences in your table do you believe, and what would you do before you recommend one of the four?
#
# Marks, by hand: 1 point for errors and counts from code that runs, 1 for the gradient, 1 for what can wake a silent pixel, 1 for a judgement that fits the numbers reported.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# The ReLU with random weights leaves needed pixels silent: such a unit has a negative input for every image, answers 0, and the slope of the ReLU is 0 there, so no gradient reaches its own weights.
# Its input comes from the hidden layers, though, and these go on learning from all the pixels that are not silent: when they move, the input of the silent unit can become positive again.
# Only if all outputs are silent does everything stand still.
# The constant start gives every unit a positive input at first, so that each can learn.
# A sigmoid has a slope everywhere, but it cannot say exactly black; a linear output has no bounds, so its reconstructions go below 0 and above 1.
#
# Which error is smallest depends on the seed and the number of epochs; an answer is right that believes only differences that are larger than those between its two seeds, and asks for more seeds, or for the full training, before it recommends anything.


# %%
# BEGIN SOLUTION
def train_with(seed, **last):
    set_seed(seed)
    net = models.Sequential(
        [
            Input(shape=(784,)),
            Dense(64, activation="relu"),
            Dense(16, activation="relu"),
            Dense(64, activation="relu"),
            Dense(784, **last),
        ]
    )
    net.compile(optimizer=rmsprop(), loss="mean_squared_error")
    net.fit(x_train_vec, x_train_vec, batch_size=128, epochs=5, verbose=0)
    return net


needed = (x_test_vec > 0.5).mean(axis=0) > 0.01
constant = keras.initializers.Constant(0.01)
endings = {
    "relu, random": {"activation": "relu"},
    "relu, constant": {"activation": "relu", "kernel_initializer": constant},
    "sigmoid": {"activation": "sigmoid"},
    "none": {"activation": None},
}
for name, last in endings.items():
    for seed in (0, 1):
        outputs = train_with(seed, **last).predict(x_test_vec, verbose=0)
        silent = int(np.sum((outputs == 0).all(axis=0) & needed))
        error = np.mean((outputs - x_test_vec) ** 2)
        print(f"{name:<14} seed {seed}: error {error:.4f}, silent pixels {silent}")
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
