"""Every public function on unusual input: arrays, labels, numbers, paths, histories."""

import functools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.dummy import DummyClassifier

from skdeep import HammingNeighbors, datasets, hashing, metrics, plotting
from skdeep.inspection import interpolate, latent_traversal
from skdeep.model_comparison import compare_classifiers
from skdeep.persistence import load, save
from tests.bad_input.outcomes import (
    Answer,
    Refusal,
    check_message,
    check_refused,
    content_of,
    equal,
    refused,
    rows_that_are,
)
from tests.bad_input.table import CODES

BITS = np.random.default_rng(0).integers(0, 2, (12, 5))
LABELS = np.arange(12) % 3
FEW = settings(max_examples=5, database=None, suppress_health_check=list(HealthCheck))


def words(bits):
    """Return the words that codes are packed into."""
    return hashing.pack_bits(bits)


# Each takes zeros and ones, under the name that it gives them.
OF_CODES = {
    "bit_balance": ("codes", metrics.bit_balance),
    "bit_entropy": ("codes", metrics.bit_entropy),
    "code_entropy": ("codes", metrics.code_entropy),
    "bucket_purity": ("codes", lambda codes: metrics.bucket_purity(codes, LABELS)),
    "leave_one_out_mean_average_precision": (
        "codes",
        lambda codes: metrics.leave_one_out_mean_average_precision(codes, LABELS),
    ),
    "mean_average_precision": (
        "query_codes",
        lambda codes: metrics.mean_average_precision(codes, BITS, LABELS, LABELS),
    ),
    "precision_within_radius": (
        "database_codes",
        lambda codes: metrics.precision_within_radius(BITS, codes, LABELS, LABELS),
    ),
    "frechet_distance": ("X", lambda codes: metrics.frechet_distance(codes, BITS)),
    "pack_bits": ("bits", hashing.pack_bits),
    "HammingNeighbors.fit": (
        "X",
        lambda codes: HammingNeighbors(2).fit(codes).kneighbors(BITS),
    ),
    "HammingNeighbors.kneighbors": (
        "X",
        lambda codes: HammingNeighbors(2).fit(BITS).kneighbors(codes),
    ),
}


def comparable(result):
    """Return results in a form that can be compared."""
    if isinstance(result, metrics.BucketPurity | metrics.RadiusPrecision):
        return [float(value) for value in vars(result).values()]
    return result


def cases(outcome):
    """Return pairs of a function and a row."""
    return [
        pytest.param(function, row, id=f"{function}-{row.kind}")
        for function in OF_CODES
        for row in rows_that_are(outcome, CODES)
        # None asks for the neighbors of what was fitted.
        if (function, row.kind) != ("HammingNeighbors.kneighbors", "None")
    ]


@pytest.mark.parametrize("function, row", cases(Refusal))
@FEW
@given(place=st.tuples(st.integers(0, 11), st.integers(0, 4)))
def test_codes_are_refused(function, row, place):
    """Functions refuse codes by the name of their argument."""
    name, call = OF_CODES[function]
    codes = row.make(BITS, place)
    before = content_of(codes)
    expected = refused(name, *row.expected.words, error=row.expected.error)
    check_refused(expected, lambda: call(codes))
    assert content_of(codes) == before


@pytest.mark.parametrize("function, row", cases(Answer))
def test_codes_are_taken(function, row):
    """Functions say the same of codes of any type."""
    _, call = OF_CODES[function]
    codes = row.make(BITS, (3, 2))
    before = content_of(codes)
    assert equal(comparable(call(codes)), comparable(call(BITS)))
    assert content_of(codes) == before


