"""Does a neural network filter spam better than word counts do?

Published results on the SMS Spam Collection are hard to compare: 403 of its 5,574
messages repeat an earlier one, and many spam messages differ from another one in a
name or an amount only. A random split puts a quarter of the spam it tests on into the
training part as well, and every classifier looks better than it is.

Here exact repeats are dropped, near-duplicates stay together on one side of each
split, and three classifiers meet the very same folds:

* an LSTM that reads words (`RNNClassifier`),
* a convolutional network that reads characters (`CharCNNClassifier`),
* TF-IDF over words and pieces of words with a linear support vector machine.

The program prints one table and a paired test that allows for the training rows which
folds have in common, and draws the ROC curves. Run it with

    python examples/compare_spam_classifiers.py

It uses the real messages if they lie in the data home (`SKDEEP_DATA`, or
`~/skdeep_data`) or can be downloaded, and generated ones otherwise. The real messages
take about eight minutes of processor time, and `--fast` about forty seconds.
"""

# %%
# What the program needs.
import argparse
import contextlib
import socket
import sys
import warnings
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from skdeep import CharCNNClassifier, RNNClassifier
from skdeep.datasets import fetch_sms_spam, load_messages, make_messages
from skdeep.model_comparison import compare_classifiers
from skdeep.plotting import RocComparisonDisplay

N_GENERATED = 2000
N_FAST, N_FOLDS_FAST = 500, 3
# Small batches, so that few epochs make enough steps to learn something.
TRAINING_FAST = {"epochs": 8, "batch_size": 16}
CELL_NAMES = {"lstm": "LSTM", "gru": "GRU", "simple": "simple RNN"}
METRIC = "f1"


# %%
# The messages. A machine without internet should say so within seconds, so the
# download has a short deadline, and the settings of the process are put back.
@contextlib.contextmanager
def impatient_network(seconds=3.0):
    """Let connections fail after a few seconds, and quietly."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        with warnings.catch_warnings():
            # Retrying is announced by a warning, but the failure is handled below.
            warnings.simplefilter("ignore")
            yield
    finally:
        socket.setdefaulttimeout(before)


def load_data(source):
    """Return a name for the messages, the messages, and why they are not real."""
    if source in ("auto", "sms"):
        try:
            with impatient_network():
                messages = fetch_sms_spam(n_retries=1, delay=0.1)
            return "SMS Spam Collection (real messages)", messages, ""
        except OSError as error:
            if source == "sms":
                sys.exit(str(error))
            reason = f"The real messages are not at hand: {error}"
    elif source != "generated":
        return f"messages of {source}", load_messages(source), ""
    else:
        reason = "They are made from templates: --data sms asks for the real ones."
    return "generated messages", make_messages(N_GENERATED, random_state=0), reason


# %%
# The three classifiers. They take raw strings: each builds its vocabulary from the
# training part of a fold, so that nothing of the test part leaks into it.
def make_classifiers(cell, fast):
    """Return the classifiers by name."""
    training = TRAINING_FAST if fast else {}
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    return {
        CELL_NAMES[cell]: RNNClassifier(cell, **training, random_state=0),
        "character CNN": CharCNNClassifier(**training, random_state=0),
        "TF-IDF + linear SVC": make_pipeline(
            make_union(words, pieces), LinearSVC(random_state=0)
        ),
    }


# %%
# The picture. All curves of good filters hug the corner, so it is drawn once more,
# enlarged.
def draw(comparison, path):
    """Write the ROC curves to an image file."""
    figure = Figure(figsize=(11, 5.5), layout="constrained")
    whole, corner = figure.subplots(1, 2)
    display = RocComparisonDisplay.from_comparison(comparison, ax=whole)
    display.plot(corner, legend=False)
    whole.set_title(f"ROC curves, mean ± std of {len(comparison.folds)} folds")
    corner.set(xlim=(0, 0.2), ylim=(0.8, 1.002), title="The upper left corner")
    figure.savefig(path, dpi=150)


# %%
# What can be asked for on the command line.
def parse(argv):
    """Return the options."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Example: compare_spam_classifiers.py --data my_messages.csv --folds 10",
    )
    add = parser.add_argument
    add(
        "--data",
        default="auto",
        metavar="auto|sms|generated|PATH.csv",
        help="which messages: the real ones if they can be had (auto), only the real "
        "ones (sms), generated ones, or a CSV or TSV file with a text and a label "
        "column",
    )
    add("--cell", default="lstm", choices=CELL_NAMES, help="of the RNN")
    add("--folds", type=int, help="number of folds; 5, or 3 with --fast")
    add("--fast", action="store_true", help="few messages, less than a minute")
    add("--n-jobs", type=int, default=None, help="fits at the same time; -1 for all")
    add("--markdown", action="store_true", help="print the table as Markdown")
    add("--output", type=Path, default=Path("roc_spam_classifiers.png"))
    options = parser.parse_args(argv)
    if options.folds is None:
        options.folds = N_FOLDS_FAST if options.fast else 5
    if options.folds < 2:
        parser.error(f"--folds must be at least 2, but is {options.folds}")
    if not options.output.absolute().parent.is_dir():
        parser.error(f"--output: there is no folder {options.output.parent}")
    known = ("auto", "sms", "generated")
    if options.data not in known and not Path(options.data).is_file():
        parser.error(f"--data: {options.data} is no file and none of {known}")
    return options


# %%
# Everything together.
def main(argv=None):
    """Compare the classifiers, print the result and draw the curves."""
    options = parse(argv)
    name, messages, reason = load_data(options.data)
    # The first of several equal messages stays.
    rows = np.sort(np.unique(messages.data, return_index=True)[1])
    if options.fast:
        rows = np.random.default_rng(0).permutation(rows)[:N_FAST]
    texts, groups = messages.data[rows], messages.groups[rows]
    labels = np.array(messages.target_names)[messages.target[rows]]
    found = sorted(set(labels.tolist()))
    if len(found) != 2:
        sys.exit(f"{name}: this comparison needs two classes, but found {found}.")
    print(
        f"Data: {name}: {len(texts)} without exact repeats, "
        f"{(labels == found[1]).sum()} of class {found[1]!r}, "
        f"{len(set(groups))} groups of near-duplicates",
        flush=True,
    )
    if reason:
        print(reason)
    comparison = compare_classifiers(
        make_classifiers(options.cell, options.fast),
        texts,
        labels,
        groups=groups,
        cv=StratifiedGroupKFold(options.folds, shuffle=True, random_state=0),
        n_jobs=options.n_jobs,
    )
    print(f"\nMean ± standard deviation of {options.folds} folds:")
    print(comparison.to_markdown() if options.markdown else comparison.to_text())
    test = comparison.paired_test(METRIC)
    print(f"\nPaired test of {METRIC} against {test['reference'].iloc[0]!r}, the best")
    print("(Nadeau and Bengio's corrected t-test; p_holm allows for several tests):")
    print(test.drop(columns="reference").rename_axis(None).round(4).to_string())
    draw(comparison, options.output)
    print(f"\nROC curves: {options.output}")


if __name__ == "__main__":
    main()
