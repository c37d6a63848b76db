"""Curves of a training."""

import numpy as np
import pytest

from skdeep.plotting import TrainingHistoryDisplay

HISTORY = {
    "loss": [3.0, 2.0, 1.0, 0.5],
    "val_loss": [3.0, 1.5, 1.5, 2.0],
    "accuracy": [0.2, 0.3, 0.4, 0.5],
}


def test_curves_are_the_history(pyplot, autoencoders):
    """Each line holds the numbers, over epochs counted from one."""
    estimator = autoencoders["denoising"]
    display = TrainingHistoryDisplay.from_estimator(estimator)
    assert list(display.lines_) == ["loss", "val_loss"]
    for name, line in display.lines_.items():
        np.testing.assert_array_equal(line.get_ydata(), estimator.history_[name])
        np.testing.assert_array_equal(line.get_xdata(), [1, 2])


def test_the_best_epoch_is_marked(pyplot):
    """It is that of the lowest validation loss, of equal ones the first."""
    display = TrainingHistoryDisplay.from_history(HISTORY)
    assert display.best_epoch_ == 2
    assert list(display.best_line_.get_xdata()) == [2, 2]
    label = display.ax_.get_legend().get_texts()[-1].get_text()
    assert label == "best epoch: 2 (val_loss = 1.5)"
    assert display.ax_.get_ylabel() == "loss"


def test_without_validation_the_loss_decides(pyplot):
    """Then the best epoch is that of the lowest loss."""
    display = TrainingHistoryDisplay.from_history({"loss": HISTORY["loss"]})
    assert display.best_epoch_ == 4
    assert list(display.lines_) == ["loss"]


def test_options(pyplot):
    """Names, scale, mark and legend can be chosen."""
    display = TrainingHistoryDisplay.from_history(
        HISTORY,
        names=["accuracy", "loss"],
        log_scale=True,
        plot_best=False,
        legend=False,
        line_kwargs={"linewidth": 4},
    )
    assert list(display.lines_) == ["accuracy", "loss"]
    assert display.best_line_ is None
    assert display.ax_.get_yscale() == "log"
    assert display.ax_.get_ylabel() == "Value"
    assert display.ax_.get_legend() is None
    assert display.lines_["loss"].get_linewidth() == 4


def test_axes_with_ticks_of_another_kind(pyplot):
    """Ticks of logarithmic axes, and ticks that users set, stay what they are."""
    _, axes = pyplot.subplots(ncols=2)
    axes[0].set_xscale("log")
    axes[1].set_xticks([1, 4])
    for ax in axes:
        locator = ax.xaxis.get_major_locator()
        assert TrainingHistoryDisplay.from_history(HISTORY, ax=ax).ax_ is ax
        assert ax.xaxis.get_major_locator() is locator
    assert axes[1].get_xticks().tolist() == [1, 4]


def test_one_epoch_can_be_seen(pyplot):
    """A line of one point would be invisible; a hundred points need no markers."""
    one = TrainingHistoryDisplay.from_history({"loss": [1.0]})
    assert one.lines_["loss"].get_marker() == "o"
    many = TrainingHistoryDisplay.from_history({"loss": list(range(100))})
    assert many.lines_["loss"].get_marker() == "None"
    assert many.best_epoch_ == 1


def test_epochs_without_validation(pyplot):
    """Numbers stand at their epochs, also where others have none."""
    history = HISTORY | {"val_loss": [np.nan, np.nan, 1.5, np.nan]}
    display = TrainingHistoryDisplay.from_history(history)
    assert display.best_epoch_ == 3
    assert display.lines_["val_loss"].get_ydata()[2] == 1.5
    assert display.lines_["val_loss"].get_marker() == "o"


@pytest.mark.parametrize(
    "change",
    [
        {"loss": [1.0, np.nan, 2.0, 3.0]},
        {"val_loss": [np.nan] * 4},
        {"val_loss": []},
        {"loss": [[1.0]]},
    ],
)
def test_histories_that_cannot_be_drawn(pyplot, change):
    """Each epoch has a loss, and what is drawn some number."""
    with pytest.raises(ValueError, match="one number for each epoch"):
        TrainingHistoryDisplay.from_history(HISTORY | change)
    assert pyplot.get_fignums() == []


def test_refusals(pyplot):
    """A history without what is asked for is named."""
    with pytest.raises(ValueError, match="at least one of"):
        TrainingHistoryDisplay.from_history(HISTORY, names=["auc"])
    with pytest.raises(ValueError, match="'loss' and at least"):
        TrainingHistoryDisplay.from_history({"val_loss": [1.0]})
    assert pyplot.get_fignums() == []
