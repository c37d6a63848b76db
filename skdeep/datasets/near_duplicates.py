"""Groups of messages that are nearly the same."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Set
from numbers import Real

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.utils._param_validation import Interval, validate_params

_SHINGLE_LENGTH = 5
# Rows whose candidate pairs are looked at together. It bounds the memory, not the
# result.
_ROWS_PER_BLOCK = 2048

_DIGIT = re.compile(r"\d")
_NEITHER_WORD_NOR_SPACE = re.compile(r"[^\w\s]|_")


@validate_params(
    {"threshold": [Interval(Real, 0, 1, closed="right")]},
    prefer_skip_nested_validation=True,
)
def group_near_duplicates(
    texts: Iterable[str], *, threshold: float = 0.6
) -> NDArray[np.int64]:
    """Group texts that are nearly the same.

    Mass messages come again and again with another name, number or amount. When
    one of them is trained on and the next is tested on, the score measures memory.
    Passing these groups to :class:`~sklearn.model_selection.StratifiedGroupKFold`
    keeps every group on one side of each split.

    Texts are compared in Unicode's normal form NFC, without case, punctuation and
    repeated blanks, and with every digit replaced by 0. Two of them are
    near-duplicates if the Jaccard similarity of their sets of runs of five characters
    is at least `threshold`; a group is a connected component of that relation [1]_.

    Parameters
    ----------
    texts : iterable of str of shape (n_samples,)
        List, array, pandas or polars Series of messages.
    threshold : float in (0, 1], default=0.6
        Smallest similarity of near-duplicates. With 1, texts are grouped that have
        the same runs of characters. Lower values give larger groups and take
        longer.

    Returns
    -------
    groups : ndarray of int64 of shape (n_samples,)
        Group of each text, numbered from 0 in the order of first appearance.

    Raises
    ------
    TypeError
        If `texts` is a single string or no sequence, or has an element that is not a
        string.

    Notes
    -----
    All pairs at or above the threshold are found: the search only skips pairs that
    cannot reach it, because they share none of their rarest runs [2]_. The result
    depends on the set of texts only, not on their order (but for the numbering).

    References
    ----------
    .. [1] A. Z. Broder (1997). "On the resemblance and containment of documents",
       Compression and Complexity of Sequences. :doi:`10.1109/SEQUEN.1997.666900`
    .. [2] R. J. Bayardo, Y. Ma, R. Srikant (2007). "Scaling up all pairs similarity
       search", WWW. :doi:`10.1145/1242572.1242591`

    Examples
    --------
    >>> from skdeep.datasets import group_near_duplicates
    >>> group_near_duplicates([
    ...     "You have WON 500 pounds, call 0123!",
    ...     "see you at six then",
    ...     "you have won 900 pounds, call 4567",
    ... ])
    array([0, 1, 0])
    """
    texts = _as_strings(texts)
    numbers: dict[str, int] = {}
    document_of_text = np.array(
        [numbers.setdefault(_normalize(text), len(numbers)) for text in texts],
        dtype=np.int64,
    )
    if not numbers:
        return document_of_text
    shingles = _shingle_matrix(list(numbers))
    first, second = _similar_pairs(shingles, threshold)
    links = sparse.coo_array(
        (np.ones(len(first), dtype=np.int8), (first, second)),
        shape=(len(numbers), len(numbers)),
    )
    _, group_of_document = connected_components(links, directed=False)
    return _number_by_appearance(group_of_document[document_of_text])


def _as_strings(texts: Iterable[str]) -> list[str]:
    """Return the texts as a list, after checking that they are strings."""
    if isinstance(texts, str | bytes):
        raise TypeError(
            "texts must be a sequence of strings, got a single "
            f"{type(texts).__name__}. Pass [text] for one text."
        )
    if not isinstance(texts, Iterable) or isinstance(texts, Mapping | Set):
        raise TypeError(
            f"texts must be a sequence of strings, got {texts!r}. Pass a list of texts."
        )
    strings = list(texts)
    for position, text in enumerate(strings):
        if not isinstance(text, str):
            raise TypeError(
                f"texts must hold strings only, got {type(text).__name__} at "
                f"position {position}. Convert or drop it."
            )
    return strings


def _normalize(text: str) -> str:
    """Return the text without case, punctuation, repeated blanks or digit values."""
    # An accent that stands by itself would be taken for punctuation.
    text = unicodedata.normalize("NFC", text)
    masked = _DIGIT.sub("0", _NEITHER_WORD_NOR_SPACE.sub(" ", text.lower()))
    # A text of punctuation only stands for itself: ":)" is not "??".
    return " ".join(masked.split()) or text.strip()


def _shingle_matrix(documents: list[str]) -> sparse.csr_array:
    """Mark which runs of characters each document has, the rarest runs first.

    Returns
    -------
    matrix : csr_array of int32 of shape (n_documents, n_runs)
        Ones; the columns are sorted by the number of documents that have the run.
    """
    columns: dict[str, int] = {}
    indices: list[int] = []
    row_starts = [0]
    for document in documents:
        n_runs = max(1, len(document) - _SHINGLE_LENGTH + 1)
        # A dict instead of a set, whose order would differ from run to run.
        runs = dict.fromkeys(
            document[start : start + _SHINGLE_LENGTH] for start in range(n_runs)
        )
        indices.extend(columns.setdefault(run, len(columns)) for run in runs)
        row_starts.append(len(indices))
    occurrences = np.array(indices, dtype=np.int64)
    frequencies = np.bincount(occurrences)
    rank = np.empty(len(columns), dtype=np.int64)
    rank[np.argsort(frequencies, kind="stable")] = np.arange(len(columns))
    matrix = sparse.csr_array(
        (np.ones(len(indices), dtype=np.int32), rank[occurrences], row_starts),
        shape=(len(documents), len(columns)),
    )
    matrix.sort_indices()
    return matrix


def _rarest_runs(shingles: sparse.csr_array, threshold: float) -> sparse.csr_array:
    """Keep so many of the rarest runs per document that similar pairs share one.

    Of two sets with Jaccard similarity t, the smaller shares at least t times its
    own size with the other, and so does the larger. If a document of n runs keeps
    its n - ceil(t n) + 1 rarest, the rarest shared run is among those of both.
    """
    sizes = np.diff(shingles.indptr)
    # The small term keeps rounding errors of t n from dropping a run too many.
    n_kept = sizes - np.ceil(threshold * sizes - 1e-9).astype(sizes.dtype) + 1
    n_kept = np.minimum(n_kept, sizes)
    position = np.arange(shingles.nnz) - np.repeat(shingles.indptr[:-1], sizes)
    kept = position < np.repeat(n_kept, sizes)
    row_starts = np.concatenate([[0], np.cumsum(n_kept)])
    return sparse.csr_array(
        (shingles.data[kept], shingles.indices[kept], row_starts),
        shape=shingles.shape,
    )


def _similar_pairs(
    shingles: sparse.csr_array, threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the row numbers of all pairs that reach the threshold."""
    sizes = np.diff(shingles.indptr).astype(np.int64)
    rarest = _rarest_runs(shingles, threshold)
    rarest_by_run = rarest.T.tocsr()
    firsts: list[NDArray[np.int64]] = []
    seconds: list[NDArray[np.int64]] = []
    for start in range(0, shingles.shape[0], _ROWS_PER_BLOCK):
        candidates = (rarest[start : start + _ROWS_PER_BLOCK] @ rarest_by_run).tocoo()
        first = candidates.row.astype(np.int64) + start
        second = candidates.col.astype(np.int64)
        # Each pair once, and only those whose sizes allow the similarity.
        smaller = np.minimum(sizes[first], sizes[second])
        larger = np.maximum(sizes[first], sizes[second])
        possible = (first < second) & (smaller >= threshold * larger - 1e-9)
        first, second = first[possible], second[possible]
        shared = _row_products(shingles, first, second)
        similarity = shared / (sizes[first] + sizes[second] - shared)
        firsts.append(first[similarity >= threshold])
        seconds.append(second[similarity >= threshold])
    return np.concatenate(firsts), np.concatenate(seconds)


def _row_products(
    matrix: sparse.csr_array, first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the inner products of pairs of rows, a bounded number at a time."""
    products = np.empty(len(first), dtype=np.int64)
    step = 32 * _ROWS_PER_BLOCK
    for start in range(0, len(first), step):
        pairs = slice(start, start + step)
        common = matrix[first[pairs]].multiply(matrix[second[pairs]])
        products[pairs] = common.sum(axis=1)
    return products


def _number_by_appearance(groups: NDArray[np.integer]) -> NDArray[np.int64]:
    """Renumber groups from 0 in the order in which they first appear."""
    _, first_seen, inverse = np.unique(groups, return_index=True, return_inverse=True)
    rank = np.empty(len(first_seen), dtype=np.int64)
    rank[np.argsort(first_seen)] = np.arange(len(first_seen))
    return rank[inverse]
