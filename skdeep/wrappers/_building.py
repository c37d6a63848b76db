"""From parameters to a compiled Keras model."""

import inspect
from functools import cache
from typing import Any

import keras
import numpy as np

from skdeep import runtime
from skdeep.base import (
    DeepEstimator,
    try_to_convert_strings_to_classes,
    unflatten_params,
)
from skdeep.runtime.custom_models import (
    build_metrics,
    built_by,
    copy_model,
    ensure_built,
)
from skdeep.runtime.descriptions import NetworkDescription, describe_network
from skdeep.runtime.live_models import LIVE_MODELS, LiveModel, load_weights
from skdeep.wrappers._targets import as_plain, from_plain

# Parameters that say how to train or to predict, not what the model is.
_NOT_OF_MODEL = {
    "batch_size",
    "callbacks",
    "class_weight",
    "epochs",
    "output_layer",
    "random_state",
    "shuffle",
    "validation_batch_size",
    "validation_split",
    "verbose",
    "warm_start",
}
_DESTINATIONS_OF_TRAINING = ("callbacks__", "fit__", "predict__", "score__")
_OPTIMIZERS = {
    name.lower(): value
    for name, value in vars(keras.optimizers).items()
    if inspect.isclass(value)
    and issubclass(value, keras.optimizers.Optimizer)
    and value is not keras.optimizers.Optimizer
}
_ENCODERS = ("feature_encoder_", "target_encoder_")
# What a fit leaves behind that the function is not told of.
_NOT_METADATA = {"weights_", "history_", "n_iter_", "n_samples_seen_"}


