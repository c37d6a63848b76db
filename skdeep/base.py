"""The estimator that all others are: parameters plus numbers.

This is the only file that knows SciKeras. What works there is kept: the routing of
parameters such as ``optimizer__momentum`` and the construction of optimizers and
callbacks from them. What does not work on today's scikit-learn is replaced, and
hidden where a class should not have it.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from os import PathLike
from typing import Any

import keras
import numpy as np
from scikeras._utils import (
    get_optimizer_class,
    route_params,
    try_to_convert_strings_to_classes,
    unflatten_params,
)
from scikeras.wrappers import BaseWrapper
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from skdeep import runtime
from skdeep.documentation import DocumentationLinkMixin
from skdeep.encoding.numbers import refuse_masked, understood
from skdeep.mixins.advice import AdviceMixin
from skdeep.mixins.checkpointing import CheckpointMixin
from skdeep.mixins.routed_parameters import (
    RoutedParametersMixin,
    check_routed,
    check_routed_rate,
)
from skdeep.mixins.summarizing import SummaryMixin
from skdeep.runtime.keras_copies import mend_copies
from skdeep.runtime.progress import EpochProgress

# scikit-learn refuses to read the tags of any class with a parent that defines
# `_more_tags` but not `__sklearn_tags__`. SciKeras' class gets the one it inherits
# anyway, so nothing changes for others who use it.
if "__sklearn_tags__" not in vars(BaseWrapper):
    BaseWrapper.__sklearn_tags__ = BaseEstimator.__sklearn_tags__

# It also decides how objects of Keras are copied, which fails for users' own classes.
mend_copies()

TRAINING_CONSTRAINTS: dict[str, list[Any]] = {
    "epochs": [Interval(Integral, 1, None, closed="left")],
    "batch_size": [Interval(Integral, 1, None, closed="left")],
    "optimizer": [str, type, keras.optimizers.Optimizer],
    "learning_rate": [Interval(Real, 0, None, closed="neither"), callable],
    "learning_rate_schedule": [StrOptions(set(runtime.SCHEDULES))],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    "tol": [Interval(Real, 0, None, closed="left")],
    "precision": [StrOptions({"float32", "bfloat16", "float64", "auto"})],
    "callbacks": [list, tuple, dict, type, keras.callbacks.Callback, None],
    "warm_start": ["boolean"],
    "checkpoint": [str, PathLike, None],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}

CLASSIFIER_CONSTRAINTS: dict[str, list[Any]] = {
    "class_weight": [dict, StrOptions({"balanced"}), None],
    **TRAINING_CONSTRAINTS,
}

# What scikit-learn's callbacks leave on an estimator until `fit` is over.
_ENDING_OF_FIT = {"_callback_fit_ctx", "_skl_callbacks_to_teardown"}


class _Hidden:
    """An inherited attribute that this class does not have."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__!r} has no attribute {self.name!r}")


