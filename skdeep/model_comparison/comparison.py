"""The result of a comparison: scores, predictions, tables and the paired test."""

from __future__ import annotations

import os
import warnings
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skdeep.encoding.atomic_file import write_atomically
from skdeep.model_comparison.folds import Fold
from skdeep.model_comparison.paired_test import (
    Alternative,
    corrected_paired_t_test,
    holm_adjusted,
)
from skdeep.model_comparison.predicted_labels import known_labels, places_of
from skdeep.model_comparison.provenance import Provenance
from skdeep.model_comparison.tables import (
    Table,
    as_html,
    as_markdown,
    as_text,
    summary_table,
)


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """Scores and out-of-fold predictions of classifiers on the same folds.

    Made by :func:`~skdeep.model_comparison.compare_classifiers`. It holds numbers
    only, no fitted classifiers, and can be pickled.

    Parameters
    ----------
    names : tuple of str
        Names of the classifiers.

    metrics : tuple of str
        Names of the metrics; larger is better for each.

    fold_scores : DataFrame of shape (n_classifiers * n_folds, n_metrics + 4)
        Columns "estimator", "fold" (counted from 0), one per metric, and "fit_time"
        and "predict_time" in seconds. All metrics are of the fold's test rows.

    folds : list of (train, test)
        Row numbers of each fold, the same for all classifiers.

    classes : ndarray of shape (n_classes,)
        Sorted labels. Of two classes the second is the positive one.

    y : ndarray of shape (n_samples,)
        True labels.

    fold_predictions : dict of str to list of ndarray of shape (n_test,)
        Predicted labels of the test rows, by classifier and fold; None for a fold
        whose fit failed.

    fold_responses : dict of str to list of ndarray
        Continuous scores of the test rows, by classifier and fold: of shape
        (n_test,) for two classes, where a larger value means the positive class,
        and (n_test, n_classes) for more. None where the fit failed, or where the
        classifier has no continuous score.

    response_methods : dict of str to str or None
        The method that gave the continuous scores: "predict_proba" where the
        classifier has it, otherwise "decision_function".

    provenance : Provenance, default=None
        Parameters of the classifiers, digests of the data, versions and machine, for
        :meth:`to_html`. None if nobody wrote them down.

    fold_decisions : dict of str to list of ndarray of shape (n_test,), default=None
        The decision function of two classes, by classifier and fold, of classifiers
        that have one beside probabilities. Scorers prefer it for metrics of the order
        of the rows, such as "roc_auc", and so do curves. None if nobody kept it.

    See Also
    --------
    compare_classifiers : Makes a comparison.
    skdeep.plotting.RocComparisonDisplay : Draws its ROC curves.
    skdeep.plotting.ConfusionMatrixDisplay : Draws what one of them confuses.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skdeep.model_comparison import compare_classifiers
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> comparison = compare_classifiers(
    ...     {"bayes": GaussianNB(), "majority": DummyClassifier()}, X, y
    ... )
    >>> comparison.predictions["bayes"].shape
    (569,)
    >>> test = comparison.paired_test("f1")
    >>> test.loc["majority", "reference"]
    'bayes'
    """

    names: tuple[str, ...]
    metrics: tuple[str, ...]
    fold_scores: pd.DataFrame
    folds: list[Fold]
    classes: NDArray[Any]
    y: NDArray[Any]
    fold_predictions: dict[str, list[NDArray[Any] | None]]
    fold_responses: dict[str, list[NDArray[np.float64] | None]]
    response_methods: dict[str, str | None]
    provenance: Provenance | None = None
    fold_decisions: dict[str, list[NDArray[np.float64] | None]] | None = None

    @property
    def predictions(self) -> dict[str, NDArray[Any]]:
        """Out-of-fold labels by classifier, each of shape (n_samples,).

        A row that was tested several times, as in repeated cross-validation, gets
        the label predicted most often; of equally frequent labels the first in
        `classes`, before labels that are none. A row that was never tested is NaN,
        which makes the array one of floats (numeric labels) or objects (others).
        """
        return {name: self._pooled_labels(name) for name in self.names}

    @property
    def scores_out_of_fold(self) -> dict[str, NDArray[np.float64]]:
        """Out-of-fold continuous scores by classifier, aligned with the rows of X.

        Of shape (n_samples,) for two classes, where a larger value means the second
        of `classes`, and (n_samples, n_classes) for more. A row that was tested
        several times gets the mean of its scores, a row that was never tested is
        NaN. Classifiers without `predict_proba` and `decision_function` are left
        out. Scores of different folds come from different models; the metrics and
        curves therefore use those of each fold, never these.
        """
        return {
            name: self._pooled_scores(name)
            for name in self.names
            if self.response_methods[name] is not None
        }

    def scores(self, metric: str) -> pd.DataFrame:
        """Return the scores of one metric, folds in rows, classifiers in columns.

        Parameters
        ----------
        metric : str
            One of `metrics`, "fit_time" or "predict_time".

        Returns
        -------
        scores : DataFrame of shape (n_folds, n_classifiers)
            The paired scores.

        Raises
        ------
        ValueError
            If there is no such metric.
        """
        known = (*self.metrics, "fit_time", "predict_time")
        if metric not in known:
            raise ValueError(
                f"There is no metric {metric!r} in this comparison. Choose one of "
                f"{', '.join(map(repr, known))}."
            )
        table = self.fold_scores.pivot(index="fold", columns="estimator", values=metric)
        return table[list(self.names)]

    def summary(self) -> pd.DataFrame:
        """Return mean and spread of every metric, and the mean times.

        Returns
        -------
        summary : DataFrame of shape (n_classifiers, 2 * n_metrics + 2)
            One row per classifier; columns "mean_<metric>" and "std_<metric>", then
            "mean_fit_time" and "mean_predict_time" in seconds per fold. The standard
            deviation is that of the folds' scores (divided by their number, as in
            ``GridSearchCV.cv_results_``); it is not the error of the mean.
        """
        columns: dict[str, Any] = {}
        for metric in self.metrics:
            scores = self.scores(metric)
            # A failed fold must show in the mean, so NaN is not skipped.
            columns[f"mean_{metric}"] = scores.mean(skipna=False)
            # An infinite score has no spread: NaN, without a warning.
            finite = scores.where(np.isfinite(scores))
            columns[f"std_{metric}"] = finite.std(ddof=0, skipna=False)
        for time in ("fit_time", "predict_time"):
            columns[f"mean_{time}"] = self.scores(time).mean()
        return pd.DataFrame(columns).rename_axis(index="estimator")

    def paired_test(
        self,
        metric: str,
        reference: str | None = None,
        alternative: Alternative = "two-sided",
        *,
        confidence_level: float = 0.95,
    ) -> pd.DataFrame:
        """Test every classifier against a reference, fold by fold.

        Uses the corrected resampled t-test of Nadeau and Bengio [1]_, which allows
        for the training rows that folds have in common. ``n_test / n_train`` is the
        mean of that ratio over the folds.

        Parameters
        ----------
        metric : str
            One of `metrics`.

        reference : str, default=None
            Name of the classifier to compare with. By default the one with the
            highest mean of the metric.

        alternative : {"two-sided", "greater", "less"}, default="two-sided"
            Whether the others differ from the reference, are better or are worse.

        confidence_level : float, default=0.95
            Coverage of the interval of the difference, in (0, 1).

        Returns
        -------
        test : DataFrame of shape (n_classifiers - 1, 7)
            One row per other classifier: "reference"; "mean_difference", the mean of
            its scores minus those of the reference, with the interval "ci_low" to
            "ci_high"; "t"; "p"; and "p_holm", adjusted by Holm's method for the
            number of rows. Classifiers that agree with the reference in every fold
            have t = 0 and p = 1; a difference that is the same in every fold, but
            not zero, has t = ±inf and p = 0 (1 if it contradicts a one-sided
            alternative).

        Raises
        ------
        ValueError
            If there is no such metric or classifier, only one classifier or fold, or
            if the reference lacks a score in some fold.

        Warns
        -----
        UserWarning
            If another classifier lacks a score in some fold; its row is NaN.

        References
        ----------
        .. [1] C. Nadeau and Y. Bengio, "Inference for the Generalization Error",
               Machine Learning 52, 239-281, 2003. :doi:`10.1023/A:1024068626366`
        """
        scores = self.scores(metric)
        reference = self._check_reference(scores, metric, reference)
        ratio = float(np.mean([len(test) / len(train) for train, test in self.folds]))
        others = [name for name in self.names if name != reference]
        columns = ["mean_difference", "ci_low", "ci_high", "t", "p"]
        results: dict[str, dict[str, Any]] = {}
        for name in others:
            missing = ~np.isfinite(scores[name])
            if missing.any():
                folds = list(scores.index[missing])
                warnings.warn(
                    f"{name!r} has no finite {metric!r} in the folds {folds}, so it "
                    "cannot be tested and its row is NaN.",
                    UserWarning,
                    stacklevel=2,
                )
                results[name] = dict.fromkeys(columns, np.nan)
                continue
            result = corrected_paired_t_test(
                scores[name].to_numpy() - scores[reference].to_numpy(),
                ratio,
                alternative=alternative,
                confidence_level=confidence_level,
            )
            results[name] = asdict(result)
        table = pd.DataFrame.from_dict(results, orient="index", columns=columns)
        table = table.astype(np.float64).rename_axis(index="estimator")
        table.insert(0, "reference", reference)
        table["p_holm"] = holm_adjusted(table["p"])
        return table

    def to_text(self, digits: int = 3) -> str:
        """Return the summary as an aligned table of plain text.

        Parameters
        ----------
        digits : int, default=3
            Digits after the decimal point of the metrics.

        Returns
        -------
        text : str
            Lines without a final line break; cells read "mean ± std".
        """
        return as_text(self._table(digits))

    def to_markdown(self, digits: int = 3) -> str:
        """Return the summary as a Markdown table, the best means in bold.

        Parameters
        ----------
        digits : int, default=3
            Digits after the decimal point of the metrics.

        Returns
        -------
        markdown : str
            Lines without a final line break; cells read "mean ± std".
        """
        return as_markdown(self._table(digits))

    def to_html(self, path: str | os.PathLike[str], metric: str | None = None) -> None:
        """Write a report in one HTML file that needs nothing else.

        It holds the table of metrics, the paired tests, curves (of two classes),
        calibration, confusions, cost against quality, the parameters of each
        classifier, digests of the data, seeds, versions, machine and date. The pictures
        are inside it; it can be read in dark and in light, on a phone too.

        Parameters
        ----------
        path : str or path-like
            Where to write it. A file that is there is replaced when the new one is
            complete.

        metric : str, default=None
            The metric to set against the cost, the first of `metrics` by default. It
            also says which four classifiers are the best, whose confusions are shown.

        Raises
        ------
        ValueError
            If there is no such metric.

        OSError
            If the file cannot be written.

        ImportError
            If matplotlib is not installed.
        """
        # The pages draw comparisons, so they are imported when a page is asked for.
        from skdeep.model_comparison.html_report import html_report

        content = html_report(self, metric=metric).encode("utf-8", "replace")
        write_atomically(Path(path), [content])

    def __repr__(self) -> str:
        """Return a title and the summary as text."""
        return f"{self._title()}\n{self.to_text()}"

    def _repr_html_(self) -> str:
        """Return a title and the summary for notebooks."""
        return f"<p>{escape(self._title())}</p>{as_html(self._table(digits=3))}"

    def _title(self) -> str:
        """Return one line that says what was compared."""
        n_names, n_folds = len(self.names), len(self.folds)
        return (
            f"Comparison of {n_names} classifier{'s' * (n_names != 1)} in {n_folds} "
            f"fold{'s' * (n_folds != 1)} of {len(self.y)} rows, "
            f"{len(self.classes)} classes (mean ± std over folds)"
        )

    def _table(self, digits: int) -> Table:
        """Return the cells of the summary."""
        return summary_table(
            self.summary(), self.metrics, digits=digits, spread=len(self.folds) > 1
        )

    def _check_reference(
        self, scores: pd.DataFrame, metric: str, reference: str | None
    ) -> str:
        """Return the name of the reference, the best one by default."""
        if len(self.names) < 2:
            raise ValueError(
                f"A paired test needs two classifiers. Got only {self.names[0]!r}."
            )
        if reference is None:
            means = scores.mean(skipna=False)
            means = means[np.isfinite(means)]
            if means.empty:
                raise ValueError(f"No classifier has {metric!r} in every fold.")
            return str(means.idxmax())
        if reference not in self.names:
            raise ValueError(
                f"There is no classifier {reference!r} in this comparison. Choose one "
                f"of {', '.join(map(repr, self.names))}."
            )
        if not np.isfinite(scores[reference]).all():
            raise ValueError(
                f"The reference {reference!r} has no finite {metric!r} in every fold. "
                "Choose another reference."
            )
        return reference

    def _pooled_labels(self, name: str) -> NDArray[Any]:
        """Return the most frequent out-of-fold label of every row."""
        known = known_labels(self.classes, self.fold_predictions[name])
        votes = np.zeros((len(self.y), len(known)), dtype=np.intp)
        for (_, test), labels in zip(
            self.folds, self.fold_predictions[name], strict=True
        ):
            if labels is not None:
                # A splitter may draw a row twice in one fold, hence add.at.
                np.add.at(votes, (test, places_of(known, labels)), 1)
        pooled = known[votes.argmax(axis=1)]
        untested = ~votes.any(axis=1)
        if untested.any():
            numeric = np.issubdtype(pooled.dtype, np.number)
            pooled = pooled.astype(np.float64 if numeric else object)
            pooled[untested] = np.nan
        return pooled

    def _pooled_scores(self, name: str) -> NDArray[np.float64]:
        """Return the mean out-of-fold score of every row."""
        n_classes = len(self.classes)
        shape = (len(self.y),) if n_classes == 2 else (len(self.y), n_classes)
        total = np.zeros(shape)
        n_tests = np.zeros((len(self.y), *[1] * (len(shape) - 1)))
        for (_, test), response in zip(
            self.folds, self.fold_responses[name], strict=True
        ):
            if response is not None:
                np.add.at(total, test, response)
                np.add.at(n_tests, test, 1)
        return np.divide(total, n_tests, out=np.full(shape, np.nan), where=n_tests > 0)
