"""Unusual input, kind by kind, and what happens with it: the one table.

README prints it, and every estimator and function is tried on it. A row makes its
input from a plain sample and a place in that sample, which hypothesis chooses.
"""

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse

from tests.bad_input.outcomes import Answer, Row, refused

MEGABYTES = 10 * 2**20


def put(X, place, value, dtype=None):
    """Return a copy with one entry changed."""
    X = X.astype(X.dtype if dtype is None else dtype)
    X[place] = value
    return X


def flat(X):
    """Return samples as rows of numbers."""
    return X.reshape(len(X), -1)


def masked(X, place, hide=True):
    """Return a masked array with one entry masked, or none."""
    mask = np.zeros(np.shape(X), dtype=bool)
    mask[place] = hide
    return np.ma.masked_array(X, mask)


def shorter(samples, row):
    """Return a list whose sample of this number is shorter than the others."""
    samples = samples.tolist()
    samples[row] = samples[row][:-1]
    return samples


def with_short_line(X, place):
    """Return nested lists where one line of one image is shorter than the others."""
    images = X.tolist()
    images[place[0]][place[1]].pop()
    return images


def read_only(X):
    """Return a copy that cannot be written to."""
    X = np.array(X)
    X.setflags(write=False)
    return X


def every_second(X):
    """Return the same values in memory that is not contiguous."""
    return np.repeat(X, 2, axis=0)[::2]


def frame(X, **options):
    """Return a frame of pandas of flat samples."""
    return pd.DataFrame(flat(X), **options)


def in_series(X):
    """Return a Series of arrays."""
    return pd.Series(list(X))


def one_constant(X, place):
    """Return samples with one pixel that never changes."""
    X = X.copy()
    X[:, place[1], place[2]] = 0.25
    return X


FROM_WORDS = ("X cannot be read", "could not convert", "Pass an array")
EMPTY = ("X", "0 sample(s)", "minimum of 1 is required")

