"""Results of a search over one or two parameters."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skdeep.plotting import SearchResultsDisplay
from skdeep.plotting.search_values import is_logarithmic, ordered_values

X, Y = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(random_state=0)


def search_over(grid, model=TREE, **options):
    """Return a fitted search."""
    return GridSearchCV(model, grid, cv=3, **options).fit(X, Y)


class Results:
    """A search that was made up."""

    def __init__(self, candidates, mean, std=None):
        mean = np.asarray(mean, dtype=float)
        self.cv_results_ = {
            "params": candidates,
            "mean_test_score": mean,
            "std_test_score": np.full(len(mean), 0.1) if std is None else std,
        }


def test_one_parameter_gives_a_curve(pyplot):
    """Mean and band are the numbers of the search, in the order of the values."""
    search = search_over({"max_depth": [4, 1, 2, 3]})
    display = SearchResultsDisplay.from_search(search)
    order = np.argsort([4, 1, 2, 3])
    expected = search.cv_results_["mean_test_score"][order]
    np.testing.assert_array_equal(display.line_.get_xdata(), [1, 2, 3, 4])
    np.testing.assert_allclose(display.line_.get_ydata(), expected)
    assert display.best == (int(np.argmax(expected)),)
    assert display.ax_.get_xscale() == "linear"
    assert display.ax_.get_xlabel() == "max_depth"
    assert display.band_ is not None and display.image_ is None


def test_two_parameters_give_a_map(pyplot):
    """The first goes to the right, the second up."""
    grid = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 30]}
    search = search_over(grid)
    params = ["max_depth", "min_samples_leaf"]
    display = SearchResultsDisplay.from_search(search, params)
    assert display.mean.shape == (2, 3)
    for candidate, mean in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        column = grid["max_depth"].index(candidate["max_depth"])
        row = grid["min_samples_leaf"].index(candidate["min_samples_leaf"])
        assert display.mean[row, column] == mean
    assert display.mean[display.best] == search.best_score_
    assert len(display.ax_.texts) == 6
    assert display.line_ is None and display.colorbar_ is not None


def test_other_parameters_are_maximized_over(pyplot):
    """Of several candidates with one value the best is shown, and that is said."""
    search = search_over({"max_depth": [1, 3], "min_samples_leaf": [1, 40]})
    display = SearchResultsDisplay.from_search(search, "max_depth")
    means = search.cv_results_["mean_test_score"].reshape(2, 2).max(axis=1)
    np.testing.assert_allclose(display.mean, means)
    assert display.others == ("min_samples_leaf",)
    assert "min_samples_leaf" in display.ax_.get_title()


@pytest.mark.parametrize(
    ("values", "logarithmic"),
    [
        ([0.01, 0.1, 1, 10], True),
        ([1, 2, 4, 8, 16, 32], True),
        ([1, 2, 3, 4], False),
        (range(1, 101), False),
        ([0, 0.1, 1, 10], False),
        ([1, 100], False),
        ([-1, 10, 100], False),
    ],
)
def test_axes_are_logarithmic_where_values_are_spaced_so(values, logarithmic):
    """Powers are, steps of one size and zeros are not."""
    assert is_logarithmic(np.array(values, dtype=float)) is logarithmic


def test_random_searches(pyplot):
    """Values drawn at random need no grid; where no candidate is, the map is empty."""
    space = {"C": np.logspace(-3, 2, 50), "tol": [1e-4, 1e-3, 1e-2]}
    search = RandomizedSearchCV(
        LogisticRegression(max_iter=2000), space, n_iter=8, cv=2, random_state=0
    ).fit(X, Y)
    display = SearchResultsDisplay.from_search(search, "C")
    assert display.ax_.get_xscale() == "log"
    display = SearchResultsDisplay.from_search(search)
    assert np.isfinite(display.mean).sum() == 8
    assert not display.failed.any()


def test_successive_halving(pyplot):
    """Scores are those of a candidate's last iteration; the best is of the last."""
    search = Results(
        [{"depth": depth} for depth in (1, 2, 3, 1, 2, 1)],
        [0.9, 0.8, 0.95, 0.6, 0.7, 0.5],
    )
    search.cv_results_["iter"] = np.array([0, 0, 0, 1, 1, 2])
    display = SearchResultsDisplay.from_search(search)
    assert display.mean.tolist() == [0.5, 0.7, 0.95]
    assert display.values[0][display.best[0]] == 1


