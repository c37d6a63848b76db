"""How much to compute at once."""

from collections.abc import Iterator
from time import perf_counter

_FIRST_STEPS = 8
_LONG = 0.5


class Pace:
    """Divide many steps into pieces that take about half a second each.

    Python does not see that somebody has pressed Ctrl-C before TensorFlow is back. The
    length of the pieces depends on the clock; the work must not depend on the length.
    """

    def __init__(self) -> None:
        self.n_steps = _FIRST_STEPS

    def pieces(self, n_steps: int) -> Iterator[tuple[int, int]]:
        """Yield the first step of each piece and the one after its last.

        What the caller does with a piece before asking for the next is timed.

        Parameters
        ----------
        n_steps : int
            How many steps there are.
        """
        start = 0
        while start < n_steps:
            planned = self.n_steps
            stop = min(n_steps, start + planned)
            begin = perf_counter()
            yield start, stop
            seconds = perf_counter() - begin
            if seconds > _LONG:
                self.n_steps = max(1, planned // 2)
            elif seconds < _LONG / 4 and stop - start == planned:
                self.n_steps = 2 * planned
            start = stop
