"""Nearest neighbors of binary codes, as a scikit-learn estimator."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skdeep.documentation import DocumentationLinkMixin
from skdeep.encoding.bits import check_packed, pack_bits
from skdeep.encoding.numbers import check_container, understood
from skdeep.hashing.faiss_search import import_faiss
from skdeep.hashing.graph import check_mode, neighbor_graph
from skdeep.hashing.matches import Matches, cut
from skdeep.hashing.search import CodeSearch, choose_algorithm
from skdeep.hashing.substring_tables import build_tables

_POSITIVE = Interval(Integral, 1, None, closed="left")


class HammingNeighbors(DocumentationLinkMixin, BaseEstimator):
    """Find the nearest binary codes by Hamming distance, exactly and fast.

    The Hamming distance of two codes is the number of bits in which they differ.
    Codes are packed 64 bits to a word: one million codes of 30 bits take 8 MB. Search
    so among the outputs of a hashing transformer, for similar items or duplicates. For
    real-valued data use :class:`sklearn.neighbors.NearestNeighbors`.

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbors that :meth:`kneighbors` returns by default.

    radius : int, default=2
        Largest distance, in bits, that :meth:`radius_neighbors` accepts by default.
        A distance equal to the radius counts.

    algorithm : {"auto", "brute", "multi_index", "faiss"}, default="auto"
        How to search. All give the same result.

        - "brute": compare every query with every code;
        - "multi_index": look up parts of the code in tables [1]_. Best for many codes
          and near neighbors; queries for which it would be slow are answered by
          "brute";
        - "faiss": let the package `faiss-cpu` compare every query with every code. It
          is not a dependency and must be installed;
        - "auto": "multi_index" from 65,536 codes of at most 128 bits on, otherwise
          "brute".

    threshold : float, default=0.5
        A bit is set where ``X > threshold``. The default reads zeros and ones, and
        booleans, as what they are, and the outputs of a sigmoid as rounded. Use 0 for
        codes of real numbers, of which only the sign counts. Ignored for packed codes.

    n_bits : int, default=None
        If None, X holds one bit per column. Otherwise X holds codes of `n_bits` bits
        that :func:`skdeep.hashing.pack_bits` has packed already.

    n_jobs : int, default=None
        Number of threads among which queries are divided. None means 1 unless in a
        :obj:`joblib.parallel_config` context, -1 means all processors.

    Attributes
    ----------
    algorithm_ : {"brute", "multi_index", "faiss"}
        The algorithm that "auto" stands for.

    codes_ : ndarray of shape (n_samples_fit_, n_words), dtype uint64
        The packed codes.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen during :meth:`fit`, if X had names.

    n_bits_ : int
        Length of a code in bits.

    n_features_in_ : int
        Number of columns seen during :meth:`fit`: bits, or words if `n_bits` is given.

    n_samples_fit_ : int
        Number of codes.

    tables_ : list of dict
        The tables of "multi_index": plain arrays; empty for the other algorithms.

    See Also
    --------
    skdeep.hashing.pack_bits : Packs bits into words.
    skdeep.metrics.mean_average_precision : Judges a whole ranking.

    Notes
    -----
    Neighbors are ordered by distance, and equal distances by index. The result thus
    depends on nothing but the codes: not on the algorithm, the batch or `n_jobs`.

    References
    ----------
    .. [1] Norouzi, M., Punjani, A. and Fleet, D. J. (2012). Fast search in Hamming
       space with multi-index hashing. IEEE Conference on Computer Vision and Pattern
       Recognition, 3108-3115. :doi:`10.1109/CVPR.2012.6248043`

    Examples
    --------
    >>> from skdeep.hashing import HammingNeighbors
    >>> codes = [[0, 0, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1]]
    >>> neighbors = HammingNeighbors(n_neighbors=2).fit(codes)
    >>> distances, indices = neighbors.kneighbors([[0, 1, 1, 1]])
    >>> distances
    array([[1, 1]])
    >>> indices
    array([[1, 2]])
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "n_neighbors": [_POSITIVE],
        "radius": [Interval(Real, 0, None, closed="left")],
        "algorithm": [StrOptions({"auto", "brute", "multi_index", "faiss"})],
        "threshold": [Interval(Real, None, None, closed="neither")],
        "n_bits": [_POSITIVE, None],
        "n_jobs": [_POSITIVE, Interval(Integral, None, -1, closed="right"), None],
    }

    def __init__(
        self,
        n_neighbors: int = 5,
        radius: int = 2,
        algorithm: Literal["auto", "brute", "multi_index", "faiss"] = "auto",
        *,
        threshold: float = 0.5,
        n_bits: int | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.radius = radius
        self.algorithm = algorithm
        self.threshold = threshold
        self.n_bits = n_bits
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> HammingNeighbors:
        """Store the codes to search, and prepare the search.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_bits) or (n_samples, n_words)
            Codes, one bit per column; packed words if `n_bits` is given.

        y : Ignored
            Present for scikit-learn's convention.

        Returns
        -------
        self : HammingNeighbors
            The fitted estimator.

        Raises
        ------
        TypeError
            If `n_bits` is given and X is not of dtype uint64.

        ValueError
            If X is not a finite matrix, or does not fit `n_bits`.

        ImportError
            If ``algorithm="faiss"`` and Faiss is not installed.
        """
        if self.algorithm == "faiss":
            import_faiss()  # Before a previous fit is lost.
        codes = self._encode_codes(X, reset=True)
        self.n_bits_ = self.n_features_in_ if self.n_bits is None else self.n_bits
        self.n_samples_fit_ = len(codes)
        self.algorithm_ = choose_algorithm(self.algorithm, len(codes), self.n_bits_)
        # Column by column, so that each word of all codes is contiguous in memory, and
        # a copy: packed codes are the caller's.
        self.codes_ = np.array(codes, order="F")
        self.tables_ = []
        if self.algorithm_ == "multi_index":
            self.tables_ = build_tables(codes, self.n_bits_)
        return self

    def kneighbors(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]] | NDArray[np.int64]:
        """Find the nearest codes of each query.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_bits), default=None
            Query codes, in the form given to :meth:`fit`. If None, the neighbors of
            each fitted code are returned; a code is then not its own neighbor.

        n_neighbors : int, default=None
            Neighbors per query. None takes the constructor's value.

        return_distance : bool, default=True
            Whether to return the distances too.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), dtype int64
            Numbers of differing bits, ascending. Only if `return_distance` is True.

        indices : ndarray of shape (n_queries, n_neighbors), dtype int64
            Indices of the neighbors; ascending among equal distances.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If :meth:`fit` was not called.

        ValueError
            If X does not fit the fitted codes, or there are fewer than `n_neighbors`
            codes (other than the query itself).

        Examples
        --------
        >>> from skdeep.hashing import HammingNeighbors
        >>> neighbors = HammingNeighbors().fit([[0, 0], [0, 1], [1, 1]])
        >>> neighbors.kneighbors(n_neighbors=1, return_distance=False)
        array([[1],
               [0],
               [1]])
        """
        check_is_fitted(self)
        queries = self.codes_ if X is None else self._encode_codes(X, reset=False)
        wanted = self._check_n_neighbors(n_neighbors, excluding_itself=X is None)
        # Among one more neighbor than wanted, the query itself can be left out.
        taken = wanted if X is not None else wanted + 1
        distances, indices = self._search().nearest_codes(queries, taken)
        if X is None:
            kept = indices != np.arange(len(indices))[:, np.newaxis]
            # With many equal codes before it, a code may miss among its neighbors.
            kept[kept.all(axis=1), -1] = False
            distances = distances[kept].reshape(-1, wanted)
            indices = indices[kept].reshape(-1, wanted)
        return (distances, indices) if return_distance else indices

    def radius_neighbors(
        self,
        X: ArrayLike | None = None,
        radius: float | None = None,
        return_distance: bool = True,
        sort_results: bool = False,
    ) -> tuple[NDArray[np.object_], NDArray[np.object_]] | NDArray[np.object_]:
        """Find all codes within a distance of each query.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_bits), default=None
            Query codes, in the form given to :meth:`fit`. If None, the neighbors of
            each fitted code are returned; a code is then not its own neighbor.

        radius : float, default=None
            Largest distance in bits that counts, at least 0. None takes the
            constructor's value.

        return_distance : bool, default=True
            Whether to return the distances too.

        sort_results : bool, default=False
            If True, each query's neighbors are ordered by distance, and equal
            distances by index. If False, they are ordered by index.

        Returns
        -------
        distances : ndarray of shape (n_queries,), dtype object
            For each query an int64 array of numbers of differing bits, which is empty
            where no code is near enough. Only if `return_distance` is True.

        indices : ndarray of shape (n_queries,), dtype object
            For each query an int64 array of the neighbors' indices.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If :meth:`fit` was not called.

        ValueError
            If X does not fit the fitted codes, `radius` is negative, or results are
            to be sorted without distances.

        Examples
        --------
        >>> from skdeep.hashing import HammingNeighbors
        >>> neighbors = HammingNeighbors(radius=1).fit([[0, 0], [0, 1], [1, 1]])
        >>> distances, indices = neighbors.radius_neighbors([[0, 0]])
        >>> print(distances[0], indices[0])
        [0 1] [0 1]
        """
        if sort_results and not return_distance:
            raise ValueError(
                "sort_results=True needs return_distance=True, got "
                "return_distance=False. Change one of them."
            )
        matches, n_queries = self._radius_matches(X, radius, sort_results)
        bounds = matches.bounds(n_queries)
        indices = cut(matches.indices, bounds)
        return (cut(matches.distances, bounds), indices) if return_distance else indices

    def kneighbors_graph(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        mode: Literal["connectivity", "distance"] = "connectivity",
    ) -> csr_array:
        """Build the graph that connects each query with its nearest codes.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_bits), default=None
            Query codes, as in :meth:`kneighbors`.

        n_neighbors : int, default=None
            Neighbors per query. None takes the constructor's value.

        mode : {"connectivity", "distance"}, default="connectivity"
            Whether edges are ones or distances.

        Returns
        -------
        graph : csr_array of shape (n_queries, n_samples_fit_), dtype float64
            Edge from query i to code j in row i and column j. Distances of zero are
            stored explicitly.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If :meth:`fit` was not called.

        ValueError
            As for :meth:`kneighbors`, or if `mode` is unknown.
        """
        check_mode(mode)
        distances, indices = self.kneighbors(X, n_neighbors)
        bounds = np.arange(len(indices) + 1) * indices.shape[1]
        return neighbor_graph(
            distances.ravel(), indices.ravel(), bounds, self.n_samples_fit_, mode
        )

    def radius_neighbors_graph(
        self,
        X: ArrayLike | None = None,
        radius: float | None = None,
        mode: Literal["connectivity", "distance"] = "connectivity",
        sort_results: bool = False,
    ) -> csr_array:
        """Build the graph that connects each query with all near codes.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_bits), default=None
            Query codes, as in :meth:`radius_neighbors`.

        radius : float, default=None
            Largest distance in bits that counts. None takes the constructor's value.

        mode : {"connectivity", "distance"}, default="connectivity"
            Whether edges are ones or distances.

        sort_results : bool, default=False
            Whether the stored entries of each row are ordered by distance, as
            scikit-learn's precomputed neighbors want them, instead of by index.

        Returns
        -------
        graph : csr_array of shape (n_queries, n_samples_fit_), dtype float64
            Edge from query i to code j in row i and column j. Distances of zero are
            stored explicitly.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If :meth:`fit` was not called.

        ValueError
            As for :meth:`radius_neighbors`, or if `mode` is unknown.
        """
        check_mode(mode)
        matches, n_queries = self._radius_matches(X, radius, sort_results)
        bounds = matches.bounds(n_queries)
        return neighbor_graph(
            matches.distances, matches.indices, bounds, self.n_samples_fit_, mode
        )

    @understood("X")
    def _encode_codes(self, X: ArrayLike, *, reset: bool) -> NDArray[np.uint64]:
        check_container(X)
        if self.n_bits is None:
            bits = validate_data(self, X, reset=reset, dtype="numeric")
            if bits.dtype == np.uint64 and (bits > 1).any():
                raise ValueError(
                    "X holds uint64 numbers above 1: fit packed codes with n_bits."
                )
            return pack_bits(bits > self.threshold)
        packed = check_packed(X, self.n_bits)
        # dtype=None: words must not pass through float64, which has only 53 bits.
        return validate_data(self, packed, reset=reset, dtype=None)

    def _search(self) -> CodeSearch:
        return CodeSearch(
            columns=np.ascontiguousarray(self.codes_.T),
            n_bits=self.n_bits_,
            algorithm=self.algorithm_,
            tables=self.tables_,
            n_jobs=self.n_jobs,
        )

    def _check_n_neighbors(
        self, n_neighbors: int | None, *, excluding_itself: bool
    ) -> int:
        wanted = self.n_neighbors if n_neighbors is None else n_neighbors
        if not isinstance(wanted, Integral) or isinstance(wanted, bool):
            raise TypeError(f"n_neighbors must be an integer, got {wanted!r}.")
        available = self.n_samples_fit_ - int(excluding_itself)
        if not 1 <= wanted <= available:
            others = " other than the query itself" if excluding_itself else ""
            raise ValueError(
                f"Expected n_neighbors between 1 and {available}, the number of fitted "
                f"codes{others}, but n_neighbors = {wanted}, n_samples_fit = "
                f"{self.n_samples_fit_}. Ask for fewer neighbors, or fit more codes."
            )
        return int(wanted)

    def _radius_matches(
        self, X: ArrayLike | None, radius: float | None, by_distance: bool
    ) -> tuple[Matches, int]:
        """Return matches sorted by query and then as wished."""
        check_is_fitted(self)
        queries = self.codes_ if X is None else self._encode_codes(X, reset=False)
        limit = self.radius if radius is None else radius
        if not isinstance(limit, Real) or not limit >= 0:
            raise ValueError(
                f"radius must be a number of bits of at least 0, got {limit!r}."
            )
        # Whole bits, and no more of them than there are.
        matches = self._search().codes_within(queries, int(min(limit, self.n_bits_)))
        if X is None:
            matches = matches.select(matches.rows != matches.indices)
        return matches.ordered(by_distance), len(queries)
