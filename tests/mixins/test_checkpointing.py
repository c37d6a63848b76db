"""Fits that survive a crash."""

import os
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

import skdeep
from skdeep import (
    ConvAutoencoderTransformer,
    PretrainedEncoderClassifier,
    RNNClassifier,
    StackedAutoencoderTransformer,
    TransferLearningClassifier,
)
from skdeep.datasets import LazyRows
from skdeep.encoding.checkpoint_file import CheckpointError, read_checkpoint
from skdeep.mixins import checkpointing
from skdeep.mixins.checkpointing import FitCheckpoint
from skdeep.runtime import LookaheadSGD

DIGITS = load_digits()
X, Y = DIGITS.images[:60] / 16, DIGITS.target[:60] % 2


class Killed(BaseException):
    """As far as an estimator can tell, the process ends here."""


@pytest.fixture
def path(tmp_path):
    """Give the path of a checkpoint in an empty folder."""
    return tmp_path / "fit.checkpoint"


@pytest.fixture
def killed_after(monkeypatch):
    """Give a context in which fits are killed after so many checkpoints."""

    def kill(epochs, function, *data, **more):
        count, save = [0], FitCheckpoint.save

        def save_and_die(checkpoint, snapshot):
            save(checkpoint, snapshot)
            count[0] += 1
            if count[0] == epochs:
                raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(FitCheckpoint, "save", save_and_die)
            # A killed process tidies nothing up, either.
            patch.setattr(checkpointing, "remove_checkpoint", None)
            with pytest.raises(Killed):
                function(*data, **more)

    return kill


def autoencoder(path=None, **changes):
    """Return a cheap autoencoder with a checkpoint."""
    settings = {"epochs": 4, "batch_size": 16, "random_state": 0, "checkpoint": path}
    return StackedAutoencoderTransformer((), 3, **(settings | changes))


def assert_same_fit(first, second):
    """Compare all that training leaves, bit by bit."""
    assert (first.history_, first.n_iter_) == (second.history_, second.n_iter_)
    assert first.n_samples_seen_ == second.n_samples_seen_
    for a, b in zip(first.weights_, second.weights_, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"early_stopping": True, "learning_rate": 0.3, "n_iter_no_change": 2, "tol": 0},
        {"optimizer": LookaheadSGD(0.1)},
        {"optimizer": keras.optimizers.Adam(0.01, use_ema=True)},
        {"learning_rate": keras.optimizers.schedules.CosineDecay(0.1, 12)},
        {"precision": "float64"},
        {"precision": "bfloat16"},
    ],
    ids=lambda settings: str(sorted(settings.items()))[:50],
)
# The second of these is meant to stop soon; eight epochs may not be enough for others.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_goes_on(path, killed_after, settings):
    """A fit that was killed again and again ends as one that was not."""
    settings = {"epochs": 8} | settings
    whole = autoencoder(**settings).fit(X)
    for kill in (2, 1, 3):
        epoch = read_checkpoint(path).about["epoch"] if path.exists() else 0
        if epoch + kill > whole.n_iter_:
            break
        killed_after(kill, autoencoder(path, **settings).fit, X)
        assert read_checkpoint(path).about["epoch"] == epoch + kill
    assert_same_fit(whole, autoencoder(path, **settings).fit(X))
    assert os.listdir(path.parent) == []


def test_killed_after_the_last_epoch(path, killed_after):
    """Where only the file's removal is missing, nothing is trained again."""
    whole = autoencoder().fit(X)
    killed_after(4, autoencoder(path).fit, X)
    assert_same_fit(whole, autoencoder(path).fit(X))


def test_order_of_rows_does_not_matter(path, killed_after):
    """The same rows in another order are the same data."""
    killed_after(2, autoencoder(path).fit, X)
    assert_same_fit(autoencoder().fit(X), autoencoder(path).fit(X[::-1]))


