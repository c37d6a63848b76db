"""`to_onnx`."""

import copy
from collections.abc import Iterable
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.validation import check_is_fitted

from skdeep import __version__
from skdeep.encoding.atomic_file import write_atomically
from skdeep.onnx.estimators import Tensor, add_estimator, input_of, is_ours
from skdeep.onnx.graph import ML, OPSET, OPSETS, Graph
from skdeep.runtime.requirements import needed

__all__ = ["to_onnx"]


def to_onnx(
    estimator: Any, path: str | PathLike[str], *, pixels: str | None = None
) -> None:
    """Write a fitted estimator to an ONNX file, which runs without Python.

    Networks are converted by tf2onnx, steps of scikit-learn before and behind them by
    skl2onnx. Texts are cut and looked up inside the file, which holds the vocabulary.

    Parameters
    ----------
    estimator : estimator or Pipeline
        A fitted classifier or transformer of skdeep; or a fitted Pipeline of such ones
        and of steps that skl2onnx converts.
    path : str or path-like
        The file. One that exists is replaced when the new one is complete, and stays
        as it is if anything goes wrong.
    pixels : {"uint8", "float32"}, default=None
        Type of the images or vectors that the file takes. None is uint8 if the
        estimator was fitted on such pixels, otherwise float32. Either way the unit is
        that of `fit`: pixels from 0 to 255 are scaled inside the file.

    Raises
    ------
    ModuleNotFoundError
        If the extra `onnx` is not installed; the message has the command to run.
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If `estimator` is nothing that can be converted, or `path` is no path.
    ValueError
        If a part cannot be converted, such as an analyzer that is a function, or a step
        that skl2onnx does not know; the message names it. If onnxruntime, where it is
        installed, cannot open the file.
    OSError
        If the file cannot be written.

    See Also
    --------
    skdeep.persistence.save : Writes what Python can load again, and train further.

    Notes
    -----
    The input is "X", of the shape of the samples in `fit` with any number of rows:
    strings in one dimension for texts; one matrix of float32 if a step of scikit-learn
    comes first, also where it was fitted on a data frame; int64 for a network of your
    own that was fitted on integers. The outputs of a classifier are "label" and
    "probabilities", a plain tensor; anything else of skdeep has the output "variable",
    and a last step of scikit-learn the outputs that skl2onnx gives it. The file says
    with which version of skdeep it was made.

    Files compute in float32, whatever `precision` the estimator was fitted with.
    Probabilities and codes are those of the estimator within 1e-5, for codes larger
    than one relative to their size; a bit, or the label of a sample, can differ where
    the numbers that decide it lie that close together.
    Steps that divide by very small numbers magnify that, such as the standardisation in
    `TransferLearningClassifier` of a feature that hardly varies; so do steps that
    subtract numbers much larger than what remains.

    Files for texts use ``com.microsoft.Tokenizer``, an operator that onnxruntime has
    and other programs do not. Strings there are UTF-8, so lone surrogates cannot be
    passed. With `lowercase=True` each character is lower-cased by itself: only a
    capital sigma that ends a word, and the Turkish capital I with a dot, are read
    differently than by Python.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import onnxruntime
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import StackedAutoencoderTransformer
    >>> from skdeep.onnx import to_onnx
    >>> X = load_digits().data[:50].astype("float32") / 16
    >>> coder = StackedAutoencoderTransformer((4,), n_components=2, epochs=1).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_onnx(coder, Path(folder, "coder.onnx"))
    ...     session = onnxruntime.InferenceSession(Path(folder, "coder.onnx"))
    >>> (codes,) = session.run(["variable"], {"X": X})
    >>> bool(abs(codes - coder.transform(X)).max() < 1e-5)
    True
    """
    for name in ("onnx", "tf2onnx", "skl2onnx"):
        needed(name)
    _check_options(path, pixels)
    steps = list(_steps_of(estimator))
    _check_steps(steps, estimator)
    graph = Graph()
    taken = _input_of(steps[0], pixels)
    graph.input(taken.name, taken.dtype, taken.shape)
    outputs = {"variable": taken}
    for run in _runs_of(steps):
        outputs = _add_run(graph, run, outputs)
    for name, tensor in outputs.items():
        graph.output(name, tensor.name, tensor.dtype, tensor.shape)
    model = graph.model(
        type(steps[-1]).__name__,
        {
            "skdeep_version": __version__,
            "skdeep_steps": " ".join(type(step).__name__ for step in steps),
        },
    )
    content = model.SerializeToString()
    _check_opens(content)
    write_atomically(Path(path), [content])


