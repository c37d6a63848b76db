"""Metadata reaches fits, metrics and splitters as it does in `cross_validate`."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from skdeep.model_comparison import compare_classifiers

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(80, 3))
Y = (X[:, 0] + RANDOM.normal(size=80) > 0).astype(int)
WEIGHT = RANDOM.exponential(size=80) ** 3
GROUPS = np.arange(80) // 4


def test_weights_change_the_fit_as_in_cross_validate():
    """Without routing the weights go to every fit, sliced, and not to the metrics."""
    params = {"sample_weight": WEIGHT}
    models = {"bayes": GaussianNB(), "logistic": LogisticRegression()}
    comparison = compare_classifiers(models, X, Y, scoring="accuracy", params=params)
    for name, model in models.items():
        expected = cross_validate(model, X, Y, scoring="accuracy", params=params)
        np.testing.assert_array_equal(
            comparison.scores("accuracy")[name], expected["test_score"]
        )
    unweighted = compare_classifiers([GaussianNB()], X, Y)
    assert (
        comparison.predictions["bayes"] != unweighted.predictions["gaussiannb"]
    ).any()


def test_routing_gives_weights_to_those_who_ask():
    """With routing a fit may refuse the weights and a metric may request them."""
    with config_context(enable_metadata_routing=True):
        weighted_accuracy = make_scorer(accuracy_score).set_score_request(
            sample_weight=True
        )
        comparison = compare_classifiers(
            {
                "weighted": GaussianNB().set_fit_request(sample_weight=True),
                "plain": GaussianNB().set_fit_request(sample_weight=False),
            },
            X,
            Y,
            scoring={"accuracy": weighted_accuracy},
            params={"sample_weight": WEIGHT},
        )
    plain = compare_classifiers([GaussianNB()], X, Y).predictions["gaussiannb"]
    np.testing.assert_array_equal(comparison.predictions["plain"], plain)
    assert (comparison.predictions["weighted"] != plain).any()
    for (_, test), score in zip(
        comparison.folds, comparison.scores("accuracy")["plain"], strict=True
    ):
        expected = accuracy_score(Y[test], plain[test], sample_weight=WEIGHT[test])
        assert score == pytest.approx(expected)


def test_routing_gives_groups_to_an_inner_search_too():
    """Groups in params reach the folds and the search within each fold."""
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            GaussianNB(), {"var_smoothing": [1e-9, 0.1]}, cv=GroupKFold(2)
        )
        for cv in (None, GroupKFold(3)):
            comparison = compare_classifiers(
                {"search": search},
                X,
                Y,
                cv=cv,
                scoring="accuracy",
                params={"groups": GROUPS},
            )
            for train, test in comparison.folds:
                assert not set(GROUPS[train]) & set(GROUPS[test])


def test_routing_refuses_what_nobody_requests():
    """Scikit-learn's own messages name the metadata."""
    with config_context(enable_metadata_routing=True):
        with pytest.raises(TypeError, match="colour"):
            compare_classifiers([GaussianNB()], X, Y, params={"colour": GROUPS})
        with pytest.raises(ValueError, match="sample_weight"):
            compare_classifiers([GaussianNB()], X, Y, params={"sample_weight": WEIGHT})


def test_routing_refuses_groups_given_twice():
    """Two sources of groups are one too many."""
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match="groups twice"),
    ):
        compare_classifiers(
            [LinearSVC()], X, Y, groups=GROUPS, params={"groups": GROUPS}
        )


def test_routing_leaves_the_groups_argument_to_the_folds():
    """The argument works the same with routing on."""
    with config_context(enable_metadata_routing=True):
        routed = compare_classifiers([GaussianNB()], X, Y, groups=GROUPS)
    plain = compare_classifiers([GaussianNB()], X, Y, groups=GROUPS)
    np.testing.assert_array_equal(
        routed.predictions["gaussiannb"], plain.predictions["gaussiannb"]
    )
