"""Class labels become numbers, and class weights weights of rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.class_weight import compute_sample_weight

from skdeep.encoding.targets import class_weights, encode_classes

labels = st.one_of(
    st.lists(st.integers(-5, 5), min_size=1, max_size=30),
    st.lists(st.text(max_size=3), min_size=1, max_size=30),
    st.lists(st.booleans(), min_size=1, max_size=30),
).map(np.array)


@given(labels)
def test_codes(y):
    """Codes are the places of the labels among the sorted classes."""
    classes = np.unique(y)
    codes = encode_classes(y, classes)
    assert codes.dtype == np.int32
    np.testing.assert_array_equal(classes[codes], y)
    np.testing.assert_array_equal(codes, LabelEncoder().fit(classes).transform(y))


@given(labels)
def test_unknown_labels(y):
    """Labels that are not among the classes are named."""
    classes = np.unique(y)
    if len(classes) == 1:
        return
    for left_out in (0, len(classes) - 1):
        known = np.delete(classes, left_out)
        with pytest.raises(ValueError, match=r"not in classes.*partial_fit"):
            encode_classes(y, known)


def test_classes_that_do_not_occur():
    """Not every class needs to be there."""
    codes = encode_classes(np.array(["b", "d", "b"]), np.array(["a", "b", "c", "d"]))
    np.testing.assert_array_equal(codes, [1, 3, 1])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.data())
def test_equals_scikit_learn(codes, data):
    """Weights are those that scikit-learn gives the same rows."""
    codes = np.array(codes)
    classes = np.array(["a", "b", "c", "d"])
    y = classes[codes]
    mapping = data.draw(
        st.dictionaries(st.sampled_from(classes.tolist()), st.floats(0, 5))
    )
    if not any(mapping.get(label, 1) for label in y):
        # Here scikit-learn weighs all rows nothing, and its estimators learn nothing.
        with pytest.raises(ValueError, match="zero for all classes"):
            class_weights(mapping, classes, codes, None)
        mapping = {}
    for class_weight in (mapping, "balanced"):
        found = class_weights(class_weight, classes, codes, None)
        if class_weight != "balanced" and not set(mapping) <= set(y):
            continue
        expected = compute_sample_weight(class_weight, y)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert found.dtype == np.float64


def test_none():
    """Without class weights there are no weights."""
    assert class_weights(None, np.array([0, 1]), np.array([0, 1, 1]), None) is None


def test_balanced_counts_weights():
    """Merged rows count as often as they were given."""
    classes = np.array([0, 1])
    merged = class_weights("balanced", classes, np.array([0, 1]), np.array([3.0, 1.0]))
    given = class_weights("balanced", classes, np.array([0, 0, 0, 1]), None)
    np.testing.assert_allclose(merged, given[[0, 3]])


@pytest.mark.parametrize(
    ("classes", "class_weight"),
    [([0, 1], {2: 1.0}), (["a", "b"], {"c": 1.0}), ([0, 1], {"0": 1.0})],
)
def test_unknown_classes_in_a_mapping(classes, class_weight):
    """A mapping that names a class that is not there is a typing error."""
    unknown = next(iter(class_weight))
    with pytest.raises(ValueError, match=rf"\[{unknown!r}\].*labels of y as keys"):
        class_weights(class_weight, np.array(classes), np.array([0, 1]), None)
