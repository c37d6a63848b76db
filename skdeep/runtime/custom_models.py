"""Users' Keras models, trained and asked as Keras does it."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from skdeep.runtime.compiled import _constant
from skdeep.runtime.live_models import LiveModel
from skdeep.runtime.seeds import (
    epoch_generator,
    seeded_construction,
    seeded_operations,
)
from skdeep.runtime.training import (
    TrainingOptions,
    TrainingResult,
    TrainingState,
    divergence,
)
from skdeep.runtime.weights import (
    arrays_of,
    assign,
    start_averages,
)

_BATCH_SIZE = 32
#: What `keras.Model.fit` takes that says nothing about rows.
_FIT_ARGUMENTS = {
    "epochs",
    "initial_epoch",
    "verbose",
    "callbacks",
    "class_weight",
    "validation_batch_size",
    "validation_freq",
    "validation_steps",
}


def _exclude_by_name(optimizer: Any, variables: Sequence[Any]) -> None:
    """Let patterns be looked for in the names that Keras has given to variables.

    Keras looks in TensorFlow's, which are all one, see `variables_of_one_name`.
    """
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    if pattern is not None:
        optimizer._exclude_from_weight_decay |= {
            optimizer._var_key(v.value) for v in variables if pattern.search(v.name)
        }


def ensure_built(model: keras.Model, example: Any) -> None:
    """Build a model that has not been told the shape of its input.

    Parameters
    ----------
    model : keras.Model
        The model.
    example : ndarray or structure of such
        Rows of its input.
    """
    if not model.built:
        model(keras.tree.map_structure(keras.ops.convert_to_tensor, _dense(example)))


def build_metrics(model: keras.Model, example: tuple[Any, Any] | None) -> None:
    """Make a compiled model's metrics known, as they are after training.

    Parameters
    ----------
    model : keras.Model
        A compiled model.
    example : tuple
        An input and a target of one row.
    """
    if example is not None and hasattr(model, "_symbolic_build"):
        model._symbolic_build(data_batch=example)


class ShuffledRows(keras.utils.PyDataset):
    """Batches of rows in an order that the seed and the epoch decide.

    Parameters
    ----------
    x, y : structure of arrays
        Inputs and targets.
    sample_weight : ndarray or None
        Weights of the rows.
    places : ndarray of int64
        Row number of each occurrence in an epoch.
    batch_size : int
        Rows in a batch.
    seed, epoch : int
        What decides the order, and how many epochs came before.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        sample_weight: np.ndarray | None,
        places: np.ndarray,
        batch_size: int,
        seed: int,
        epoch: int,
    ) -> None:
        super().__init__()
        self._data = (x, y) if sample_weight is None else (x, y, sample_weight)
        self._places = self._order = places
        self._batch_size = batch_size
        self._seed, self._epoch = seed, epoch

    def __len__(self) -> int:
        return -(-len(self._places) // self._batch_size)

    def on_epoch_begin(self) -> None:
        """Shuffle."""
        generator = epoch_generator(self._seed, self._epoch)
        self._order = self._places[generator.permutation(len(self._places))]
        self._epoch += 1

    def __getitem__(self, index: int) -> Any:
        start = index * self._batch_size
        rows = self._order[start : start + self._batch_size]
        return keras.tree.lists_to_tuples(take_rows(self._data, rows))


class _EpochHooks(keras.callbacks.Callback):
    """Tell the estimator of epochs; stop training that diverges."""

    def __init__(self, options: TrainingOptions, first: int) -> None:
        super().__init__()
        self._options, self._first = options, first

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._options.on_epoch_begin is not None:
            self._options.on_epoch_begin(epoch - self._first)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        # A callback that has stopped already may restore weights at the end.
        watched = () if self.model.stop_training else ("loss", "val_loss")
        for name in watched:
            value = (logs or {}).get(name, 0.0)
            if not np.all(np.isfinite(value)):
                rate = _rate(self.model.optimizer)
                raise divergence(f"{name} became {value}", epoch - self._first, rate)
        if self._options.on_epoch_end is not None and self._options.on_epoch_end(
            epoch - self._first, dict(logs or {}), self.model.get_weights
        ):
            self.model.stop_training = True


def trains_as_keras(model: keras.Model, arguments: dict[str, Any]) -> bool:
    """Tell whether a model's `fit` is Keras' own and is asked for nothing unusual.

    Parameters
    ----------
    model : keras.Model
        The model.
    arguments : dict
        What `fit` is to be called with, beside the rows.

    Returns
    -------
    usual : bool
        Whether rows can be served in an order of our own.
    """
    own_fit = type(model).fit is keras.Model.fit and "fit" not in vars(model)
    known = _FIT_ARGUMENTS | {"batch_size", "shuffle", "validation_split"}
    return (
        own_fit and arguments.get("shuffle", True) is True and set(arguments) <= known
    )


def fit_model(
    live: LiveModel,
    x: Any,
    y: Any,
    sample_weight: np.ndarray | None,
    places: np.ndarray | None,
    *,
    arguments: dict[str, Any],
    options: TrainingOptions,
    state: TrainingState,
) -> TrainingResult:
    """Train a compiled model with its own `fit`.

    Parameters
    ----------
    live : LiveModel
        The model, with the weights to start from.
    x, y : structure of arrays
        Inputs and targets, as the model takes them.
    sample_weight : ndarray of shape (n_rows,) or None
        Weights of the rows.
    places : ndarray of int64 or None
        Row number of each occurrence in an epoch, to be shuffled by the seed; None
        to hand the arrays to the model's `fit` as they are.
    arguments : dict
        What to call `fit` with, beside the rows.
    options : TrainingOptions
        What to tell of epochs.
    state : TrainingState
        State to go on from.

    Returns
    -------
    result : TrainingResult

    Raises
    ------
    ValueError
        If the loss or the weights stop being finite numbers.
    """
    model = live.model()
    _load_state(live, model, state)
    first = arguments.get("initial_epoch", 0)
    callbacks = [*arguments.get("callbacks", ()), _EpochHooks(options, first)]
    arguments = arguments | {"callbacks": callbacks}
    if places is None:
        # Keras shuffles by the seed that TensorFlow has for the whole process.
        draw = epoch_generator(state.seed, state.epoch).integers(2**31)
        with seeded_operations(int(draw)):
            history = model.fit(x=x, y=y, sample_weight=sample_weight, **arguments)
    else:
        history = _fit_shuffled(model, x, y, sample_weight, places, arguments, state)
    live.example = (take_rows(x, [0]), take_rows(y, [0]))
    n_rows = keras.tree.flatten(x)[0].shape[0] if places is None else len(places)
    n_rows = _n_training_rows(n_rows, arguments.get("validation_split"))
    return _result(model, history.history, n_rows, state)


def _fit_shuffled(
    model: keras.Model,
    x: Any,
    y: Any,
    sample_weight: np.ndarray | None,
    places: np.ndarray,
    arguments: dict[str, Any],
    state: TrainingState,
) -> Any:
    arguments = dict(arguments)
    batch_size = arguments.pop("batch_size", None) or _BATCH_SIZE
    arguments.pop("shuffle", None)
    split = arguments.pop("validation_split", None)
    if split:
        # The last rows, as they were given: what Keras documents.
        n_training = _n_training_rows(len(places), split)
        if not 0 < n_training < len(places):
            raise ValueError(
                f"validation_split={split} of {len(places)} rows leaves none to train "
                "on or none to validate on. Pass more rows, or another share."
            )
        held = take_rows((x, y, sample_weight), places[n_training:])
        places = places[:n_training]
        arguments["validation_data"] = keras.tree.lists_to_tuples(_dense(held))
        arguments.setdefault("validation_batch_size", batch_size)
        if arguments["validation_batch_size"] is None:
            arguments["validation_batch_size"] = batch_size
    else:
        arguments.pop("validation_batch_size", None)
    rows = ShuffledRows(
        x, y, sample_weight, places, batch_size, state.seed, state.epoch
    )
    return model.fit(rows, shuffle=False, **arguments)


def _n_training_rows(n_rows: int, split: float | None) -> int:
    """Return how many rows Keras leaves to train on."""
    return int(np.floor(n_rows * (1 - split))) if split else n_rows


def _load_state(live: LiveModel, model: keras.Model, state: TrainingState) -> None:
    optimizer = model.optimizer
    # Keras' MultiOptimizer has some for different variables, and no rate of its own.
    for each in (optimizer, *getattr(optimizer, "optimizers", ())):
        if hasattr(each, "_all_reduce_sum_gradients"):
            # See `CompiledNetwork`: keeps traced graphs from living for ever.
            each._all_reduce_sum_gradients = lambda gradients: gradients
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    _exclude_by_name(optimizer, model.trainable_variables)
    has_rate = isinstance(getattr(optimizer, "learning_rate", None), keras.Variable)
    if live.optimizer_state is None:
        live.optimizer_state = [_constant(v) for v in _optimizer_state(optimizer)]
        live.learning_rate = float(optimizer.learning_rate.numpy()) if has_rate else 0.0
    elif has_rate:
        # A callback may have changed it in the previous training.
        optimizer.learning_rate.assign(live.learning_rate)
    start = live.optimizer_state
    same = state.optimizer is not None and state.optimizer_name == _name(optimizer)
    if same and [a.shape for a in state.optimizer or ()] == [a.shape for a in start]:
        start = state.optimizer or start
    assign(_optimizer_variables(optimizer), start)
    if start is live.optimizer_state:
        start_averages(optimizer, model.trainable_variables)
    seeds = _seeds(model)
    if state.seeds is not None and len(state.seeds) == len(seeds):
        assign(seeds, state.seeds)


def _result(
    model: keras.Model,
    history: dict[str, list[Any]],
    n_rows: int,
    state: TrainingState,
) -> TrainingResult:
    weights = arrays_of(model.weights)
    floats = [array for array in weights if array.dtype.kind == "f"]
    if not all(np.isfinite(array).all() for array in floats):
        raise ValueError(
            "Training diverged: the weights are not finite. Lower the optimizer's "
            "learning_rate, scale the data to about [0, 1], or set "
            "optimizer__clipnorm."
        )
    n_iter = len(history.get("loss", ()))
    return TrainingResult(
        weights,
        {name: [float(v) for v in values] for name, values in history.items()},
        n_iter,
        n_iter * n_rows,
        str(model.compute_dtype),
        TrainingState(
            state.seed,
            state.epoch + n_iter,
            arrays_of(_seeds(model)),
            _optimizer_state(model.optimizer),
            None,
            _name(model.optimizer),
        ),
    )


def random_states(model: keras.Model) -> list[np.ndarray]:
    """Return copies of the states of a model's random layers."""
    return arrays_of(_seeds(model))


def _seeds(model: keras.Model) -> list[Any]:
    others = {id(v) for v in [*model.weights, *model.metrics_variables]}
    # A model that has not been compiled does not know of an optimizer.
    if getattr(model, "optimizer", None) is not None:
        others |= {id(v) for v in model.optimizer.variables}
    return [v for v in model.variables if id(v) not in others]


def _optimizer_variables(optimizer: Any) -> list[Any]:
    rate = getattr(optimizer, "learning_rate", None)
    return [v for v in optimizer.variables if v is not rate]


def _optimizer_state(optimizer: Any) -> list[np.ndarray]:
    return arrays_of(_optimizer_variables(optimizer))


def _rate(optimizer: Any) -> float | None:
    rate = getattr(optimizer, "learning_rate", None)
    return None if rate is None else float(rate)


def _name(optimizer: Any) -> str:
    return f"{type(optimizer).__module__}.{type(optimizer).__qualname__}"


def built_by(function: Callable[[], keras.Model], seed: int) -> keras.Model:
    """Call a function that builds a model, its random numbers drawn from `seed`.

    Parameters
    ----------
    function : callable
        Somebody's function, without arguments.
    seed : int
        Decides initial weights and random layers.

    Returns
    -------
    model : keras.Model

    Raises
    ------
    TypeError
        If the function returns something else.
    """
    with seeded_construction(seed):
        model = function()
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"The function passed as `model` must return a keras.Model, but it "
            f"returned {model!r}, of type {type(model).__name__}. Return the model."
        )
    return model


def take_rows(data: Any, rows: Sequence[int] | np.ndarray) -> Any:
    """Return some rows of arrays, sparse ones filled with zeros.

    Parameters
    ----------
    data : array or structure of such
        What to take from; None stays None.
    rows : sequence of int
        Row numbers.

    Returns
    -------
    taken : array or structure of such
    """

    def take(array: Any) -> Any:
        taken = array[np.asarray(rows)]
        return taken.toarray() if hasattr(taken, "toarray") else taken

    return keras.tree.map_structure(
        lambda array: None if array is None else take(array), data
    )


def _dense(data: Any) -> Any:
    return keras.tree.map_structure(
        lambda array: array.toarray() if hasattr(array, "toarray") else array, data
    )


def watches_predictions(callback: keras.callbacks.Callback) -> bool:
    """Tell whether a callback wants to know of predictions."""
    base = keras.callbacks.Callback
    hooks = [n for n, _ in inspect.getmembers(base) if n.startswith("on_predict")]
    return any(
        name in vars(callback)
        or getattr(type(callback), name) is not getattr(base, name)
        for name in hooks
    )