# X of estimators of images and vectors; the plain sample is floats of shape
# (n_samples, height, width), and a place is a sample, a line and a column.
IMAGES = [
    Row("NaN", lambda X, at: put(X, at, np.nan), refused("X contains NaN")),
    Row(
        "infinity",
        lambda X, at: put(X, at, -np.inf),
        refused("X contains infinity", "Remove such samples"),
    ),
    Row(
        "a number beyond float32, such as 1e200",
        lambda X, at: put(X, at, 1e200),
        refused("X holds numbers as large as 1e+200", "Scale X"),
    ),
    Row(
        "a number beyond float64",
        lambda X, at: put(X, at, 10**400, dtype=object),
        refused("X cannot be read", "too large"),
    ),
    Row("an empty list", lambda X, at: [], refused("X has the wrong form", "array=[]")),
    Row("an array without samples", lambda X, at: X[:0], refused(*EMPTY)),
    Row(
        "samples without pixels",
        lambda X, at: X[:, :0],
        refused("X", "0 feature(s)", "minimum of 1 is required"),
    ),
    Row(
        "images of different shapes",
        lambda X, at: shorter(X, at[0]),
        refused("X has images of different shapes", "Resize them"),
    ),
    Row(
        "images with lines of different length",
        with_short_line,
        refused("X has images whose rows differ in length", "Pass images"),
    ),
    Row(
        "lists of different length",
        lambda X, at: shorter(flat(X), at[0]),
        refused("X cannot be read", "inhomogeneous", "Pass an array"),
    ),
    Row("one number", lambda X, at: 3.0, refused("X has the wrong form", "scalar")),
    Row(
        "an array of one dimension",
        lambda X, at: X[at[:2]],
        refused("X has the wrong form", "1D array", "Reshape your data"),
    ),
    Row(
        "an array of five dimensions",
        lambda X, at: X[..., np.newaxis, np.newaxis],
        refused("X has 5 dimensions", "(40, 8, 8, 1, 1)", "Pass images"),
    ),
    Row("None", lambda X, at: None, refused("X is None", "Pass an array")),
    Row("a str", lambda X, at: "abc", refused("X is of type str", "Pass an array")),
    Row("a dict", lambda X, at: {"X": X}, refused("X is of type dict", "Pass an")),
    Row("a set", lambda X, at: {1, 2}, refused("X is of type set", "Pass an array")),
    Row(
        "a generator",
        lambda X, at: (image for image in X),
        refused("X is of type generator", "Pass an array"),
    ),
    Row("words", lambda X, at: np.full((4, 64), "a"), refused(*FROM_WORDS)),
    Row(
        "objects that are no numbers",
        lambda X, at: put(X, at, "a", dtype=object),
        refused(*FROM_WORDS),
    ),
    Row(
        "None among numbers",
        lambda X, at: put(X, at, None, dtype=object),
        refused("X contains NaN"),
    ),
    Row(
        "complex numbers",
        lambda X, at: X.astype(complex),
        refused("X is of complex numbers", "Convert them"),
    ),
    Row(
        "dates",
        lambda X, at: (16 * X).astype("datetime64[D]"),
        refused("X is of dates (dtype datetime64[D])", "Convert them"),
    ),
    Row(
        "durations",
        lambda X, at: (16 * X).astype("timedelta64[s]"),
        refused("X is of durations (dtype timedelta64[s])", "Convert them"),
    ),
    Row(
        "records",
        lambda X, at: np.zeros(4, dtype=[("a", float), ("b", float)]),
        refused("X is of records", "Convert them"),
    ),
    Row(
        "masked arrays with masked entries",
        lambda X, at: masked(X, at),
        refused("X is a masked array with 1 masked entries", "Fill them"),
    ),
    Row(
        "a list of masked arrays",
        lambda X, at: list(masked(X, at)),
        refused("X is a masked array with 1 masked entries", "Fill them"),
    ),
    Row(
        "sparse arrays",
        lambda X, at: sparse.csr_array(flat(X)),
        refused("Sparse data was passed for X", "toarray()", error=TypeError),
    ),
    Row(
        "sparse matrices",
        lambda X, at: sparse.csc_matrix(flat(X)),
        refused("Sparse data was passed for X", "toarray()", error=TypeError),
    ),
    Row(
        "sparse arrays of three dimensions",
        lambda X, at: sparse.coo_array(X),
        refused("Sparse data was passed for X", "toarray()", error=TypeError),
    ),
    Row(
        "`numpy.matrix`",
        lambda X, at: sparse.csr_matrix(flat(X)).todense(),
        refused("np.matrix is not supported", "np.asarray", error=TypeError),
    ),
    Row(
        "pandas: a column of words",
        lambda X, at: frame(put(X, at, "a", dtype=object)),
        refused(*FROM_WORDS),
    ),
    Row(
        "pandas: missing values",
        lambda X, at: frame(put(X, at, np.nan)).astype("Float64"),
        refused("X contains NaN"),
    ),
    Row(
        "pandas: two columns of one name",
        lambda X, at: frame(X, columns=["a", "b"] * 32),
        refused("X has several columns of one name: ['a', 'b']", "Rename them"),
    ),
    Row(
        "pandas: a Series of arrays",
        lambda X, at: in_series(X),
        refused("X cannot be read", "Pass an array"),
    ),
    Row("texts", lambda X, at: ["a", "b"] * 20, refused("X cannot be read")),
    Row(
        "one sample",
        lambda X, at: X[:1],
        Answer("taken; `fit` of a classifier needs two classes", lambda X: X[:1]),
    ),
    Row(
        "a feature that is constant",
        one_constant,
        Answer(same_as=None),
    ),
    Row("a list of lists", lambda X, at: flat(X).tolist(), Answer(same_as=flat)),
    Row("a list of images", lambda X, at: list(X), Answer()),
    Row("a tuple of images", lambda X, at: tuple(X), Answer()),
    Row("objects that are numbers", lambda X, at: X.astype(object), Answer()),
    Row(
        "numbers written as text",
        lambda X, at: flat(X).astype(str),
        Answer("read as numbers", flat),
    ),
    Row(
        "booleans",
        lambda X, at: X > 0.5,
        Answer("0 and 1", lambda X: (X > 0.5).astype(float)),
    ),
    Row(
        "other integers than uint8",
        lambda X, at: (X > 0.5).astype(np.int16),
        Answer("read as floats, not scaled", lambda X: (X > 0.5).astype(float)),
    ),
    Row("float16", lambda X, at: X.astype(np.float16), Answer()),
    Row("long double", lambda X, at: X.astype(np.longdouble), Answer()),
    Row("big-endian numbers", lambda X, at: X.astype(">f8"), Answer()),
    Row("memory that is not contiguous", lambda X, at: every_second(X), Answer()),
    Row("column-major memory", lambda X, at: np.asfortranarray(X), Answer()),
    Row("read-only memory", lambda X, at: read_only(X), Answer()),
    Row(
        "masked arrays without masked entries",
        lambda X, at: masked(X, at, hide=False),
        Answer(),
    ),
    Row("pandas: numbers", lambda X, at: frame(X), Answer(same_as=flat)),
    Row(
        "pandas: objects that are numbers",
        lambda X, at: frame(X).astype(object),
        Answer(same_as=flat),
    ),
    Row(
        "polars: numbers",
        lambda X, at: pl.from_numpy(flat(X)),
        Answer(same_as=flat),
    ),
]


