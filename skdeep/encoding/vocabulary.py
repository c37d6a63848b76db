"""Learn a vocabulary from training texts, and turn texts into token ids."""

import re
import string
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skdeep.encoding.tokens import UNKNOWN_ID, TokenSequences, offsets_of

__all__ = [
    "FIRST_TOKEN_ID",
    "TextEncoding",
    "learn_text_encoding",
    "printable_text_encoding",
    "word_tokens",
]

FIRST_TOKEN_ID = 2

# A text longer than all but one in a hundred training texts is cut: a recurrent
# network pays for the longest text of a batch, and the tail rarely decides.
_LENGTH_PERCENTILE = 99
# Among fewer than 100 texts that percentile is the longest one, whatever its length.
_MAX_TIMES_MEDIAN = 20

# Runs of letters, runs of digits, and every other visible character by itself.
_WORD_PATTERN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_DIGIT_PATTERN = re.compile(r"\d")

Analyzer = str | Callable[[str], Iterable[str]]


@dataclass(frozen=True, kw_only=True)
class TextEncoding:
    """How texts become token ids: a vocabulary and the rules that go with it.

    Everything but a callable `analyzer` is plain data, so that an estimator can keep
    the vocabulary in a fitted attribute and put this object together when needed.

    Parameters
    ----------
    vocabulary : dict of str to int
        The id of each known token, from 2 up. Id 0 is padding, id 1 any other token.
    max_length : int
        Most tokens kept of a text, at least 1.
    analyzer : {"word", "char"} or callable, default="word"
        How a text is cut into tokens, see :func:`learn_text_encoding`.
    lowercase : bool, default=False
        Whether texts are lower-cased first; a callable analyzer gets the raw text.
    truncation : {"first", "last"}, default="first"
        Which tokens of a text longer than `max_length` are kept.
    unknown : {"keep", "drop"}, default="keep"
        Whether a token outside the vocabulary becomes id 1 or disappears.

    See Also
    --------
    learn_text_encoding : Makes one from training texts.

    Examples
    --------
    >>> from skdeep.encoding.vocabulary import TextEncoding
    >>> encoding = TextEncoding(vocabulary={"free": 2, "!": 3}, max_length=4)
    >>> encoding.encode(["free free!", "", "win now"]).to_padded()
    array([[2, 2, 3],
           [1, 0, 0],
           [1, 1, 0]], dtype=int32)
    """

    vocabulary: Mapping[str, int]
    max_length: int
    analyzer: Analyzer = "word"
    lowercase: bool = False
    truncation: str = "first"
    unknown: str = "keep"

    def __post_init__(self) -> None:
        """Refuse rules that do not exist."""
        _check_rules(self.analyzer, self.truncation, self.max_length)
        if self.unknown not in ("keep", "drop"):
            raise ValueError(f"unknown must be 'keep' or 'drop', got {self.unknown!r}.")

    @property
    def vocabulary_size(self) -> int:
        """Number of ids, padding and unknown included: rows of an embedding."""
        return max(self.vocabulary.values(), default=UNKNOWN_ID) + 1

    def encode(self, texts: Sequence[str]) -> TokenSequences:
        """Turn texts into token ids.

        Parameters
        ----------
        texts : sequence of str of shape (n_samples,)
            Checked texts, see :func:`skdeep.encoding.text.check_texts`.

        Returns
        -------
        TokenSequences
            One row per text, of 1 to `max_length` ids. A text without any token,
            such as the empty one, is one unknown token.
        """
        rows = map(self._tokens_of, texts)
        if self.analyzer == "char":
            ids, offsets = self._ids_of_characters(["".join(row) for row in rows])
        else:
            ids, offsets = self._ids_of_tokens(rows)
        lengths = np.diff(offsets)
        if not lengths.all():
            # A row that would be empty gets one unknown token where it begins.
            ids = np.insert(ids, offsets[:-1][lengths == 0], UNKNOWN_ID)
            offsets = offsets_of(np.maximum(lengths, 1))
        return TokenSequences(ids, offsets)

    def _tokens_of(self, text: str) -> Sequence[str]:
        """Return the tokens of a text that are kept; a `str` for characters."""
        if self.unknown == "keep":
            return _tokenize(
                text,
                analyzer=self.analyzer,
                lowercase=self.lowercase,
                truncation=self.truncation,
                max_length=self.max_length,
            )
        tokens = _tokenize(text, analyzer=self.analyzer, lowercase=self.lowercase)
        known = [token for token in tokens if token in self.vocabulary]
        return _truncate(known, self.truncation, self.max_length)

    def _ids_of_tokens(
        self, rows: Iterable[Sequence[str]]
    ) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Look up the tokens of one row after the other; return ids and offsets."""
        # A compact array grows, so that only one row's tokens exist as str at a time.
        ids, ends = array("i"), array("q", [0])
        known = self.vocabulary.get
        for row in rows:
            ids.extend([known(token, UNKNOWN_ID) for token in row])
            ends.append(len(ids))
        return np.array(ids, dtype=self._id_dtype), np.array(ends, dtype=np.int64)

    def _ids_of_characters(
        self, rows: Sequence[str]
    ) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Look up all characters at once by code point; return ids and offsets."""
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        # "surrogatepass" because a str may hold half of a surrogate pair.
        encoded = "".join(rows).encode("utf-32-le", errors="surrogatepass")
        code_points = np.frombuffer(encoded, dtype="<u4")
        single = {
            ord(key): id_ for key, id_ in self.vocabulary.items() if len(key) == 1
        }
        # One entry beyond the largest known code point stands for all above it.
        table = np.full(max(single, default=0) + 2, UNKNOWN_ID, dtype=self._id_dtype)
        table[list(single)] = list(single.values())
        return table[np.minimum(code_points, len(table) - 1)], offsets_of(lengths)

    @property
    def _id_dtype(self) -> type[np.generic]:
        """The narrower of the two id types that holds every id."""
        return np.uint16 if self.vocabulary_size <= 2**16 else np.int32


