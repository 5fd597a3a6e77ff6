"""What the grader computes of a model is what Keras answers, and nothing else gets through."""

import numpy as np
import pytest
from claims import guest

from ae_grade import protocol
from ae_grade.network import ACTIVATIONS, BUILDERS, Network
from ae_grade.protocol import ProtocolError


def sequential(*layers):  # type: ignore[no-untyped-def]
    import keras

    net = keras.Sequential(layers)
    rng = np.random.default_rng(7)
    net.set_weights([rng.uniform(0.1, 0.5, w.shape) for w in net.get_weights()])
    return net


def described(net):  # type: ignore[no-untyped-def]
    """Return what the inside of a box says of a model, and its weights."""
    answers = guest().Answers({})
    (handle,) = answers.name(net).values()
    said = protocol.unpack(*protocol.pack(handle))
    if said["fault"]:
        return said, None
    request = {"op": "weights", "handle": 0, "arguments": {"tuple": [[], {"dict": []}]}}
    return said, protocol.unpack(*protocol.pack(answers.answer(request, [])))


def stacks():  # type: ignore[no-untyped-def]
    from keras import Model, layers
    from keras.layers import Conv2D, Dense, Dropout, Input, MaxPooling2D, UpSampling2D

    for name in ACTIVATIONS:
        yield (
            name,
            lambda name=name: sequential(
                Input((9,)), Dense(6, activation=name), Dense(4, name and "linear", use_bias=False)
            ),
        )
    for padding in ("same", "valid"):
        for strides in (1, 2):
            yield (
                f"convolution {padding} {strides}",
                lambda p=padding, s=strides: sequential(
                    Input((9, 8, 2)), Conv2D(5, (3, 2), strides=s, padding=p, activation="relu")
                ),
            )
            yield (
                f"pooling {padding} {strides}",
                lambda p=padding, s=strides: sequential(
                    Input((9, 7, 3)), MaxPooling2D((3, 2), strides=s, padding=p)
                ),
            )
        yield (
            f"average {padding}",
            lambda p=padding: sequential(
                Input((9, 7, 3)), layers.AveragePooling2D((3, 2), strides=2, padding=p)
            ),
        )
        yield (
            f"dilation {padding}",
            lambda p=padding: sequential(
                Input((9, 8, 2)), Conv2D(3, 3, dilation_rate=(2, 1), padding=p)
            ),
        )
    for make in (layers.LeakyReLU, layers.ReLU, layers.ELU, layers.Softmax):
        yield (
            f"{make.__name__} as another layer's activation",
            lambda make=make: sequential(
                Input((9,)), Dense(6, activation=make()), layers.Activation(make()), Dense(3)
            ),
        )
    yield (
        "activations of an activation's layer",
        lambda: sequential(Input((9,)), Dense(6, activation=layers.Activation("tanh"))),
    )
    yield (
        "a NumPy number for the end",
        lambda: sequential(Input((9,)), Dense(6), layers.ReLU(max_value=np.float32(1))),
    )
    yield "a ReLU with an end", lambda: sequential(Input((9,)), Dense(6), layers.ReLU(max_value=1))
    yield "an ELU layer", lambda: sequential(Input((9,)), Dense(6), layers.ELU())
    yield (
        "the lecture's network",
        lambda: sequential(
            Input((28, 28, 1)),
            Conv2D(8, 3, padding="same", activation="relu"),
            MaxPooling2D(2, padding="same"),
            Dropout(0.5),
            Conv2D(4, 3, activation="relu"),
            UpSampling2D(2),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.AveragePooling2D(2),
            Conv2D(1, 3, padding="same", activation="sigmoid"),
            layers.Flatten(),
            layers.Dense(16),
            layers.Reshape((4, -1)),
            layers.Activation("tanh"),
            layers.ReLU(),
            layers.Softmax(),
            layers.GaussianNoise(1.0),
        ),
    )

    def nested():  # type: ignore[no-untyped-def]
        inputs = Input((12,))
        encoder = Model(inputs, Dense(3)(Dense(7, "relu")(inputs)))
        decoder = sequential(Input((3,)), Dense(12, "sigmoid"))
        return Model(inputs, decoder(encoder(inputs)))

    yield "models in a model", nested


def test_it_answers_as_keras_does() -> None:
    for name, make in stacks():
        net = make()
        fields, weights = described(net)
        assert fields["fault"] == "", name
        ours = Network(fields, weights)
        x = np.random.default_rng(1).normal(size=(70, *net.input_shape[1:])).astype("float32")
        expected = np.asarray(net.predict(x, verbose=0))
        np.testing.assert_allclose(ours.predict(x), expected, rtol=2e-4, atol=2e-5, err_msg=name)
        assert ours.output_shape == net.output_shape
        assert [layer.count_params() for layer in ours.layers] == [
            layer.count_params() for layer in net.layers if type(layer).__name__ != "InputLayer"
        ]


