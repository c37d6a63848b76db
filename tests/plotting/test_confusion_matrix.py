"""Which classes are taken for which, for one class, three and a hundred."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import confusion_matrix
from sklearn.naive_bayes import GaussianNB

from skdeep.model_comparison import compare_classifiers
from skdeep.plotting import ConfusionMatrixDisplay

X, Y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def comparison():
    """Give a comparison of three classes with names."""
    names = np.array(["seto$a", "versi_color", "virginica"])[Y]
    return compare_classifiers({"bayes": GaussianNB()}, X, names, cv=3)


def test_counts_and_shares(pyplot):
    """Cells hold the counts of scikit-learn, colours the shares of the true class."""
    classifier = GaussianNB().fit(X, Y)
    display = ConfusionMatrixDisplay.from_estimator(classifier, X, Y)
    counts = confusion_matrix(Y, classifier.predict(X))
    texts = [[text.get_text() for text in row] for row in display.texts_]
    assert texts == counts.astype(str).tolist()
    np.testing.assert_allclose(display.shares_, counts / 50)
    drawn = display.image_.get_array().reshape(3, 3)
    np.testing.assert_array_equal(drawn, display.shares_)
    assert display.ax_.get_xlabel() == "Predicted class"
    assert display.ax_.get_ylabel() == "True class"
    # The first class is at the top, as in the printed matrix.
    assert display.ax_.get_ylim() == (2.5, -0.5)
    assert display.image_.get_clim() == (0, 1)


def test_out_of_fold_confusions(pyplot, comparison):
    """A comparison gives those of the rows that were tested, under their names."""
    display = ConfusionMatrixDisplay.from_comparison(comparison, "bayes")
    expected = confusion_matrix(comparison.y, comparison.predictions["bayes"])
    np.testing.assert_array_equal(display.matrix, expected)
    ticks = display.ax_.get_yticklabels()
    assert [tick.get_text() for tick in ticks] == comparison.classes.tolist()
    # A dollar in a name is no formula.
    display.figure_.canvas.draw()
    with pytest.raises(ValueError, match="no classifier 'tree'"):
        ConfusionMatrixDisplay.from_comparison(comparison, "tree")


def test_labels_that_are_no_class_have_a_column(pyplot, comparison):
    """They stand after the classes, and no true row is of them."""
    first, *others = comparison.fold_predictions["bayes"]
    strange = np.full(len(first), "outlier")
    doubting = replace(comparison, fold_predictions={"bayes": [strange, *others]})
    display = ConfusionMatrixDisplay.from_comparison(doubting, "bayes")
    ticks = [tick.get_text() for tick in display.ax_.get_xticklabels()]
    assert ticks == [*comparison.classes, "outlier"]
    assert display.matrix[:, 3].sum() == len(first) and not display.matrix[3].any()
    assert display.matrix.sum() == len(Y)


def test_failed_folds_are_left_out(pyplot, comparison):
    """Of no fold at all there is nothing to draw."""
    first, *others = comparison.fold_predictions["bayes"]
    partly = replace(comparison, fold_predictions={"bayes": [None, *others]})
    display = ConfusionMatrixDisplay.from_comparison(partly, "bayes")
    assert display.matrix.sum() == len(Y) - len(first)
    never = replace(comparison, fold_predictions={"bayes": [None, None, None]})
    with pytest.raises(ValueError, match="failed in every fold"):
        ConfusionMatrixDisplay.from_comparison(never, "bayes")


def test_one_row_of_one_class(pyplot):
    """A single prediction fills a single cell."""
    display = ConfusionMatrixDisplay.from_predictions(["ham"], ["ham"])
    assert display.shares_.tolist() == [[1.0]]
    assert display.texts_[0, 0].get_text() == "1"
    assert display.largest_confusions() == []


@pytest.mark.parametrize(
    ("true", "predicted", "weight"),
    [
        (["a", "a"], ["a"], None),
        (["a"], ["a", "a", "a"], None),
        (["a", "a"], ["a", "a"], [1.0]),
    ],
)
def test_rows_of_one_class_belong_together(pyplot, true, predicted, weight):
    """One prediction does not stand for all rows, and one weight neither."""
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ConfusionMatrixDisplay.from_predictions(true, predicted, sample_weight=weight)


def test_a_hundred_classes(pyplot):
    """Names are thinned out and numbers left out; the worst confusions are known."""
    true = np.repeat(np.arange(100), 4)
    predicted = true.copy()
    predicted[[28, 29, 30, 200]] = [3, 3, 3, 99]
    display = ConfusionMatrixDisplay.from_predictions(true, predicted)
    assert display.texts_ is None and not display.ax_.texts
    assert len(display.ax_.get_xticks()) == len(display.ax_.get_yticks()) == 25
    assert display.largest_confusions() == [(7, 3, 0.75), (50, 99, 0.25)]
    assert display.largest_confusions(1) == [(7, 3, 0.75)]
    numbered = ConfusionMatrixDisplay(matrix=display.matrix).plot(number=True)
    assert len(numbered.ax_.texts) == 100**2


def test_a_class_without_rows_is_empty(pyplot):
    """What was only predicted has no share, and its numbers can still be read."""
    display = ConfusionMatrixDisplay.from_predictions([0, 0, 1], [0, 2, 1])
    assert np.isnan(display.shares_[2]).all()
    assert display.image_.get_array().mask.reshape(3, 3)[2].all()
    letters = display.ax_.xaxis.label.get_color()
    assert display.texts_[2, 0].get_color() == letters
    assert display.texts_[1, 1].get_color() == "black"
    assert display.texts_[1, 0].get_color() == "white"


def test_weights_and_order(pyplot):
    """Weights are summed, and labels choose the classes and their order."""
    display = ConfusionMatrixDisplay.from_predictions(
        ["a", "a", "b"],
        ["a", "b", "b"],
        labels=["b", "a"],
        sample_weight=[0.5, 1.5, 2.0],
        colorbar=False,
    )
    np.testing.assert_allclose(display.matrix, [[2.0, 0.0], [1.5, 0.5]])
    assert display.texts_[1, 0].get_text() == "1.5"
    assert display.largest_confusions() == [("a", "b", 0.75)]
    assert display.colorbar_ is None


def test_an_axes_of_the_user(pyplot):
    """It is drawn there, with the arguments for the cells."""
    _, ax = pyplot.subplots()
    display = ConfusionMatrixDisplay(matrix=np.eye(2)).plot(
        ax, cmap="gray", image_kwargs={"alpha": 0.5}
    )
    assert display.ax_ is ax and display.figure_ is ax.figure
    assert display.image_.get_cmap().name == "gray"
    assert display.image_.get_alpha() == 0.5


@pytest.mark.parametrize("matrix", [np.zeros((2, 3)), np.zeros((0, 0)), [1, 2]])
def test_what_is_no_matrix(pyplot, matrix):
    """Shapes that are not square are told."""
    with pytest.raises(ValueError, match="row and a column for each class"):
        ConfusionMatrixDisplay(matrix=matrix).plot()


def test_refusals(pyplot):
    """Names of another number, and classifiers that are not fitted."""
    with pytest.raises(ValueError, match="3 entries for 2 classes"):
        ConfusionMatrixDisplay(matrix=np.eye(2), display_labels="abc").plot()
    with pytest.raises(NotFittedError):
        ConfusionMatrixDisplay.from_estimator(GaussianNB(), X, Y)