def _check_opens(content: bytes) -> None:
    """Refuse a model that onnxruntime, if it is installed, does not run."""
    if find_spec("onnxruntime") is None:
        return
    onnxruntime = needed("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # What it would report is raised.
    options.log_severity_level = 4
    try:
        onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        # Any: it has an error of its own for each kind of failure.
        raise ValueError(
            f"onnxruntime cannot open what was made of the estimator: {error} It has "
            "few operators for other numbers than float32: build the network in that."
        ) from error


def _check_options(path: Any, pixels: Any) -> None:
    if not isinstance(path, str | PathLike):
        raise TypeError(
            f"path must be a str or a path, got {path!r}. Pass where the file is to "
            "be, as in pathlib.Path('model.onnx')."
        )
    if pixels not in (None, "uint8", "float32"):
        raise ValueError(f"pixels must be 'uint8', 'float32' or None, got {pixels!r}.")


def _check_steps(steps: list[Any], estimator: Any) -> None:
    """Refuse what is not fitted, and what neither converter can write."""
    if not any(map(is_ours, steps)):
        raise TypeError(
            f"to_onnx needs an estimator of skdeep or a Pipeline with one, got "
            f"{estimator!r:.200}. Pass the best_estimator_ of a search; convert what "
            "is scikit-learn's alone by skl2onnx."
        )
    for step in steps:
        check_is_fitted(step)
        if not is_ours(step):
            _check_step(step, is_last=step is steps[-1])


def _check_step(step: Any, *, is_last: bool) -> None:
    """Refuse a step of scikit-learn's that skl2onnx would write wrongly."""
    name, parts = type(step).__name__, step.get_params().values()
    for part in filter(is_ours, parts):
        raise ValueError(
            f"{name} holds {type(part).__name__}, but only a Pipeline around "
            f"estimators of skdeep can be written to an ONNX file. Write "
            f"{type(part).__name__} to a file of its own."
        )
    if (is_classifier(step) or is_regressor(step)) and not is_last:
        # LinearDiscriminantAnalysis and PLSRegression can transform, for two.
        raise ValueError(
            f"{name} stands before other steps, but skl2onnx writes the predictions of "
            "classifiers and regressors only. Put it at the end, or leave it out."
        )
    indicator = getattr(step, "indicator_", None)
    if indicator is not None and len(indicator.features_):
        raise ValueError(
            f"{name} adds columns that say where values were missing, which skl2onnx "
            "leaves out. Pass add_indicator=False."
        )
    if isinstance(step, ColumnTransformer | FeatureUnion):
        for part in parts:
            if hasattr(part, "predict"):
                raise ValueError(
                    f"{name} holds {type(part).__name__}, which skl2onnx would have "
                    "predict there, not transform. Put it into the Pipeline as a step."
                )


def _steps_of(estimator: Any) -> Iterable[Any]:
    """Return the steps of a Pipeline, also of one in another, that do something."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    steps = [step for _, step in estimator.steps if step not in (None, "passthrough")]
    return [inner for step in steps for inner in _steps_of(step)]


def _runs_of(steps: list[Any]) -> list[list[Any]]:
    """Put neighbours that skl2onnx converts together; each of ours stands alone.

    Nothing stands behind a step that can predict, too, such as KMeans: skl2onnx would
    hand on all of its outputs.
    """
    runs: list[list[Any]] = []
    for step in steps:
        last = runs[-1][-1] if runs else None
        if runs and not (is_ours(step) or is_ours(last) or hasattr(last, "predict")):
            runs[-1].append(step)
        else:
            runs.append([step])
    return runs


def _input_of(first: Any, pixels: str | None) -> Tensor:
    """Return what the file takes."""
    if is_ours(first):
        taken = input_of(first)
    elif isinstance(n := getattr(first, "n_features_in_", None), int | np.integer):
        taken = Tensor("X", np.float32, (int(n),))
    else:
        raise ValueError(
            f"{type(first).__name__} does not say how many features it takes, which "
            "an ONNX file must. Begin the Pipeline with a step that does."
        )
    if pixels is None or taken.dtype == np.dtype(pixels):
        return taken
    if pixels == "uint8" or taken.dtype is object:
        kind = "texts" if taken.dtype is object else np.dtype(taken.dtype).name
        raise ValueError(
            f"pixels={pixels!r} does not go with {type(first).__name__}, which takes "
            f"{kind} as in fit, so the unit is not known. Leave pixels=None."
        )
    return Tensor(taken.name, np.float32, taken.row_shape)


def _add_run(
    graph: Graph, run: list[Any], inputs: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Add steps behind what those before them give."""
    # What a step that can predict, too, transforms to is the last of its outputs.
    rows = list(inputs.values())[-1]
    _check_width(run[0], rows)
    if is_ours(run[0]):
        return add_estimator(graph, run[0], rows)
    return _add_scikit_learn(graph, run, rows)


def _check_width(step: Any, rows: Tensor) -> None:
    """Refuse rows of another width than a step was fitted on."""
    n_features = getattr(step, "n_features_in_", None)
    if len(rows.row_shape) == 1 and None not in (*rows.row_shape, n_features):
        (width,) = rows.row_shape
        if width != n_features:
            raise ValueError(
                f"{type(step).__name__} was fitted on {n_features} features, but what "
                f"stands before it in the ONNX file gives {width}: skl2onnx writes one "
                "of those steps in another way. Leave it out of the Pipeline."
            )


def _add_scikit_learn(graph: Graph, run: list[Any], rows: Tensor) -> dict[str, Tensor]:
    """Add steps that skl2onnx converts."""
    onnx = needed("onnx")
    name = rows.name
    if rows.dtype != np.float32:
        name = graph.add("Cast", name, to=onnx.TensorProto.FLOAT)
    try:
        model = _converted(run, rows.shape)
    except Exception as error:
        # Any: its own errors derive from nothing more special, and what it does not
        # expect shows as errors of all kinds.
        raise ValueError(
            f"skl2onnx cannot convert {', '.join(type(s).__name__ for s in run)} for "
            f"rows of float32: {error} Leave the step out of the Pipeline that is "
            "written."
        ) from error
    declared = {output.name: output.type.tensor_type for output in model.graph.output}
    tensors = graph.include(model, name)
    return {
        output: Tensor(tensors[output], *_declared(kind))
        for output, kind in declared.items()
    }


def _converted(run: list[Any], shape: list[int | None]) -> Any:
    """Return what skl2onnx makes of fitted steps that take float32 of a shape."""
    types = needed("skl2onnx.common.data_types")
    steps = [(f"step_{i}", _by_position(step)) for i, step in enumerate(run)]
    plain = {id(run[-1]): {"zipmap": False}} if hasattr(run[-1], "classes_") else None
    return needed("skl2onnx").convert_sklearn(
        Pipeline(steps),
        initial_types=[("X", types.FloatTensorType(shape))],
        target_opset={"": OPSET, ML: OPSETS[ML]},
        options=plain,
    )


def _by_position(step: Any) -> Any:
    """Return a step that finds columns by position, as there are no names in X."""
    if not isinstance(step, ColumnTransformer):
        return step
    places = step._transformer_to_input_indices
    step = copy.copy(step)
    step.transformers_ = [
        (name, part, list(map(int, places.get(name, []))))
        for name, part, _ in step.transformers_
    ]
    return step


def _declared(kind: Any) -> tuple[Any, tuple[int | None, ...]]:
    """Return the type of an output and the shape of its rows, as a model says."""
    onnx = needed("onnx")
    dtype = object
    if kind.elem_type != onnx.TensorProto.STRING:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
    return dtype, tuple(size.dim_value or None for size in kind.shape.dim[1:])
