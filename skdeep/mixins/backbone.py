"""Features of images that a frozen network sees in them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skdeep import runtime
from skdeep.encoding.digests import array_digest, row_digests, text_digest
from skdeep.encoding.fingerprints import code_fingerprint
from skdeep.encoding.numbers import to_dtype
from skdeep.encoding.streamed_rows import StreamedRows
from skdeep.mixins.backbone_weights import load_weights
from skdeep.mixins.constraints import Sizes
from skdeep.mixins.inputs import ImageInputMixin
from skdeep.networks.backbones import (
    backbone_features,
    canonical_name,
    trained_size,
)
from skdeep.networks.model_descriptions import (
    model_config,
    model_of,
    registered_in,
    with_own_numbers,
)

BACKBONE_CONSTRAINTS: dict[str, list[Any]] = {
    # A name, a keras.Model, which is callable, or a function that returns one.
    "backbone": [str, callable],
    "input_size": [Interval(Integral, 1, None, closed="left"), "array-like", None],
    "pooling": [StrOptions({"avg", "max"})],
    "n_stages": [Interval(Integral, 1, None, closed="left")],
    "flip_average": ["boolean"],
    "weights": [str, PathLike, None],
    # A folder, or a joblib.Memory.
    "memory": [str, PathLike, HasMethods(["cache", "clear"]), None],
    "image_shape": [Sizes(2, 3), None],
}

# Below this, networks that were trained on photographs see little.
_SMALLEST_DEFAULT = 96
# Which maps stand for the resolutions. Features that are kept in a folder by versions
# that chose others are not these.
_CHOICE_OF_STAGES = "2"
_ROWS_AT_ONCE = 4096


class BackboneMixin(ImageInputMixin):
    """X is images, of which a backbone that is never trained makes features.

    What the backbone was at `fit` is kept in `_backbone`, a dict of plain values: for
    a named network its name, where its weights come from, and their digest; for a
    model of the user's its description, with its weights in `backbone_weights_`.
    """

    def __sklearn_clone__(self) -> Any:
        # A model of the user's is never modified, so that clones can share it. Copying
        # it for each fit of a search would take longer than many of the fits.
        light = object.__new__(type(self))
        vars(light).update(vars(self), backbone=None)
        clone = super(BackboneMixin, light).__sklearn_clone__()
        clone.backbone = self.backbone
        return clone

    def __getstate__(self) -> dict[str, Any]:
        # A model travels as its description and its weights, so that a pickle holds
        # neither code nor objects of Keras'.
        state = dict(super().__getstate__())
        model = state.get("backbone")
        if _is_model(model):
            state["backbone"] = {
                "config": model_config(model),
                "weights": [np.asarray(array) for array in model.get_weights()],
            }
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        stored = state.get("backbone")
        if isinstance(stored, dict):
            with runtime.seeded_construction(0), runtime.dtype_policy("float32"):
                model = model_of(stored["config"])
            runtime.assign_weights(model, stored["weights"])
            state = {**state, "backbone": model}
        parent = getattr(super(), "__setstate__", None)
        if parent is None:
            vars(self).update(state)
        else:
            parent(state)

    def _network_numbers(self, X: np.ndarray) -> np.ndarray:
        # Backbones compute in single precision, whatever is trained on top of them.
        if X.dtype == np.uint8 or isinstance(X, StreamedRows):
            return X if X.dtype == np.uint8 else X.astype(np.float32)
        return to_dtype(X, np.float32)

    @contextmanager
    def _previous_backbone_kept(self) -> Iterator[None]:
        """Put everything back as it was if loading a backbone fails."""
        before = dict(vars(self))
        try:
            yield
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    # -- at fit ------------------------------------------------------------------------

    def _choose_backbone(self) -> None:
        """Note which backbone this fit has, once the shape of the images is known."""
        if isinstance(self.backbone, str):
            source = {"name": canonical_name(self.backbone)}
            native = trained_size(source["name"])
            weights = self.weights
            source["weights"] = weights if weights is None else str(weights)
            source["seed"] = self._backbone_seed() if weights is None else None
            arrays, digest = load_weights(**source)
        else:
            model = self.backbone
            seed = 0 if _is_model(model) else self._backbone_seed()
            with runtime.seeded_construction(seed), runtime.dtype_policy("float32"):
                model = model if _is_model(model) else model()
                source = {"config": model_config(model)}
            native = model.inputs[0].shape[1:3]
            arrays = [np.array(array) for array in model.get_weights()]
            digest = array_digest(arrays)
        vars(self).pop("backbone_weights_", None)
        if "config" in source:
            self.backbone_weights_ = arrays
        self.input_size_ = _input_size(self.input_size, self.image_shape_, native)
        self.backbone_digest_ = digest
        self._backbone = source | {
            "pooling": self.pooling,
            "n_stages": int(self.n_stages),
            "flip_average": bool(self.flip_average),
        }
        # Sizes that do not fit each other show here, before anything is computed.
        self._n_backbone_features = runtime.output_shape(self._features_network())[0]

    def _backbone_seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    # -- afterwards --------------------------------------------------------------------

    def _features_arguments(self) -> dict[str, Any]:
        settings = {
            name: value
            for name, value in self._backbone.items()
            if name not in ("weights", "seed")
        }
        return {
            "image_shape": self.image_shape_,
            "input_size": self.input_size_,
            **settings,
        }

    def _features_network(self) -> runtime.NetworkSpec:
        return runtime.NetworkSpec(backbone_features, **self._features_arguments())

    def _computing_network(self) -> tuple[runtime.NetworkSpec, str]:
        """Return what computes features, and a text that identifies its layers.

        Equal networks are compiled once, and their features computed once, also where
        they come from a function that is called for each fit.
        """
        arguments, code = self._features_arguments(), ""
        if "config" in arguments:
            code = " ".join(map(code_fingerprint, registered_in(arguments["config"])))
            arguments["config"] = with_own_numbers(arguments["config"])
        return runtime.NetworkSpec(backbone_features, **arguments), code

    def _loaded_weights(self) -> Sequence[np.ndarray]:
        """Return the backbone's weights, which must be those of the fit."""
        if "config" in self._backbone:
            return self.backbone_weights_
        name, weights, seed = (self._backbone[k] for k in ("name", "weights", "seed"))
        arrays, digest = load_weights(name, weights, seed)
        if digest != self.backbone_digest_:
            raise ValueError(
                f"The weights of the backbone {name!r} (weights={weights!r}) have the "
                f"digest {digest}, but this {type(self).__name__} was fitted on "
                f"weights of digest {self.backbone_digest_}. Put these back, or call "
                "fit again."
            )
        return arrays

    def _features(self, images: np.ndarray) -> np.ndarray:
        """Return the features of encoded images, each computed at most once."""
        (network, code), scale = self._computing_network(), self._images.scale
        group = getattr(self, "_group", None) or runtime.group_size(*self.input_size_)

        def compute(rows: np.ndarray) -> np.ndarray:
            features = runtime.infer_frozen(
                network,
                self._loaded_weights(),
                runtime.ArrayFeed(images[rows], scale=scale),
                digest=f"{self.backbone_digest_} {code}",
                group=group,
            )
            if not np.isfinite(features).all():
                raise ValueError(
                    "The backbone turns X into numbers that are not finite: X holds "
                    "numbers too large for it. Pass uint8 pixels, or scale X to [0, 1]."
                )
            return features

        # Images may lie in a file: never all of them are read at once.
        digests = [
            digest
            for start in range(0, len(images), _ROWS_AT_ONCE)
            for digest in row_digests(images[start : start + _ROWS_AT_ONCE])
        ]
        description = repr(sorted(network.arguments.items()))
        table = text_digest(
            [
                description,
                self.backbone_digest_,
                code,
                str(images.dtype),
                # Floats may be uint8's 0 to 255, or be taken as they are.
                repr(scale),
                str(group),
                runtime.BUILD,
                *([_CHOICE_OF_STAGES] if self.n_stages > 1 else []),
            ]
        )
        return runtime.stored_features(
            table,
            digests,
            self._n_backbone_features,
            compute,
            _folder(self.memory),
        )


