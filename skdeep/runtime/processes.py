"""Which process TensorFlow runs in."""

import os

_started_in: int | None = None


def check_process() -> None:
    """Refuse to use TensorFlow in a copy of a process that has used it.

    A forked process has TensorFlow's state, but not its threads: it would wait for
    them for ever.

    Raises
    ------
    RuntimeError
        If this process was forked after its parent had used TensorFlow.
    """
    global _started_in
    process = os.getpid()
    if _started_in is None:
        _started_in = process
    if _started_in != process:
        raise RuntimeError(
            f"Process {process} was forked from process {_started_in}, which had used "
            "TensorFlow already; it would hang here. Start workers afresh: with joblib "
            "use the backend 'loky' (the default) or 'threading', with multiprocessing "
            "the start method 'spawn' or 'forkserver'."
        )
