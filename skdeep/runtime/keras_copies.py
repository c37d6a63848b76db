"""Copies of models, and of losses, metrics and optimizers that Keras cannot describe.

SciKeras pickles objects of Keras, and so copies them, through Keras' serialisation.
Keras cannot make objects of classes that it does not know, and 3.15 returns the name
of the class instead: a clone would hold a string in place of the loss. And it leaves
out some arguments of its own losses: a clone would hold a Huber loss of another delta.
"""

import copyreg
from types import FunctionType
from typing import Any

import keras

from skdeep.runtime.weights import let_layers_copy

_MENDED = "_skdeep_mended"


def _from_config(cls: Any, config: dict[str, Any]) -> Any:
    return cls.from_config(config)


def _reduce_loss(loss: Any) -> tuple[Any, ...]:
    # A loss is nothing but its attributes; its configuration may leave some out.
    return copyreg.__newobj__, (type(loss),), vars(loss)  # type: ignore[attr-defined]


def _has_whole_configuration(loss: Any) -> bool:
    arguments = vars(loss).get("_fn_kwargs", {})
    return arguments.keys() <= loss.get_config().keys()


def _reduce_to_config(stateful: Any) -> tuple[Any, ...]:
    return _from_config, (type(stateful), stateful.get_config())


def mend_copies() -> None:
    """Let objects of users' own classes be copied and pickled by their class.

    Those of Keras' classes are copied as before if their configuration is whole. To
    be called once SciKeras has been imported; calling it again changes nothing.
    """
    for kind, reduce_own in (
        (keras.losses.Loss, _reduce_loss),
        (keras.metrics.Metric, _reduce_to_config),
        (keras.optimizers.Optimizer, _reduce_to_config),
    ):
        if hasattr(kind.__reduce__, _MENDED):
            continue
        kind.__reduce__ = _mended(kind.__reduce__, reduce_own)


def _mended(reduce_known: Any, reduce_own: Any) -> Any:
    def reduce(self: Any) -> Any:
        known = type(self).__module__.startswith("keras.")
        if known and isinstance(self, keras.losses.Loss):
            known = _has_whole_configuration(self)
        return reduce_known(self) if known else reduce_own(self)

    setattr(reduce, _MENDED, True)
    return reduce


def copy_model(model: keras.Model) -> keras.Model:
    """Return a new model with the layers, weights and compilation of another.

    Parameters
    ----------
    model : keras.Model
        A built model, which stays as it is.

    Returns
    -------
    copy : keras.Model

    Raises
    ------
    ValueError
        If the model has parts that Keras cannot make again from their configuration.
    """
    try:
        return _copy(model)
    except Exception as error:
        raise ValueError(
            f"The keras.Model passed as `model`, {model.name!r}, cannot be copied, and "
            "is not trained itself, as it is a parameter. Pass a function that builds "
            f"and compiles it. Keras says: {error}"
        ) from error


def _copy(model: keras.Model) -> keras.Model:
    copy = keras.models.clone_model(model)
    if not copy.built and model.built:
        copy.build(model.input_shape)
    copy.set_weights(model.get_weights())
    let_layers_copy(copy)
    _copy_functions(model, copy)
    if model.compiled:
        optimizer = model.optimizer
        if optimizer is not None:
            optimizer = copy_optimizer(optimizer)
        config = dict(model.get_compile_config() or {})
        # Losses hold no state, so the very object will do, whatever it is.
        del config["optimizer"], config["loss"]
        config = keras.saving.deserialize_keras_object(config)
        known = {name: value for name, value in config.items() if value is not None}
        copy.compile(optimizer=optimizer, loss=model.loss, **known)
    return copy


def _copy_functions(model: keras.Model, copy: keras.Model) -> None:
    """Give the layers of a copy the very functions that those of the model call.

    Of a function that has the name of one of Keras' own, Keras writes only the name.
    """
    layers = (m._flatten_layers(include_self=False) for m in (model, copy))
    for original, layer in zip(*layers, strict=True):
        for name in ("activation", "recurrent_activation"):
            function = vars(original).get(name)
            if isinstance(function, FunctionType):
                setattr(layer, name, function)


def copy_optimizer(optimizer: Any) -> Any:
    """Return a new optimizer like one that is a parameter, or belongs to a model.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer

    Returns
    -------
    copy : keras.optimizers.Optimizer
    """
    copy = type(optimizer).from_config(optimizer.get_config())
    # Which variables are not to decay is no part of the configuration.
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    if pattern is not None:
        copy.exclude_from_weight_decay(var_names=[pattern.pattern])
    return copy
