"""What is shown of a fit, on a terminal and elsewhere."""

import io
import os
import re
import select
from threading import Thread

import pytest

from skdeep.runtime import progress
from skdeep.runtime.progress import EpochProgress, duration

END = "<end>"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock(monkeypatch):
    """Give the clock that progress is measured with."""
    clock = Clock()
    monkeypatch.setattr(progress, "perf_counter", clock)
    return clock


@pytest.fixture
def terminal(monkeypatch):
    """Give a pseudo-terminal as a file to write to, and a function to read from it."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    ours, theirs = os.openpty()
    stream = os.fdopen(theirs, "w", encoding="utf-8")

    def shown():
        # What is written arrives when the kernel has the time, in pieces.
        stream.write(END)
        stream.flush()
        found = b""
        while not found.endswith(END.encode()):
            assert select.select([ours], [], [], 60)[0], found
            found += os.read(ours, 2**20)
        return found.decode().removesuffix(END)

    with stream:
        yield stream, shown
    os.close(ours)


def run(shown, clock, epochs, seconds=1.0):
    """Go through some epochs that take so many seconds each."""
    with shown:
        for epoch in range(epochs):
            clock.seconds += seconds
            shown.epoch_end(epoch, {"loss": 1 / (epoch + 1), "val_loss": 2.0})


def test_lines_now_and_then(clock):
    """A log has the first epoch, one about every ten seconds, and the last."""
    stream = io.StringIO()
    run(EpochProgress("Net", 30, stream=stream), clock, 30)
    lines = stream.getvalue().splitlines()
    epochs = [int(re.search(r"epoch (\d+)/30", line)[1]) for line in lines]
    assert epochs == [1, 11, 21, 30]
    assert lines[0] == "Net: epoch 1/30, loss 1, val_loss 2"
    assert lines[1].endswith(", val_loss 2, 19 s left")
    assert lines[-1] == "Net: epoch 30/30, loss 0.03333, val_loss 2"


def test_each_epoch_with_two(clock):
    """`verbose=2` asks for all lines, on a terminal, too."""
    stream = io.StringIO()
    run(EpochProgress("Net", 5, 2, stream=stream), clock, 5)
    assert len(stream.getvalue().splitlines()) == 5


def test_training_that_stops_early(clock):
    """The last line is that of the last epoch there was; time left is a bound."""
    stream = io.StringIO()
    run(EpochProgress("Net", 9, early=True, stream=stream), clock, 3)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[-1].endswith("at most 6 s left")
    assert lines[-1].startswith("Net: epoch 3/9")


def test_the_first_epoch_does_not_count_for_the_others(clock):
    """It may have to be compiled; and a fit that goes on does not start at one."""
    stream = io.StringIO()
    with EpochProgress("Net", 12, 2, stream=stream) as shown:
        for epoch, seconds in [(7, 60.0), (8, 2.0), (9, 4.0)]:
            clock.seconds += seconds
            shown.epoch_end(epoch, {"loss": 1.0})
    left = [line.rpartition(", ")[2] for line in stream.getvalue().splitlines()]
    assert left == ["loss 1", "6 s left", "6 s left"]


def test_a_bar_on_a_terminal(clock, terminal):
    """One line that is drawn over again, and stays when it is over."""
    stream, shown = terminal
    run(EpochProgress("Net[1]", 4, stream=stream), clock, 4)
    text = shown()
    assert text.count("\n") == 1
    assert "\r" in text and "\x1b[2K" in text
    assert "Net[1]" in text and "2 s left" in text
    assert "4/4, loss 0.25, val_loss 2" in text.rpartition("\x1b[2K")[2]
    # The cursor is back.
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_pictures_are_not_drawn_faster_than_seen(clock, terminal):
    """A thousand epochs in a second are ten pictures or so."""
    stream, shown = terminal
    run(EpochProgress("Net", 1000, stream=stream), clock, 1000, seconds=0.001)
    assert shown().count("\x1b[2K") < 20


def test_the_terminal_is_put_back_after_an_error(clock, terminal):
    """Ctrl-C leaves the cursor visible, and the terminal to others."""
    stream, shown = terminal
    with pytest.raises(KeyboardInterrupt), EpochProgress("Net", 4, stream=stream):
        raise KeyboardInterrupt
    assert shown().rindex("\x1b[?25h") > 0
    run(EpochProgress("Net", 2, stream=stream), clock, 2)
    assert "2/2" in shown()


def test_one_bar_at_a_time(clock, terminal):
    """A fit in another thread writes lines meanwhile."""
    stream, shown = terminal
    other = io.StringIO()
    other.isatty = lambda: True
    with EpochProgress("Net", 4, stream=stream):
        second = EpochProgress("Other", 2, stream=other)
        thread = Thread(target=run, args=(second, clock, 2))
        thread.start()
        thread.join()
    assert other.getvalue().startswith("Other: epoch 1/2")
    assert "Net" in shown()


def test_lines_above_the_bar_of_somebody_else(clock, terminal):
    """scikit-learn's bar owns the terminal: lines go through it."""
    from rich.console import Console
    from rich.file_proxy import FileProxy

    stream, shown = terminal
    proxy = FileProxy(Console(file=stream), stream)
    run(EpochProgress("Net", 2, stream=proxy), clock, 2)
    text = shown()
    assert "epoch 1/2" in text and "\x1b[?25l" not in text


@pytest.mark.parametrize("stream", ["dumb", "closed", "odd"])
def test_streams_that_are_no_terminal(stream, clock, terminal, monkeypatch):
    """Lines are written wherever a bar cannot be."""
    lines = io.StringIO()
    if stream == "dumb":
        monkeypatch.setenv("TERM", "dumb")
        lines.isatty = lambda: True
    elif stream == "closed":
        lines.isatty = lambda: (_ for _ in ()).throw(ValueError)
    else:
        lines.isatty = None
        del lines.isatty
    run(EpochProgress("Net", 2, stream=lines), clock, 2)
    assert len(lines.getvalue().splitlines()) == 2


@pytest.mark.parametrize("verbose", [1, 2])
def test_no_standard_output(clock, monkeypatch, verbose):
    """A process without a standard output, as `pythonw` is, trains all the same."""
    monkeypatch.setattr(progress.sys, "stdout", None)
    run(EpochProgress("Net", 2, verbose), clock, 2)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3600, "1 h 0 min")],
)
def test_durations(seconds, text):
    """Times are rounded to what people say."""
    assert duration(seconds) == text


@pytest.mark.parametrize("when", ["begin", "end"])
def test_terminal_that_fails(terminal, clock, when):
    """A terminal that can no longer be written to is free for the next bar."""
    stream, _ = terminal

    class Broken:
        encoding = stream.encoding
        works = when == "end"

        def isatty(self):
            return True

        def fileno(self):
            return stream.fileno()

        def write(self, text):
            if not self.works:
                raise OSError("gone")

        def flush(self):
            if not self.works:
                raise OSError("gone")

    broken = Broken()
    with pytest.raises(OSError, match="gone"):
        with EpochProgress("Network", 3, stream=broken) as shown:
            clock.seconds += 1
            shown.epoch_end(0, {"loss": 1.0})
            broken.works = False
    assert progress._TERMINAL.acquire(blocking=False)
    progress._TERMINAL.release()