def test_next_fit_starts_anew(path):
    """A complete fit leaves no file, so that fitting again does something."""
    first = autoencoder(path).fit(X)
    assert not path.exists()
    second = first.fit(X)
    assert len(second.history_["loss"]) == 4


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(3)])
def test_without_a_fixed_seed(path, killed_after, random_state):
    """The seeds that were drawn are kept, those of pretraining included."""
    settings = {"random_state": random_state, "pretraining": "greedy"}
    settings |= {"pretraining_epochs": 1}
    killed_after(3, autoencoder(path, **settings).fit, X)
    content = path.read_bytes()
    fits = []
    for _ in range(2):
        path.write_bytes(content)
        fits.append(autoencoder(path, **settings).fit(X))
    assert_same_fit(*fits)
    assert fits[0].pretraining_history_ == fits[1].pretraining_history_


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 5}, r"epochs=4 \(here 5\)"),
        ({"learning_rate": 0.5}, r"learning_rate=0.003 \(here 0.5\)"),
        ({"random_state": 1}, r"random_state=0 \(here 1\)"),
        ({"optimizer__beta_1": 0.5}, r"optimizer__beta_1=nothing \(here 0.5\)"),
        ({"X": X[1:]}, "other data: not the same X"),
        ({"X": X * 2}, "other data: not the same X"),
        ({"sample_weight": np.arange(60) % 2 + 1}, "not the same sample_weight"),
        ({"versions": {"keras": "2"}}, "with other versions: keras="),
    ],
    ids=lambda value: str(value)[:30],
)
def test_foreign_files_are_refused(path, killed_after, monkeypatch, changes, message):
    """Other parameters, data or versions: a clear error, and the file stays."""
    killed_after(2, autoencoder(path).fit, X)
    before = path.read_bytes()
    changes = dict(changes)
    versions = checkpointing._versions() | changes.pop("versions", {})
    monkeypatch.setattr(checkpointing, "_versions", lambda: versions)
    data = {"X": X} | {
        n: changes.pop(n) for n in ("X", "sample_weight") & changes.keys()
    }
    with pytest.raises(CheckpointError, match=message) as caught:
        autoencoder(path, **changes).fit(**data)
    assert str(path) in str(caught.value)
    assert "delete the file" in str(caught.value)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_other_classes_are_refused(path, killed_after):
    """The checkpoint of another class is none of ours."""
    killed_after(2, autoencoder(path).fit, X)
    other = ConvAutoencoderTransformer(3, filters=(2,), checkpoint=path)
    with pytest.raises(CheckpointError, match=r"StackedAuto.*not of.*ConvAuto"):
        other.fit(X)


def test_what_may_change(path, killed_after):
    """Where the file is and what is shown of the training change no result."""
    killed_after(2, autoencoder(path).fit, X)
    moved = path.rename(path.with_name("moved"))
    whole = autoencoder().fit(X)
    assert_same_fit(whole, autoencoder(str(moved), verbose=1).fit(X))


def test_damaged_files_are_refused(path, killed_after):
    """A file with a changed byte, or cut off, is refused and left as it is."""
    killed_after(2, autoencoder(path).fit, X)
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    for content in (bytes(changed), whole[:-1], whole[:100], b"", b"something else"):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="cannot be used"):
            autoencoder(path).fit(X)
        assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda about, arrays: about.update(epoch=3), "do not fit together"),
        (lambda about, arrays: about.update(waited=-1), "do not fit together"),
        (lambda about, arrays: about.pop("stopped"), "does not say how far"),
        (lambda about, arrays: about.update(draws=["a"]), "seed 'a'"),
        (lambda about, arrays: about.update(data=3), "does not say of which data"),
        (lambda about, arrays: about.update(precision="float64"), "precision"),
        (lambda about, arrays: arrays["weights"].pop(), "arrays of weights"),
        (lambda about, arrays: arrays["optimizer"].pop(), "optimizer variables"),
        (lambda about, arrays: arrays.pop("seeds"), "does not say how far"),
        (lambda about, arrays: arrays["best"].append(1), "does not say how far"),
        (
            lambda about, arrays: arrays.update(
                weights=[a.astype(np.float64) for a in arrays["weights"]]
            ),
            "shape and dtype",
        ),
    ],
)
def test_wrong_content_is_refused(path, killed_after, change, message):
    """A file that is whole but holds something else is refused, never half used."""
    killed_after(2, autoencoder(path).fit, X)
    found = read_checkpoint(path)
    about, arrays = dict(found.about), {k: list(v) for k, v in found.arrays.items()}
    change(about, arrays)
    checkpointing.write_checkpoint(path, about, arrays)
    with pytest.raises(CheckpointError, match=message):
        autoencoder(path).fit(X)
    # What was refused has left nothing in the networks that fits share.
    assert_same_fit(autoencoder().fit(X), autoencoder().fit(X))


def test_what_killed_writers_leave_goes(path):
    """Unfinished files of earlier processes are removed, locks taken over."""
    path.with_name(f".{path.name}.{'0' * 16}.part").write_bytes(b"half")
    path.with_name(f".{path.name}.lock").touch()
    autoencoder(path).fit(X)
    assert os.listdir(path.parent) == []


