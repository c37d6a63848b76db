"""Costs of layers against counts by hand."""

import keras
import numpy as np
import pytest
from keras import layers

from skdeep.networks.costs import multiply_adds
from skdeep.networks.layer_costs import at_length, input_bytes, layer_costs


class Doubling(layers.Layer):
    """A layer of somebody's own, without weights."""

    def call(self, inputs):
        return 2 * inputs


def by_name(model, **options):
    """Return the costs of a model's layers by their names."""
    return {cost.name: cost for cost in layer_costs(model, **options)}


def image_network():
    """Return a frozen convolution, a model inside of the model, and a dense layer."""
    image = keras.Input((6, 6, 2), name="image")
    frozen = layers.Conv2D(4, 3, name="frozen", trainable=False)
    inside = keras.Input((4, 4, 4))
    part = keras.Model(
        inside,
        layers.BatchNormalization(name="normalization")(
            layers.Conv2D(3, 2, name="convolution")(inside)
        ),
        name="part",
    )
    flat = layers.Flatten(name="flat")(part(frozen(image)))
    return keras.Model(image, layers.Dense(5, name="dense")(flat))


def test_counts_by_hand():
    """Shapes, weights, multiply-adds and what training keeps, in float32."""
    costs = by_name(image_network())
    assert list(costs) == [
        "frozen",
        "part/convolution",
        "part/normalization",
        "flat",
        "dense",
    ]
    frozen, convolution = costs["frozen"], costs["part/convolution"]
    assert (frozen.kind, frozen.output_shape) == ("Conv2D", (4, 4, 4))
    assert (frozen.trainable, frozen.frozen) == (0, 3 * 3 * 2 * 4 + 4)
    assert frozen.multiply_adds == 4 * 4 * 3 * 3 * 2 * 4
    # Nothing below learns, but the gradient of the kernel above needs its output.
    assert frozen.kept_bytes == 4 * 4 * 4 * 4
    assert convolution.trainable == 2 * 2 * 4 * 3 + 3
    assert convolution.kept_bytes == 3 * 3 * 3 * 4
    normalization = costs["part/normalization"]
    assert (normalization.trainable, normalization.frozen) == (6, 6)
    assert normalization.weight_bytes == 48 and normalization.trainable_bytes == 24
    assert costs["flat"].kept_bytes == 0
    assert costs["dense"].kept_bytes == 5 * 4
    assert costs["dense"].multiply_adds == 27 * 5
    assert input_bytes(image_network()) == 6 * 6 * 2 * 4


def test_sums_are_those_of_the_model():
    """No weight is counted twice or left out."""
    model = image_network()
    costs = layer_costs(model)
    assert sum(cost.trainable + cost.frozen for cost in costs) == model.count_params()
    assert sum(cost.multiply_adds for cost in costs) == multiply_adds(model)


def test_frozen_layers_let_go():
    """Only what stands before the first trained layer is kept of frozen ones."""
    image = keras.Input((8,))
    x = layers.Dense(7, name="first", trainable=False)(image)
    x = layers.Dense(6, name="second", trainable=False)(x)
    model = keras.Model(image, layers.Dense(2, name="head")(x))
    kept = {name: cost.kept_bytes for name, cost in by_name(model).items()}
    assert kept == {"first": 0, "second": 24, "head": 8}


def test_shared_layers():
    """A layer is one line however often it is called, its weights counted once."""
    image = keras.Input((4,))
    dense = layers.Dense(4, name="dense")
    model = keras.Model(image, dense(dense(image)))
    (cost,) = layer_costs(model)
    assert (cost.n_calls, cost.trainable) == (2, 20)
    assert (cost.multiply_adds, cost.kept_bytes) == (32, 32)


def test_outputs_that_matter():
    """What leads to other outputs only is left out."""
    image = keras.Input((4,))
    code = layers.Dense(2, name="code")(image)
    other = layers.Dense(9, name="other")(code)
    model = keras.Model(image, {"code": code, "other": other})
    assert list(by_name(model)) == ["code", "other"]
    assert list(by_name(model, outputs=["code"])) == ["code"]


@pytest.mark.parametrize(
    "layer",
    [
        layers.EinsumDense("ab,bc->ac", 3, name="layer"),
        layers.Lambda(lambda x: x @ np.ones((4, 4), np.float32), name="layer"),
        Doubling(name="layer"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_unknown_layers(layer):
    """Better no number than a wrong one."""
    image = keras.Input((4,))
    model = keras.Model(image, layers.Dense(2, name="dense")(layer(image)))
    costs = by_name(model)
    assert costs["layer"].multiply_adds is None
    assert costs["dense"].multiply_adds is not None
    with pytest.raises(ValueError, match="not known"):
        multiply_adds(model)


def test_products_without_a_layer():
    """Operations between layers are lines of their own."""
    image = keras.Input((4,))
    products = keras.ops.matmul(image, keras.ops.transpose(image))
    costs = layer_costs(keras.Model(image, products))
    assert {cost.kind: cost.multiply_adds for cost in costs} == {
        "Transpose": 0,
        "Matmul": None,
    }


def test_recurrent_layers_keep_their_steps():
    """An LSTM keeps four gates and two states of each step, and its output."""
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(20, 4, name="embedding")(ids)
    model = keras.Model(ids, layers.LSTM(3, name="lstm")(x))
    assert by_name(model)["lstm"].kept_bytes is None
    assert by_name(model)["lstm"].multiply_adds is None
    costs = by_name(at_length(model, 7))
    assert costs["embedding"].kept_bytes == 7 * 4 * 4
    assert costs["lstm"].kept_bytes == (7 * (4 + 2) * 3 + 3) * 4
    assert costs["lstm"].multiply_adds == 7 * 4 * 3 * (4 + 3)
    # Token ids are integers of 32 bits.
    assert input_bytes(at_length(model, 7)) == 28
    assert input_bytes(model) is None
    assert at_length(image_network(), 7).input_shape == (None, 6, 6, 2)


def test_bfloat16_takes_half_the_memory():
    """Outputs are counted in the numbers of the training, weights in their own."""
    image = keras.Input((4,))
    dense = layers.Dense(3, name="dense", dtype="mixed_bfloat16")
    (cost,) = layer_costs(keras.Model(image, dense(image)))
    assert (cost.kept_bytes, cost.weight_bytes) == (6, 60)


def test_models_without_a_graph():
    """Weights are known, shapes are not."""

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2, name="dense")

        def call(self, inputs):
            return self.dense(inputs)

    model = Own()
    model(np.ones((1, 3), np.float32))
    (cost,) = layer_costs(model)
    assert (cost.name, cost.trainable, cost.output_shape) == ("dense", 8, None)
    assert cost.multiply_adds is None and cost.kept_bytes is None
    assert input_bytes(model) is None