HIDDEN = np.ma.masked_array(BITS.astype(float), BITS == 1)
UNREADABLE = [
    None,
    "abc",
    {"a": 1},
    [[1.0], [1.0, 2.0]],
    np.full((3, 2), "a"),
    np.ones((3, 2)) * 1j,
    np.full((3, 2), np.nan),
    HIDDEN,
]
OF_NUMBERS = {
    "log_weights": metrics.importance_weighted_log_likelihood,
    "log_likelihood": lambda numbers: metrics.bits_per_dimension(numbers, 3),
    "y_true": lambda images: metrics.peak_signal_noise_ratio(images, BITS / 1),
    "y_pred": lambda images: metrics.peak_signal_noise_ratio(BITS / 1, images),
    "group_sizes": lambda sizes: metrics.expected_average_precision(sizes, BITS),
    "group_relevant": lambda found: metrics.expected_average_precision(BITS, found),
    "A": hashing.hamming_distances,
    "B": lambda packed: hashing.hamming_distances(words(BITS), packed),
    "packed": lambda packed: hashing.unpack_bits(packed, 5),
    "labels": lambda labels: metrics.bucket_purity(BITS, labels),
    "query_labels": lambda labels: metrics.mean_average_precision(
        BITS, BITS, labels, LABELS
    ),
    "database_labels": lambda labels: metrics.precision_within_radius(
        BITS, BITS, LABELS, labels
    ),
}


@pytest.mark.parametrize("number", range(len(UNREADABLE)))
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_numbers_are_refused(name, number):
    """What is no array of numbers is refused in our words."""
    value = UNREADABLE[number]
    if name == "B" and value is None:
        return  # codes are compared with themselves
    with pytest.raises((TypeError, ValueError)) as caught:
        OF_NUMBERS[name](value)
    named = name if name != "packed" else ""
    check_message(caught.value, (named,))


@pytest.mark.parametrize(
    "labels", [[1.0, np.nan] * 6, ["a", None] * 6, pd.Series(["a", pd.NA] * 6)]
)
def test_missing_labels(labels):
    """Labels that are missing are no class of their own."""
    check_refused(
        refused("labels has missing values", "Leave out"),
        lambda: metrics.bucket_purity(BITS, labels),
    )


WRONG = [-1, 0, 2.5, "a", None, float("nan"), float("inf"), [1], {"a": 1}, object()]
PAIR = np.random.default_rng(0).random((2, 1, 16, 16))
# Calls by the name of the number that is wrong, and what it may be after all.
OF_PARAMETERS = {
    "top_k": (
        lambda value: metrics.leave_one_out_mean_average_precision(
            BITS, LABELS, top_k=value
        ),
        [None],
    ),
    "denominator": (
        lambda value: metrics.leave_one_out_mean_average_precision(
            BITS, LABELS, top_k=2, denominator=value
        ),
        [],
    ),
    "radius": (
        lambda value: metrics.precision_within_radius(
            BITS, BITS, LABELS, LABELS, radius=value
        ),
        [0, 2.5, float("inf")],
    ),
    "min_size": (
        lambda value: metrics.bucket_purity(BITS, LABELS, min_size=value),
        [],
    ),
    "data_range": (
        lambda value: metrics.peak_signal_noise_ratio(*PAIR, data_range=value),
        [2.5, None],
    ),
    "image_shape": (
        lambda value: metrics.structural_similarity(*PAIR, image_shape=value),
        [None],
    ),
    "n_dimensions": (lambda value: metrics.bits_per_dimension([1.0], value), []),
    "n_bits": (lambda value: hashing.unpack_bits(words(BITS), value), []),
    "n_neighbors": (
        lambda value: HammingNeighbors().fit(BITS).kneighbors(BITS, n_neighbors=value),
        [None],
    ),
    "threshold": (
        lambda value: datasets.group_near_duplicates(["a"], threshold=value),
        [],
    ),
    "texts": (datasets.group_near_duplicates, []),
    "data": (datasets.LazyRows, []),
    "n_samples": (datasets.make_messages, []),
    "path": (load, ["a"]),
    "estimators": (lambda value: compare_classifiers(value, BITS, LABELS), []),
    "estimator": (lambda value: save(value, "never written"), []),
}