def test_errors_keep_the_file(path, monkeypatch):
    """Ctrl-C leaves the last epoch's checkpoint, from which the next fit goes on."""
    save, count = FitCheckpoint.save, [0]

    def interrupt(checkpoint, snapshot):
        save(checkpoint, snapshot)
        count[0] += 1
        if count[0] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(FitCheckpoint, "save", interrupt)
    estimator = autoencoder(path)
    attributes = set(vars(estimator))
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X)
    assert set(vars(estimator)) == attributes
    assert os.listdir(path.parent) == [path.name]
    assert_same_fit(autoencoder().fit(X), estimator.fit(X))
    assert count[0] == 4
    assert set(vars(estimator)) - set(vars(autoencoder().fit(X))) == set()


def test_two_fits_at_once(path, monkeypatch):
    """The second of two fits on one file is refused; the first is not disturbed."""
    save, inside, go_on = FitCheckpoint.save, threading.Event(), threading.Event()

    def wait(checkpoint, snapshot):
        save(checkpoint, snapshot)
        inside.set()
        go_on.wait(60)

    monkeypatch.setattr(FitCheckpoint, "save", wait)
    first = autoencoder(path)
    thread = threading.Thread(target=first.fit, args=(X,))
    thread.start()
    try:
        assert inside.wait(60)
        with pytest.raises(CheckpointError, match="in use by another fit"):
            autoencoder(path).fit(X)
    finally:
        go_on.set()
        thread.join()
    assert_same_fit(first, autoencoder().fit(X))


def test_search(path):
    """Candidates and folds one after the other share a path without harm."""
    grid = {"learning_rate": [0.01, 0.1]}
    plain, saved = (
        GridSearchCV(autoencoder(place), grid, cv=2).fit(X) for place in (None, path)
    )
    np.testing.assert_array_equal(
        plain.cv_results_["mean_test_score"], saved.cv_results_["mean_test_score"]
    )


def test_warm_start(path, killed_after):
    """A second fit that goes on from the first can be killed, too."""
    settings = {"warm_start": True, "learning_rate_schedule": "constant"}
    whole = autoencoder(**settings).fit(X).fit(X)
    killed = autoencoder(path, **settings).fit(X)
    again = autoencoder(path, **settings).fit(X)
    killed_after(2, killed.fit, X)
    with pytest.raises(CheckpointError, match="other data"):
        autoencoder(path, **settings).fit(X)
    assert_same_fit(whole, again.fit(X))


def test_pretrained_encoder(path, killed_after):
    """Pretraining is done again to the same weights; if not, the file is refused."""
    inner = autoencoder()
    settings = {"epochs": 3, "batch_size": 16, "random_state": 0}
    labels = np.where(np.arange(60) < 40, Y, -1)
    whole = PretrainedEncoderClassifier(inner, **settings).fit(X, labels)
    own = PretrainedEncoderClassifier(clone(inner), checkpoint=path, **settings)
    killed_after(2, own.fit, X, labels)
    other = np.where(np.arange(60) < 40, X.reshape(60, -1).T, 0).T.reshape(X.shape)
    with pytest.raises(CheckpointError, match=r"weights to start from.*random_state"):
        own.fit(other, labels)
    fitted = own.fit(X, labels)
    assert_same_fit(whole, fitted)
    assert_same_fit(whole.autoencoder_, fitted.autoencoder_)


def random_backbone():
    """Return a network that nobody has trained."""
    image = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu")(image)
    return keras.Model(image, keras.layers.GlobalAveragePooling2D()(maps))


def test_random_backbone(path, killed_after):
    """A backbone that is drawn is the same one when the fit goes on."""
    classifier = TransferLearningClassifier(
        random_backbone, epochs=4, random_state=None, checkpoint=path
    )
    images = np.repeat(X[..., None], 3, axis=-1)
    killed_after(2, classifier.fit, images, Y)
    drawn = read_checkpoint(path).about["draws"]
    fitted = clone(classifier).fit(images, Y)
    assert len(drawn) == 2
    assert len(fitted.history_["loss"]) == 4
    other = TransferLearningClassifier(random_backbone, epochs=1, random_state=99)
    assert other.fit(images, Y).backbone_digest_ != fitted.backbone_digest_