def with_entry(texts, at, entry):
    """Return texts of which one is something else."""
    return [*texts[:at], entry, *texts[at + 1 :]]


def text_row(kind, text):
    """Return a row of texts that are taken, whatever they hold."""
    return Row(
        kind, lambda texts, at: with_entry(texts, at, text), Answer(same_as=None)
    )


def entry_refused(kind, entry, *words):
    """Return a row of texts one of which is refused."""
    return Row(
        kind, lambda texts, at: with_entry(texts, at, entry), refused("X[", *words)
    )


# X of estimators of texts; the plain sample is a list of str, a place is a number.
TEXTS = [
    Row("a bare str", lambda X, at: X[at], refused("X is a str", "Pass [X]")),
    Row("bytes", lambda X, at: b"abc", refused("X is bytes", "Decode it")),
    Row("None", lambda X, at: None, refused("X is of type NoneType", "Pass list(X)")),
    Row("a dict", lambda X, at: dict.fromkeys(X), refused("X is of type dict")),
    Row("a set", lambda X, at: set(X), refused("X is of type set", "Pass list(X)")),
    Row(
        "a generator",
        lambda X, at: (text for text in X),
        refused("X is of type generator", "Pass list(X)"),
    ),
    Row("an empty list", lambda X, at: [], refused(*EMPTY, "Pass at least one text")),
    Row("one number", lambda X, at: 3.0, refused("X is of type float")),
    Row(
        "an array of two dimensions",
        lambda X, at: np.array(X).reshape(-1, 1),
        refused("X has 2 dimension(s)", "Pass a single column"),
    ),
    Row(
        "an array of five dimensions",
        lambda X, at: np.array(X).reshape(-1, 1, 1, 1, 1),
        refused("X has 5 dimension(s)", "Pass a single column"),
    ),
    Row(
        "pandas: a frame",
        lambda X, at: pd.DataFrame({"text": X}),
        refused("X has 2 dimension(s)", "frame['text']"),
    ),
    Row(
        "sparse matrices",
        lambda X, at: sparse.csr_matrix(np.eye(4)),
        refused("X has 2 dimension(s)", "Pass a single column"),
    ),
    Row(
        "sparse arrays of one dimension",
        lambda X, at: sparse.coo_array(np.ones(4)),
        refused("X is a coo_array", "Pass the texts themselves"),
    ),
    Row(
        "numbers",
        lambda X, at: np.arange(4.0),
        refused("X[0] is 0.0, of type float", "Convert the entries to str"),
    ),
    entry_refused("None among texts", None, "None, a missing value", "Drop or fill"),
    entry_refused("NaN among texts", np.nan, "NaN, a missing value", "Drop or fill"),
    entry_refused("`pandas.NA` among texts", pd.NA, "a missing value", "Drop or fill"),
    entry_refused("bytes among texts", b"abc", "bytes", "Decode it"),
    entry_refused("lists among texts", ["a"], "two-dimensional", "Pass one str"),
    Row(
        "masked arrays with masked entries",
        lambda X, at: masked(np.array(X), at),
        refused("X[", "None, a missing value"),
    ),
    Row("one text", lambda X, at: X[:1], Answer(same_as=lambda X: X[:1])),
    Row("a tuple", lambda X, at: tuple(X), Answer()),
    Row("an array of str", lambda X, at: np.array(X), Answer()),
    Row("an array of objects", lambda X, at: np.array(X, dtype=object), Answer()),
    Row(
        "an array of NumPy's StringDType",
        lambda X, at: np.array(X, dtype=np.dtypes.StringDType()),
        Answer(),
    ),
    Row(
        "big-endian str",
        lambda X, at: np.array(X).astype(np.array(X).dtype.newbyteorder(">")),
        Answer(),
    ),
    Row("read-only memory", lambda X, at: read_only(X), Answer()),
    Row(
        "memory that is not contiguous",
        lambda X, at: every_second(np.array(X)),
        Answer(),
    ),
    Row(
        "masked arrays without masked entries",
        lambda X, at: masked(np.array(X), at, hide=False),
        Answer(),
    ),
    Row(
        "pandas: a Series of objects",
        lambda X, at: pd.Series(X, dtype=object),
        Answer(),
    ),
    Row(
        "pandas: a Series of str", lambda X, at: pd.Series(X, dtype="string"), Answer()
    ),
    Row(
        "pandas: an index in another order",
        lambda X, at: pd.Series(X, index=range(len(X), 0, -1)),
        Answer(),
    ),
    Row("polars: a Series", lambda X, at: pl.Series(X), Answer()),
    text_row("the empty text", ""),
    text_row("white space", " \t\r\n\u00a0\u2028"),
    text_row("the NUL character", "\x00a\x00\x00"),
    text_row("lone surrogates", "\ud800 a\udfff"),
    text_row("emoji", "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f4 ☎️"),
    text_row(
        "right-to-left text",
        "\u202e\u05e9\u05dc\u05d5\u05dd \u200f\u0645\u0631\u062d\u0628\u0627",
    ),
    text_row("the last character of Unicode", "\U0010ffff\ufffe"),
    text_row("10 MB in one word", "a" * MEGABYTES),
    text_row("10 MB of words", "win a prize " * (MEGABYTES // 12)),
    text_row("10 MB of one digit", "7" * MEGABYTES),
]


def as_numbers(y):
    """Return two classes as 0 and 1."""
    return (np.asarray(y) == np.unique(y)[-1]).astype(int)


def as_strings(y):
    """Return two classes as words."""
    return np.array(["no", "yes"])[as_numbers(y)]


def as_strange_strings(y):
    """Return two classes as texts that few expect."""
    return np.array(
        ["\u202e\u05e9\u05dc\u05d5\u05dd\x00!", "\U0001f600"], dtype=object
    )[as_numbers(y)]


# y of classifiers and of hashing by classes; the plain sample has two classes. What is
# taken gives the classes that NumPy reads, and the network of the plain labels.
LABELS = [
    Row("None", lambda y, at: None, refused("y", "None")),
    Row(
        "one class",
        lambda y, at: np.zeros(len(y)),
        refused("y has only 1 class", "Pass"),
    ),
    Row("too few labels", lambda y, at: y[:-1], refused("y", "inconsistent numbers")),
    Row("an empty list", lambda y, at: [], refused("y", "inconsistent numbers")),
    Row("one number", lambda y, at: 1.0, refused("y", "1d array")),
    Row("a str", lambda y, at: "yes", refused("y", "1d array")),
    Row("a dict", lambda y, at: {"y": y}, refused("y", "1d array")),
    Row(
        "two columns",
        lambda y, at: np.column_stack([as_numbers(y)] * 2),
        refused("y", "1d array", "(40, 2)"),
    ),
    Row(
        "NaN",
        lambda y, at: put(as_numbers(y), at, np.nan, dtype=float),
        refused("y contains NaN"),
    ),
    Row(
        "infinity",
        lambda y, at: put(as_numbers(y), at, np.inf, dtype=float),
        refused("y contains infinity"),
    ),
    Row(
        "None among labels",
        lambda y, at: put(as_strings(y), at, None, dtype=object),
        refused("y mixes labels of the types", "'str'", "Convert all"),
    ),
    Row(
        "numbers among words",
        lambda y, at: put(as_strings(y), at, 7, dtype=object),
        refused("y mixes labels of the types", "'str'", "Convert all"),
    ),
    Row(
        "fractions",
        lambda y, at: as_numbers(y) + 0.25,
        refused("y", "Unknown label type: continuous"),
    ),
    Row("complex numbers", lambda y, at: as_numbers(y).astype(complex), refused("y")),
    Row(
        "lists of different length",
        lambda y, at: [[1] * (1 + number % 2) for number in range(len(y))],
        refused("y"),
    ),
    Row(
        "sparse matrices",
        lambda y, at: sparse.csr_matrix(as_numbers(y)[:, np.newaxis]),
        refused("y", error=TypeError),
    ),
    Row(
        "masked arrays with masked entries",
        lambda y, at: masked(as_numbers(y), at),
        refused("y is a masked array with 1 masked entries", "Fill them"),
    ),
    Row("words", lambda y, at: as_strings(y), Answer()),
    Row("words as objects", lambda y, at: as_strings(y).astype(object), Answer()),
    Row("emoji, NUL, right-to-left", lambda y, at: as_strange_strings(y), Answer()),
    Row("booleans", lambda y, at: as_numbers(y).astype(bool), Answer()),
    Row("whole numbers as floats", lambda y, at: as_numbers(y) * 2.0 - 3, Answer()),
    Row("small and large integers", lambda y, at: as_numbers(y) * 10**18, Answer()),
    Row("uint8", lambda y, at: as_numbers(y).astype(np.uint8), Answer()),
    Row("a list", lambda y, at: as_strings(y).tolist(), Answer()),
    Row("big-endian numbers", lambda y, at: as_numbers(y).astype(">i4"), Answer()),
    Row("read-only memory", lambda y, at: read_only(as_numbers(y)), Answer()),
    Row(
        "memory that is not contiguous",
        lambda y, at: every_second(as_numbers(y)),
        Answer(),
    ),
    Row(
        "masked arrays without masked entries",
        lambda y, at: masked(as_numbers(y), at, hide=False),
        Answer(),
    ),
    Row("pandas: a Series", lambda y, at: pd.Series(as_strings(y)), Answer()),
    Row(
        "pandas: a categorical Series",
        lambda y, at: pd.Series(as_strings(y)).astype("category"),
        Answer(),
    ),
    Row("polars: a Series", lambda y, at: pl.Series(as_strings(y)), Answer()),
    Row(
        "one column",
        lambda y, at: as_numbers(y)[:, np.newaxis],
        Answer("taken, with scikit-learn's DataConversionWarning"),
    ),
]

# sample_weight; the plain sample is ones.
WEIGHTS = [
    Row(
        "NaN",
        lambda w, at: put(w, at, np.nan),
        refused("sample_weight contains NaN"),
    ),
    Row(
        "infinity",
        lambda w, at: put(w, at, np.inf),
        refused("sample_weight contains infinity"),
    ),
    Row(
        "negative", lambda w, at: put(w, at, -1.0), refused("sample_weight", "egative")
    ),
    Row("zero for all", lambda w, at: 0 * w, refused("sample_weight", "zero")),
    Row("too few", lambda w, at: w[:-1], refused("sample_weight", "(40,)")),
    Row(
        "two columns",
        lambda w, at: np.column_stack([w, w]),
        refused("sample_weight", "1D array"),
    ),
    Row(
        "words", lambda w, at: np.full(len(w), "a"), refused("sample_weight cannot be")
    ),
    Row(
        "objects",
        lambda w, at: [{}] * len(w),
        refused("sample_weight", error=TypeError),
    ),
    Row("complex numbers", lambda w, at: w * 1j, refused("sample_weight")),
    Row(
        "masked arrays with masked entries",
        lambda w, at: masked(w, at),
        refused("sample_weight is a masked array", "Fill them"),
    ),
    Row("one number", lambda w, at: 2.0, Answer("the weight of all")),
    Row("integers", lambda w, at: w.astype(int), Answer()),
    Row("booleans", lambda w, at: w > 0, Answer()),
    Row("a list", lambda w, at: w.tolist(), Answer()),
    Row("pandas: a Series", lambda w, at: pd.Series(w), Answer()),
    Row("big-endian numbers", lambda w, at: w.astype(">f4"), Answer()),
    Row("read-only memory", lambda w, at: read_only(w), Answer()),
    Row("the largest numbers", lambda w, at: w * 1e308, Answer("scaled to mean one")),
    Row("the smallest numbers", lambda w, at: w * 5e-324, Answer("scaled to mean one")),
]

# Codes of metrics and hashing; the plain sample is integers of shape (12, 5).
CODES = [
    Row("None", lambda X, at: None, refused()),
    Row("a str", lambda X, at: "abc", refused("of type str")),
    Row("a generator", lambda X, at: (row for row in X), refused("of type generator")),
    Row("NaN", lambda X, at: put(X, at, np.nan, dtype=float), refused()),
    Row("an empty list", lambda X, at: [], refused()),
    Row("one code", lambda X, at: X[at[0]], refused()),
    Row("three dimensions", lambda X, at: X[np.newaxis], refused()),
    Row("lists of different length", lambda X, at: shorter(X, at[0]), refused()),
    Row("words", lambda X, at: np.full((12, 5), "a"), refused()),
    Row("complex numbers", lambda X, at: X * 1j, refused()),
    Row(
        "masked arrays with masked entries",
        lambda X, at: masked(X, at),
        refused("masked array", "Fill them"),
    ),
    Row(
        "sparse arrays",
        lambda X, at: sparse.csr_array(X),
        refused("Sparse data was passed for", "toarray()", error=TypeError),
    ),
    Row("booleans", lambda X, at: X > 0, Answer()),
    Row("uint8", lambda X, at: X.astype(np.uint8), Answer()),
    Row("floats", lambda X, at: X.astype(np.float32), Answer()),
    Row("objects that are numbers", lambda X, at: X.astype(object), Answer()),
    Row("a list of lists", lambda X, at: X.tolist(), Answer()),
    Row("big-endian numbers", lambda X, at: X.astype(">i8"), Answer()),
    Row("memory that is not contiguous", lambda X, at: every_second(X), Answer()),
    Row("read-only memory", lambda X, at: read_only(X), Answer()),
    Row(
        "masked arrays without masked entries",
        lambda X, at: masked(X, at, hide=False),
        Answer(),
    ),
    Row("pandas: numbers", lambda X, at: pd.DataFrame(X), Answer()),
]