def learn_text_encoding(
    texts: Iterable[str],
    *,
    analyzer: Analyzer = "word",
    lowercase: bool = False,
    max_features: int | None = None,
    max_length: int | None = None,
    truncation: str = "first",
) -> TextEncoding:
    """Learn a vocabulary and a maximal length from training texts.

    The result depends on the set of distinct texts only: neither the order of the
    rows nor how often a text is repeated changes an id.

    Parameters
    ----------
    texts : iterable of str
        Training texts, see :func:`skdeep.encoding.text.check_texts`.
    analyzer : {"word", "char"} or callable, default="word"
        - "word": runs of letters, runs of digits with every digit written as 0 (so
          that telephone numbers of the same length are one token), and every other
          visible character by itself.
        - "char": every character, white space included.
        - a callable is given the raw text and returns its tokens, a list of str.
    lowercase : bool, default=False
        Whether texts are lower-cased first; a callable analyzer gets the raw text.
    max_features : int, default=None
        Most tokens in the vocabulary, the most frequent ones; None for all of them.
    max_length : int, default=None
        Most tokens kept of a text. None takes the 99th percentile of the lengths of
        the training texts, in tokens, and at most 20 times their median.
    truncation : {"first", "last"}, default="first"
        Which tokens of a text longer than `max_length` are kept.

    Returns
    -------
    TextEncoding
        Ids from 2 up by falling frequency; equally frequent tokens in the order of
        their code points. Tokens that truncation removes are not counted.

    Raises
    ------
    ValueError
        If no text has a token, or if an argument has an unknown value.

    Examples
    --------
    >>> from skdeep.encoding.vocabulary import learn_text_encoding
    >>> encoding = learn_text_encoding(["call 0800", "call me"], analyzer="word")
    >>> encoding.vocabulary
    {'call': 2, '0000': 3, 'me': 4}
    """
    _check_rules(analyzer, truncation, 1 if max_length is None else max_length)
    distinct = set(texts)
    if max_length is None:
        max_length = _usual_length(distinct, analyzer=analyzer, lowercase=lowercase)
    rules: dict[str, Any] = {
        "analyzer": analyzer,
        "lowercase": lowercase,
        "truncation": truncation,
        "max_length": max_length,
    }
    counts = Counter[str]()
    for text in distinct:
        counts.update(_tokenize(text, **rules))
    if not counts:
        raise ValueError(
            f"empty vocabulary: no text of {len(distinct)} has a token with "
            f"analyzer={analyzer!r}. Pass texts that are not all blank."
        )
    ranked = sorted(counts, key=lambda token: (-counts[token], token))
    kept = enumerate(ranked[:max_features], start=FIRST_TOKEN_ID)
    return TextEncoding(vocabulary={token: id_ for id_, token in kept}, **rules)


def _usual_length(
    texts: Collection[str], *, analyzer: Analyzer, lowercase: bool
) -> int:
    """Return the smallest length that nearly all texts keep to, at least 1."""
    tokenized = (_tokenize(t, analyzer=analyzer, lowercase=lowercase) for t in texts)
    lengths = np.fromiter(map(len, tokenized), dtype=np.int64, count=len(texts))
    if len(lengths) == 0:
        return 1
    usual, middle = np.percentile(
        lengths, [_LENGTH_PERCENTILE, 50], method="inverted_cdf"
    )
    return max(int(min(usual, _MAX_TIMES_MEDIAN * max(middle, 1))), 1)


