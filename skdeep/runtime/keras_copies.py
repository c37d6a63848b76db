"""Copies and pickles of losses, metrics and optimizers that Keras cannot describe.

SciKeras pickles objects of Keras, and so copies them, through Keras' serialisation.
Keras cannot make objects of classes that it does not know, and 3.15 returns the name
of the class instead: a clone would hold a string in place of the loss. And it leaves
out some arguments of its own losses: a clone would hold a Huber loss of another delta.
"""

import copyreg
from typing import Any

import keras

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
