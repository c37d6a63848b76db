"""What a model file may name: scikit-learn's types and functions, and our own.

The lists are fixed. They follow from what the two packages offer, and a file cannot
add to them; only the functions that a caller of `load` passes come on top.
"""

import inspect
from functools import cache
from typing import Any

import numpy as np
import scipy.special
import sklearn.feature_selection
import sklearn.metrics
import sklearn.metrics.pairwise
import sklearn.model_selection
import sklearn.preprocessing
from sklearn.gaussian_process import kernels
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.utils import all_estimators

import skdeep
import skdeep.metrics

ROOT = "skdeep"
# What stands for something large, and becomes that when it is called.
PACKED = frozenset(
    {"skdeep.persistence.PackedMapping", "skdeep.persistence.PackedNumbers"}
)

# What fitted estimators of scikit-learn hold that is no estimator itself. Left out are
# types whose compiled code follows indices without looking where they lead: trees of
# neighbors, and the trees of histogram gradient boosting. Those of decision trees are
# admitted, since `tree_checks` looks at each index.
_PARTS_OF_SCIKIT_LEARN = """
    sklearn._loss.link.HalfLogitLink
    sklearn._loss.link.IdentityLink
    sklearn._loss.link.Interval
    sklearn._loss.link.LogLink
    sklearn._loss.link.LogitLink
    sklearn._loss.link.MultinomialLogit
    sklearn._loss.loss.HalfBinomialLoss
    sklearn._loss.loss.HalfGammaLoss
    sklearn._loss.loss.HalfMultinomialLoss
    sklearn._loss.loss.HalfPoissonLoss
    sklearn._loss.loss.HalfSquaredError
    sklearn._loss.loss.HalfTweedieLoss
    sklearn._loss.loss.HalfTweedieLossIdentity
    sklearn.calibration._CalibratedClassifier
    sklearn.calibration._SigmoidCalibration
    sklearn.calibration._TemperatureScaling
    sklearn.compose._column_transformer.make_column_selector
    sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace
    sklearn.metrics._scorer._CurveScorer
    sklearn.metrics._scorer._MultimetricScorer
    sklearn.metrics._scorer._PassthroughScorer
    sklearn.metrics._scorer._Scorer
    sklearn.model_selection._split._CVIterableWrapper
    sklearn.multiclass._ConstantPredictor
    sklearn.neural_network._stochastic_optimizers.AdamOptimizer
    sklearn.neural_network._stochastic_optimizers.SGDOptimizer
    sklearn.utils._metadata_requests.MetadataRequest
    sklearn.utils._metadata_requests.MethodMetadataRequest
""".split()

# Classes of Keras that may be the value of a parameter. None of these callbacks does
# anything to a file or a server, unlike some others.
_CLASSES_OF_KERAS = {
    "keras.optimizers": """
        Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion Muon Nadam RMSprop
        SGD
    """.split(),
    "keras.callbacks": ["EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN"],
}

_FUNCTION_MODULES = (
    sklearn.metrics,
    sklearn.metrics.pairwise,
    sklearn.feature_selection,
    sklearn.preprocessing,
)

LOSS_TYPES = frozenset(
    [
        f"sklearn._loss._loss.Cy{name}"
        for name in """
            AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss
            HalfMultinomialLoss HalfPoissonLoss HalfSquaredError HalfTweedieLoss
            HalfTweedieLossIdentity HuberLoss PinballLoss
        """.split()
    ]
    + [
        f"sklearn.linear_model._sgd_fast.{name}"
        for name in """
            EpsilonInsensitive Hinge ModifiedHuber SquaredEpsilonInsensitive
            SquaredHinge
        """.split()
    ]
)

SPARSE_TYPES = frozenset(
    f"scipy.sparse._{form}.{form}_{kind}"
    for form in ("csr", "csc")
    for kind in ("array", "matrix")
)

# NumPy's scalars that stand for themselves: no dates, whose unit gets lost, no
# records, and nothing that holds Python objects.
SCALAR_TYPES = frozenset(
    f"numpy.{scalar.__name__}"
    for scalar in np.sctypeDict.values()
    # Other packages add types of theirs to NumPy's table.
    if scalar.__module__ == "numpy" and np.dtype(scalar).kind in "biufcSU"
)

KEY_TYPES = frozenset({"builtins.str", "builtins.int", "builtins.float"})

TYPES_AS_VALUES = frozenset(
    {f"builtins.{name}" for name in ("bool", "float", "int", "str")}
    | SCALAR_TYPES
    | {
        f"{module}.{name}"
        for module, names in _CLASSES_OF_KERAS.items()
        for name in names
    }
)


def name_of(thing: Any) -> str:
    """Return the import path of a class or function."""
    return f"{thing.__module__}.{thing.__name__}"


@cache
def own_classes() -> frozenset[str]:
    """Return the public names of skdeep's estimators."""
    names = (name for name in skdeep.__all__ if name[0].isupper())
    return frozenset(f"{ROOT}.{name}" for name in names)


@cache
def object_types() -> frozenset[str]:
    """Return the names of the classes whose instances a file may hold."""
    splitters = vars(sklearn.model_selection).values()
    classes = [
        *(estimator for _, estimator in all_estimators()),
        *(cls for cls in splitters if inspect.isclass(cls) and hasattr(cls, "split")),
        *(cls for cls in vars(kernels).values() if inspect.isclass(cls)),
    ]
    names = {name_of(cls) for cls in classes}
    names = {name for name in names if name.startswith("sklearn.")}
    names = {name for name in names if "_hist_gradient_boosting" not in name}
    return own_classes() | names | frozenset(_PARTS_OF_SCIKIT_LEARN)


@cache
def functions() -> frozenset[str]:
    """Return the names of the functions that a file may refer to.

    They compute numbers from arrays. Functions that read files or the network are
    not among them, harmless as it would be to name one.
    """
    scorers = (get_scorer(name) for name in get_scorer_names())
    names = {name_of(scorer._score_func) for scorer in scorers}
    for module in _FUNCTION_MODULES:
        offered = (getattr(module, name) for name in dir(module) if name[0] != "_")
        names |= {name_of(value) for value in offered if inspect.isfunction(value)}
    names = {name for name in names if name.startswith("sklearn.")}
    names |= {f"{ROOT}.metrics.{name}" for name in skdeep.metrics.__all__}
    for module, path in ((np, "numpy"), (scipy.special, "scipy.special._ufuncs")):
        ufuncs = (name for name, f in vars(module).items() if isinstance(f, np.ufunc))
        names |= {f"{path}.{name}" for name in ufuncs}
    return frozenset(names)


def public_name(module: str, name: str) -> tuple[str, str]:
    """Return where a class or function is to be found in later releases, too.

    Our own modules, and those of Keras, may be rearranged; what is imported from
    their packages stays.
    """
    if module.startswith(f"{ROOT}.persistence.") and (
        f"{ROOT}.persistence.{name}" in PACKED
    ):
        return f"{ROOT}.persistence", name
    if module.startswith(f"{ROOT}.metrics.") and name in skdeep.metrics.__all__:
        return f"{ROOT}.metrics", name
    if module.startswith(f"{ROOT}.") and f"{ROOT}.{name}" in own_classes():
        return ROOT, name
    for home, names in _CLASSES_OF_KERAS.items():
        inside = home.replace("keras.", "keras.src.")
        if module.startswith(f"{inside}.") and name in names:
            return home, name
    return module, name
