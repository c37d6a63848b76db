"""Descent that looks ahead, against NumPy that does the same slowly."""

import keras
import numpy as np
import pytest

from skdeep import runtime
from skdeep.networks.losses import squared_error
from skdeep.runtime.schedules import learning_rates
from skdeep.runtime.seeds import epoch_generator
from tests.runtime.networks import (
    assert_same_weights,
    dense_network,
    fit,
    options,
    regression_data,
)

NETWORK = runtime.NetworkSpec(dense_network, normalised=True)


def spec(**parameters):
    """Return the specification of an optimizer."""
    optimizer = runtime.LookaheadSGD(**parameters)
    return runtime.OptimizerSpec.from_optimizer(optimizer)


def training(epochs=3, schedule="triangular", rate=0.05, **parameters):
    """Return options of a training with the optimizer."""
    return options(
        optimizer=spec(**parameters),
        learning_rate=rate,
        learning_rate_schedule=schedule,
        epochs=epochs,
    )


def slow_fit(
    X,
    y,
    *,
    epochs,
    seed,
    rate,
    momentum=0.85,
    l2=0.0,
    factors=None,
    every=5,
    decay=0.95,
    batch_size=8,
):
    """Train step by step with arrays; only losses and gradients are Keras'."""
    import tensorflow as tf

    with runtime.seeded_construction(seed):
        model = NETWORK()
    variables = model.trainable_variables
    velocities = [np.zeros(v.shape, np.float32) for v in variables]
    slow = [v.numpy() for v in model.weights]
    n_steps = epochs * -(-len(X) // batch_size)
    rates = learning_rates(rate, "triangular", 0, n_steps, n_steps)
    batches = []
    for epoch in range(epochs):
        order = epoch_generator(seed, epoch).permutation(len(X))
        batches += [order[i : i + batch_size] for i in range(0, len(X), batch_size)]
    for step, (rows, now) in enumerate(zip(batches, rates, strict=True), start=1):
        with tf.GradientTape() as tape:
            errors = squared_error(y[rows], model(X[rows], training=True))
            loss = tf.reduce_mean(errors)
        gradients = tape.gradient(loss, [v.value for v in variables])
        for place, (variable, gradient) in enumerate(
            zip(variables, gradients, strict=True)
        ):
            factor = (factors or {}).get(variable.name, 1.0)
            gradient = gradient.numpy() + l2 / factor * variable.numpy()
            velocities[place] = momentum * velocities[place] + gradient
            change = gradient + momentum * velocities[place]
            variable.assign(variable.numpy() - now * factor * change)
        if every and (step % every == 0 or step == n_steps):
            kept = decay**every * (step / n_steps) ** 3
            slow = [
                kept * old + (1 - kept) * v.numpy()
                for old, v in zip(slow, model.weights, strict=True)
            ]
            model.set_weights(slow)
    return model.get_weights()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"momentum": 0.5, "l2": 0.1}, {"momentum": 0.5, "l2": 0.1}),
        (
            {"l2": 0.1, "rate_factors": {"beta": 8.0}},
            {"l2": 0.1, "factors": {"beta": 8.0}},
        ),
        (
            {"lookahead_steps": 3, "lookahead_decay": 0.99},
            {"every": 3, "decay": 0.99},
        ),
        ({"lookahead_steps": 0}, {"every": 0}),
    ],
)
def test_equals_the_slow_reference(ours, theirs):
    """Weights and moving statistics are those of the formulas, step by step."""
    X, y = regression_data(36)
    expected = slow_fit(X, y, epochs=3, seed=2, rate=0.05, **theirs)
    found = fit(NETWORK, X, y, seed=2, options=training(**ours)).weights
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_averages_are_felt():
    """Looking ahead changes the weights, and the moving statistics with them."""
    names = [v.name for v in NETWORK().weights]
    with_it, without = (
        fit(NETWORK, options=training(epochs=6, lookahead_steps=n)).weights
        for n in (5, 0)
    )
    for name, one, other in zip(names, with_it, without, strict=True):
        assert np.any(one != other), name


def test_constant_rates_have_no_end():
    """Epochs one by one are one training, in which nothing is averaged."""
    whole = fit(NETWORK, options=training(epochs=3, schedule="constant"))
    never = fit(
        NETWORK, options=training(epochs=3, schedule="constant", lookahead_steps=0)
    )
    assert_same_weights(whole.weights, never.weights)
    state, weights = None, None
    for _ in range(3):
        result = fit(
            NETWORK,
            options=training(epochs=1, schedule="constant"),
            weights=weights,
            state=state,
        )
        state, weights = result.state, result.weights
    assert_same_weights(whole.weights, weights)


def test_a_training_that_goes_on_plans_anew():
    """A second training starts its averages from where the first has ended."""
    first = fit(NETWORK, options=training(epochs=2))
    again = [
        fit(
            NETWORK,
            options=training(epochs=2),
            weights=first.weights,
            state=first.state,
        )
        for _ in range(2)
    ]
    assert_same_weights(again[0].weights, again[1].weights)
    assert np.isfinite(again[0].history["loss"]).all()


def test_the_state_is_the_optimizers_own():
    """What the next fit resets does not include the weights."""
    optimizer = runtime.LookaheadSGD()
    model = NETWORK()
    optimizer.build(model.trainable_variables)
    optimizer.average_also(model.non_trainable_weights)
    of_model = {id(v) for v in model.weights}
    assert not of_model & {id(v) for v in optimizer.variables}
    # Two counters of steps, the steps, the rate; velocities; slow weights.
    n_trained, n_fixed = len(model.trainable_weights), len(model.non_trainable_weights)
    assert len(optimizer.variables) == 4 + 2 * n_trained + n_fixed


def test_configuration_round_trip():
    """The optimizer can be saved, and made again from what the runtime keeps of it."""
    optimizer = runtime.LookaheadSGD(0.5, 0.7, 0.1, {"beta": 64.0}, 3, 0.9)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(optimizer)
    )
    built = runtime.OptimizerSpec.from_optimizer(optimizer).build()
    for one in (again, built):
        config = optimizer.get_config() | {"name": one.name}
        assert one.get_config() | {"learning_rate": 0.5} == config
    assert built.rate_factors == {"beta": 64.0}


@pytest.mark.parametrize(
    "wrong",
    [{"momentum": 1.0}, {"l2": -1.0}, {"lookahead_steps": -1}, {"lookahead_decay": 1}],
)
def test_parameters_are_checked(wrong):
    """The error names the parameter."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        runtime.LookaheadSGD(**wrong)
