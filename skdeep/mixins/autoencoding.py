"""What comes out of an autoencoder: a code, and samples from codes."""

from typing import Any

import numpy as np
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_array, check_is_fitted

from skdeep import runtime
from skdeep.encoding.numbers import check_container, to_dtype, understood
from skdeep.encoding.rows import distinct_rows
from skdeep.mixins.advice import CodeAdviceMixin
from skdeep.networks.losses import squared_error

# Rows that are scored at once, and numbers in them at most.
_SCORING_ROWS = 4096
_SCORING_SIZE = 2**22


class AutoencoderMixin(
    CodeAdviceMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
):
    """What comes out is a code, and from a code an image or vector again."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @runtime.exclusive
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Learn to reconstruct X from its codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, height, \
                width) or (n_samples, height, width, channels)
            Training samples: uint8 pixels from 0 to 255, or floats that are best
            scaled to about [0, 1].
        y : None
            Ignored; here so that the estimator works in pipelines.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights. A weight of two equals the sample given twice.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If X cannot be read as samples of one shape, or training diverges. The
            estimator then keeps its previous fit.

        Notes
        -----
        An array in a file of more than a quarter of scikit-learn's `working_memory`
        (256 MiB by default), see `skdeep.datasets.LazyRows`, is read piece by piece.
        Its rows are shuffled by blocks and taken as they come: equal ones are not
        merged, and their order in the file matters a little. Sorted by class, they
        should be put into random order before they are written.

        With `checkpoint`, the file is written after each epoch and replaced as a whole;
        it holds numbers and no code. `fit` goes on from it if class, parameters (all
        but `verbose` and `checkpoint`; `epochs`, too), data, weights of the samples and
        versions are those it was written with. Otherwise it raises
        `skdeep.persistence.CheckpointError`, a ValueError, and leaves the file alone.
        What comes before the training proper, such as pretraining, is done again. Seeds
        that were drawn from `random_state` are in the file, so that None works, too;
        the state of a generator is not compared. The file is removed at the end, so
        that the next `fit` starts anew; two fits cannot use one file at the same time.
        Keras callbacks and `partial_fit` do not go with it.
        """
        with self._previous_fit_kept(), self._checkpointed():
            resume = self.warm_start and self.__sklearn_is_fitted__()
            return self._learn(X, sample_weight, resume=resume)

    @runtime.exclusive
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Make one more pass over some samples.

        Parameters
        ----------
        X : array-like
            Samples, as in `fit`.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        with self._previous_fit_kept():
            resume = self.__sklearn_is_fitted__()
            if not resume and getattr(self, "pretraining", None) is not None:
                # What is refused is so before a pretraining, not after it.
                self._one_epoch_options()
            return self._learn(X, sample_weight, resume=resume, one_epoch=True)

    def _learn(
        self, X: Any, sample_weight: Any, *, resume: bool, one_epoch: bool = False
    ) -> Any:
        rows = self._training_rows(self._encode_input(X, reset=not resume))
        weights = self._check_weights(sample_weight, rows)
        chosen, weights = distinct_rows(rows, sample_weight=weights)
        rows = self._take(rows, chosen)
        feed = self._feed(rows)
        start = seed = None
        if not resume:
            # One for both, so that a pretraining leaves out what training watches.
            seed = self._draw_seed()
            start = self._initial_weights(feed, weights, seed)
        self._train(
            X,
            None,
            feed,
            None,
            loss=self._loss(),
            sample_weight=weights,
            initial_weights=start,
            seed=seed,
            resume=resume,
            one_epoch=one_epoch,
        )
        self._after_training(rows)
        if not one_epoch:
            self._advise_on_units(rows)
        return self

    def _training_rows(self, rows: Any) -> Any:
        """Return encoded rows; raise ValueError if some cannot be reconstructed."""
        return rows

    def _after_training(self, rows: np.ndarray) -> None:
        """Measure something on the distinct training rows; nothing by default."""

    def _initial_weights(
        self, feed: runtime.ArrayFeed, sample_weight: np.ndarray | None, seed: int
    ) -> list[np.ndarray] | None:
        """Return weights to start from, such as pretrained ones; None for random."""
        return None

    def _loss(self) -> runtime.LossSpec:
        return runtime.LossSpec(squared_error)

    def transform(self, X):
        """Return the code of each sample.

        Parameters
        ----------
        X : array-like
            Samples, of the shape and unit that the estimator was fitted on.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            In float32 if X is float32 or uint8, otherwise in float64.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If X does not have the shape that was fitted.
        """
        check_is_fitted(self)
        X = self._validate_input(X, reset=False)
        codes = self._codes(self._network_numbers(X))
        return codes.astype(_float_type(X), copy=False)

    def _codes(self, rows: np.ndarray) -> np.ndarray:
        return self._infer(self._feed(rows), part="encoder")

    def _decoded(self, codes: np.ndarray) -> np.ndarray:
        return self._infer(runtime.ArrayFeed(codes), part="decoder")

    def inverse_transform(self, X):
        """Return the sample that each code stands for.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Codes.

        Returns
        -------
        samples : ndarray
            Of the shape of the samples in `fit` and in their unit: from about 0 to
            255 for uint8 pixels, as floats, neither rounded nor clipped.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If X does not have `n_components` columns.
        """
        check_is_fitted(self)
        check_container(X)
        with understood("X"):
            codes = check_array(X, dtype=[np.float64, np.float32], input_name="X")
        if codes.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {codes.shape[1]} columns, but the codes of this "
                f"{type(self).__name__} have {self._n_features_out}. Pass what "
                "transform returns."
            )
        dtype = _float_type(codes)
        codes = to_dtype(codes, self._inference)
        return self._images.decode(self._decoded(codes)).astype(dtype, copy=False)

    def score_samples(self, X):
        """Return how well each sample is reconstructed.

        Parameters
        ----------
        X : array-like
            Samples, as in `fit`.

        Returns
        -------
        scores : ndarray of shape (n_samples,), dtype float64
            Minus the mean squared error over the numbers of a sample, at most 0;
            larger is better. Pixels given as uint8 count from 0 to 1 here.
        """
        check_is_fitted(self)
        rows = self._encode_input(X, reset=False)
        scores = np.empty(len(rows))
        size = max(1, min(_SCORING_ROWS, _SCORING_SIZE // np.prod(rows.shape[1:])))
        for batch in gen_batches(len(rows), int(size)):
            some = rows[batch]
            feed = self._feed(some)
            wanted = some.astype(np.float64) * feed.layout.scale
            errors = (self._infer(feed) - wanted) ** 2
            scores[batch] = -errors.reshape(len(errors), -1).mean(axis=1)
        return scores

    def score(self, X, y=None, sample_weight=None):
        """Return the mean of `score_samples`.

        Parameters
        ----------
        X : array-like
            Samples, as in `fit`.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the mean.

        Returns
        -------
        score : float
            Mean of `score_samples`; larger is better. It is minus the mean squared
            error, at most 0, or of `VariationalAutoencoderTransformer` the lower bound
            in nats, of either sign.
        """
        scores = self.score_samples(X)
        weights = self._check_weights(sample_weight, scores)
        return float(np.average(scores, weights=weights))

    @property
    def _n_features_out(self) -> int:
        return runtime.output_shape(self._network(), part="encoder")[0]


def _float_type(X: np.ndarray) -> type[np.floating]:
    return np.float64 if X.dtype == np.float64 else np.float32
