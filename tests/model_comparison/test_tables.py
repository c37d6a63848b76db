"""The summary as text, Markdown and HTML."""

import numpy as np
import pandas as pd

from skdeep.model_comparison.tables import (
    as_html,
    as_markdown,
    as_text,
    summary_table,
)

SUMMARY = pd.DataFrame(
    {
        "mean_f1": [0.51234, 0.9],
        "std_f1": [0.01, 0.12345],
        "mean_loss": [np.nan, np.nan],
        "std_loss": [np.nan, np.nan],
        "mean_fit_time": [123.456, 0.0012345],
        "mean_predict_time": [1.0, 0.5],
    },
    index=["a|b", "longer name"],
)


def table(**options):
    """Return the cells of the small summary."""
    settings = {"digits": 3, "spread": True, **options}
    return summary_table(SUMMARY, ["f1", "loss"], **settings)


def test_text_is_aligned():
    """Names stand left, figures right, under a rule as wide as each column."""
    assert as_text(table()).splitlines() == [
        "classifier              f1  loss  fit (s)  predict (s)",
        "-----------  -------------  ----  -------  -----------",
        "a|b          0.512 ± 0.010   nan      123            1",
        "longer name  0.900 ± 0.123   nan  0.00123          0.5",
    ]


def test_digits_and_spread_can_be_chosen():
    """One fold has no spread to write."""
    cells = table(digits=1, spread=False).rows
    assert [row[1] for row in cells] == ["0.5", "0.9"]


def test_markdown_marks_the_best_and_escapes_bars():
    """A bar in a name does not end the cell."""
    assert as_markdown(table()).splitlines() == [
        "| classifier | f1 | loss | fit (s) | predict (s) |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| a\\|b | 0.512 ± 0.010 | nan | 123 | 1 |",
        "| longer name | **0.900 ± 0.123** | nan | 0.00123 | 0.5 |",
    ]


def test_html_escapes_names_and_marks_the_best():
    """Names are text, never markup."""
    summary = SUMMARY.rename(index={"a|b": "<script>"})
    html = as_html(summary_table(summary, ["f1"], digits=3, spread=True))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<b>") == 1


def test_a_single_classifier_is_not_called_best():
    """There is nobody to be better than."""
    alone = summary_table(SUMMARY.iloc[:1], ["f1"], digits=3, spread=True)
    assert alone.best == set()


def test_equal_means_are_both_best():
    """Ties are marked on each side."""
    tied = SUMMARY.assign(mean_f1=0.5)
    assert summary_table(tied, ["f1"], digits=3, spread=True).best == {(0, 1), (1, 1)}