def printable_text_encoding(max_length: int = 100) -> TextEncoding:
    """Return the fixed alphabet of eXpose: the last printable ASCII characters.

    The published code [1]_ lower-cases, drops what is not in `string.printable` and
    keeps the last 100 characters. It gives the character "0" the id of the padding;
    here "0" has an id of its own. The ids reach 75, since no capital is left after
    lower-casing, and fit an embedding of 100 rows.

    Parameters
    ----------
    max_length : int, default=100
        Most characters kept.

    Returns
    -------
    TextEncoding
        Needs no training texts.

    References
    ----------
    .. [1] Saxe, J. and Berlin, K. (2017). "eXpose: A Character-Level Convolutional
       Neural Network with Embeddings For Detecting Malicious URLs, File Paths and
       Registry Keys". :doi:`10.48550/arXiv.1702.08568`

    Examples
    --------
    >>> from skdeep.encoding.vocabulary import printable_text_encoding
    >>> printable_text_encoding().vocabulary_size
    76
    """
    # A dict keeps the order of string.printable and meets every letter once.
    alphabet = dict.fromkeys(string.printable.lower())
    return TextEncoding(
        vocabulary={c: id_ for id_, c in enumerate(alphabet, start=FIRST_TOKEN_ID)},
        max_length=max_length,
        analyzer="char",
        lowercase=True,
        truncation="last",
        unknown="drop",
    )


def word_tokens(text: str, limit: int | None = None) -> list[str]:
    """Cut a text into words, masked numbers and punctuation marks.

    Parameters
    ----------
    text : str
        Any text.
    limit : int, default=None
        Stop after this many tokens; None for all of them.

    Returns
    -------
    list of str
        Runs of letters; runs of digits, every digit written as 0; every other
        character that is not white space.

    Notes
    -----
    The text is taken as it is. In Unicode's normal form NFD an accent is a character
    of its own and ends a run of letters: bring texts from several sources into one
    form first, for example with ``unicodedata.normalize("NFC", text)``.

    Examples
    --------
    >>> from skdeep.encoding.vocabulary import word_tokens
    >>> word_tokens("WIN £1000!! call 0800-123")
    ['WIN', '£', '0000', '!', '!', 'call', '0000', '-', '000']
    """
    found = (match.group() for match in _WORD_PATTERN.finditer(text))
    return [
        token if not token[0].isdigit() else _DIGIT_PATTERN.sub("0", token)
        for token in islice(found, limit)
    ]


def _tokenize(
    text: str,
    *,
    analyzer: Analyzer,
    lowercase: bool,
    truncation: str = "first",
    max_length: int | None = None,
) -> Sequence[str]:
    """Return at most `max_length` tokens of a text; a `str` for characters."""
    if callable(analyzer):
        found = analyzer(text)
        if not isinstance(found, Iterable):
            raise ValueError(
                f"analyzer must return tokens, got {found!r} of type "
                f"{type(found).__name__}. Let it return a list of str."
            )
        tokens = list(found)
        for token in tokens:
            if not isinstance(token, str):
                raise ValueError(
                    f"analyzer must return str tokens, got {token!r} of type "
                    f"{type(token).__name__}. Let it return a list of str."
                )
        return _truncate(tokens, truncation, max_length)
    if lowercase:
        text = text.lower()
    if analyzer == "char":
        return _truncate(text, truncation, max_length)
    # Stopping at the limit spares the rest of a very long text.
    limit = max_length if truncation == "first" else None
    return _truncate(word_tokens(text, limit), truncation, max_length)


def _truncate(
    tokens: Sequence[str], truncation: str, max_length: int | None
) -> Sequence[str]:
    """Keep the first or the last `max_length` tokens."""
    if max_length is None or len(tokens) <= max_length:
        return tokens
    return tokens[:max_length] if truncation == "first" else tokens[-max_length:]


def _check_rules(analyzer: Analyzer, truncation: str, max_length: int) -> None:
    """Refuse an analyzer, a truncation or a length that does not exist."""
    if not callable(analyzer) and analyzer not in ("word", "char"):
        raise ValueError(
            f"analyzer must be 'word', 'char' or a callable, got {analyzer!r}."
        )
    if truncation not in ("first", "last"):
        raise ValueError(f"truncation must be 'first' or 'last', got {truncation!r}.")
    if max_length < 1:
        raise ValueError(f"max_length must be at least 1, got {max_length}.")
