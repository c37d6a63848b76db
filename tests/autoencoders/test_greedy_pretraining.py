"""Greedy pretraining: a stack of networks and the one network that it makes up."""

from contextlib import nullcontext

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from skdeep import runtime
from skdeep.autoencoders._greedy_pretraining import pretrain_greedily
from skdeep.networks.dense_autoencoder import dense_autoencoder
from skdeep.networks.losses import squared_error

LOSS = runtime.LossSpec(squared_error)
SIZES = (64, 20, 10, 5)


@pytest.fixture(scope="module")
def rows():
    """Small grey images."""
    return (load_digits().images[:300, :, :, None] / 16).astype(np.float32)


def options(**changes):
    """Return how to train."""
    adam = runtime.OptimizerSpec.from_optimizer(keras.optimizers.Adam())
    return runtime.TrainingOptions(adam, 0.01, epochs=3, batch_size=50, **changes)


def network(tied_weights, first, last, **settings):
    """Return an autoencoder from one size of the stack to a later one."""
    return runtime.NetworkSpec(
        dense_autoencoder,
        image_shape=(8, 8, 1) if first == 0 else (1, SIZES[first], 1),
        hidden_layer_sizes=SIZES[first + 1 : last],
        n_components=SIZES[last],
        activation="tanh",
        code_activation="tanh" if last < len(SIZES) - 1 else "linear",
        output_activation="tanh" if first else "linear",
        tied_weights=tied_weights,
        **settings,
    )


@pytest.mark.parametrize("tied_weights", [True, False])
def test_the_network_computes_what_the_stack_does(rows, tied_weights):
    """Up through the encoders and down through the decoders, or all at once."""
    stack = [network(tied_weights, place, place + 1) for place in range(3)]
    feed = runtime.ArrayFeed(rows)
    weights, histories = pretrain_greedily(
        feed, stack, loss=LOSS, options=options(), seed=3
    )
    assert [len(history["loss"]) for history in histories] == [3, 3, 3]

    fitted, codes = [], rows
    for place, single in enumerate(stack):
        codes = codes if place == 0 else codes.reshape(len(codes), 1, -1, 1)
        part = runtime.ArrayFeed(codes)
        fitted.append(
            runtime.fit(single, LOSS, part, None, options=options(), seed=3).weights
        )
        codes = runtime.infer(single, fitted[-1], part, part="encoder")
    rebuilt = codes
    for single, own in zip(stack[::-1], fitted[::-1], strict=True):
        part = runtime.ArrayFeed(rebuilt.reshape(len(rebuilt), -1))
        rebuilt = runtime.infer(single, own, part, part="decoder")

    whole = network(tied_weights, 0, 3)
    found = runtime.infer(whole, weights, feed, part="encoder")
    np.testing.assert_allclose(found, codes, atol=1e-5)
    np.testing.assert_allclose(runtime.infer(whole, weights, feed), rebuilt, atol=1e-5)


def test_sample_weights_reach_every_layer(rows):
    """Rows that weigh next to nothing are next to not being there."""
    weights = np.where(np.arange(300) < 100, 3.0, 1e-9)
    stack = [network(True, place, place + 1) for place in range(2)]
    _, all_alike = pretrain_greedily(
        runtime.ArrayFeed(rows), stack, loss=LOSS, options=options(), seed=0
    )
    _, weighted = pretrain_greedily(
        runtime.ArrayFeed(rows),
        stack,
        loss=LOSS,
        options=options(),
        seed=0,
        sample_weight=weights,
    )
    assert all(
        one["loss"] != other["loss"]
        for one, other in zip(all_alike, weighted, strict=True)
    )


class Heard(nullcontext):
    """Remembers which epochs of a network were over."""

    def __init__(self, number, heard):
        super().__init__()
        self.number, self.heard = number, heard

    def epoch_end(self, epoch, logs):
        self.heard.append((self.number, epoch, dict(logs)))


def test_every_epoch_of_every_layer_is_shown(rows):
    """The progress of each network hears which epoch and what was measured."""
    heard = []
    _, histories = pretrain_greedily(
        runtime.ArrayFeed(rows),
        [network(True, 0, 1), network(True, 1, 2)],
        loss=LOSS,
        options=options(),
        seed=0,
        progress=lambda number: Heard(number, heard),
    )
    assert heard == [
        (number, epoch, {"loss": histories[number - 1]["loss"][epoch]})
        for number in (1, 2)
        for epoch in range(3)
    ]