def test_the_best_of_successive_halving_has_the_score_of_the_winner(pyplot):
    """Not the one that another candidate with the same value had on fewer rows."""
    search = Results(
        [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 2}, {"a": 1, "b": 1}],
        [0.95, 0.9, 0.85, 0.8],
    )
    search.cv_results_["iter"] = np.array([0, 0, 0, 1])
    display = SearchResultsDisplay.from_search(search, "a")
    assert display.mean.tolist() == [0.8, 0.85]
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert "best: 0.8" in texts
    both = SearchResultsDisplay.from_search(search)
    assert both.mean[both.best] == 0.8
    np.testing.assert_array_equal(both.mean, [[0.8, np.nan], [0.9, 0.85]])


def test_the_resource_of_successive_halving_is_no_parameter(pyplot):
    """Iterations of a candidate are one, whatever number of trees each had."""
    candidates = [
        {"depth": depth, "trees": trees}
        for depth, trees in [(1, 3), (2, 3), (3, 3), (1, 9), (2, 9), (1, 27)]
    ]
    search = Results(candidates, [0.9, 0.8, 0.95, 0.6, 0.7, 0.5])
    search.cv_results_["iter"] = np.array([0, 0, 0, 1, 1, 2])
    search.resource = "trees"
    display = SearchResultsDisplay.from_search(search)
    assert display.params == ("depth",) and display.others == ()
    assert display.mean.tolist() == [0.5, 0.7, 0.95]
    assert display.values[0][display.best[0]] == 1
    # Who asks for the resource sees what more of it gave.
    growth = SearchResultsDisplay.from_search(search, "trees")
    assert growth.values == ([3, 9, 27],)
    assert growth.mean.tolist() == [0.95, 0.7, 0.5]


def test_parameters_that_a_candidate_lacks(pyplot):
    """They are "not set", and what won without them is called the best."""
    candidates = [
        {"kernel": "linear"},
        *({"kernel": "rbf", "gamma": gamma} for gamma in (0.01, 0.1, 1)),
    ]
    found = Results(candidates, [0.9, 0.5, 0.7, 0.6])
    curve = SearchResultsDisplay.from_search(found, "gamma")
    assert curve.values == ([0.01, 0.1, 1, "not set"],)
    assert curve.mean.tolist() == [0.5, 0.7, 0.6, 0.9]
    assert curve.best == (3,)
    grid = SearchResultsDisplay.from_search(found)
    assert grid.params == ("kernel", "gamma")
    assert grid.best == (3, 0)
    np.testing.assert_array_equal(grid.mean[:, 0], [np.nan, np.nan, np.nan, 0.9])
    labels = [label.get_text() for label in grid.ax_.get_yticklabels()]
    assert labels == ["0.01", "0.1", "1", "not set"]


def test_failed_fits_are_shown(pyplot):
    """A value whose fits all failed has no score, but a mark."""
    with pytest.warns((FitFailedWarning, UserWarning)):
        search = search_over({"min_samples_leaf": [1, 5, -3]}, error_score=np.nan)
    display = SearchResultsDisplay.from_search(search)
    assert display.failed.tolist() == [True, False, False]
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert "failed" in texts
    pairs = [{"a": a, "b": b} for a in (1, 2) for b in (1, 2)]
    display = SearchResultsDisplay.from_search(Results(pairs, [0.5, np.nan, 0.2, 0.1]))
    assert display.failed.tolist() == [[False, False], [True, False]]
    with pytest.raises(ValueError, match="every fit failed"):
        SearchResultsDisplay.from_search(Results(pairs, [np.nan] * 4))