def test_texts(path, killed_after):
    """Texts count by their tokens, labels by their names."""
    texts = ["win a prize now", "see you at home", "call now", "later then"] * 3
    labels = np.array(["spam", "ham", "spam", "ham"] * 3)
    settings = {"units": 3, "embedding_size": 3, "epochs": 3, "random_state": 0}
    whole = RNNClassifier("gru", **settings).fit(texts, labels)
    own = RNNClassifier("gru", checkpoint=path, **settings)
    killed_after(2, own.fit, texts, labels)
    with pytest.raises(CheckpointError, match="not the same classes"):
        own.fit(texts, np.where(labels == "ham", "no", "yes"))
    assert_same_fit(whole, own.fit(texts, labels))


def test_rows_in_a_file(path, killed_after, tmp_path):
    """Rows that are read piece by piece are compared by their content."""
    from sklearn import config_context

    rows = np.asarray(X, np.float32)
    np.save(tmp_path / "rows.npy", rows)
    np.save(tmp_path / "other.npy", rows[::-1])
    lazy, other = (
        LazyRows(np.load(tmp_path / f"{name}.npy", mmap_mode="r"))
        for name in ("rows", "other")
    )
    with config_context(working_memory=0.001):
        whole = autoencoder().fit(lazy)
        killed_after(2, autoencoder(path).fit, lazy)
        with pytest.raises(CheckpointError, match="not the same X"):
            autoencoder(path).fit(other)
        assert_same_fit(whole, autoencoder(path).fit(lazy))


def test_what_does_not_go_together(path):
    """Callbacks and `partial_fit` with a checkpoint are refused by name."""
    stopper = keras.callbacks.EarlyStopping("loss")
    with pytest.raises(ValueError, match="checkpoint and callbacks cannot"):
        autoencoder(path, callbacks=stopper).fit(X)
    with pytest.raises(ValueError, match="partial_fit does not support checkpoint"):
        autoencoder(path).partial_fit(X)
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize(
    ("place", "error", "message"),
    [
        ("", ValueError, "empty path"),
        (".", IsADirectoryError, "is a folder"),
        ("missing/file", FileNotFoundError, "does not exist"),
        (3, ValueError, "'checkpoint' parameter"),
    ],
)
def test_impossible_paths(tmp_path, monkeypatch, place, error, message):
    """A path that cannot be written is refused before anything is trained."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        autoencoder(place).fit(X)
    assert os.listdir(tmp_path) == []


def test_working_directory_may_change(tmp_path, monkeypatch, killed_after):
    """A relative path means what it meant when `fit` was called."""
    monkeypatch.chdir(tmp_path)
    killed_after(2, autoencoder("here").fit, X)
    assert os.listdir(tmp_path) == ["here"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        autoencoder(Path("here")).fit(X)
    assert os.listdir(tmp_path) == []


PROGRAM = """
import sys
import numpy as np
from skdeep import StackedAutoencoderTransformer
from skdeep.mixins.checkpointing import FitCheckpoint

save = FitCheckpoint.save
def tell(checkpoint, snapshot):
    save(checkpoint, snapshot)
    sys.stdout.write(f"{snapshot.progress.epoch}\\n")
    sys.stdout.flush()
FitCheckpoint.save = tell
X = np.random.default_rng(0).normal(size=(60, 8))
estimator = StackedAutoencoderTransformer(
    (), 2, epochs=int(sys.argv[2]), checkpoint=sys.argv[1] or None, random_state=0
)
estimator.fit(X)
np.savez(sys.argv[3], *estimator.weights_)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a signal of POSIX.")
def test_sigkill(path, tmp_path):
    """A process that is killed for good is replaced by another."""
    root = os.path.dirname(os.path.dirname(skdeep.__file__))
    result = tmp_path / "result.npz"

    def start():
        command = [sys.executable, "-c", PROGRAM, str(path), "400", str(result)]
        return subprocess.Popen(
            command,
            env=dict(os.environ, PYTHONPATH=root),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    with start() as process:
        assert process.stdout.readline() == "1\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    reached = read_checkpoint(path).about["epoch"]
    assert 1 <= reached < 400
    with start() as process:
        first = int(process.stdout.readline())
        process.stdout.read()
    assert (process.returncode, first) == (0, reached + 1)
    rows = np.random.default_rng(0).normal(size=(60, 8))
    whole = StackedAutoencoderTransformer((), 2, epochs=400, random_state=0).fit(rows)
    with np.load(result) as found:
        for array, name in zip(whole.weights_, found.files, strict=True):
            np.testing.assert_array_equal(array, found[name])
    assert sorted(os.listdir(tmp_path)) == ["result.npz"]