class ModelBuilder(DeepEstimator):
    """Builds the user's model and keeps track of it; its numbers stay here."""

    _routing_prefixes = frozenset(
        {
            "model",
            "fit",
            "compile",
            "predict",
            "optimizer",
            "loss",
            "metrics",
            "callbacks",
            "score",
        }
    )

    # Never set: it would make SciKeras' code set seeds and flags of the process.
    _random_state = None
    # What `model_` is while SciKeras' code looks at it.
    _model_in_training = None
    # The losses by output that a function is given to compile its model with.
    _losses_handed_out = None

    # -- parameters --------------------------------------------------------------

    def _route(self, routed: dict[str, Any]) -> None:
        """Keep routed parameters, and bare ones for the function that may take them."""
        bare = {name: routed[name] for name in routed if "__" not in name}
        takes_more = self.model is not None or self.build_fn is not None
        if takes_more or hasattr(self, "_keras_build_fn"):
            vars(self).update(bare)
            routed = {name: routed[name] for name in routed if name not in bare}
        super()._route(routed)

    def _get_param_names(self) -> list[str]:
        # As in SciKeras: whatever a constructor has set, a subclass's among them.
        return sorted(
            name for name in vars(self) if name[0] != "_" and not name.endswith("_")
        )

    @property
    def _user_params(self) -> set[str]:
        """Names of parameters that only the model's function knows."""
        known = _constructor_parameters(type(self))
        own_function = "_keras_build_fn" in dir(type(self))
        asked = set()
        if own_function:
            asked = set(inspect.signature(self._keras_build_fn).parameters)
        names = set(self._get_param_names())
        return {n for n in names if "__" not in n and (n not in known or n in asked)}

    def _routed(self, destination: str, names: Any = ()) -> dict[str, Any]:
        """Return parameters for a destination; routed ones go before others."""
        parameters = self.get_params(deep=False)
        direct = {name: parameters[name] for name in names if name in parameters}
        prefix = f"{destination}__"
        return direct | {
            name.removeprefix(prefix): value
            for name, value in parameters.items()
            if name.startswith(prefix)
        }

    def _get_compile_kwargs(self) -> dict[str, Any]:
        """Return what to call `keras.Model.compile` with."""
        arguments = self._routed("compile", self._compile_kwargs)
        optimizer_parameters = {
            k: v for k, v in self._routed("optimizer").items() if "__" not in k
        }
        routed = {
            "optimizer": (_optimizer_class, optimizer_parameters),
            "loss": (_loss_class, self._routed("loss")),
            "metrics": (_metric_class, self._routed("metrics")),
        }
        for name, (class_of, parameters) in routed.items():
            try:
                value = try_to_convert_strings_to_classes(arguments[name], class_of)
                value = unflatten_params(items=value, params=parameters)
            except ValueError as error:
                raise ValueError(
                    f"{name}={arguments[name]!r} with {parameters or 'nothing'} routed "
                    f"to it is not what Keras takes: {error} Use a name, a class or "
                    f"an instance; parameters of a name or class start with {name}__."
                ) from error
            if name == "optimizer" and value is self.optimizer and value is not None:
                # A parameter: copied, as a model takes possession of its optimizer.
                value = type(value).from_config(value.get_config())
            elif name == "metrics" and not isinstance(value, dict | list | None):
                value = [value]
            arguments[name] = value
        if isinstance(arguments["loss"], dict):
            # Not the user's: it may be completed.
            arguments["loss"] = self._losses_handed_out = dict(arguments["loss"])
        return arguments

    def _check_model_param(self) -> Any:
        if isinstance(self.model, keras.Model):
            return lambda: copy_model(self.model)
        is_method = callable(self.model) and not inspect.isclass(self.model)
        if is_method and not hasattr(self, "_keras_build_fn"):
            return self.model
        return super()._check_model_param()

    def _get_metadata(self) -> dict[str, Any]:
        dtypes = {
            f"{name}_dtype_": self._fitted_dtype(name)
            for name in ("X", "y")
            if f"_{name}_dtype" in vars(self)
        }
        return dtypes | {
            name: value
            for name, value in vars(self).items()
            if name.endswith("_")
            and name[0] != "_"
            and not name.endswith("__")
            and name not in _NOT_METADATA
        }

    def _draw_seed(self) -> int:
        if isinstance(self.random_state, np.random.RandomState):
            # As in SciKeras, a generator is read from, not used up.
            copy = np.random.RandomState()
            copy.set_state(self.random_state.get_state())
            return int(copy.randint(2**31 - 1))
        return super()._draw_seed()

    # -- state -------------------------------------------------------------------

    @property
    def X_dtype_(self) -> np.dtype:
        """The dtype of X in `fit`."""
        return self._fitted_dtype("X")

    @property
    def y_dtype_(self) -> np.dtype:
        """The dtype of y in `fit`."""
        return self._fitted_dtype("y")

    def _fitted_dtype(self, name: str) -> np.dtype:
        # Kept by name: a dtype is an object that safe files do not know.
        dtype = vars(self).get(f"_{name}_dtype")
        if dtype is None:
            raise AttributeError(
                f"This {type(self).__name__} has no {name}_dtype_. Call fit with "
                f"{name} first."
            )
        return np.dtype(dtype)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        return state | {n: as_plain(state[n]) for n in _ENCODERS if n in state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        loss = state.get("loss")
        encoders = {n: from_plain(state[n], loss) for n in _ENCODERS if n in state}
        super().__setstate__(state | encoders)

    # -- the model -----------------------------------------------------------------

    def _example(self) -> Any:
        """Return zeros of the shape of one row, as the model takes them."""
        return self._encoded(
            self.feature_encoder_, np.zeros((1, *self.X_shape_[1:]), self.X_dtype_)
        )

    def _new_model(self, seed: int) -> keras.Model:
        """Build and compile a model."""

        def build() -> Any:
            model = self._build_keras_model()
            if isinstance(model, keras.Model) and not model.built:
                ensure_built(model, self._example())
            return model

        model = built_by(build, seed)
        if not model.compiled:
            model.compile(**self._get_compile_kwargs())
        self._complete_losses(model)
        return model

    def _complete_losses(self, model: keras.Model) -> None:
        """Leave outputs without a loss untrained, which Keras wants to be told."""
        losses = vars(self).pop("_losses_handed_out", None)
        names = set(getattr(model, "output_names", ()))
        if losses and names > losses.keys():
            losses |= dict.fromkeys(names - losses.keys())

    def _start_model(
        self, seed: int, *, itself: bool = False
    ) -> tuple[LiveModel, keras.Model]:
        """Build the model that is this estimator's from now on.

        With `itself`, a model that was passed as a parameter is taken as it is, since
        it is not going to be trained.
        """
        if itself and isinstance(self.model, keras.Model) and self.model.built:
            model = self.model
        else:
            model = self._new_model(seed)
        parameters = self._model_parameters()
        return LIVE_MODELS.put(self, model, describe_network(model), parameters), model

    def _model_parameters(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.get_params(deep=False).items()
            if name not in _NOT_OF_MODEL
            and not name.startswith(_DESTINATIONS_OF_TRAINING)
        }

    def _live_model(self, *, current: bool = False) -> tuple[LiveModel, keras.Model]:
        """Return this estimator's model with its weights, built again if need be.

        With `current`, it is one to train: it agrees with the parameters as they are
        now, and is not itself one of them.
        """
        live = LIVE_MODELS.get(self)
        model = live.model() if live is not None else None
        if current and model is not None:
            if model is self.model or not _same(live.parameters, self):
                model = None
        if model is None:
            live, model = self._start_model(0)
        if live.loaded is not self.weights_:
            load_weights(model, self.weights_)
            live.loaded = self.weights_
        return live, model

    def _network(self) -> runtime.NetworkSpec:
        """Return what builds the network, which is the user's function."""

        def build() -> keras.Model:
            return self._new_model(0)

        build.__module__ = getattr(self.model or self.build_fn, "__module__", "")
        return runtime.NetworkSpec(build)

    @property
    def _inference(self) -> str:
        return "float64" if keras.config.floatx() == "float64" else "float32"

    def _description(self) -> NetworkDescription | None:
        """Return what describes the network that has been fitted, if anything does."""
        live = LIVE_MODELS.get(self)
        return (self._live_model()[0] if live is None else live).description

    @property
    def model_(self) -> keras.Model:
        """The compiled `keras.Model` with the fitted weights.

        It is the same object as long as you hold it, also while training goes on.
        Changing it does not change the estimator, whose numbers are in `weights_`.
        """
        if self._model_in_training is not None:
            return self._model_in_training
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"This {type(self).__name__} has no model_ yet. Call fit or "
                "initialize first."
            )
        live, model = self._live_model()
        if model.compiled and not all(
            getattr(metric, "built", True) for metric in model.metrics
        ):
            build_metrics(model, live.example)
        return model


