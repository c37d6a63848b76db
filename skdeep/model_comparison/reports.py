"""Train once, test once: how well, how long, and how much was computed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    accuracy_score,
)
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import _num_samples

from skdeep.mixins import ClassificationMixin
from skdeep.model_comparison.report_figures import (
    class_figures,
    count_confusions,
    mean_log_loss,
)
from skdeep.model_comparison.report_labels import (
    UNLABELLED,
    marks_unlabelled,
    read_sets,
)
from skdeep.model_comparison.report_tables import cost_lines, set_lines
from skdeep.model_comparison.shared_samples import count_shared
from skdeep.networks import multiply_adds

# A multiply-add is two operations, and a step of training costs three forward passes:
# one forward, one for the gradients of the maps and one for those of the weights.
_FLOP_PER_MULTIPLY_ADD = 2
_FORWARD_PASSES = 3

# Labels, probabilities if there are any, and seconds.
Answers = tuple[NDArray[Any], NDArray[np.float64] | None, float]


@dataclass(frozen=True, eq=False)
class SetReport:
    """How well a classifier does on one set of samples.

    Parameters
    ----------
    n_samples : int
        Number of samples that have a label, which all figures are of.

    accuracy : float
        Share of the samples whose class was predicted.

    log_loss : float
        Mean of minus the logarithm of the probability given to the true class, in nats;
        NaN if the classifier has no probabilities.

    per_class : DataFrame of shape (n_classes, 4)
        Columns "precision", "recall", "f1" and "support" (number of samples), a row for
        each class. What would divide by zero is 0.

    confusion_matrix : ndarray of shape (n_classes, n_classes)
        Numbers of samples: true classes in rows, predicted ones in columns.

    predict_seconds : float
        Seconds that it took to predict, the unlabelled samples, too.

    n_unlabelled : int, default=0
        Number of further samples, which a semi-supervised classifier took as
        unlabelled. If there are no others, accuracy and log loss are NaN.

    See Also
    --------
    TrainTestReport : Holds one for the training set and one for the test set.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skdeep.model_comparison import train_test_report
    >>> X, y = load_iris(return_X_y=True)
    >>> report = train_test_report(GaussianNB(), X[::2], y[::2], X[1::2], y[1::2])
    >>> report.test.n_samples, report.test.confusion_matrix.shape
    (75, (3, 3))
    """

    n_samples: int
    accuracy: float
    log_loss: float
    per_class: pd.DataFrame
    confusion_matrix: NDArray[np.int64]
    predict_seconds: float
    n_unlabelled: int = 0


@dataclass(frozen=True, repr=False, eq=False)
class TrainTestReport:
    """What a classifier learned on one set and does on another.

    Made by :func:`~skdeep.model_comparison.train_test_report`.

    Parameters
    ----------
    estimator : classifier
        The fitted clone.

    classes : ndarray of shape (n_classes,)
        Sorted labels of both sets, and whatever else was predicted.

    train, test : SetReport
        Results on the training samples, which say how well they were learned, and on
        the test samples, which say how well the classifier does.

    fit_seconds : float
        Seconds that `fit` took.

    n_shared : int
        Number of test samples that are equal to a training sample. They are known to
        the classifier, and flatter it.

    multiply_adds : int or None
        Multiply-adds of the network for one sample; None if that is not known, as of
        classifiers without a network and of texts, which have any length.

    training_flop : float or None
        Floating-point operations of the training: 2 for a multiply-add, times 3 for
        forward and backward, times the samples of all epochs; None also where a part
        of the network is frozen, as a pretrained one, which need not pass each time, or
        all of it, with `sklearn.frozen.FrozenEstimator`, so that nothing was trained.

    See Also
    --------
    train_test_report : Makes a report.
    compare_classifiers : Compares several classifiers by cross-validation.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skdeep.model_comparison import train_test_report
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> report = train_test_report(GaussianNB(), X_train, y_train, X_test, y_test)
    >>> report.test.n_samples, round(report.test.accuracy, 2)
    (143, 0.94)
    >>> list(report.test.per_class.columns)
    ['precision', 'recall', 'f1', 'support']
    """

    estimator: Any
    classes: NDArray[Any]
    train: SetReport
    test: SetReport
    fit_seconds: float
    n_shared: int
    multiply_adds: int | None
    training_flop: float | None

    @property
    def gflop_per_second(self) -> float | None:
        """Operations of the training in 10**9 per second of `fit`; None if unknown.

        Compilation, shuffling and validation count as time and not as operations.
        """
        if self.training_flop is None:
            return None
        return self.training_flop / self.fit_seconds / 1e9

    def confusion_display(self, subset: str = "test") -> ConfusionMatrixDisplay:
        """Return scikit-learn's display of a confusion matrix.

        Parameters
        ----------
        subset : {"test", "train"}, default="test"
            Which set.

        Returns
        -------
        display : sklearn.metrics.ConfusionMatrixDisplay
            Not drawn yet: its `plot` does that.
        """
        return ConfusionMatrixDisplay(
            self._of(subset).confusion_matrix, display_labels=self.classes
        )

    def plot(
        self, subset: str = "test", *, ax: Any = None, **kwargs: Any
    ) -> ConfusionMatrixDisplay:
        """Draw a confusion matrix, under a title that says of which set.

        Parameters
        ----------
        subset : {"test", "train"}, default="test"
            Which set.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        **kwargs : object
            Passed to `sklearn.metrics.ConfusionMatrixDisplay.plot`.

        Returns
        -------
        display : sklearn.metrics.ConfusionMatrixDisplay
            The display, drawn.
        """
        part = self._of(subset)
        name = "Training" if subset == "train" else "Test"
        display = self.confusion_display(subset).plot(ax=ax, **kwargs)
        display.ax_.set_title(f"{name} set, accuracy {part.accuracy:.2%}")
        return display

    def to_markdown(self, digits: int = 3) -> str:
        """Return the report as headings and tables in GitHub's Markdown.

        Parameters
        ----------
        digits : int, default=3
            Digits after the decimal point of the metrics.

        Returns
        -------
        markdown : str
            Lines without a final line break.
        """
        return self._text(digits, markdown=True)

    def to_text(self, digits: int = 3) -> str:
        """Return the report as plain text with aligned columns.

        Parameters
        ----------
        digits : int, default=3
            Digits after the decimal point of the metrics.

        Returns
        -------
        text : str
            Lines without a final line break.
        """
        return self._text(digits, markdown=False)

    def __repr__(self) -> str:
        """Return the report as text."""
        return self.to_text()

    def _of(self, subset: str) -> SetReport:
        if subset not in ("train", "test"):
            raise ValueError(f'subset must be "train" or "test", got {subset!r}.')
        return self.train if subset == "train" else self.test

    def _text(self, digits: int, *, markdown: bool) -> str:
        lines = set_lines("Training set", self.train, digits, markdown)
        lines += ["", *set_lines("Test set", self.test, digits, markdown)]
        if self.n_shared:
            n_test = self.test.n_samples + self.test.n_unlabelled
            lines += [
                "",
                f"{self.n_shared} of the {n_test} test samples are also "
                "among the training samples.",
            ]
        return "\n".join([*lines, "", *cost_lines(self, markdown)])


def train_test_report(
    estimator: Any, X_train: Any, y_train: Any, X_test: Any, y_test: Any
) -> TrainTestReport:
    """Fit a clone of a classifier, and report on training and test samples.

    As in `sklearn.model_selection.cross_validate`, the estimator that is passed is not
    touched; the fitted clone is in the report. The test samples are used for nothing
    but the report: no choice may be made on it, or it is no test any more.

    Rows labelled -1 are left out of all figures, and counted on their own, if -1 is
    among the training labels and none of the `classes_` of the fitted classifier: it
    took them as unlabelled, as
    :class:`~skdeep.PretrainedEncoderClassifier` and those of
    `sklearn.semi_supervised` do. To others -1 is a class.

    Parameters
    ----------
    estimator : classifier
        What to fit: any of scikit-learn's interface, a pipeline too.

    X_train : sequence of samples
        Samples to fit on. What the classifier reads piece by piece from a file, the
        report does, too.

    y_train : array-like of shape (n_train,)
        Their classes.

    X_test : sequence of samples
        Other samples.

    y_test : array-like of shape (n_test,)
        Their classes.

    Returns
    -------
    report : TrainTestReport
        Accuracy, log loss, a table of classes and a confusion matrix of both sets;
        seconds and, for a network whose size is known, operations of the training.

    Raises
    ------
    TypeError
        If `estimator` is no classifier.

    ValueError
        If the test samples are the training samples, there are none, or labels are not
        as many as samples, are missing, or are numbers in one set and words in the
        other. All of this is said before the fit.

    See Also
    --------
    compare_classifiers : Compares several classifiers by cross-validation.
    skdeep.networks.multiply_adds : Counts what a network computes.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdeep import DeepCNNClassifier
    >>> from skdeep.model_comparison import train_test_report
    >>> X, y = load_digits(return_X_y=True)
    >>> cnn = DeepCNNClassifier(image_shape=(8, 8), width=0.25, epochs=2)
    >>> report = train_test_report(cnn, X[:500], y[:500], X[500:600], y[500:600])
    >>> report.multiply_adds, int(report.test.confusion_matrix.sum())
    (152384, 100)
    """
    is_instance = hasattr(estimator, "fit") and not isinstance(estimator, type)
    if not is_instance or not is_classifier(estimator):
        raise TypeError(
            f"estimator must be a classifier, got {estimator!r}. Pass an instance that "
            "is_classifier accepts, or a pipeline that ends in one."
        )
    if X_test is X_train:
        raise ValueError(
            "X_test is X_train, so the test would be of samples that the classifier "
            "has learned. Pass others, as of sklearn.model_selection.train_test_split."
        )
    y_train, y_test = read_sets(X_train, y_train, X_test, y_test)
    fitted = clone(estimator)
    start = time.perf_counter()
    fitted.fit(X_train, y_train)
    fit_seconds = time.perf_counter() - start
    on_train, on_test = (_predictions(fitted, X) for X in (X_train, X_test))
    unlabelled = marks_unlabelled(y_train, getattr(fitted, "classes_", y_train))
    # A label that is no class, as of outliers, has a place in the tables too.
    labels = np.concatenate([y_train, y_test])
    labels = labels[labels != UNLABELLED] if unlabelled else labels
    classes = np.unique(np.concatenate([labels, on_train[0], on_test[0]]))
    count, flop = _costs(fitted, _num_samples(X_train))
    return TrainTestReport(
        estimator=fitted,
        classes=classes,
        train=_evaluated(fitted, on_train, y_train, classes, unlabelled),
        test=_evaluated(fitted, on_test, y_test, classes, unlabelled),
        fit_seconds=fit_seconds,
        n_shared=count_shared(X_train, X_test),
        multiply_adds=count,
        training_flop=flop,
    )


def _evaluated(
    fitted: Any,
    answers: Answers,
    y: NDArray[Any],
    classes: NDArray[Any],
    unlabelled: bool,
) -> SetReport:
    """Return the report on one set, of which rows may be unlabelled."""
    predicted, probabilities, predict_seconds = answers
    known = y != UNLABELLED if unlabelled else np.ones(len(y), dtype=bool)
    y, predicted = y[known], predicted[known]
    loss = float("nan")
    if probabilities is not None and len(y):
        loss = mean_log_loss(y, probabilities[known], fitted.classes_, classes)
    return SetReport(
        n_samples=len(y),
        accuracy=float(accuracy_score(y, predicted)) if len(y) else float("nan"),
        log_loss=loss,
        per_class=class_figures(y, predicted, classes),
        confusion_matrix=count_confusions(y, predicted, classes),
        predict_seconds=predict_seconds,
        n_unlabelled=int(np.count_nonzero(~known)),
    )


def _predictions(fitted: Any, X: Any) -> Answers:
    """Return labels, probabilities if there are any, and seconds for the labels."""
    start = time.perf_counter()
    if getattr(type(_network(fitted)), "predict", None) is ClassificationMixin.predict:
        # The labels are those of the largest probabilities: one pass gives both.
        probabilities = np.asarray(fitted.predict_proba(X))
        predicted = fitted.classes_[probabilities.argmax(axis=1)]
        return predicted, probabilities, time.perf_counter() - start
    predicted = np.asarray(fitted.predict(X))
    seconds = time.perf_counter() - start
    if not hasattr(fitted, "predict_proba"):
        return predicted, None, seconds
    return predicted, np.asarray(fitted.predict_proba(X)), seconds


def _network(fitted: Any) -> Any:
    """Return a classifier itself, or the last step of a pipeline."""
    return fitted.steps[-1][1] if isinstance(fitted, Pipeline) else fitted


def _costs(fitted: Any, n_train: int) -> tuple[int | None, float | None]:
    """Return multiply-adds for a sample and operations of the training, if known."""
    network = _network(fitted)
    try:
        model = network.model_
        count = multiply_adds(model)
    except (AttributeError, ValueError):
        return None, None
    if isinstance(network, FrozenEstimator):
        # It was trained before, and perhaps on other samples.
        return count, None
    pretrained = getattr(getattr(network, "autoencoder_", None), "n_samples_seen_", 0)
    if pretrained and not isinstance(network.autoencoder, FrozenEstimator):
        # The time of the fit is that of the pretraining, too.
        return count, None
    layers = model._flatten_layers(include_self=False)
    if any(hasattr(layer, "layers") and not layer.trainable for layer in layers):
        return count, None
    n_seen = getattr(network, "n_samples_seen_", None)
    if n_seen is None:
        n_seen = n_train * getattr(network, "n_iter_", 1)
    return count, float(_FLOP_PER_MULTIPLY_ADD * _FORWARD_PASSES * count * n_seen)
