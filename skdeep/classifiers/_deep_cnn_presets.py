"""The networks of `DeepCNNClassifier`, each with the settings that suit it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from skdeep import runtime
from skdeep.networks.airbench import airbench
from skdeep.networks.resnet20 import resnet20
from skdeep.networks.vgg_small import vgg_small


@dataclass(frozen=True)
class Preset:
    """A network and how to train it.

    Attributes
    ----------
    build : callable
        The builder of the network.
    epochs, batch_size, learning_rate, learning_rate_schedule : object
        As the parameters of estimators.
    optimizer : str or class
        The optimizer.
    optimizer_parameters : mapping
        What it is constructed with.
    label_smoothing : float
        Share of the target probability that is spread over all classes.
    augmentation : tuple of str
        What happens to images in training, if they are more than one row.
    average_views : bool
        Whether predictions are averaged over views.
    whitened : bool
        Whether the layer "body/whitening" is computed from the images.
    """

    build: Callable[..., Any]
    epochs: int
    batch_size: int
    optimizer: Any
    learning_rate: float
    learning_rate_schedule: str
    optimizer_parameters: Mapping[str, Any] = field(default_factory=dict)
    label_smoothing: float = 0.0
    augmentation: tuple[str, ...] = ()
    average_views: bool = False
    whitened: bool = False


PRESETS = {
    "vgg_small": Preset(
        vgg_small,
        epochs=20,
        batch_size=128,
        optimizer="adam",
        learning_rate=0.003,
        learning_rate_schedule="triangular",
    ),
    "resnet20": Preset(
        resnet20,
        epochs=60,
        batch_size=128,
        optimizer="sgd",
        # Keras takes the decay from the weights directly, so that the velocity, which
        # sums up ten gradients, does not multiply the usual 1e-4.
        optimizer_parameters={
            "momentum": 0.9,
            "nesterov": True,
            "weight_decay": 1e-3,
        },
        learning_rate=0.1,
        learning_rate_schedule="cosine",
        augmentation=("flip", "translate"),
    ),
    "airbench": Preset(
        airbench,
        epochs=10,
        batch_size=1024,
        optimizer=runtime.LookaheadSGD,
        optimizer_parameters={
            "momentum": 0.85,
            "l2": 1.33e-3,
            "rate_factors": {"beta": 64.0},
        },
        learning_rate=1.5,
        learning_rate_schedule="triangular",
        label_smoothing=0.2,
        augmentation=("flip", "translate"),
        average_views=True,
        whitened=True,
    ),
}
