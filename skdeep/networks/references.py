"""Layers that read the kernel of another layer of the same network."""

from typing import Any

import keras
from keras import layers


def reference_to(layer: layers.Layer) -> dict[str, Any]:
    """Return the configuration by which one layer refers to another.

    Parameters
    ----------
    layer : keras.layers.Layer
        The layer referred to.

    Returns
    -------
    config : dict
        What `referred_layer` reads. While a network is saved, Keras notes in it
        which layer of the network this is.
    """
    config: dict[str, Any] = keras.saving.serialize_keras_object(layer)
    # With its shapes, a layer read from this configuration alone would make a kernel
    # of its own, and nobody would notice that it is not the one referred to.
    config.pop("build_config", None)
    return config


def referred_layer(config: dict[str, Any]) -> layers.Layer:
    """Return the layer that a configuration refers to.

    Parameters
    ----------
    config : dict
        What `reference_to` returned.

    Returns
    -------
    layer : keras.layers.Layer
        The layer of the network that is being loaded; outside of loading, a new
        layer without a kernel, which `check_has_kernel` refuses.
    """
    return keras.saving.deserialize_keras_object(config)


def check_has_kernel(source: layers.Dense, reader: layers.Layer) -> None:
    """Refuse a layer that has no kernel to read.

    Parameters
    ----------
    source : keras.layers.Dense
        The layer referred to.
    reader : keras.layers.Layer
        The layer that refers to it, for the error message.

    Raises
    ------
    ValueError
        If `source` was not called yet.
    """
    if not source.built:
        raise ValueError(
            f"The layer {source.name!r} that {reader.name!r} refers to has no kernel "
            "yet. Call it first. If this network is being copied from its "
            "configuration alone, build it anew, or save and load it instead."
        )
