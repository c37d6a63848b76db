"""Fingerprints: texts that tell whether parameters are what they were in another run.

Two processes that are given the same parameters make the same texts of them. What
differs between processes without meaning anything, such as addresses in memory and the
numbers in the names of Keras' layers, does not occur in them.
"""

import os
import re
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from types import (
    BuiltinMethodType,
    CodeType,
    FunctionType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from skdeep.encoding.digests import array_digest

#: Parameters, of whatever estimator, that change no result.
WITHOUT_EFFECT = frozenset({"verbose", "checkpoint", "memory", "n_jobs"})

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
_GENERATORS = (np.random.RandomState, np.random.Generator)
_LONGEST = 100
_SHOWN = 60
_DEPTH = 30
# Libraries whose versions tell what their code is.
_KNOWN_CODE = {"builtins", "keras", "tensorflow"}


def fingerprint(value: Any) -> str:
    """Return a text that equal parameters share and others do not.

    Parameters
    ----------
    value : object
        A number, text, array, container, class, function, estimator, object of Keras,
        or any other object with attributes. Random generators count by their type
        alone; functions by their name and their code.

    Returns
    -------
    text : str
        At most about 100 characters: what is longer ends in a digest.

    Examples
    --------
    >>> import numpy as np
    >>> from skdeep.encoding.fingerprints import fingerprint
    >>> fingerprint([32, 64]) == fingerprint((32, np.int64(64)))
    True
    """
    text = _text(value, 0)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_SHOWN]}... (digest {_digest(text)})"


