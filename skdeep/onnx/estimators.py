"""Our estimators as parts of an ONNX graph."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from skdeep.base import DeepEstimator
from skdeep.mixins import (
    AutoencoderMixin,
    HashingMixin,
    ImageInputMixin,
    LabelLearningMixin,
    TextInputMixin,
)
from skdeep.mixins.backbone import BackboneMixin
from skdeep.mixins.classification import ClassificationMixin
from skdeep.onnx.ends import (
    add_bits,
    add_classes,
    add_halves,
    add_images,
    add_probabilities,
    writable_classes,
)
from skdeep.onnx.graph import OPSET, Graph, element_type
from skdeep.onnx.texts import add_token_ids, check_encoding
from skdeep.runtime.onnx_graphs import functional_network, network_graph
from skdeep.wrappers import (
    BaseWrapper,
    KerasClassifier,
    KerasRegressor,
    KerasTransformer,
)

__all__ = ["Tensor", "add_estimator", "input_of", "is_ours"]

_FAMILIES = (DeepEstimator, BackboneMixin, BaseWrapper)


@dataclass(frozen=True)
class Tensor:
    """A tensor in a graph.

    Attributes
    ----------
    name : str
        Its name in the graph, or the name of an input to be.
    dtype : type
        NumPy's type of its elements; object for strings.
    row_shape : tuple of int or None
        Its shape without the first axis, the rows; None where it is not known.
    """

    name: str
    dtype: Any
    row_shape: tuple[int | None, ...]

    @property
    def shape(self) -> list[int | None]:
        """The shape of any number of rows."""
        return [None, *self.row_shape]


def is_ours(estimator: Any) -> bool:
    """Tell whether this package converts an estimator, rather than skl2onnx."""
    return isinstance(estimator, _FAMILIES)


def input_of(estimator: Any) -> Tensor:
    """Return what a fitted estimator of ours takes, as in `fit`."""
    if isinstance(estimator, TextInputMixin):
        return Tensor("X", object, ())
    if isinstance(estimator, BaseWrapper):
        shape = tuple(map(int, estimator.X_shape_[1:]))
        return Tensor("X", _taken_by_own_network(estimator), shape)
    images = estimator._images
    dtype = np.uint8 if images.is_uint8 else np.float32
    return Tensor("X", dtype, tuple(map(int, images.sample_shape)))


def _taken_by_own_network(estimator: Any) -> Any:
    """Return the type of the samples of a wrapper."""
    if estimator.X_dtype_ == np.uint8:
        return np.uint8
    return np.int64 if estimator.X_dtype_.kind in "iu" else np.float32


def add_estimator(graph: Graph, estimator: Any, rows: Tensor) -> dict[str, Tensor]:
    """Add a fitted estimator of ours behind a tensor.

    Parameters
    ----------
    graph : Graph
        The graph to add to.
    estimator : estimator
        For which `is_ours` is true.
    rows : Tensor
        Samples as in `fit`.

    Returns
    -------
    outputs : dict of str to Tensor
        "label" and "probabilities" of a classifier, "variable" of anything else.
    """
    estimator = _in_single_precision(estimator)
    if isinstance(estimator, BaseWrapper):
        return _add_own_network(graph, estimator, rows.name)
    if isinstance(estimator, TextInputMixin):
        encoding = estimator._text_encoding()
        check_encoding(encoding, type(estimator).__name__)
        inputs = add_token_ids(graph, rows.name, encoding)
    elif isinstance(estimator, ImageInputMixin):
        inputs = add_images(graph, rows.name, estimator._images)
    else:
        raise _not_written(estimator)
    if isinstance(estimator, ClassificationMixin):
        logits, shape = _add_network(graph, estimator.model_, inputs)
        probabilities = add_probabilities(graph, logits, shape[0])
        return _classified(graph, estimator.classes_, probabilities)
    if isinstance(estimator, AutoencoderMixin | HashingMixin | LabelLearningMixin):
        return _add_encoder(graph, estimator, inputs)
    features, shape = _add_network(graph, estimator.model_, inputs)
    return {"variable": Tensor(features, np.float32, shape)}


def _in_single_precision(estimator: Any) -> Any:
    """Return an estimator whose `model_` computes in float32, as ONNX files do."""
    if getattr(estimator, "precision", None) != "float64":
        return estimator
    single = copy.copy(estimator)
    single.precision = "float32"
    single.weights_ = [np.asarray(w, dtype=np.float32) for w in estimator.weights_]
    return single


def _add_network(
    graph: Graph, network: Any, inputs: str
) -> tuple[str, tuple[int, ...]]:
    """Add a network; return the name of its output and the shape of a row of it."""
    (output,) = graph.include(network_graph(network, OPSET), inputs).values()
    return output, tuple(network.output_shape[1:])


def _classified(graph: Graph, classes: Any, probabilities: str) -> dict[str, Tensor]:
    labels = writable_classes(classes)
    label = add_classes(graph, probabilities, labels)
    dtype = object if labels.dtype.kind == "U" else labels.dtype
    return {
        "label": Tensor(label, dtype, ()),
        "probabilities": Tensor(probabilities, np.float32, (len(labels),)),
    }


def _add_encoder(graph: Graph, estimator: Any, inputs: str) -> dict[str, Tensor]:
    encoder = estimator.model_.get_layer("encoder")
    codes, (width,) = _add_network(graph, encoder, inputs)
    if isinstance(estimator, HashingMixin):
        return {"variable": Tensor(add_bits(graph, codes), np.uint8, (width,))}
    n_components = int(estimator._n_features_out)
    if n_components < width:
        # Log variances stand behind the means.
        stop = graph.constant([n_components])
        codes = graph.add(
            "Slice", codes, graph.constant([0]), stop, graph.constant([1])
        )
    return {"variable": Tensor(codes, np.float32, (n_components,))}


# -- networks of the user's ------------------------------------------------------------


def _add_own_network(graph: Graph, estimator: Any, rows: str) -> dict[str, Tensor]:
    bases = (KerasClassifier, KerasRegressor, KerasTransformer)
    base = next((b for b in bases if isinstance(estimator, b)), None)
    if base is None:
        raise _not_written(estimator)
    for name in ("feature_encoder", "target_encoder"):
        if getattr(type(estimator), name) is not getattr(base, name):
            raise ValueError(
                f"{type(estimator).__name__} has a {name} of its own, which cannot be "
                "written to an ONNX file. Fit without it."
            )
    network = estimator.model_
    if base is KerasTransformer and estimator.output_layer is not None:
        network = estimator._part()[1]
    network = functional_network(network, estimator._example())
    taken = element_type(network.inputs[0].dtype)
    outputs, shape = _add_network(graph, network, graph.add("Cast", rows, to=taken))
    outputs = graph.add("Cast", outputs, to=element_type(np.float32))
    if base is KerasClassifier:
        return _own_classes(graph, estimator, outputs, shape)
    size = int(np.prod(shape))
    if base is KerasTransformer:
        shape = (size,)
    else:
        shape = tuple(map(int, estimator.target_encoder_.shape_))
    outputs = graph.add("Reshape", outputs, graph.constant([-1, *shape], np.int64))
    return {"variable": Tensor(outputs, np.float32, shape)}


def _own_classes(
    graph: Graph, estimator: Any, outputs: str, shape: tuple[int, ...]
) -> dict[str, Tensor]:
    targets, name = estimator.target_encoder_, type(estimator).__name__
    n_classes, plain = targets.n_classes_, targets.kind_ in ("binary", "multiclass")
    one_column = shape == (1,) and n_classes == 2
    if not plain or not (one_column or shape == (n_classes,)) or n_classes < 2:
        raise ValueError(
            f"{name} has targets of the kind {targets.kind_!r} with {n_classes} "
            f"classes and a network whose outputs have the shape {shape}. Only "
            "networks with an output for each class, or one output for two classes, "
            "can be written to an ONNX file."
        )
    if one_column and targets.margins_:
        outputs = add_halves(graph, outputs)
    if targets.from_logits_:
        probabilities = add_probabilities(graph, outputs, shape[0])
    elif one_column:
        other = graph.add("Sub", graph.constant(1, np.float32), outputs)
        probabilities = graph.add("Concat", other, outputs, axis=1)
    else:
        probabilities = outputs
    return _classified(graph, targets.classes_, probabilities)


def _not_written(estimator: Any) -> Exception:
    return TypeError(
        f"{type(estimator).__name__} cannot be written to an ONNX file. Pass a "
        "classifier or transformer of skdeep, or a Pipeline around one."
    )
