"""Greedy pretraining: the weights of a deep autoencoder, one layer at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skdeep import runtime

# Weights of the encoder of a network with one dense layer: its kernel and its bias.
_N_ENCODER_WEIGHTS = 2


def pretrain_greedily(
    feed: runtime.ArrayFeed,
    networks: Sequence[runtime.NetworkSpec],
    *,
    loss: runtime.LossSpec,
    options: runtime.TrainingOptions,
    seed: int,
    sample_weight: np.ndarray | None = None,
    progress: Callable[[int], Any] | None = None,
) -> tuple[list[np.ndarray], list[dict[str, list[float]]]]:
    """Train a stack of autoencoders, each on the codes of the one before.

    Parameters
    ----------
    feed : ArrayFeed
        The rows that the first network reconstructs.
    networks : sequence of NetworkSpec
        Autoencoders with one dense layer in the encoder and one in the decoder. From
        the second on, they take codes as images of shape ``(1, n_components, 1)``.
    loss : LossSpec
        What each of them minimises.
    options : TrainingOptions
        How to train each of them.
    seed : int
        Decides initial weights, shuffling and validation split of each of them.
    sample_weight : ndarray of shape (n_rows,), default=None
        Weights of the rows, of mean one.
    progress : callable, default=None
        Makes what shows the progress, as `TrainingOptions.progress`, from the number
        of the network, counted from 1.

    Returns
    -------
    weights : list of ndarray
        Weights of the one autoencoder that they make up: the encoders from the first
        to the last, then the decoders from the last to the first.
    histories : list of dict of str to list of float
        What was measured in each epoch, for each network.
    """
    encoder: list[np.ndarray] = []
    decoder: list[np.ndarray] = []
    histories = []
    for number, network in enumerate(networks, start=1):
        if progress is not None:
            options = replace(options, progress=progress(number))
        result = runtime.fit(
            network,
            loss,
            feed,
            None,
            options=options,
            seed=seed,
            sample_weight=sample_weight,
        )
        histories.append(result.history)
        encoder = encoder + result.weights[:_N_ENCODER_WEIGHTS]
        decoder = result.weights[_N_ENCODER_WEIGHTS:] + decoder
        if number < len(networks):
            codes = runtime.infer(
                network,
                result.weights,
                feed,
                part="encoder",
                precision=options.precision,
            )
            feed = runtime.ArrayFeed(codes.reshape(len(codes), 1, -1, 1))
    return encoder + decoder, histories
