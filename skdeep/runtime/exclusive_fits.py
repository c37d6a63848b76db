"""One fit of an object at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock, get_ident
from typing import Any

from skdeep.runtime.seeds import variables_of_one_name

# The thread that fits an object, by the object's identity.
_FITTING: dict[int, int] = {}
_LOCK = Lock()


def exclusive(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a method that fits an object, so that no other thread does.

    It is to be the outermost decorator: scikit-learn's own leave something on the
    object, and clear it up.
    """

    @wraps(method)
    def exclusive_method(estimator: object, *arguments: Any, **keywords: Any) -> Any:
        # Optimizers and metrics have variables, too.
        with _exclusive_fit(estimator), variables_of_one_name():
            return method(estimator, *arguments, **keywords)

    return exclusive_method


@contextmanager
def _exclusive_fit(estimator: object) -> Iterator[None]:
    """Refuse to fit an object that another thread is fitting.

    Parameters
    ----------
    estimator : object
        What is about to be fitted.

    Raises
    ------
    RuntimeError
        If another thread is inside of this context with the same object.
    """
    thread = get_ident()
    with _LOCK:
        outermost = id(estimator) not in _FITTING
        if _FITTING.setdefault(id(estimator), thread) != thread:
            raise RuntimeError(
                f"This {type(estimator).__name__} is being fitted in another thread. "
                "Fit a copy of it there: sklearn.base.clone(estimator)."
            )
    try:
        yield
    finally:
        if outermost:
            with _LOCK:
                del _FITTING[id(estimator)]
