"""The runtime owns everything that TensorFlow compiles.

It turns a specification into a compiled network, cached and shared between fits,
loads weights in, trains or infers, and hands weights out as NumPy arrays. Nothing
else in the package imports TensorFlow.
"""

from skdeep.runtime.building import building_explained, is_activation
from skdeep.runtime.exclusive_fits import exclusive
from skdeep.runtime.feature_store import (
    FEATURES,
    FeatureFolder,
    FeatureStore,
    stored_features,
)
from skdeep.runtime.feeds import ArrayFeed, SequenceFeed
from skdeep.runtime.frozen import (
    BUILD,
    assign_weights,
    group_size,
    infer_frozen,
    model_with_weights,
)
from skdeep.runtime.gradients import ascend
from skdeep.runtime.inference import infer, output_shape
from skdeep.runtime.lookahead import LookaheadSGD
from skdeep.runtime.memory import readable
from skdeep.runtime.precision import dtype_policy, has_native_bfloat16
from skdeep.runtime.schedules import SCHEDULES
from skdeep.runtime.seeds import seeded_construction
from skdeep.runtime.specification import (
    LossSpec,
    NetworkSpec,
    OptimizerSpec,
    tells_variables_apart,
)
from skdeep.runtime.streams import Feed, StreamFeed
from skdeep.runtime.threads import set_threads
from skdeep.runtime.training import (
    TrainingOptions,
    TrainingResult,
    TrainingState,
    fit,
)
from skdeep.runtime.training_memory import network_for_training, optimizer_bytes
from skdeep.runtime.transplant import initial_weights, part_weights
from skdeep.runtime.weights import arrays_of, check_weights

__all__ = [
    "BUILD",
    "FEATURES",
    "SCHEDULES",
    "ArrayFeed",
    "FeatureFolder",
    "FeatureStore",
    "Feed",
    "LookaheadSGD",
    "LossSpec",
    "NetworkSpec",
    "OptimizerSpec",
    "SequenceFeed",
    "StreamFeed",
    "TrainingOptions",
    "TrainingResult",
    "TrainingState",
    "arrays_of",
    "ascend",
    "assign_weights",
    "building_explained",
    "check_weights",
    "dtype_policy",
    "exclusive",
    "fit",
    "group_size",
    "has_native_bfloat16",
    "infer",
    "infer_frozen",
    "initial_weights",
    "is_activation",
    "model_with_weights",
    "network_for_training",
    "optimizer_bytes",
    "output_shape",
    "part_weights",
    "readable",
    "seeded_construction",
    "stored_features",
    "tells_variables_apart",
]

set_threads()
