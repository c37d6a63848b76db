"""Progress of a fit: a bar on a terminal, a line now and then in a log."""

import sys
from threading import Lock
from time import perf_counter
from types import TracebackType
from typing import Any, TextIO

# Seconds between two lines of a log, and between two pictures of a bar.
_BETWEEN_LINES = 10.0
_BETWEEN_PICTURES = 0.1
_BAR_WIDTH = 20
# A terminal has room for one bar that moves: other fits at that time write lines.
_TERMINAL = Lock()


class EpochProgress:
    """Shows how far a fit has come, while it is entered as a context.

    Parameters
    ----------
    name : str
        What is being fitted.
    epochs : int
        How many epochs were asked for.
    verbose : int, default=1
        1 for a bar if `stream` is a terminal, and otherwise a line for the first epoch,
        for the last, and in between every ten seconds; 2 or more for a line for each
        epoch.
    early : bool, default=False
        Whether training may stop early, so that the time left is the most it takes.
    stream : file-like, default=None
        Where to write; None for standard output as it is when training begins.
    """

    def __init__(
        self,
        name: str,
        epochs: int,
        verbose: int = 1,
        *,
        early: bool = False,
        stream: TextIO | None = None,
    ) -> None:
        self.name = name
        self.epochs = epochs
        self.verbose = int(verbose)
        self.early = early
        self._given = stream
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> "EpochProgress":
        self._stream = self._given or sys.stdout
        self._waiting = ""
        # When the first epoch was over, and its number.
        self._first: tuple[float, int] | None = None
        self._last_shown = float("-inf")
        if self.verbose == 1 and _is_terminal(self._stream):
            self._start_bar()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            try:
                self._bar.refresh()
                self._bar.stop()
            finally:
                self._bar = None
                _TERMINAL.release()
        elif self._waiting:
            self._write(self._waiting)

    def epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Show that an epoch is over.

        Parameters
        ----------
        epoch : int
            Its number, counted from 0.
        logs : dict of str to float
            What was measured.
        """
        now = perf_counter()
        values = ", ".join(f"{key} {value:.4g}" for key, value in logs.items())
        left = self._time_left(epoch, now)
        if self._bar is not None:
            fields = {"values": f"{epoch + 1}/{self.epochs}, {values}{left}"}
            self._bar.update(self._task, completed=epoch + 1, **fields)
            if now - self._last_shown >= _BETWEEN_PICTURES:
                self._last_shown = now
                self._bar.refresh()
            return
        line = f"{self.name}: epoch {epoch + 1}/{self.epochs}, {values}{left}\n"
        if self.verbose == 1 and now - self._last_shown < _BETWEEN_LINES:
            # The last one is written when it is over.
            self._waiting = line
            return
        self._last_shown, self._waiting = now, ""
        self._write(line)

    def _time_left(self, epoch: int, now: float) -> str:
        """Say how long the other epochs take, from those that were not the first."""
        if self._first is None:
            # It may have been compiled meanwhile, which says nothing of the others.
            self._first = now, epoch
            return ""
        start, first = self._first
        of_epoch = (now - start) / (epoch - first)
        n_left = self.epochs - epoch - 1
        if n_left <= 0:
            return ""
        return f", {'at most ' if self.early else ''}{duration(n_left * of_epoch)} left"

    def _write(self, line: str) -> None:
        # A process without a console has no standard output; `print` is silent, too.
        if self._stream is None:
            return
        self._stream.write(line)
        self._stream.flush()

    def _start_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        console = Console(file=self._stream)
        if console.is_dumb_terminal or not _TERMINAL.acquire(blocking=False):
            return
        narrow = Column(no_wrap=True, overflow="ellipsis")
        # No thread that draws, and nobody's standard output is replaced.
        self._bar = Progress(
            TextColumn("{task.description}", markup=False, table_column=narrow),
            BarColumn(_BAR_WIDTH),
            TextColumn("{task.fields[values]}", markup=False, table_column=narrow),
            console=console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        values = f"0/{self.epochs}"
        self._task = self._bar.add_task(self.name, total=self.epochs, values=values)
        try:
            self._bar.start()
        except BaseException:
            self._bar = None
            _TERMINAL.release()
            raise


def duration(seconds: float) -> str:
    """Return a time as people say it.

    Parameters
    ----------
    seconds : float
        At least 0.

    Returns
    -------
    text : str

    Examples
    --------
    >>> from skdeep.runtime.progress import duration
    >>> duration(0.2), duration(75), duration(7300)
    ('1 s', '1 min 15 s', '2 h 1 min')
    """
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _is_terminal(stream: Any) -> bool:
    """Tell whether a bar may be drawn: on a terminal that nobody else draws on."""
    try:
        terminal = bool(stream.isatty())
    except (AttributeError, ValueError):
        # Not quite a file, or closed.
        return False
    # scikit-learn's own bar puts this in front of standard output; lines go above it.
    return terminal and not type(stream).__module__.startswith("rich.")
