"""`to_onnx`."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skdeep import __version__
from skdeep.encoding.atomic_file import write_atomically
from skdeep.onnx.estimators import Tensor, add_estimator, input_of, is_ours
from skdeep.onnx.graph import ML, OPSET, OPSETS, Graph
from skdeep.onnx.requirements import needed

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
        The file. One that exists is replaced when the new one is complete.
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
        If `estimator` is nothing that can be converted.
    ValueError
        If a part cannot be converted, such as an analyzer that is a function.
    OSError
        If the file cannot be written.

    See Also
    --------
    skdeep.persistence.save : Writes what Python can load again, and train further.

    Notes
    -----
    The input is "X", of the shape of the samples in `fit` with any number of rows;
    texts are strings in one dimension. The outputs of a classifier are "label" and
    "probabilities", a plain tensor; anything else has the output "variable". The file
    says with which version of skdeep it was made.

    Files compute in float32, whatever `precision` the estimator was fitted with.
    Probabilities and codes are those of the estimator within 1e-5; a bit, or the label
    of a sample, can differ where the numbers that decide it lie that close together.
    Steps that divide by very small numbers magnify that, such as the standardisation in
    `TransferLearningClassifier` of a feature that hardly varies.

    Files for texts use `com.microsoft.Tokenizer`, an operator of onnxruntime. Strings
    there are UTF-8, so lone surrogates cannot be passed. With `lowercase=True` each
    character is lower-cased by itself: only a capital sigma that ends a word, and the
    Turkish capital I with a dot, are read differently than by Python.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skdeep import StackedAutoencoderTransformer
    >>> from skdeep.onnx import to_onnx
    >>> from sklearn.datasets import load_digits
    >>> coder = StackedAutoencoderTransformer((4,), n_components=2, epochs=1)
    >>> coder = coder.fit(load_digits().data[:50] / 16)
    >>> file = Path(tempfile.mkdtemp()) / "coder.onnx"
    >>> to_onnx(coder, file)  # doctest: +SKIP
    >>> import onnxruntime  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession(file)  # doctest: +SKIP
    """
    for name in ("onnx", "tf2onnx", "skl2onnx"):
        needed(name)
    if pixels not in (None, "uint8", "float32"):
        raise ValueError(f"pixels must be 'uint8', 'float32' or None, got {pixels!r}.")
    steps = list(_steps_of(estimator))
    if not any(map(is_ours, steps)):
        raise TypeError(
            f"to_onnx needs an estimator of skdeep or a Pipeline with one, got "
            f"{estimator!r}. Pass the best_estimator_ of a search; convert what is "
            "scikit-learn's alone by skl2onnx."
        )
    for step in steps:
        check_is_fitted(step)
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
    write_atomically(Path(path), [model.SerializeToString()])


def _steps_of(estimator: Any) -> Iterable[Any]:
    """Return the steps of a Pipeline, also of one in another, that do something."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    steps = [step for _, step in estimator.steps if step not in (None, "passthrough")]
    return [inner for step in steps for inner in _steps_of(step)]


def _runs_of(steps: list[Any]) -> list[list[Any]]:
    """Put neighbours that skl2onnx converts together; each of ours stands alone."""
    runs: list[list[Any]] = []
    for step in steps:
        if runs and not is_ours(step) and not is_ours(runs[-1][-1]):
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
        raise ValueError(
            f"pixels={pixels!r} does not go with {type(first).__name__}, which was "
            f"fitted on {'texts' if taken.dtype is object else 'floats'}, so the unit "
            "is not known. Leave pixels=None."
        )
    return Tensor(taken.name, np.float32, taken.row_shape)


def _add_run(
    graph: Graph, run: list[Any], inputs: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Add steps behind the only output of those before them."""
    (rows,) = inputs.values()
    if is_ours(run[0]):
        return add_estimator(graph, run[0], rows.name)
    return _add_scikit_learn(graph, run, rows)


def _add_scikit_learn(graph: Graph, run: list[Any], rows: Tensor) -> dict[str, Tensor]:
    """Add steps that skl2onnx converts."""
    onnx, skl2onnx = needed("onnx"), needed("skl2onnx")
    types = needed("skl2onnx.common.data_types")
    pipeline = Pipeline([(f"step_{i}", step) for i, step in enumerate(run)])
    name = rows.name
    if rows.dtype != np.float32:
        name = graph.add("Cast", name, to=onnx.TensorProto.FLOAT)
    plain = {id(run[-1]): {"zipmap": False}} if hasattr(run[-1], "classes_") else None
    try:
        model = skl2onnx.convert_sklearn(
            pipeline,
            initial_types=[("X", types.FloatTensorType(rows.shape))],
            target_opset={"": OPSET, ML: OPSETS[ML]},
            options=plain,
        )
    except (NotImplementedError, RuntimeError, ValueError) as error:
        names = ", ".join(type(step).__name__ for step in run)
        raise ValueError(
            f"skl2onnx cannot convert {names}: {error} Leave the step out of the "
            "Pipeline that is written."
        ) from error
    except Exception as error:
        # Its errors for unknown classes derive from Exception alone.
        if not type(error).__module__.startswith("skl2onnx"):
            raise
        names = ", ".join(type(step).__name__ for step in run)
        raise ValueError(
            f"skl2onnx cannot convert {names}: {error} Leave the step out of the "
            "Pipeline that is written."
        ) from error
    declared = {output.name: output.type.tensor_type for output in model.graph.output}
    tensors = graph.include(model, name)
    return {
        output: Tensor(tensors[output], *_declared(kind))
        for output, kind in declared.items()
    }


def _declared(kind: Any) -> tuple[Any, tuple[int | None, ...]]:
    """Return the type of an output and the shape of its rows, as a model says."""
    onnx = needed("onnx")
    dtype = object
    if kind.elem_type != onnx.TensorProto.STRING:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
    return dtype, tuple(size.dim_value or None for size in kind.shape.dim[1:])