@cache
def _constructor_parameters(estimator: type) -> frozenset[str]:
    """Return what the constructors of an estimator and of its bases take."""
    return frozenset(
        name
        for cls in estimator.__mro__
        if issubclass(cls, ModelBuilder)
        for name in inspect.signature(cls.__init__).parameters
    )


def _optimizer_class(name: str) -> type:
    # Keras would construct one, with all its variables, to say of which class it is.
    known = _OPTIMIZERS.get(name.lower())
    return type(keras.optimizers.get(name)) if known is None else known


def _loss_class(name: str) -> Any:
    """Return the class or function that a loss is the name of."""
    loss = keras.losses.get(name)
    return type(loss) if isinstance(loss, keras.losses.Loss) else loss


def _metric_class(name: str) -> Any:
    """Return the class or function that a metric is the name of.

    Which accuracy or cross-entropy is meant depends on the outputs: Keras knows.
    """
    if name in ("acc", "accuracy", "ce", "crossentropy"):
        return name
    metric = keras.metrics.get(name)
    return type(metric) if isinstance(metric, keras.metrics.Metric) else metric


def _same(parameters: dict[str, Any], estimator: ModelBuilder) -> bool:
    """Tell whether the parameters are those that a model was built with."""
    now = estimator._model_parameters()
    if now.keys() != parameters.keys():
        return False
    for name, value in parameters.items():
        if value is now[name]:
            continue
        try:
            if type(value) is not type(now[name]) or not bool(value == now[name]):
                return False
        except (TypeError, ValueError):
            return False
    return True