def parameter_fingerprints(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the fingerprint of each parameter that can change a result.

    Parameters
    ----------
    parameters : mapping from str to object
        Parameters by name, those of nested estimators as ``outer__inner``.

    Returns
    -------
    fingerprints : dict from str to str
        In the order of the names.
    """
    return {
        name: fingerprint(value)
        for name, value in sorted(parameters.items())
        if name.rpartition("__")[2] not in WITHOUT_EFFECT
    }


def code_fingerprint(thing: Any) -> str:
    """Return a text that tells whether a class or a function is what it was.

    Parameters
    ----------
    thing : type or function
        The class, or the function.

    Returns
    -------
    text : str
        Name and digest of the code: of a function, of the functions that it wraps, of
        the methods of a class and of those that it inherits from elsewhere than Keras
        and what is built in. What these call is not looked at, nor are their constants
        outside of functions.

    Examples
    --------
    >>> from skdeep.encoding.fingerprints import code_fingerprint
    >>> def half(x):
    ...     return x / 2
    >>> before = code_fingerprint(half)
    >>> def half(x):
    ...     return x / 3
    >>> code_fingerprint(half) == before
    False
    """
    codes = sorted(_codes(thing, set()))
    return f"{_name(thing)} ({_digest(repr(codes))})"


def _codes(thing: Any, seen: set[int]) -> Iterator[str]:
    """Yield the codes of a class, of a function, or of something around one."""
    if isinstance(thing, type):
        for owner in thing.__mro__:
            if owner.__module__.partition(".")[0] not in _KNOWN_CODE:
                for name, member in vars(owner).items():
                    # A class that a method refers to is mostly its own.
                    if not isinstance(member, type):
                        codes = _codes(member, seen)
                        yield from (f"{_name(owner)}.{name} {code}" for code in codes)
    elif isinstance(thing, FunctionType) and id(thing) not in seen:
        # Functions can refer to each other.
        seen.add(id(thing))
        given = [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).items()]
        yield f"{_of_code(thing.__code__)}{[v for v in given if _is_plain(v)]}"
        for cell in _contents(thing):
            if not isinstance(cell, type):
                yield from _codes(cell, seen)
    elif isinstance(thing, property):
        for function in (thing.fget, thing.fset):
            yield from _codes(function, seen)
    elif isinstance(thing, staticmethod | classmethod):
        yield from _codes(thing.__func__, seen)


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)


def _contents(function: FunctionType) -> list[Any]:
    """Return what a function refers to in those around it."""
    cells = []
    for cell in function.__closure__ or ():
        # A name that was never given a value has none.
        with suppress(ValueError):
            cells.append(cell.cell_contents)
    return cells


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _text(value: Any, depth: int) -> str:
    if depth > _DEPTH:
        raise ValueError(
            f"a parameter holds objects in objects, more than {_DEPTH} deep, so it "
            "cannot be compared with that of another run. Pass a simpler one."
        )
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return f"array{value.shape} {array_digest([value])}"
    if isinstance(value, os.PathLike):
        return repr(os.fspath(value))
    return _of_container(value, depth + 1) or _of_object(value, depth + 1)


def _of_container(value: Any, depth: int) -> str:
    if isinstance(value, Mapping):
        pairs = [(_text(k, depth), _text(v, depth)) for k, v in value.items()]
        return "{" + ", ".join(f"{k}: {v}" for k, v in sorted(pairs)) + "}"
    if isinstance(value, list | tuple | range | np.ndarray):
        return "(" + ", ".join(_text(item, depth) for item in value) + ")"
    if isinstance(value, Set):
        return "{" + ", ".join(sorted(_text(item, depth) for item in value)) + "}"
    return ""


def _of_object(value: Any, depth: int) -> str:
    if isinstance(value, type):
        return _name(value)
    if isinstance(value, _GENERATORS):
        return f"a {type(value).__name__}"
    if isinstance(value, FunctionType):
        return _of_function(value, depth)
    if isinstance(value, re.Pattern):
        return f"{_name(type(value))}{_text((value.pattern, value.flags), depth)}"
    owner = getattr(value, "__self__", None)
    if isinstance(value, MethodType) or (
        # Methods of what is built in, such as those of compiled patterns.
        isinstance(value, BuiltinMethodType) and not isinstance(owner, ModuleType)
    ):
        return f"{_text(owner, depth)}.{value.__name__}"
    if isinstance(value, partial):
        inner = (value.func, value.args, value.keywords)
        return f"partial{_text(inner, depth)}"
    name = _name(type(value))
    if hasattr(value, "get_weights") and hasattr(value, "layers"):
        layers = [(type(layer), _config(layer)) for layer in value.layers]
        return f"{name}{_text((layers, *value.get_weights()), depth)}"
    if hasattr(value, "get_config"):
        return f"{name}{_text(_config(value), depth)}"
    if hasattr(value, "get_params"):
        parameters = value.get_params(deep=False).items()
        own = {k: v for k, v in parameters if k not in WITHOUT_EFFECT}
        return f"{name}{_text((own, vars(value).get('weights_')), depth)}"
    if hasattr(value, "__dict__"):
        return f"{name}{_text(vars(value), depth)}"
    return _name(value) if hasattr(value, "__name__") else name


def _of_function(function: FunctionType, depth: int) -> str:
    """Describe a function by its name, its code and what it has been given."""
    given = (function.__defaults__, function.__kwdefaults__, _contents(function))
    content = f"{_of_code(function.__code__)}{_text(given, depth)}"
    return f"{_name(function)} ({_digest(content)})"


def _of_code(code: CodeType) -> str:
    constants = [
        _of_code(c) if isinstance(c, CodeType) else _text(c, 0) for c in code.co_consts
    ]
    return f"{code.co_code.hex()}{code.co_names}{constants}"


def _config(value: Any) -> Any:
    """Return the configuration of an object of Keras without any names."""
    return _nameless(value.get_config())


def _nameless(config: Any) -> Any:
    if isinstance(config, Mapping):
        return {k: _nameless(v) for k, v in config.items() if k != "name"}
    if isinstance(config, list | tuple):
        return [_nameless(item) for item in config]
    return config


def _name(thing: Any) -> str:
    module = getattr(thing, "__module__", None)
    return f"{module}.{getattr(thing, '__qualname__', thing.__name__)}"
