"""The table in README, written from the one that the tests run on."""

from tests.bad_input.outcomes import Answer, Refusal, rows_that_are
from tests.bad_input.table import CODES, IMAGES, LABELS, TEXTS, WEIGHTS

TITLE = "## What happens with unusual input"
INTRODUCTION = """\
One table of unusual input is tried on all estimators and on the functions of
`skdeep.metrics` and `skdeep.hashing`. Each kind gives the answer that a plain array
gives, or a `ValueError` (where noted a `TypeError`) that names the argument, what was
got and what to do, before anything is trained and with the previous fit kept. Input is
never modified, and no result holds NaN. The wrappers of your own networks take what
these networks take. A parameter outside of its documented range is refused by name.
"""
TABLES = {
    "X of images and vectors": IMAGES,
    "X of texts": TEXTS,
    "y of classifiers and supervised hashing": LABELS,
    "`sample_weight`": WEIGHTS,
    "codes of metrics and hashing": CODES,
}


def section():
    """Return the section of README, without the blank lines around it."""
    lines = [TITLE, "", INTRODUCTION, "| input | taken | refused |", "|---|---|---|"]
    for name, table in TABLES.items():
        taken = "; ".join(map(described, rows_that_are(Answer, table)))
        refused = "; ".join(map(described, rows_that_are(Refusal, table)))
        lines.append(f"| {name} | {taken} | {refused} |")
    return "\n".join(lines)


def described(row):
    """Return a kind of input and what is special about its outcome."""
    special = row.expected.note not in (Answer().note, "`ValueError`")
    return f"{row.kind} ({row.expected.note})" if special else row.kind
