"""Warnings that name the parameter to change."""

import warnings

import numpy as np
import pytest
from sklearn import config_context
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from skdeep import (
    CNNHashingTransformer,
    ConvAutoencoderTransformer,
    DeepCNNClassifier,
    DenoisingAutoencoderTransformer,
    RNNClassifier,
    SemanticHashingTransformer,
    StackedAutoencoderTransformer,
    VariationalAutoencoderTransformer,
)
from skdeep.mixins.advice import collapse_problem

IMAGES = load_digits().images[:128] / 16
FAST = {"epochs": 2, "batch_size": 16, "random_state": 0}


def dense(**options):
    """Return a small dense autoencoder."""
    return DenoisingAutoencoderTransformer(
        3, hidden_layer_sizes=(4,), **(FAST | options)
    )


def fit_silently(estimator, *data):
    """Fit with every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return estimator.fit(*data)


# -- early stopping --------------------------------------------------------------------


def test_no_epoch_better_than_the_first():
    """With steps too small to matter, the first epoch is as good as any."""
    autoencoder = dense(
        early_stopping=True,
        n_iter_no_change=2,
        epochs=9,
        learning_rate=1e-9,
        learning_rate_schedule="constant",
    )
    expected = r"no epoch was better.*learning_rate \(now 1e-09\).*n_iter_no_change"
    with pytest.warns(ConvergenceWarning, match=expected) as caught:
        autoencoder.fit(IMAGES)
    assert autoencoder.n_iter_ == 3
    # It points at the line of the user's.
    assert [warning.filename for warning in caught] == [__file__]
    assert str(caught[0].message).startswith("DenoisingAutoencoderTransformer: ")


def test_epochs_ran_out():
    """The loss falls in each epoch, and there are no more."""
    autoencoder = dense(
        early_stopping=True, n_iter_no_change=2, epochs=4, tol=0.0, learning_rate=0.02
    )
    with pytest.warns(ConvergenceWarning, match="epochs=4 were not enough"):
        autoencoder.fit(IMAGES)
    # Without early stopping nobody has asked.
    fit_silently(dense(learning_rate=0.02), IMAGES)


def test_going_on_is_no_first_epoch():
    """With `warm_start`, the best epoch was in the fit before."""
    autoencoder = dense(epochs=3, warm_start=True)
    autoencoder.fit(IMAGES)
    autoencoder.set_params(early_stopping=True, n_iter_no_change=1, learning_rate=1e-9)
    fit_silently(autoencoder, IMAGES)


# -- codes -----------------------------------------------------------------------------


def nearly_constant():
    """Return rows that are different, but not to a network."""
    return np.zeros((128, 8, 8)) + 1e-12 * np.arange(128)[:, None, None]


def test_dead_units():
    """Units that are the same for all samples; the parameters there are are named."""
    autoencoder = ConvAutoencoderTransformer(
        3, filters=(4,), learning_rate=0.25, activation="relu", **FAST
    )
    expected = r"3 of the 3 units.*for all of 128.*learning_rate \(now 0.25\).*'elu'"
    with pytest.warns(ConvergenceWarning, match=expected):
        autoencoder.fit(nearly_constant())
    autoencoder = StackedAutoencoderTransformer((4,), sparsity="l1", **FAST)
    with pytest.warns(ConvergenceWarning, match=r"lower sparsity_weight \(now 0.001\)"):
        autoencoder.fit(nearly_constant())


def test_living_units():
    """Nothing is said of a code that varies, of few samples, or without training."""
    fit_silently(dense(), IMAGES)
    fit_silently(dense(fit__epochs=0), IMAGES)
    few = StackedAutoencoderTransformer((4,), n_components=3, **FAST)
    fit_silently(few, nearly_constant()[:127])


def test_partial_fit_does_not_look():
    """A pass over some rows is not the end of the training."""
    autoencoder = StackedAutoencoderTransformer((4,), n_components=3, **FAST)
    constant = nearly_constant()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        autoencoder.partial_fit(constant)
    with pytest.warns(ConvergenceWarning, match="dead"):
        autoencoder.fit(constant)


@pytest.mark.parametrize("cls", [SemanticHashingTransformer, CNNHashingTransformer])
def test_dead_bits(cls):
    """Hash codes that are the same for all rows."""
    constant = nearly_constant()
    with pytest.warns(ConvergenceWarning, match="units of the code are dead"):
        cls(2, **FAST).fit(constant, np.arange(128) % 2)


def test_posterior_collapse():
    """A heavy weight of the divergence empties the code."""
    autoencoder = VariationalAutoencoderTransformer(
        4, hidden_layer_sizes=(8,), beta=1e4, **FAST
    )
    autoencoder.set_params(epochs=30, learning_rate=0.02)
    expected = r"posterior has collapsed: 4 of the 4.*beta \(now 1e\+04\)"
    with pytest.warns(ConvergenceWarning, match=expected):
        autoencoder.fit(IMAGES)


def test_collapse_by_hand():
    """Divergences of known posteriors: 0.005 nats for a mean of 0.1."""
    used, unused = np.full((5, 1), 0.2), np.full((5, 1), 0.1)
    no_variance = np.zeros((5, 3))

    def problem(*means):
        return collapse_problem(np.hstack([*means, no_variance]), 2.0, 7)

    assert problem(used, used, unused) is None
    assert "2 of the 3 components" in problem(used, unused, unused)
    assert "beta (now 2)" in problem(unused, unused, unused)
    assert "epochs (now 7)" in problem(unused, unused, unused)
    # A variance too large for a number is a divergence, too.
    assert collapse_problem(np.array([[0.0, 2000.0]]), 1.0, 1) is None


# -- batches ---------------------------------------------------------------------------


def rare(n_rows=400, n_rare=4):
    """Return texts of which a few are of another class."""
    letters = "abcdefghijklmnopqrst"
    texts = [f"{letters[n // 20] * 2} {letters[n % 20] * 2}" for n in range(n_rows)]
    return texts, np.arange(n_rows) < n_rare


def classifier(batch_size):
    """Return a small classifier of texts."""
    return RNNClassifier(
        units=2,
        bidirectional=False,
        embedding_size=2,
        max_length=4,
        max_features=64,
        epochs=1,
        batch_size=batch_size,
        random_state=0,
    )


def test_one_class_batches():
    """One row in a hundred is in few batches of 16."""
    texts, labels = rare()
    expected = r"\d\d% of the batches of batch_size=16.*Raise batch_size to 230 or more"
    with pytest.warns(UserWarning, match=expected) as caught:
        classifier(16).fit(texts, labels)
    assert [warning.category for warning in caught] == [UserWarning]
    with warnings.catch_warnings():
        warnings.filterwarnings("error")
        warnings.filterwarnings("ignore", "RNNClassifier: .* hold one class")
        classifier(16).fit(texts, labels)


@pytest.mark.parametrize("batch_size", [1, 200, 1000])
def test_batches_that_are_fine(batch_size):
    """Single rows were asked for, large batches hold both classes."""
    fit_silently(classifier(batch_size), *rare())


def test_files_sorted_by_class(tmp_path, monkeypatch):
    """Rows of a file are read by blocks, whose rows are then of one class."""
    monkeypatch.setattr("skdeep.runtime.streams.CHUNK_BYTES", 2**13)
    images = np.random.default_rng(0).random((600, 8, 8, 1)).astype(np.float32)
    np.save(tmp_path / "images.npy", images)
    stored = np.load(tmp_path / "images.npy", mmap_mode="r")
    deep = DeepCNNClassifier(width=0.125, **(FAST | {"epochs": 1}))
    with config_context(working_memory=0.01):
        fit_silently(deep, stored, np.arange(600) % 2)
        with pytest.warns(UserWarning, match="Write the file with its rows in random"):
            deep.fit(stored, np.arange(600) // 300)


# -- precision -------------------------------------------------------------------------


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "auto"])
def test_precision_that_the_processor_lacks(precision, native, monkeypatch):
    """Only bfloat16 that was asked for, on a processor without it, is warned of."""
    monkeypatch.setattr("skdeep.runtime.has_native_bfloat16", lambda: native)
    autoencoder = dense(precision=precision)
    if precision == "bfloat16" and not native:
        with pytest.warns(UserWarning, match="is slow here.*precision='auto'"):
            autoencoder.fit(IMAGES.reshape(len(IMAGES), -1))
    else:
        fit_silently(autoencoder, IMAGES.reshape(len(IMAGES), -1))
