"""From parameters to a Keras model."""

import inspect
from functools import cache
from typing import Any

import keras
import numpy as np

from skdeep import runtime
from skdeep.runtime.custom_models import (
    build_metrics,
    built_by,
    ensure_built,
)
from skdeep.runtime.descriptions import NetworkDescription, describe_network
from skdeep.runtime.keras_copies import copy_model
from skdeep.runtime.live_models import (
    LIVE_MODELS,
    LiveModel,
    has_weights,
    load_weights,
)
from skdeep.wrappers._compiling import ModelCompiler
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
_ENCODERS = ("feature_encoder_", "target_encoder_")
# What a fit leaves behind that the function is not told of.
_NOT_METADATA = {"weights_", "history_", "n_iter_", "n_samples_seen_"}


class ModelBuilder(ModelCompiler):
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
        """Build a model, compiled only if the function does that."""

        def build() -> Any:
            model = self._build_keras_model()
            if isinstance(model, keras.Model) and not model.built:
                ensure_built(model, self._example())
            return model

        return built_by(build, seed)

    def _start_model(
        self, seed: int, *, itself: bool = False
    ) -> tuple[LiveModel, keras.Model]:
        """Build the model that is this estimator's from now on.

        With `itself`, a model that was passed as a parameter is taken as it is, since
        it is not going to be trained.
        """
        if itself and isinstance(self.model, keras.Model) and self.model.built:
            model, compilation = self.model, None
        else:
            model = self._new_model(seed)
            compilation = self._compile(model)
        parameters = self._model_parameters()
        live = LIVE_MODELS.put(
            self, model, describe_network(model), parameters, compilation
        )
        return live, model

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
        live.compile()
        return live, model

    def _leave_changed_model(self) -> None:
        """Leave a model that somebody else has changed to them."""
        live = LIVE_MODELS.get(self)
        model = live.model() if live is not None else None
        if live is None or model is None or live.training:
            return
        if live.loaded is self.weights_ and not has_weights(model, self.weights_):
            LIVE_MODELS.forget(self)

    def _network(self) -> runtime.NetworkSpec:
        """Return what builds the network, which is the user's function."""

        def build() -> keras.Model:
            model = self._new_model(0)
            self._compile(model)
            return model

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
        Changing it does not change the estimator, whose numbers are in `weights_`: a
        model that you have given other weights is yours, and is replaced by another.
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