class DeepEstimator(
    CheckpointMixin,
    RoutedParametersMixin,
    SummaryMixin,
    AdviceMixin,
    DocumentationLinkMixin,
    CallbackSupportMixin,
    BaseWrapper,
):
    """Base of all estimators: parameters, training, weights.

    A fitted estimator holds NumPy arrays and plain values. Subclasses have an
    explicit ``__init__`` that assigns its parameters and ends with
    ``self._route(routed)``, a method ``_network`` that returns the specification
    of their network, and two mixins: what goes in and what comes out.
    """

    # What SciKeras' own code looks for on every estimator.
    model = build_fn = None

    initialize = _Hidden()
    predict = _Hidden()
    scorer = _Hidden()
    score = _Hidden()
    fit = _Hidden()
    partial_fit = _Hidden()

    __repr__ = BaseEstimator.__repr__

    # -- fitted state --------------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        return "weights_" in vars(self)

    @property
    def model_(self) -> keras.Model:
        """A new `keras.Model` with the fitted weights, independent of this object."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"This {type(self).__name__} has no model_ yet. Call fit first."
            )
        with runtime.seeded_construction(0), runtime.dtype_policy(self._inference):
            model = self._network()()
        runtime.assign_weights(model, self.weights_)
        return model

    @property
    def _inference(self) -> str:
        return "float64" if self.precision == "float64" else "float32"

    @contextmanager
    def _previous_fit_kept(self) -> Iterator[None]:
        """Put everything back as it was if fitting fails or is interrupted."""
        before = dict(vars(self))
        try:
            yield
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | MemoryError):
                fitted = "weights_" in before
                state = "keeps its last complete fit" if fitted else "is not fitted"
                error.add_note(f"{type(self).__name__} {state}.")
            # scikit-learn needs these once more, to tell its callbacks of the end.
            ending = {k: v for k, v in vars(self).items() if k in _ENDING_OF_FIT}
            vars(self).clear()
            vars(self).update(before | ending)
            raise

    # -- training --------------------------------------------------------------------

    def _setting(self, name: str) -> Any:
        """Return the value to train with of a parameter, None if it has none."""
        return getattr(self, name)

    def _optimizer_parameters(self) -> dict[str, Any]:
        """Return what the optimizer is constructed with."""
        return route_params(
            self.get_params(deep=False), "optimizer", pass_filter=set(), strict=True
        )

    def _optimizer(self) -> tuple[runtime.OptimizerSpec, Any]:
        """Return what to compile and the learning rate to run it with."""
        routed = self._optimizer_parameters()
        rate = routed.get("learning_rate", self._setting("learning_rate"))
        allowed = TRAINING_CONSTRAINTS["learning_rate"]
        check_routed_rate(routed.get("learning_rate"), allowed, type(self).__name__)
        optimizer = self._setting("optimizer")
        if not isinstance(optimizer, keras.optimizers.Optimizer):
            # To an instance a routed rate is as foreign as any other parameter.
            routed.pop("learning_rate", None)
        try:
            if isinstance(optimizer, str):
                optimizer = try_to_convert_strings_to_classes(
                    optimizer, get_optimizer_class
                )
            optimizer = unflatten_params(items=optimizer, params=routed)
            if not isinstance(optimizer, keras.optimizers.Optimizer):
                raise TypeError(f"it makes {optimizer!r}")
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(
                f"optimizer={optimizer!r} with {routed or 'no routed parameters'} "
                f"is not a Keras optimizer: {error}. Use a name such as 'adam', a "
                "class, or an instance; routed parameters start with optimizer__."
            ) from error
        if runtime.tells_variables_apart(optimizer):
            raise ValueError(
                f"optimizer={optimizer!r} tells variables apart by their names, and "
                f"those of {type(self).__name__}'s network are its own affair. Leave "
                "out exclude_from_weight_decay, exclude_layers and MultiOptimizer, or "
                "wrap a network of yours by KerasClassifier or KerasRegressor."
            )
        if optimizer is self.optimizer or rate is None:
            # An instance comes with its own learning rate; it is never trained with.
            rate = optimizer.learning_rate
            rate = rate if callable(rate) else float(np.asarray(rate))
            schedule = optimizer._learning_rate
            if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
                rate = schedule
        return runtime.OptimizerSpec.from_optimizer(optimizer), rate

    def _options(self, **changes: Any) -> runtime.TrainingOptions:
        routed = route_params(
            self.get_params(deep=False), "fit", pass_filter=set(), strict=True
        )
        check_routed(routed, type(self).__name__)
        # SciKeras builds callbacks from classes, lists and routed parameters.
        try:
            self._initialize_callbacks()
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(_callbacks_refused(self.callbacks, error)) from error
        callbacks = _flattened(vars(self).pop("_fit_callbacks"))
        del self._predict_callbacks
        for callback in callbacks:
            if not isinstance(callback, keras.callbacks.Callback):
                raise ValueError(_callbacks_refused(self.callbacks, repr(callback)))
        self._check_checkpoint(callbacks)
        optimizer, rate = self._optimizer()
        options = {
            "optimizer": optimizer,
            "learning_rate": rate,
            "epochs": routed.get("epochs", self._setting("epochs")),
            "batch_size": routed.get("batch_size", self._setting("batch_size")),
            "learning_rate_schedule": self._setting("learning_rate_schedule"),
            "early_stopping": self.early_stopping,
            "validation_fraction": self.validation_fraction,
            "n_iter_no_change": self.n_iter_no_change,
            "tol": self.tol,
            "precision": self.precision,
            "callbacks": callbacks,
            "small_last_batch": False,
        }
        return runtime.TrainingOptions(**(options | changes))

    def _one_epoch_options(self) -> runtime.TrainingOptions:
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True, since it makes one "
                "pass over the rows it is given. Set early_stopping=False, or use fit."
            )
        self._check_checkpoint(one_epoch=True)
        return self._options(epochs=1, learning_rate_schedule="constant")

    def _train(
        self,
        X: Any,
        y: Any,
        inputs: runtime.Feed,
        targets: runtime.ArrayFeed | None,
        *,
        loss: runtime.LossSpec,
        metrics: tuple[tuple[str, runtime.LossSpec], ...] = (),
        sample_weight: np.ndarray | None = None,
        strata: np.ndarray | None = None,
        initial_weights: list[np.ndarray] | None = None,
        seed: int | None = None,
        resume: bool = False,
        one_epoch: bool = False,
    ) -> None:
        """Train on encoded rows and keep weights, history and, to go on, the state.

        `X` and `y` are what the user passed, for scikit-learn's callbacks. Without
        `initial_weights` Keras' initialisers make them. `seed` is one drawn before, by
        what made these weights.
        """
        resume = resume and self.__sklearn_is_fitted__()
        state = vars(self).get("_training_state") if resume else None
        state = runtime.TrainingState(**state) if state is not None else None
        options = self._one_epoch_options() if one_epoch else self._options()
        self._call_scikit_learn(X, y, options)
        if not resume:
            self._advise_on_precision()
        if state is not None:
            seed = state.seed
        elif seed is None:
            seed = self._draw_seed()
        start = self.weights_ if resume else initial_weights
        given = {"sample_weight": sample_weight, "strata": strata, "weights": start}
        options.checkpoint = self._training_checkpoint(
            inputs, targets, sample_weight=sample_weight, weights=start, state=state
        )
        try:
            result = runtime.fit(
                self._network(),
                loss,
                inputs,
                targets,
                options=options,
                seed=seed,
                metrics=metrics,
                state=state,
                **given,
            )
        finally:
            for callback in options.callbacks:
                # Not through an override, which counts on getting a model.
                keras.callbacks.Callback.set_model(callback, None)
        self._keep(result, resume=resume, go_on=one_epoch or self.warm_start)
        self._callback_fit_ctx.call_on_fit_task_end(
            estimator=self, X=X, y=y, reconstruction_attributes=dict
        )
        if not resume:
            self._advise_on_convergence(result.history, options)

    def _keep(
        self, result: runtime.TrainingResult, *, resume: bool, go_on: bool
    ) -> None:
        """Set the fitted attributes."""
        self.weights_ = result.weights
        self.history_ = _joined(self.history_ if resume else {}, result.history)
        self.n_iter_ = result.n_iter + (self.n_iter_ if resume else 0)
        seen = self.n_samples_seen_ if resume else 0
        self.n_samples_seen_ = result.n_rows + seen
        # The optimizer's state is twice the size of the weights: it is kept only
        # where somebody has said that training is to go on.
        vars(self).pop("_training_state", None)
        if go_on:
            self._training_state = dict(vars(result.state))

    def _call_scikit_learn(
        self,
        X: Any,
        y: Any,
        options: runtime.TrainingOptions,
        verbose: int | None = None,
    ) -> None:
        """Let scikit-learn's callbacks take part, and show progress if asked to."""
        verbose = self.verbose if verbose is None else verbose
        context = self._init_callback_context(max_subtasks=options.epochs)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        if verbose:
            early = getattr(options, "early_stopping", False)
            name = type(self).__name__
            options.progress = EpochProgress(name, options.epochs, verbose, early=early)
        current: list[Any] = []

        def on_epoch_begin(epoch: int) -> None:
            current[:] = [context.subcontext(task_name="epoch")]
            current[0].call_on_fit_task_begin(estimator=self, X=X, y=y)

        def on_epoch_end(
            epoch: int, logs: dict[str, float], weights: Callable[[], list[np.ndarray]]
        ) -> bool:
            return current[0].call_on_fit_task_end(
                estimator=self,
                X=X,
                y=y,
                reconstruction_attributes=lambda: {"weights_": weights()},
            )

        options.on_epoch_begin, options.on_epoch_end = on_epoch_begin, on_epoch_end

    def _check_weights(self, sample_weight: Any, rows: Any) -> np.ndarray | None:
        """Return non-negative weights in float64, not all of them zero."""
        if sample_weight is None:
            return None
        refuse_masked(sample_weight, "sample_weight")
        with understood("sample_weight"):
            weights = _check_sample_weight(
                sample_weight,
                np.empty(len(rows)),
                dtype=np.float64,
                ensure_non_negative=True,
            )
        if not weights.any():
            raise ValueError(
                "sample_weight is zero for all samples, so there is nothing to train "
                "on. Give at least one sample a positive weight."
            )
        return weights

    # -- inference -------------------------------------------------------------------

    def _infer(self, feed: runtime.Feed, part: str | None = None) -> Any:
        check_is_fitted(self)
        outputs = runtime.infer(
            self._network(), self.weights_, feed, part=part, precision=self.precision
        )
        self._check_outputs(outputs)
        return outputs

    def _check_outputs(self, outputs: Any) -> None:
        """Refuse samples whose outputs are not numbers."""
        arrays = outputs.values() if isinstance(outputs, dict) else [outputs]
        if not all(np.isfinite(array).all() for array in arrays):
            raise ValueError(
                f"The network of this {type(self).__name__} turns X into numbers that "
                "are not finite: X holds numbers too large for it. Scale X as it was "
                "in fit."
            )


def _callbacks_refused(callbacks: Any, found: Any) -> str:
    return (
        f"callbacks={callbacks!r} must be callbacks of Keras, classes of them, or "
        f"lists or dicts of both, but there is something else: {found}. Pass objects "
        "of keras.callbacks.Callback."
    )


def _joined(
    before: dict[str, list[float]], after: dict[str, list[float]]
) -> dict[str, list[float]]:
    """Put two histories behind each other, each number at the place of its epoch."""
    n_epochs = max(map(len, before.values()), default=0)
    joined = dict(before)
    for name, values in after.items():
        earlier = before.get(name, [])
        # Without validation, epochs have a loss only.
        missing = [math.nan] * (n_epochs - len(earlier))
        joined[name] = [*earlier, *missing, *values]
    return joined


def _flattened(callbacks: list[Any]) -> list[keras.callbacks.Callback]:
    flat: list[keras.callbacks.Callback] = []
    for callback in callbacks:
        flat += callback if isinstance(callback, list) else [callback]
    return flat
