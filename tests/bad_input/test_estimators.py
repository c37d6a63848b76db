"""Every estimator, tried on every row of the table."""

import functools
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.bad_input.outcomes import (
    Answer,
    Refusal,
    all_numbers,
    check_message,
    check_refused,
    content_of,
    equal,
    name_of,
    rows_that_are,
)
from tests.bad_input.table import IMAGES, LABELS, TEXTS, WEIGHTS
from tests.common.checks import METHODS, fresh
from tests.common.instances import INSTANCES, UNTRAINED, reads_texts, sample_for

pytestmark = pytest.mark.filterwarnings(
    "ignore:X has feature names",
    "ignore:A column-vector y",
    "ignore:the matrix subclass:PendingDeprecationWarning",
)
N_SAMPLES = 40
# Of each class one instance. The wrappers take arrays of any shape and words, as their
# users' networks decide: their own tests say with what.
CLASSES = {
    name: estimator
    for name, estimator in {**INSTANCES, **UNTRAINED}.items()
    if "[" not in name and not name.startswith("Keras")
}
# Networks whose graphs take long to trace: what happens before training only.
EXPENSIVE = {"DeepCNNClassifier", "PretrainedEncoderClassifier"}
CHEAP = sorted(set(CLASSES) - EXPENSIVE)
LEARN_LABELS = sorted(
    name
    for name, estimator in CLASSES.items()
    if estimator.__sklearn_tags__().target_tags.required
)
# One of each kind of input is fitted again and again.
FITTED_AGAIN = ["DenoisingAutoencoderTransformer", "CharCNNClassifier"]
FITTED_ON_LABELS = ["TransferLearningClassifier", "CharCNNClassifier"]

few_examples = settings(
    max_examples=2, database=None, suppress_health_check=list(HealthCheck)
)


def table_for(name):
    """Return the rows about X of an estimator."""
    return TEXTS if reads_texts(CLASSES[name]) else IMAGES


def plain_sample(name):
    """Return samples and labels as every test has them."""
    sample = sample_for(CLASSES[name])
    return sample.X[:N_SAMPLES], sample.y[:N_SAMPLES]


@functools.cache
def fitted(name):
    """Return an estimator fitted on the plain sample; nobody may change it."""
    return unfitted(name).fit(*plain_sample(name))


def unfitted(name):
    """Return an estimator with a fixed seed that trains one epoch."""
    estimator = fresh(CLASSES[name])
    epochs = {"epochs": 1} if "epochs" in estimator.get_params() else {}
    return estimator.set_params(**epochs)


def places(name):
    """Draw a place in the samples of an estimator."""
    row, pixel = st.integers(0, N_SAMPLES - 1), st.integers(0, 7)
    return row if reads_texts(CLASSES[name]) else st.tuples(row, pixel, pixel)


def answers(name, X):
    """Return what an estimator says about samples, by the name of the method."""
    estimator = fitted(name)
    methods = [method for method in METHODS if hasattr(estimator, method)]
    return [getattr(estimator, method)(X) for method in methods]


def row_cases(names, outcome, table=None):
    """Return pairs of a class and a row."""
    return [
        pytest.param(name, row, id=f"{name}-{row.kind}")
        for name in names
        for row in rows_that_are(outcome, table or table_for(name))
    ]


@pytest.mark.parametrize("name, row", row_cases(CLASSES, Refusal))
@few_examples
@given(data=st.data())
def test_fit_refuses(name, row, data):
    """`fit` refuses before anything is trained, and sets nothing."""
    X, y = plain_sample(name)
    X = row.make(X, data.draw(places(name)))
    before = content_of(X)
    estimator = unfitted(name)
    settings_before = dict(vars(estimator))
    check_refused(row.expected, lambda: estimator.fit(X, y))
    assert vars(estimator) == settings_before
    assert content_of(X) == before or row.kind == "a generator"


@pytest.mark.parametrize("name, row", row_cases(CHEAP, Refusal))
@few_examples
@given(data=st.data())
def test_methods_refuse(name, row, data):
    """`transform`, `predict` and the others refuse what `fit` does."""
    plain, _ = plain_sample(name)
    place = data.draw(places(name))
    estimator = fitted(name)
    for method in METHODS:
        if hasattr(estimator, method):
            X = row.make(plain, place)
            check_refused(row.expected, lambda: getattr(estimator, method)(X))  # noqa: B023


@pytest.mark.parametrize("name, row", row_cases(CHEAP, Answer))
@settings(few_examples, max_examples=1)
@given(data=st.data())
def test_methods_answer(name, row, data):
    """All methods say the same as about a plain array, in numbers."""
    plain, _ = plain_sample(name)
    X = row.make(plain, data.draw(places(name)))
    before = content_of(X)
    found = answers(name, X)
    assert all_numbers(found)
    if row.expected.same_as is not None:
        assert equal(found, answers(name, row.expected.same_as(plain)))
    assert content_of(X) == before