@pytest.mark.parametrize("name", OF_PARAMETERS)
def test_parameters_are_refused(name):
    """Numbers, names and paths that cannot be are refused by name."""
    call, allowed = OF_PARAMETERS[name]
    for value in WRONG:
        if not any(value is one or value == one for one in allowed):
            with pytest.raises((TypeError, ValueError)) as caught:
                call(value)
            check_message(caught.value, (name,))


ODD_TEXTS = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=30),
        st.sampled_from(["\ud800", "\x00", "", "\u202e\u05d0", "\U0001f600" * 9]),
    ),
    max_size=6,
)


@FEW
@given(texts=ODD_TEXTS)
def test_any_texts_are_grouped(texts):
    """Near-duplicates are found among any texts: each has a group, equal ones one."""
    before = list(texts)
    groups = datasets.group_near_duplicates(texts)
    assert len(groups) == len(texts)
    assert all(
        groups[first] == groups[second]
        for first in range(len(texts))
        for second in range(first)
        if texts[first] == texts[second]
    )
    assert texts == before


@pytest.mark.parametrize("texts", [["a", None], [b"a"], "abc", 3, [["a"]]])
def test_texts_are_refused(texts):
    """What is no text is named with its place."""
    check_refused(
        refused("texts", error=TypeError),
        lambda: datasets.group_near_duplicates(texts),
    )


def test_masked_rows_are_not_read():
    """Rows that are read later have no hidden numbers."""
    check_refused(
        refused("data is a masked array", "filled"), lambda: datasets.LazyRows(HIDDEN)
    )


@pytest.mark.parametrize(
    "history",
    [
        {},
        {"loss": []},
        {"loss": ["a"]},
        {"loss": [1.0, np.nan]},
        {"loss": 3.0},
        {"loss": [[1.0], [1.0, 2.0]]},
    ],
)
def test_histories_are_refused(pyplot, history):
    """A history that cannot be drawn is refused by the name of its numbers."""
    draw = functools.partial(plotting.TrainingHistoryDisplay.from_history, history)
    check_refused(refused("istory", "loss"), draw)


DISPLAYS = [
    plotting.FiltersDisplay,
    plotting.SamplesDisplay,
    plotting.TrainingHistoryDisplay,
]


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize("estimator", [None, 3, "a", DummyClassifier])
def test_displays_refuse_what_is_no_estimator(pyplot, display, estimator):
    """A display says that it needs an estimator, whatever it is given."""
    with pytest.raises((TypeError, ValueError)) as caught:
        display.from_estimator(estimator)
    check_message(caught.value)


@pytest.mark.parametrize("function", [latent_traversal, interpolate])
@pytest.mark.parametrize("estimator", [None, 3, "a", DummyClassifier()])
def test_inspection_refuses_what_cannot_decode(function, estimator):
    """Walks through codes say what they need."""
    arguments = (BITS, BITS) if function is interpolate else (BITS,)
    check_refused(
        refused("inverse_transform", error=TypeError),
        lambda: function(estimator, *arguments),
    )


@pytest.mark.parametrize(
    "y",
    [None, 3.0, "abc", [0] * 12, [0, 1, np.nan] * 4, np.ma.masked_less(LABELS, 1)],
)
def test_comparison_refuses_labels(y):
    """A comparison refuses labels by name before anything is fitted."""
    classifiers = {"dummy": DummyClassifier()}
    check_refused(refused("y"), lambda: compare_classifiers(classifiers, BITS, y, cv=2))


def test_file_that_is_not_there(tmp_path):
    """A path without a file is an error of the operating system, with the path."""
    with pytest.raises(FileNotFoundError, match="nothing"):
        load(Path(tmp_path, "nothing.skdeep"))


def test_sparse_and_frames_of_codes():
    """Frames are read as their numbers; sparse codes are refused."""
    frame = pd.DataFrame(BITS)
    assert equal(metrics.bit_balance(frame), metrics.bit_balance(BITS))
    check_refused(
        refused("codes", "toarray", error=TypeError),
        lambda: metrics.bit_balance(sparse.csr_array(BITS)),
    )