def test_an_activation_has_the_same_name_here_and_there() -> None:
    from keras import layers

    from ae_lib.sheets import expect

    made = (layers.ReLU(), "relu", layers.LeakyReLU(), layers.ELU(), layers.Softmax(), None)
    net = sequential(layers.Input((9,)), *(layers.Dense(6, activation=a) for a in made))
    names = ["relu", "relu", "leaky_relu", "elu", "softmax", "linear"]
    assert [layer.activation for layer in expect.layers(net)] == names
    ours = Network(*described(net))
    assert [layer.activation for layer in ours.layers] == names


def test_what_is_no_chain_is_told() -> None:
    import keras
    from keras.layers import Add, Dense, Input

    inputs = Input((5,))
    skip = keras.Model(inputs, Add()([inputs, Dense(5)(Dense(2)(inputs))]))
    assert "one after the other" in described(skip)[0]["fault"]

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Dense(5)

        def call(self, x):  # type: ignore[no-untyped-def]
            return x

    assert "call() of its own" in described(Own())[0]["fault"]
    between = keras.Model(inputs, keras.ops.clip(Dense(2)(inputs), 0, 1))
    assert "between its layers" in described(between)[0]["fault"]
    called = keras.Model(inputs, Dense(2)(keras.activations.sigmoid(Dense(3)(inputs))))
    assert "between its layers" in described(called)[0]["fault"]
    named = keras.Sequential([Input((5,)), Dense(2, activation=lambda x: 2 * x)])
    with pytest.raises(ProtocolError, match="activation '<lambda>'"):
        Network(*described(named))
    assert "no Input layer" in described(keras.Sequential([Dense(5)]))[0]["fault"]
    two = keras.Model(inputs, [Dense(2)(inputs), Dense(3)(inputs)])
    assert "one after the other" in described(two)[0]["fault"]


def dense(weights, units: int = 3, **changes):  # type: ignore[no-untyped-def]
    part = {"class_name": "Dense", "activation": "linear", "config": {"units": units}}
    layer = {"name": "a", "class_name": "Dense", "parts": [{**part, **changes}]}
    return {"input_shape": [None, 4], "layers": [layer]}, [[weights]]


RIGHT = [np.ones((4, 3), "f4"), np.zeros(3, "f4")]
WRONG = {
    "a kernel of another size": (dense([np.ones((4, 5), "f4"), np.zeros(3, "f4")]), "shapes"),
    "no weights": (dense([]), "shapes"),
    "weights that are no arrays": (dense([1, 2]), "no arrays"),
    "text for weights": (dense("ab"), "no arrays"),
    "whole numbers for weights": (dense([w.astype("i4") for w in RIGHT]), "no arrays"),
    "a kind of its own": (dense(RIGHT, class_name="Identity"), "kind 'Identity'"),
    "another activation": (dense(RIGHT, activation="cheat"), "activation 'cheat'"),
    "units that are none": (dense(RIGHT, units=-3), "units -3"),
    "units without end": (dense(RIGHT, units=10**9), "units 1000000000"),
    "no settings": (dense(RIGHT, config=None), "without a description"),
    "no layers": (({"input_shape": [None, 4], "layers": []}, []), "without layers"),
    "no input": (({**dense(RIGHT)[0], "input_shape": None}, [[RIGHT]]), "input shape"),
    "weights of one layer for two": (({**dense(RIGHT)[0]}, [[RIGHT], [RIGHT]]), "not those of"),
    "a layer of two kinds": (
        (
            {
                "input_shape": [None, 4],
                "layers": [{**dense(RIGHT)[0]["layers"][0], "class_name": "Conv2D"}],
            },
            [[RIGHT]],
        ),
        "two kinds",
    ),
    "an activation hidden in a layer that passes": (
        (
            {
                "input_shape": [None, 4],
                "layers": [
                    {
                        "name": "d",
                        "class_name": "Dropout",
                        "parts": [
                            {"class_name": "Dropout", "config": {}},
                            {"class_name": "Softmax", "config": {}},
                        ],
                    }
                ],
            },
            [[[], []]],
        ),
        "two kinds",
    ),
    "a picture that grows": (
        (
            {
                "input_shape": [None, 60, 60, 1],
                "layers": [
                    {
                        "name": "u",
                        "class_name": "UpSampling2D",
                        "parts": [{"class_name": "UpSampling2D", "config": {"size": [60, 60]}}],
                    }
                ],
            },
            [[[]]],
        ),
        "too many numbers",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_claim_that_does_not_hold_together_is_refused(name: str) -> None:
    (fields, weights), message = WRONG[name]
    with pytest.raises(ProtocolError, match=message):
        Network(fields, weights)


def test_every_layer_is_tried() -> None:
    tried = {type(layer).__name__ for _, make in stacks() for layer in make().layers}
    assert tried | {"InputLayer", "SpatialDropout2D", "GaussianDropout"} >= set(BUILDERS)
