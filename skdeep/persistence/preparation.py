"""An estimator made ready for skops, without touching the estimator itself."""

import copy
from pathlib import PurePath
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skdeep.persistence.errors import ModelFileError
from skdeep.persistence.packed_mapping import PackedMapping, is_packable
from skdeep.persistence.packed_numbers import PackedNumbers, is_long

_REQUESTS = "sklearn.utils._metadata_requests"
_PLAIN = (str, int, float, type(None))

_ADVICE_OF_KERAS = {
    "optimizer": (
        "Name the optimizer, as in optimizer='adam', and give its settings as "
        "parameters such as optimizer__beta_1"
    ),
    "callbacks": (
        "Set callbacks=None, which changes nothing in a fitted model, or use "
        "early_stopping"
    ),
    "learning_rate": (
        "Use a number, and learning_rate_schedule for the way it changes"
    ),
}


def prepare(estimator: Any) -> Any:
    """Return what skops is to describe in place of an estimator.

    It is the estimator itself, or a shallow copy in which vocabularies and long
    histories are packed and metadata requests name their owner in place of pointing
    back to it.

    Parameters
    ----------
    estimator : object
        An estimator, fitted or not.

    Raises
    ------
    ModelFileError
        If it holds a live object of Keras, or callbacks.
    """
    return _Preparation().of(estimator, type(estimator).__name__)


class _Preparation:
    """Remembers what was copied, so that what was one object stays one."""

    def __init__(self) -> None:
        # Values are kept too: an object that died would leave its number to another.
        self._done: dict[int, tuple[Any, Any]] = {}

    def of(self, value: Any, path: str) -> Any:
        """Return `value`, or a copy of it."""
        if isinstance(value, _PLAIN):
            return value
        if id(value) not in self._done:
            # Whoever meets the object inside of itself gets the original.
            self._done[id(value)] = (value, value)
            self._done[id(value)] = (value, self._copy(value, path))
        return self._done[id(value)][1]

    def _copy(self, value: Any, path: str) -> Any:
        package = type(value).__module__.partition(".")[0]
        if package in ("keras", "tensorflow"):
            raise _no_live_objects(value, path)
        if isinstance(value, PurePath):
            # It means the same, and on other operating systems, too.
            return str(value)
        if package == "pandas" and _is_index(value):
            # Names of columns, for which a list will do.
            return value.tolist()
        if isinstance(value, np.ndarray) and value.dtype == object:
            return self._array(value, path)
        if is_packable(value):
            return PackedMapping.of(value)
        if is_long(value):
            return PackedNumbers.of(value)
        if isinstance(value, dict):
            return self._dict(value, path)
        if type(value) in (list, tuple):
            items = [self.of(v, f"{path}[{i}]") for i, v in enumerate(value)]
            changed = any(a is not b for a, b in zip(items, value, strict=True))
            return type(value)(items) if changed else value
        if package in ("sklearn", "skdeep") and hasattr(value, "__dict__"):
            return value if isinstance(value, type) else self._object(value, path)
        return value

    def _array(self, value: np.ndarray, path: str) -> np.ndarray:
        old = list(np.ma.getdata(value).flat)
        new = [self.of(item, f"{path}[{i}]") for i, item in enumerate(old)]
        if all(a is b for a, b in zip(new, old, strict=True)):
            return value
        duplicate = np.empty(len(new), dtype=object)
        for i, item in enumerate(new):
            # One by one, for NumPy would look into lists.
            duplicate[i] = item
        shaped = duplicate.reshape(value.shape)
        if isinstance(value, np.ma.MaskedArray):
            return np.ma.MaskedArray(shaped, mask=np.ma.getmaskarray(value))
        return shaped

    def _dict(self, value: dict[Any, Any], path: str) -> Any:
        changed = {}
        for key, item in value.items():
            new = self.of(item, f"{path}[{key!r}]")
            if new is not item:
                changed[key] = new
        if not changed:
            return value
        duplicate = copy.copy(value)
        duplicate.update(changed)
        return duplicate

    def _object(self, value: Any, path: str) -> Any:
        attributes = vars(value)
        if isinstance(value, BaseEstimator) and "_skl_callbacks" in attributes:
            raise ModelFileError(
                f"{path} has callbacks, which belong to this process and not to the "
                f"model. Take them off with {path}.set_callbacks()"
            )
        changed = {}
        for name, item in attributes.items():
            if name == "owner" and type(value).__module__ == _REQUESTS:
                # Used in messages only, where a name will do.
                new = item if isinstance(item, str) else type(item).__name__
            else:
                new = self.of(item, f"{path}.{name}")
            if new is not item:
                changed[name] = new
        if not changed:
            return value
        duplicate = copy.copy(value)
        vars(duplicate).update(changed)
        return duplicate


def _is_index(value: Any) -> bool:
    # By name: pandas may not be installed.
    return any(cls.__name__ == "Index" for cls in type(value).__mro__)


def _no_live_objects(value: Any, path: str) -> ModelFileError:
    advice = next(
        (text for name, text in _ADVICE_OF_KERAS.items() if f".{name}" in path),
        "Replace it by a name, a number or a function",
    )
    return ModelFileError(
        f"{path} is an object of the class {type(value).__name__} of Keras, which "
        f"cannot be written without code. {advice}"
    )