def test_words_stand_side_by_side(pyplot):
    """Values that are not numbers are named, without a line between them."""
    values = ["gini", "entropy", None]
    found = Results([{"criterion": value} for value in values], [0.1, 0.3, 0.2])
    display = SearchResultsDisplay.from_search(found)
    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert labels == ["gini", "entropy", "None"]
    assert display.line_.get_linestyle() == "None"
    assert display.best == (1,)


def test_values_of_any_kind():
    """Lists, estimators and truth values are kept apart and in order."""
    values = [[3, 4], [1], True, 1, None, GaussianNB]
    candidates = [{"p": value} for value in values]
    assert ordered_values(candidates, "p") == values
    assert ordered_values([{"p": 2}, {"q": 1}, {"p": 0.5}], "p") == [0.5, 2]


def test_one_candidate_and_a_hundred(pyplot):
    """One point can be seen; a hundred need neither marks nor numbers."""
    one = SearchResultsDisplay.from_search(Results([{"a": 3}], [0.5]))
    assert one.line_.get_marker() == "o"
    candidates = [{"a": a} for a in range(100)]
    many = SearchResultsDisplay.from_search(Results(candidates, np.arange(100)))
    assert many.line_.get_marker() == ""
    pairs = [{"a": a, "b": f"b{b}"} for a in range(10) for b in range(10)]
    square = SearchResultsDisplay.from_search(Results(pairs, np.arange(100)))
    assert not square.ax_.texts
    assert SearchResultsDisplay.from_search(
        Results(pairs, np.arange(100)), number=True
    ).ax_.texts


def test_metrics(pyplot):
    """A metric is chosen by name, or is the one that refit names."""
    scoring = ["accuracy", "f1_macro"]
    search = search_over({"max_depth": [1, 2]}, scoring=scoring, refit="f1_macro")
    assert SearchResultsDisplay.from_search(search).metric == "f1_macro"
    other = SearchResultsDisplay.from_search(search, metric="accuracy")
    np.testing.assert_allclose(other.mean, search.cv_results_["mean_test_accuracy"])
    single = search_over({"max_depth": [1, 2]}, scoring="f1_macro")
    assert SearchResultsDisplay.from_search(single).metric == "f1_macro"
    named = SearchResultsDisplay.from_search(single, metric="f1_macro")
    assert named.ax_.get_ylabel() == "f1_macro (mean ± std)"
    unclear = search_over({"max_depth": [1, 2]}, scoring=scoring, refit=False)
    with pytest.raises(ValueError, match="several metrics"):
        SearchResultsDisplay.from_search(unclear)
    with pytest.raises(ValueError, match="no metric 'auc'"):
        SearchResultsDisplay.from_search(search, metric="auc")


def test_names_are_no_formulas(pyplot):
    """A dollar in a name or value is drawn as it is."""
    found = Results([{"$a_$": "$x_$"}, {"$a_$": "$$^"}], [0.1, 0.2])
    display = SearchResultsDisplay.from_search(found)
    display.figure_.canvas.draw()
    pairs = [{"$a_$": a, "$b^$": b} for a in (1, 2) for b in (1, 2)]
    display = SearchResultsDisplay.from_search(Results(pairs, [1, 2, 3, 4]))
    display.figure_.canvas.draw()


def test_refusals(pyplot):
    """Searches that are not fitted, and parameters that are not there, are named."""
    with pytest.raises(NotFittedError):
        SearchResultsDisplay.from_search(GridSearchCV(TREE, {"max_depth": [1]}))
    with pytest.raises(TypeError, match="no cv_results_"):
        SearchResultsDisplay.from_search(GaussianNB().fit(X, Y))
    three = [{"a": n, "b": n, "c": n} for n in range(2)]
    with pytest.raises(ValueError, match="varied 3 parameters"):
        SearchResultsDisplay.from_search(Results(three, [0, 1]))
    for params in ("d", ["a", "b", "c"], ["a", "a"], []):
        with pytest.raises(ValueError, match="one or two of the parameters"):
            SearchResultsDisplay.from_search(Results(three, [0, 1]), params)
    assert pyplot.get_fignums() == []
