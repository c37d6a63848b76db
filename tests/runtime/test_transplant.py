"""Weights of a part of one network as those of the same part of another."""

import keras
import numpy as np
import pytest

from skdeep import runtime


def network(n_units, n_outputs, name="part"):
    """Return a network with a part of two layers, and a layer on top."""
    image = keras.Input((3,), name="part_input")
    x = keras.layers.Dense(4, name="lower")(image)
    x = keras.layers.BatchNormalization(name="normalization")(x)
    part = keras.Model(image, keras.layers.Dense(n_units, name="upper")(x), name=name)
    whole = keras.Input((3,), name="whole")
    return keras.Model(whole, keras.layers.Dense(n_outputs, name="top")(part(whole)))


def spec(n_units=2, n_outputs=5):
    """Return the specification of a network."""
    return runtime.NetworkSpec(network, n_units=n_units, n_outputs=n_outputs)


def weights_of(model, seed=0):
    """Return random weights of a model, all different."""
    generator = np.random.default_rng(seed)
    return [generator.random(v.shape).astype(np.float32) for v in model.weights]


def test_part_weights_are_those_of_the_built_part():
    """The same as setting all weights in a model and asking its part."""
    model = spec()()
    weights = weights_of(model)
    model.set_weights(weights)
    wanted = model.get_layer("part").get_weights()
    given = runtime.part_weights(spec(), weights, "part")
    assert len(given) == 8
    for one, other in zip(given, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_part_moves_into_a_network_with_another_top():
    """The part computes the same there, and the top starts at random."""
    donor = spec()()
    donor.set_weights(weights_of(donor))
    part = runtime.part_weights(spec(), donor.get_weights(), "part")
    drawn = runtime.initial_weights(spec(n_outputs=3), 7, {"part": part})
    receiver = spec(n_outputs=3)()
    receiver.set_weights(drawn)
    X = np.random.default_rng(1).random((6, 3), dtype=np.float32)
    np.testing.assert_array_equal(
        donor.get_layer("part")(X), receiver.get_layer("part")(X)
    )
    assert receiver(X).shape == (6, 3)


def test_the_seed_decides_what_is_not_given():
    """Equal seeds draw equal weights, others draw others."""
    part = runtime.part_weights(spec(), weights_of(spec()()), "part")
    first, again, other = (
        runtime.initial_weights(spec(), seed, {"part": part}) for seed in (1, 1, 2)
    )
    kernel = [v.path.endswith("top/kernel") for v in spec()().weights].index(True)
    np.testing.assert_array_equal(first[kernel], again[kernel])
    assert np.any(first[kernel] != other[kernel])


def test_nothing_given_draws_everything():
    """Then these are the weights of a network that was built with the seed."""
    drawn = runtime.initial_weights(spec(), 3, {})
    with runtime.seeded_construction(3), runtime.dtype_policy("float32"):
        wanted = spec()().get_weights()
    for one, other in zip(drawn, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_double_precision_is_kept():
    """Given weights are not rounded to what the network is built in."""
    part = [
        value.astype(np.float64) + 1e-12
        for value in runtime.part_weights(spec(), weights_of(spec()()), "part")
    ]
    drawn = runtime.initial_weights(spec(), 0, {"part": part})
    again = runtime.part_weights(spec(), drawn, "part")
    for one, other in zip(part, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_part_of_other_sizes_is_refused():
    """The error names the part and both lists of shapes."""
    part = runtime.part_weights(spec(), weights_of(spec()()), "part")
    with pytest.raises(ValueError, match=r"'part'.*\(4, 6\).*\(4, 2\)"):
        runtime.initial_weights(spec(n_units=6), 0, {"part": part})


def test_building_leaves_the_policy_and_the_seed_alone():
    """Neither Keras' policy nor Python's random state changes."""
    import random

    state, policy = random.getstate(), keras.config.dtype_policy()
    runtime.initial_weights(spec(), 0, {})
    assert random.getstate() == state
    assert keras.config.dtype_policy() is policy


def test_a_part_of_a_part_is_named_with_slashes():
    """Weights go into a layer of a sub-model, and come out of it."""
    kernel, bias = np.full((3, 4), 2.0), np.full(4, 3.0)
    drawn = runtime.initial_weights(spec(), 0, {"part/lower": [kernel, bias]})
    found = runtime.part_weights(spec(), drawn, "part/lower")
    np.testing.assert_array_equal(found[0], kernel)
    np.testing.assert_array_equal(found[1], bias)