@pytest.mark.parametrize("name, row", row_cases(FITTED_AGAIN, Answer))
def test_fit_learns_the_same(name, row):
    """`fit` makes the same weights as of a plain array."""
    plain, y = plain_sample(name)
    place = 3 if reads_texts(CLASSES[name]) else (3, 2, 5)
    X = row.make(plain, place)
    before = content_of(X)
    if len(X) == 1 and name in LEARN_LABELS:
        check_refused_for_one_class(name, X, y)
        return
    found = unfitted(name).fit(X, y[: len(X)]).weights_
    assert all_numbers(found)
    assert content_of(X) == before
    if row.expected.same_as is not None:
        wanted = row.expected.same_as(plain)
        assert equal(found, unfitted(name).fit(wanted, y[: len(X)]).weights_)


def check_refused_for_one_class(name, X, y):
    """Check that one sample is not enough for a classifier."""
    with pytest.raises(ValueError, match="y has only 1 class"):
        unfitted(name).fit(X, y[:1])


@pytest.mark.parametrize("name, row", row_cases(LEARN_LABELS, Refusal, LABELS))
@few_examples
@given(at=st.integers(0, N_SAMPLES - 1))
def test_labels_are_refused(name, row, at):
    """`fit` refuses labels before anything is trained, and sets nothing."""
    X, y = plain_sample(name)
    labels = row.make(y, at)
    before = content_of(labels)
    estimator = unfitted(name)
    settings_before = dict(vars(estimator))
    check_refused(row.expected, lambda: estimator.fit(X, labels))
    assert vars(estimator) == settings_before
    assert content_of(labels) == before


@pytest.mark.parametrize("name, row", row_cases(FITTED_ON_LABELS, Answer, LABELS))
def test_labels_are_learned(name, row):
    """Labels of any type train the same network, and come back as they were."""
    X, y = plain_sample(name)
    labels = row.make(y, 3)
    before = content_of(labels)
    estimator = unfitted(name).fit(X, labels)
    assert equal(estimator.weights_, fitted(name).weights_)
    known = np.unique(np.asarray(labels))
    assert np.array_equal(estimator.classes_, known)
    assert set(estimator.predict(X).tolist()) <= set(known.tolist())
    assert content_of(labels) == before


@pytest.mark.parametrize("name, row", row_cases(CLASSES, Refusal, WEIGHTS))
@few_examples
@given(at=st.integers(0, N_SAMPLES - 1))
def test_weights_are_refused(name, row, at):
    """`fit` refuses weights before anything is trained."""
    if name in UNTRAINED:
        return
    X, y = plain_sample(name)
    weights = row.make(np.ones(N_SAMPLES), at)
    call = functools.partial(unfitted(name).fit, X, y, sample_weight=weights)
    check_refused(row.expected, call)


@pytest.mark.parametrize("name, row", row_cases(FITTED_AGAIN, Answer, WEIGHTS))
def test_weights_are_taken(name, row):
    """Equal weights train the same network, whatever they are written as."""
    X, y = plain_sample(name)
    weights = row.make(np.ones(N_SAMPLES), 3)
    estimator = unfitted(name).fit(X, y, sample_weight=weights)
    assert equal(estimator.weights_, fitted(name).weights_)


@pytest.mark.parametrize("name", CHEAP)
def test_refused_fit_keeps_the_previous_one(name):
    """After a refused `fit` an estimator answers as before."""
    X, y = plain_sample(name)
    before = answers(name, X)
    for row in rows_that_are(Refusal, table_for(name)):
        bad = row.make(X, 3 if reads_texts(CLASSES[name]) else (3, 2, 5))
        check_refused(row.expected, functools.partial(fitted(name).fit, bad, y))
    assert equal(answers(name, X), before)


def check_answer_or_error(name, X):
    """Check that an estimator answers in numbers or says what is wrong."""
    try:
        found = answers(name, X)
    except (TypeError, ValueError) as error:
        check_message(error, ("X",))
    else:
        assert all_numbers(found)


any_array = arrays.arrays(
    dtype=st.one_of(
        arrays.scalar_dtypes(), arrays.complex_number_dtypes(), arrays.array_dtypes()
    ),
    shape=arrays.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=8),
)
# Of the right shape more often than chance would have it.
any_numbers = arrays.arrays(
    dtype=st.one_of(
        arrays.floating_dtypes(), arrays.integer_dtypes(), arrays.boolean_dtypes()
    ),
    shape=st.sampled_from([(2, 8, 8), (3, 8, 8, 1), (2, 64)]),
)


@settings(few_examples, max_examples=50)
@given(X=st.one_of(any_array, any_numbers))
def test_any_array(X):
    """Whatever an array is, there is an answer in numbers or a clear error."""
    before = content_of(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_answer_or_error("DenoisingAutoencoderTransformer", X)
    assert content_of(X) == before


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.text(), st.binary()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(few_examples, max_examples=25)
@given(X=st.one_of(anything, st.lists(st.text(), min_size=1, max_size=5)))
@pytest.mark.parametrize("name", ["DenoisingAutoencoderTransformer", *FITTED_AGAIN[1:]])
def test_anything(name, X):
    """Whatever is passed, there is an answer in numbers or a clear error."""
    before = content_of(X)
    check_answer_or_error(name, X)
    assert content_of(X) == before


def test_names_of_kinds_are_different():
    """No kind of input stands in a table twice."""
    for table in (IMAGES, TEXTS, LABELS, WEIGHTS):
        kinds = [name_of(row) for row in table]
        assert len(set(kinds)) == len(kinds)
