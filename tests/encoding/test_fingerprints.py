"""Fingerprints of parameters."""

import copy
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from skdeep.encoding import fingerprints
from skdeep.encoding.fingerprints import (
    code_fingerprint,
    fingerprint,
    parameter_fingerprints,
)

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def one(text):
    """Return a text's words."""
    return text.split()


def adding(number):
    """Return a function that knows a number."""
    return lambda text: text + number


@given(PLAIN)
def test_plain_values(value):
    """Equal values have equal fingerprints, which are short and of ASCII-safe JSON."""
    assert fingerprint(value) == fingerprint(value)
    assert len(fingerprint(value)) < 150


@given(PLAIN, PLAIN)
def test_different_values(first, second):
    """Values that print differently have different fingerprints."""
    if repr(first) != repr(second) and first != second:
        assert fingerprint(first) != fingerprint(second)


def kind_of(value):
    """Return what a test's name says of a value: the same in every process."""
    return type(value).__name__


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([32, 64], (32, 64)),
        (np.int64(3), 3),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"x", "y"}, frozenset(["y", "x"])),
        (np.arange(3), np.arange(3)),
        (Path("a"), Path("a")),
        (np.random.RandomState(0), np.random.RandomState(1)),
        (keras.optimizers.Adam(0.1), keras.optimizers.Adam(0.1)),
        (LogisticRegression(verbose=1), LogisticRegression()),
        (adding(1), adding(1)),
        (partial(one, text="a"), partial(one, text="a")),
        (np.array(["a", None], dtype=object), np.array(["a", None], dtype=object)),
    ],
    ids=kind_of,
)
def test_same(first, second):
    """What trains alike is the same."""
    assert fingerprint(first) == fingerprint(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, 1.0),
        (1, True),
        ("1", 1),
        (np.arange(3), np.arange(3.0)),
        (np.random.RandomState(0), None),
        (keras.optimizers.Adam(0.1), keras.optimizers.Adam(0.2)),
        (keras.optimizers.Adam(0.1), keras.optimizers.SGD(0.1)),
        (LogisticRegression(C=1.0), LogisticRegression(C=2.0)),
        (LogisticRegression(), PCA()),
        (LogisticRegression, PCA),
        (one, len),
        (adding(1), adding(2)),
        (lambda text: text.lower(), lambda text: text.upper()),
        (partial(one, text="a"), partial(one, text="b")),
        ("a" * 200, "a" * 199 + "b"),
        ([[1], 2], [1, [2]]),
    ],
    ids=kind_of,
)
def test_other(first, second):
    """What may train differently is another thing."""
    assert fingerprint(first) != fingerprint(second)


def test_networks():
    """A network counts by its layers and weights, not by the numbers in its name."""

    def network(units=2):
        return keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(units, kernel_initializer="ones")]
        )

    first, second, third = network(), network(), network()
    assert first.name != second.name
    third.layers[0].bias.assign([0.0, 1.0])
    assert fingerprint(first) == fingerprint(second) != fingerprint(third)
    assert fingerprint(first) != fingerprint(network(3))


def test_parameters_without_effect():
    """Parameters that change no result do not count, however deep they are."""
    parameters = {"epochs": 2, "verbose": 1, "inner__checkpoint": "a", "inner__C": 1.0}
    assert parameter_fingerprints(parameters) == {"epochs": "2", "inner__C": "1.0"}


def test_endless_objects():
    """An object that holds itself is refused by a clear error."""

    class Loop:
        pass

    loop = Loop()
    loop.loop = loop
    with pytest.raises(ValueError, match="simpler"):
        fingerprint(loop)


def test_other_processes():
    """Another process, with another seed of hashes, makes the same texts."""
    program = (
        "import sys\n"
        "from skdeep.encoding.fingerprints import fingerprint\n"
        "def f(text, words=frozenset(['a', 'b', 'c'])):\n"
        "    return text in {'x', 'y', 'z'}\n"
        "values = [f, lambda: 1, {'a', 'b', 'c'}, int, len, object()]\n"
        "sys.stdout.write('\\n'.join(map(fingerprint, values)))\n"
    )
    root = os.path.dirname(os.path.dirname(os.path.dirname(fingerprints.__file__)))
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=dict(os.environ, PYTHONPATH=root, PYTHONHASHSEED=seed),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (range(1, 3), range(1, 5)),
        (re.compile("a"), re.compile("b")),
        (re.compile("a"), re.compile("a", re.IGNORECASE)),
        (re.compile("a").findall, re.compile("b").findall),
    ],
)
def test_what_is_built_in_counts_by_what_it_holds(one, other):
    """Sizes may be a range, and an analyzer a method of a compiled pattern."""
    assert fingerprint(one) == fingerprint(copy.copy(one))
    assert fingerprint(one) != fingerprint(other)


def test_code_of_classes():
    """It changes with what a method does, and with nothing else."""

    def scaled(factor):
        if factor == 2:

            class Scaled:
                def call(self, inputs):
                    return inputs * 2
        else:

            class Scaled:
                def call(self, inputs):
                    return inputs * 3

        return Scaled

    codes = [code_fingerprint(scaled(factor)) for factor in (2, 3, 2)]
    assert codes[0] == codes[2]
    assert codes[0] != codes[1]


def test_code_of_what_is_inherited_and_wrapped():
    """A base class and a decorated function belong to the code."""

    def classes(number):
        def doubled(function):
            return lambda *given: number_of(function(*given))

        if number == 1:

            def number_of(x):
                return x * 1
        else:

            def number_of(x):
                return x * 2

        class Base:
            @doubled
            def call(self, x):
                return x

        return type("Derived", (Base,), {})

    one, again, two = classes(1), classes(1), classes(2)
    assert code_fingerprint(one) == code_fingerprint(again)
    assert code_fingerprint(one) != code_fingerprint(two)


def test_code_of_functions_that_call_each_other():
    """Each is looked at once, however many ways lead to it."""

    def cycle():
        def first(x):
            return second(third(first(x)))

        def second(x):
            return first(third(second(x)))

        def third(x):
            return first(second(third(x)))

        return first

    assert code_fingerprint(cycle()) == code_fingerprint(cycle())
