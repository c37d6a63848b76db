"""Sizes and purity of the buckets of a hash code."""

from collections import Counter
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skdeep.metrics import bucket_purity
from skdeep.plotting import HashBucketsDisplay

CODES = np.array([[0, 0]] * 5 + [[0, 1]] * 3 + [[1, 1]])
LABELS = np.array(list("aaaabbbca"))


def test_sizes_and_purities(pyplot):
    """They are those that counting by hand gives."""
    display = HashBucketsDisplay.from_codes(CODES, LABELS)
    found = dict(zip(display.sizes.tolist(), display.purities, strict=True))
    assert found == pytest.approx({5: 17 / 25, 3: 5 / 9, 1: 1.0})
    assert display.agreement == pytest.approx((5 * 4 + 3 * 2) / (9 * 8))


@settings(max_examples=30)
@given(arrays(np.uint8, (20, 3), elements=st.integers(0, 1)), st.data())
def test_purity_agrees_with_the_metric(codes, data):
    """Weighted by sizes, the purities have the mean that the metric gives."""
    labels = data.draw(arrays(np.int64, 20, elements=st.integers(0, 2)))
    with mock.patch.object(HashBucketsDisplay, "plot", lambda self, axes: self):
        kept = HashBucketsDisplay.from_codes(codes, labels)
    counts = Counter(map(bytes, codes))
    assert sorted(kept.sizes.tolist()) == sorted(counts.values())
    mean = np.average(kept.purities, weights=kept.sizes)
    assert mean == pytest.approx(bucket_purity(codes, labels, min_size=1).purity)


def test_bars_are_shares_of_rows(pyplot):
    """Buckets of 1, of 2 to 3 and of 4 to 7 rows hold 1, 3 and 5 of 9 rows."""
    display = HashBucketsDisplay.from_codes(CODES, LABELS)
    heights = [bar.get_height() for bar in display.bars_]
    assert heights == pytest.approx([1 / 9, 3 / 9, 5 / 9])
    names = [tick.get_text() for tick in display.axes_[0].get_xticklabels()]
    assert names == ["1", "2-3", "4-7"]
    assert display.axes_[0].get_title() == "9 rows in 3 buckets"
    np.testing.assert_allclose(
        display.purity_line_.get_xydata(), [[0, 1], [1, 5 / 9], [2, 17 / 25]]
    )
    agreement = display.agreement
    np.testing.assert_allclose(
        display.chance_line_.get_ydata(),
        [1, 1 / 3 + 2 / 3 * agreement, 1 / 5 + 4 / 5 * agreement],
    )
    assert "Purity 0.633" in display.axes_[1].get_title()


def test_without_labels(pyplot, autoencoders, images):
    """Only sizes are drawn."""
    display = HashBucketsDisplay.from_estimator(autoencoders["hashing"], images)
    assert len(display.axes_) == 1
    assert display.purity_line_ is None
    assert display.sizes.sum() == len(images)


@pytest.mark.parametrize("n_rows", [1, 3000])
def test_one_row_and_many(pyplot, n_rows):
    """A single bucket, and one of thousands of rows, can be drawn."""
    codes = np.zeros((n_rows, 70), np.uint8)
    display = HashBucketsDisplay.from_codes(codes, np.arange(n_rows) % 2)
    assert display.sizes.tolist() == [n_rows]
    assert "1 bucket" in display.axes_[0].get_title()
    display.figure_.canvas.draw()


def test_refusals(pyplot):
    """Axes of another number, and codes that are no bits, are named."""
    display = HashBucketsDisplay.from_codes(CODES, LABELS)
    with pytest.raises(ValueError, match="axes has 1 entries, but 2"):
        display.plot(pyplot.subplots()[1])
    with pytest.raises(ValueError, match="zeros and ones"):
        HashBucketsDisplay.from_codes(CODES * 2)