def _is_model(backbone: Any) -> bool:
    return hasattr(backbone, "get_weights") and not isinstance(backbone, type)


def _folder(memory: Any) -> runtime.FeatureFolder | None:
    """Return where features are kept, below what `joblib.Memory.clear` empties."""
    if memory is not None and not isinstance(memory, str | PathLike):
        memory = memory.location
    if memory is None:
        return None
    return runtime.FeatureFolder(Path(memory) / "joblib" / "skdeep_features")


def _input_size(
    input_size: Any, image_shape: tuple[int, int, int], native: Any
) -> tuple[int, int]:
    """Decide the height and width that the backbone sees.

    `native` is what it was trained at: one number, or what a model's input says, with
    None for what it leaves open.
    """
    if input_size is None and isinstance(native, int):
        size = min(native, max(_SMALLEST_DEFAULT, *image_shape[:2]))
        return size, size
    if input_size is None:
        height, width = (
            own or side for own, side in zip(native, image_shape[:2], strict=True)
        )
        return int(height), int(width)
    sizes = np.atleast_1d(np.asarray(input_size))
    if (
        sizes.shape not in ((1,), (2,))
        or sizes.dtype.kind not in "iu"
        or (sizes.min() < 1)
    ):
        raise ValueError(
            "input_size must be a number of pixels or (height, width), each at least "
            f"1, got {input_size!r}."
        )
    return int(sizes[0]), int(sizes[-1])
