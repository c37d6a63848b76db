"""How classifiers of a comparison get their names, and what is refused."""

import pytest
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdeep.model_comparison.naming import named_classifiers


def test_a_mapping_and_a_list_of_pairs_keep_names_and_order():
    """Both ways to give names mean the same."""
    bayes, tree = GaussianNB(), DecisionTreeClassifier()
    from_mapping = named_classifiers({"b": tree, "a": bayes})
    from_pairs = named_classifiers([("b", tree), ("a", bayes)])
    assert list(from_mapping.items()) == [("b", tree), ("a", bayes)]
    assert from_pairs == from_mapping


def test_classifiers_without_names_are_named_as_in_make_pipeline():
    """Lower-case class names, numbered where one repeats."""
    estimators = [
        GaussianNB(),
        DecisionTreeClassifier(),
        GaussianNB(),
        make_pipeline(StandardScaler(), GaussianNB()),
    ]
    # A pipeline of the same classifiers is the reference for the first three.
    reference = list(make_pipeline(*estimators[:3]).named_steps)
    assert list(named_classifiers(estimators)) == [*reference, "pipeline"]


@pytest.mark.parametrize(
    ("estimators", "message"),
    [
        (GaussianNB(), "Pass a single classifier in a list"),
        (make_pipeline(GaussianNB()), "Pass a single classifier in a list"),
        (3, "a mapping from names"),
        ({"bayes": GaussianNB}, r"Pass GaussianNB\(\)"),
        ([GaussianNB(), LinearRegression()], "'linearregression' is not a classifier"),
        ({"words": "bayes"}, "'words' is not a classifier"),
        ({1: GaussianNB()}, "non-empty str. Got 1"),
        (["bayes"], "pairs"),
        ([GaussianNB(), ("tree", DecisionTreeClassifier())], "'tuple' is not"),
    ],
)
def test_refuses_what_is_no_named_classifier(estimators, message):
    """The message names the culprit and says what to pass."""
    with pytest.raises(TypeError, match=message):
        named_classifiers(estimators)


@pytest.mark.parametrize(
    ("estimators", "message"),
    [
        ([], "empty"),
        ({}, "empty"),
        ([("a", GaussianNB()), ("a", GaussianNB())], "must differ"),
    ],
)
def test_refuses_missing_and_repeated_names(estimators, message):
    """Nothing to compare and two of one name are both errors."""
    with pytest.raises(ValueError, match=message):
        named_classifiers(estimators)
