"""From data and a compiled Keras model to weights."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

from skdeep import runtime
from skdeep.base import _flattened
from skdeep.runtime.custom_models import fit_model, random_states, trains_as_keras
from skdeep.runtime.descriptions import TrainingDescription, describe_training
from skdeep.runtime.keras_objectives import long_name
from skdeep.runtime.live_models import LIVE_MODELS, LiveModel
from skdeep.wrappers._compiling import _loss_class
from skdeep.wrappers._data import DataEncoder
from skdeep.wrappers._encoded_rows import EncodedRows
from skdeep.wrappers._target_columns import output_shapes
from skdeep.wrappers._targets import key_of

# Callbacks that look at the end of epochs only, and at nothing that only a model in
# Keras' own training has.
_CALLBACKS_OF_EPOCHS = (
    keras.callbacks.EarlyStopping,
    keras.callbacks.ReduceLROnPlateau,
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.CSVLogger,
)
_FIT_ARGUMENTS = {
    "batch_size",
    "epochs",
    "initial_epoch",
    "shuffle",
    "validation_batch_size",
    "validation_split",
    "verbose",
}
_BATCH_SIZE = 32
# Losses that can be told apart by their names.
_NAMED = (str, keras.losses.Loss, type)

# What a model may do in its own way, so that neither its loss nor the shape of what
# `call` returns tells what becomes of the targets.
_OWN_STEPS = ("train_step", "compute_loss", "predict_step")


class ModelTrainer(DataEncoder):
    """Trains the user's model: compiled once for all fits where possible."""

    # -- fitting ---------------------------------------------------------------------

    @contextmanager
    def _previous_fit_kept(self) -> Iterator[None]:
        with super()._previous_fit_kept():
            try:
                yield
            except BaseException:
                LIVE_MODELS.forget(self)
                raise
            finally:
                vars(self).pop("_model_in_training", None)

    def _forget_fit(self) -> None:
        for name in [n for n in vars(self) if n.endswith("_") and n[0] != "_"]:
            delattr(self, name)
        for name in ("_training_state", "_X_dtype", "_y_dtype"):
            vars(self).pop(name, None)

    def _learn(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        resume: bool,
        one_epoch: bool = False,
        classes: Any = None,
        arguments: dict[str, Any],
    ) -> Any:
        with self._previous_fit_kept():
            resume = resume and self.__sklearn_is_fitted__()
            if not resume:
                self._forget_fit()
                if classes is not None:
                    self.classes_ = np.unique(classes)
            rows, labels, weights = self._prepare(X, y, sample_weight, reset=not resume)
            state = self._state(resume)
            if resume:
                self._leave_changed_model()
                live, model = self._live_model(current=True)
            else:
                self._fit_encoders(rows, labels)
                live, model = self._start_model(state.seed)
            self._model_in_training = model
            self._check_model(live, model)
            targets = self._encoded_targets(labels, model)
            inputs = self._encoded(self.feature_encoder_, rows)
            if hasattr(model, "outputs"):
                self._check_model_compatibility(targets)
            del self._model_in_training
            self._train_model(
                (X, y),
                live,
                model,
                (inputs, targets, weights),
                state,
                resume=resume,
                one_epoch=one_epoch,
                arguments=arguments,
            )
            return self

    def _initialize_model(self, X: Any, y: Any) -> Any:
        """Build the model, and take its weights as they are."""
        with self._previous_fit_kept():
            self._forget_fit()
            rows, labels, _ = self._prepare(X, y, None, reset=True)
            self._fit_encoders(rows, labels)
            live, model = self._start_model(self._draw_seed(), itself=True)
            live.compile()
            if model.compiled and hasattr(self.target_encoder_, "read_loss"):
                shapes = self._known_shapes(model)
                self.target_encoder_.read_loss(model.loss, model, shapes)
            self.weights_ = model.get_weights()
            live.loaded = self.weights_
        return self

    def _state(self, resume: bool) -> runtime.TrainingState:
        kept = vars(self).get("_training_state") if resume else None
        if kept is not None:
            return runtime.TrainingState(**kept)
        return runtime.TrainingState(self._draw_seed())

    def _check_model(self, live: LiveModel, model: keras.Model) -> None:
        """Refuse a model that cannot be trained; learn what its loss says."""
        if live.compilation is not None:
            loss = live.compilation.loss
        else:
            self._ensure_compiled_model()
            loss = model.loss
        losses = keras.tree.flatten(loss)
        if not any(callable(part) or isinstance(part, str) for part in losses):
            raise ValueError(
                f"No valid loss function was found, got loss={loss!r}. You must "
                "provide a loss: pass the parameter `loss`, or compile the model with "
                "one in the function that builds it."
            )
        shapes = self._known_shapes(model)
        if hasattr(self.target_encoder_, "read_loss"):
            self.target_encoder_.read_loss(loss, model, shapes)
        if hasattr(self.target_encoder_, "check_outputs") and not _has_own_steps(model):
            self.target_encoder_.check_outputs(shapes, loss)

    def _known_shapes(self, model: keras.Model) -> list[tuple[int | None, ...]]:
        """Return the shapes of what targets are compared with, as far as one can tell.

        What a class of the user's makes of its outputs, only its own steps know.
        """
        if getattr(model, "outputs", None) is None and _has_own_steps(model):
            return []
        return output_shapes(model, self._example)

    def _check_model_compatibility(self, y: Any) -> None:
        """Refuse other outputs, or another loss, than targets and parameters say.

        SciKeras' own constructs losses to know their names, whatever they need.
        """
        n_outputs = len(self.model_.outputs)
        expected = vars(self).get("n_outputs_expected_") or n_outputs
        if n_outputs != expected:
            raise ValueError(
                f"The network has {n_outputs} outputs, but the target encoder says "
                f"that y is for {expected}. Build a network with as many, or say "
                "n_outputs_expected_ in get_metadata of a target_encoder."
            )
        known = inspect.signature(self.__init__).parameters.get("loss")
        given, got = self.loss, getattr(self.model_, "loss", None)
        named = all(isinstance(loss, _NAMED) for loss in (given, got))
        if known is None or not named or given == known.default:
            return
        if _key_of_any(given) != _key_of_any(got):
            raise ValueError(
                f"The parameter says loss={given!r}, but the network was compiled with "
                f"{got!r}. Compile with compile_kwargs in the function that builds it, "
                "or leave out the parameter."
            )

    def _fit_arguments(
        self, resume: bool, one_epoch: bool, arguments: dict[str, Any], inputs: Any
    ) -> dict[str, Any]:
        """Return what to call `keras.Model.fit` with, beside the rows."""
        routed = self._routed("fit", self._fit_kwargs)
        routed = {k: v for k, v in routed.items() if not k.startswith("callbacks")}
        self._check_fit_arguments({f"fit__{k}": v for k, v in routed.items()})
        self._check_fit_arguments(arguments)
        routed |= arguments
        first = self.current_epoch if one_epoch and resume else 0
        first = arguments.get("initial_epoch", first)
        epochs = 1 if one_epoch else routed.get("epochs", self.epochs)
        routed |= {"epochs": first + epochs, "initial_epoch": first}
        for name in ("batch_size", "validation_batch_size"):
            if routed.get(name) == -1:
                routed[name] = self._all_rows(inputs, name)
        given = arguments.get("callbacks") or []
        given = [given] if isinstance(given, keras.callbacks.Callback) else given
        routed["callbacks"] = [*self._new_callbacks("fit"), *_flattened(given)]
        return routed

    def _check_fit_arguments(self, arguments: dict[str, Any]) -> None:
        """Refuse what the parameter of the same name could not be."""
        constraints = {
            name: self._parameter_constraints[key]
            for name, value in arguments.items()
            if (key := name.removeprefix("fit__")) in _FIT_ARGUMENTS - {"initial_epoch"}
            and value is not None
        }
        for name in constraints.keys() & {"epochs", "fit__epochs"}:
            # Without an epoch, there are shapes and random weights.
            constraints[name] = [Interval(Integral, 0, None, closed="left")]
        checked = {name: arguments[name] for name in constraints}
        validate_parameter_constraints(constraints, checked, type(self).__name__)

    def _new_callbacks(self, method: str) -> list[keras.callbacks.Callback]:
        """Construct the callbacks of "fit" or "predict" from the parameters."""
        self._initialize_callbacks()
        built = {m: vars(self).pop(f"_{m}_callbacks") for m in ("fit", "predict")}
        return _flattened(built[method])

    @staticmethod
    def _all_rows(inputs: Any, name: str) -> int:
        """Return the number of rows, which -1 stands for."""
        if not hasattr(inputs, "shape"):
            raise ValueError(
                f"`{name}=-1` requires that `X` implement `shape`, but the "
                f"feature_encoder made a {type(inputs).__name__} of it. Pass a number."
            )
        return int(inputs.shape[0])

    def _train_model(
        self,
        given: tuple[Any, Any],
        live: LiveModel,
        model: keras.Model,
        data: tuple[Any, Any, np.ndarray | None],
        state: runtime.TrainingState,
        *,
        resume: bool,
        one_epoch: bool,
        arguments: dict[str, Any],
    ) -> None:
        inputs, targets, weights = data
        fit_arguments = self._fit_arguments(resume, one_epoch, arguments, inputs)
        if "validation_data" in fit_arguments:
            fit_arguments["validation_data"] = self._encoded_for_validation(
                fit_arguments["validation_data"], given, (inputs, targets), model
            )
        usual = not arguments.keys() - {"epochs", "initial_epoch"}
        usual = usual and trains_as_keras(model, fit_arguments)
        rows = EncodedRows(inputs, targets, weights, model.compute_dtype)
        plan = None
        if usual and rows.are_arrays and not fit_arguments.get("validation_split"):
            rows.sort()
            plan = self._plan(live, model, fit_arguments, rows)
        options = self._hooked_options(given, plan, live, fit_arguments)
        live.training = plan is None
        try:
            if plan is None:
                live.compile()
                result = fit_model(
                    live,
                    rows.inputs,
                    rows.wanted,
                    rows.weights,
                    rows.places() if usual else None,
                    arguments=fit_arguments,
                    options=options,
                    state=state,
                )
            else:
                result = self._fit_compiled(
                    live, model, plan, rows, options, state, resume=resume
                )
            result.history = {long_name(k): v for k, v in result.history.items()}
            # As in SciKeras, `fit` starts a new history even if it goes on training.
            goes_on = resume and one_epoch and "history_" in vars(self)
            self._keep(result, resume=goes_on, go_on=one_epoch or self.warm_start)
            if plan is None:
                live.loaded = self.weights_
        finally:
            # From here on, other weights than ours are somebody else's.
            live.training = False
            for callback in fit_arguments["callbacks"]:
                # Not the user's own, which may look at the model.
                keras.callbacks.Callback.set_model(callback, None)
        self._callback_fit_ctx.call_on_fit_task_end(
            estimator=self, X=given[0], y=given[1], reconstruction_attributes=dict
        )

    def _plan(
        self,
        live: LiveModel,
        model: keras.Model,
        arguments: dict[str, Any],
        rows: EncodedRows,
    ) -> TrainingDescription | None:
        """Describe the training, if it can be compiled for all fits of this network."""
        callbacks = arguments["callbacks"]
        simple = set(arguments) - {"callbacks"} <= _FIT_ARGUMENTS and all(
            _looks_at_epochs_only(callback) for callback in callbacks
        )
        if live.description is None or not simple:
            return None
        if callbacks and arguments["initial_epoch"]:
            return None
        if not rows.suit(model):
            return None
        return describe_training(model, live.compilation)

    def _hooked_options(
        self,
        given: tuple[Any, Any],
        plan: TrainingDescription | None,
        live: LiveModel,
        arguments: dict[str, Any],
    ) -> Any:
        """Return how to train, with scikit-learn's callbacks told of epochs."""
        epochs = arguments["epochs"] - arguments["initial_epoch"]
        if plan is None:
            # All else is for Keras to know, the progress bar included.
            options: Any = SimpleNamespace(epochs=epochs)
        else:
            options = runtime.TrainingOptions(
                optimizer=plan.optimizer,
                learning_rate=plan.learning_rate,
                epochs=epochs,
                batch_size=arguments.get("batch_size") or _BATCH_SIZE,
                precision=live.description.precision,
                callbacks=arguments["callbacks"],
            )
        shown = arguments.get("verbose") if plan is not None else 0
        shown = 1 if shown == "auto" else shown or 0
        self._call_scikit_learn(*given, options, verbose=shown)
        return options

    def _fit_compiled(
        self,
        live: LiveModel,
        model: keras.Model,
        plan: TrainingDescription,
        rows: EncodedRows,
        options: runtime.TrainingOptions,
        state: runtime.TrainingState,
        *,
        resume: bool,
    ) -> runtime.TrainingResult:
        if not resume:
            state = runtime.TrainingState(state.seed, seeds=random_states(model))
        live.example = rows.example()
        inputs, targets = rows.feeds()
        return runtime.fit(
            live.description.network,
            plan.loss,
            inputs,
            targets,
            options=options,
            seed=state.seed,
            sample_weight=rows.weights,
            metrics=plan.metrics,
            weights=self.weights_ if resume else runtime.arrays_of(model.weights),
            state=state,
        )


def _key_of_any(loss: Any) -> str:
    """Return what all names of a loss have in common, short ones included."""
    return key_of(_loss_class(loss) if isinstance(loss, str) else loss)


def _looks_at_epochs_only(callback: keras.callbacks.Callback) -> bool:
    """Tell whether a callback does without anything that Keras' own training has."""
    if type(callback) not in _CALLBACKS_OF_EPOCHS:
        return False
    # Whether a metric should rise or fall, Keras asks the metrics of the model.
    monitor = str(getattr(callback, "monitor", "loss")).removeprefix("val_")
    return monitor == "loss" or callback.mode in ("min", "max")


def _has_own_steps(model: keras.Model) -> bool:
    """Tell whether a model trains or predicts in another way than Keras does."""
    return any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in _OWN_STEPS
    )
