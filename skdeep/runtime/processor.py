"""What the processor can do."""

from functools import cache
from pathlib import Path


@cache
def processor_flags() -> frozenset[str]:
    """Return the instructions that the processor has, as Linux names them.

    Returns
    -------
    flags : frozenset of str
        Empty where the system does not tell.
    """
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return frozenset()
    return frozenset(text.split())
