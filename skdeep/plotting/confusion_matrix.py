"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import confusion_matrix
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skdeep.model_comparison import Comparison
from skdeep.model_comparison.confusions import confused_labels, confusions
from skdeep.plotting.figures import new_axes, write_cell_numbers
from skdeep.plotting.search_values import short_text

# More classes than that have no room for numbers in the cells, or for all names.
_MOST_NUMBERED = 15
_MOST_TICKS = 25


class ConfusionMatrixDisplay:
    """Which classes a classifier takes for which, for a few classes or a hundred.

    The colour of a cell is the share of the rows of its true class, so that classes of
    unequal size can be compared; the scale grows with the square root, which leaves
    rare confusions visible. The numbers in the cells are counts. Make it with
    :meth:`from_estimator`, :meth:`from_predictions` or :meth:`from_comparison`.

    Parameters
    ----------
    matrix : ndarray of shape (n_classes, n_classes)
        Number, or weight, of the rows of each true class (row) that were taken for
        each class (column).

    display_labels : sequence of object, default=None
        Names of the classes in the order of `matrix`; their numbers by default.

    Attributes
    ----------
    shares_ : ndarray of shape (n_classes, n_classes)
        `matrix`, divided by the sum of each row; NaN for classes without rows.

    image_ : matplotlib QuadMesh
        The cells.

    texts_ : ndarray of shape (n_classes, n_classes) or None
        The numbers in them.

    colorbar_ : matplotlib Colorbar or None
        The scale of the colours.

    ax_ : matplotlib Axes
        Where it is drawn.

    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    sklearn.metrics.confusion_matrix : The numbers.

    Examples
    --------
    >>> from skdeep.plotting import ConfusionMatrixDisplay
    >>> true = ["cat", "cat", "cat", "cat", "dog"]
    >>> predicted = ["cat", "cat", "cat", "dog", "dog"]
    >>> display = ConfusionMatrixDisplay.from_predictions(true, predicted)
    >>> display.shares_
    array([[0.75, 0.25],
           [0.  , 1.  ]])
    >>> display.largest_confusions(1)
    [('cat', 'dog', 0.25)]
    """

    shares_: NDArray[np.float64]
    image_: Any
    texts_: NDArray[Any] | None
    colorbar_: Any
    ax_: Any
    figure_: Any

    def __init__(
        self, *, matrix: ArrayLike, display_labels: Sequence[Any] | None = None
    ) -> None:
        self.matrix = matrix
        self.display_labels = display_labels

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> Self:
        """Draw the confusions of a fitted classifier.

        Parameters
        ----------
        estimator : classifier
            Fitted.

        X : sequence of n_samples rows
            What it predicts; best rows that it was not trained on.

        y : array-like of shape (n_samples,)
            True classes.

        labels : array-like of shape (n_classes,), default=None
            Classes to draw, in this order; by default those in `y` or predicted,
            sorted.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : ConfusionMatrixDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.

        ImportError
            If matplotlib is not installed.
        """
        check_is_fitted(estimator)
        return cls.from_predictions(
            y,
            estimator.predict(X),
            labels=labels,
            sample_weight=sample_weight,
            ax=ax,
            **plot_options,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        ax: Any = None,
        **plot_options: Any,
    ) -> Self:
        """Draw the confusions of predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True classes.

        y_pred : array-like of shape (n_samples,)
            Predicted classes.

        labels : array-like of shape (n_classes,), default=None
            Classes to draw, in this order; by default all that occur, sorted.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : ConfusionMatrixDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        names = unique_labels(y_true, y_pred) if labels is None else np.asarray(labels)
        matrix = _counts(y_true, y_pred, names, sample_weight)
        return cls(matrix=matrix, display_labels=names.tolist()).plot(
            ax, **plot_options
        )

    @classmethod
    def from_comparison(
        cls, comparison: Comparison, name: str, *, ax: Any = None, **plot_options: Any
    ) -> Self:
        """Draw the out-of-fold confusions of one classifier of a comparison.

        Parameters
        ----------
        comparison : Comparison
            Result of :func:`~skdeep.model_comparison.compare_classifiers`.

        name : str
            A classifier of it. Rows that several folds tested count several times;
            folds whose fit failed are left out. Labels that it predicted and that are
            no class stand after the classes.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **plot_options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : ConfusionMatrixDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is no such classifier, or it was never fitted.

        ImportError
            If matplotlib is not installed.
        """
        matrix = confusions(comparison, name)
        names = confused_labels(comparison, name).tolist()
        return cls(matrix=matrix, display_labels=names).plot(ax, **plot_options)

    def plot(
        self,
        ax: Any = None,
        *,
        number: bool | None = None,
        cmap: str = "cividis",
        colorbar: bool = True,
        image_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the cells.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        number : bool, default=None
            Whether to write the counts into the cells; by default for at most 15
            classes.

        cmap : str, default="cividis"
            Colour map; the default looks alike to people of any colour vision.

        colorbar : bool, default=True
            Whether to draw the scale of the colours.

        image_kwargs : dict, default=None
            Arguments of matplotlib's `pcolormesh`.

        Returns
        -------
        display : ConfusionMatrixDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `matrix` is not square, or there is another number of names.
        """
        counts = self._checked_matrix()
        self.ax_ = new_axes() if ax is None else ax
        self.figure_ = self.ax_.figure
        self.shares_ = self._shares(counts)
        self.image_ = self._draw_cells({"cmap": cmap, **(image_kwargs or {})})
        self.texts_ = None
        if number if number is not None else len(counts) <= _MOST_NUMBERED:
            self.texts_ = write_cell_numbers(self.ax_, self.image_, counts)
        self.colorbar_ = None
        if colorbar:
            self.colorbar_ = self.figure_.colorbar(self.image_, ax=self.ax_)
            self.colorbar_.set_label("Share of the true class")
        self._name_axes(len(counts))
        return self

    def largest_confusions(
        self, n_confusions: int = 10
    ) -> list[tuple[Any, Any, float]]:
        """Return what is confused most, which a picture of many classes cannot tell.

        Parameters
        ----------
        n_confusions : int, default=10
            Greatest number of pairs.

        Returns
        -------
        confusions : list of (object, object, float)
            True class, predicted class and share of the true class, the largest share
            first; of equal shares the first in the order of the classes. Pairs that
            were never confused are left out.
        """
        shares = np.nan_to_num(self._shares(self._checked_matrix()))
        np.fill_diagonal(shares, 0)
        names = self._names(len(shares))
        order = np.argsort(-shares, axis=None, kind="stable")[:n_confusions]
        return [
            (names[true], names[predicted], float(shares[true, predicted]))
            for true, predicted in zip(
                *np.unravel_index(order, shares.shape), strict=True
            )
            if shares[true, predicted] > 0
        ]

    def _checked_matrix(self) -> NDArray[Any]:
        matrix = np.asarray(self.matrix)
        if matrix.ndim != 2 or not matrix.size or len(set(matrix.shape)) != 1:
            raise ValueError(
                f"matrix must have a row and a column for each class. Got the shape "
                f"{matrix.shape}. Pass the result of sklearn's confusion_matrix."
            )
        if self.display_labels is not None and len(self.display_labels) != len(matrix):
            raise ValueError(
                f"display_labels has {len(self.display_labels)} entries for "
                f"{len(matrix)} classes. Pass one for each, or None for numbers."
            )
        return matrix

    @staticmethod
    def _shares(counts: NDArray[Any]) -> NDArray[np.float64]:
        """Return the share of each true class; a class without rows has none."""
        sums = counts.sum(axis=1, keepdims=True, dtype=np.float64)
        shares = np.full(counts.shape, np.nan)
        return np.divide(counts, sums, out=shares, where=sums > 0)

    def _names(self, n_classes: int) -> list[Any]:
        names = self.display_labels
        return list(range(n_classes)) if names is None else list(names)

    def _draw_cells(self, options: Mapping[str, Any]) -> Any:
        from matplotlib.colors import PowerNorm

        n_classes = len(self.shares_)
        edges = np.arange(n_classes + 1) - 0.5
        return self.ax_.pcolormesh(
            edges,
            edges,
            np.ma.masked_invalid(self.shares_),
            **{
                "norm": PowerNorm(0.5, vmin=0, vmax=1),
                "rasterized": n_classes > 100,
                **options,
            },
        )

    def _name_axes(self, n_classes: int) -> None:
        """Name the classes, some of them if there are many, from the top down."""
        step = -(-n_classes // _MOST_TICKS)
        ticks = np.arange(0, n_classes, step)
        names = self._names(n_classes)
        texts = [short_text(names[tick]) for tick in ticks]
        # Names side by side would run into each other.
        crowded = sum(map(len, texts)) > 36
        turned = {"rotation": 60, "ha": "right"} if crowded else {}
        small = {"fontsize": "small"} if len(ticks) > 10 else {}
        self.ax_.set_xticks(ticks, texts, parse_math=False, **small, **turned)
        self.ax_.set_yticks(ticks, texts, parse_math=False, **small)
        self.ax_.set(
            xlabel="Predicted class",
            ylabel="True class",
            aspect="equal",
            ylim=(n_classes - 0.5, -0.5),
        )


def _counts(
    y_true: ArrayLike, y_pred: ArrayLike, names: NDArray[Any], weight: ArrayLike | None
) -> NDArray[Any]:
    """Return the number or weight of rows of each true and predicted class."""
    if len(names) != 1:
        return confusion_matrix(y_true, y_pred, labels=names, sample_weight=weight)
    # Of a single class scikit-learn warns, though a picture of it may be wanted.
    check_consistent_length(y_true, y_pred, weight)
    chosen = (np.asarray(y_true) == names[0]) & (np.asarray(y_pred) == names[0])
    total = chosen.sum() if weight is None else np.asarray(weight)[chosen].sum()
    return np.array([[total]])
