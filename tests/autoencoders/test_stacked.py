"""The stacked autoencoder: ties, pretraining and penalties."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from skdeep import StackedAutoencoderTransformer
from skdeep.autoencoders import _stacked
from skdeep.runtime import training


@pytest.fixture(scope="module")
def digits():
    """Small grey images in [0, 1], flat."""
    return (load_digits().data[:600] / 16).astype(np.float32)


def small(**changes):
    """Return an estimator that trains within a second."""
    settings = {
        "hidden_layer_sizes": (20, 15),
        "n_components": 8,
        "activation": "tanh",
        "epochs": 3,
        "batch_size": 50,
        "learning_rate": 0.01,
        "random_state": 0,
    }
    return StackedAutoencoderTransformer(**settings | changes)


def n_parameters(autoencoder):
    """Return how many numbers were fitted."""
    return sum(weights.size for weights in autoencoder.weights_)


def squared_norms(autoencoder, rows):
    """Return the squared Frobenius norm of the code's Jacobian, by differences."""
    step = 1e-3
    total = np.zeros(len(rows))
    for feature in range(rows.shape[1]):
        change = step * np.eye(rows.shape[1])[feature]
        difference = autoencoder.transform(rows + change)
        difference = difference - autoencoder.transform(rows - change)
        total += ((difference / (2 * step)) ** 2).sum(axis=1)
    return total


def test_tied_and_untied_parameters(digits):
    """Tying leaves every kernel once and both sets of biases."""
    sizes = [64, 20, 15, 8]
    kernels = 64 * 20 + 20 * 15 + 15 * 8
    biases = sum(sizes[1:]) + sum(sizes[:-1])
    tied = small(epochs=1).fit(digits)
    untied = small(epochs=1, tied_weights=False).fit(digits)
    assert n_parameters(tied) == tied.model_.count_params() == kernels + biases
    assert n_parameters(untied) == 2 * kernels + biases


def test_codes_and_reconstructions_by_hand(digits):
    """After training, both directions use the one fitted set of kernels."""
    autoencoder = small().fit(digits)
    one, a, two, b, three, c, d, e, f = autoencoder.weights_
    codes = np.tanh(np.tanh(digits @ one + a) @ two + b) @ three + c
    np.testing.assert_allclose(autoencoder.transform(digits), codes, atol=1e-5)
    rebuilt = np.tanh(np.tanh(codes @ three.T + d) @ two.T + e) @ one.T + f
    found = autoencoder.inverse_transform(codes)
    np.testing.assert_allclose(found, rebuilt, atol=1e-5)
    wanted = -((rebuilt - digits) ** 2).mean(axis=1)
    np.testing.assert_allclose(autoencoder.score_samples(digits), wanted, atol=1e-5)


def test_a_linear_network_spans_the_principal_components(digits):
    """Without hidden layers, tied, the error comes down to that of PCA."""
    autoencoder = small(
        hidden_layer_sizes=(), epochs=150, batch_size=100, learning_rate=0.02
    ).fit(digits)
    pca = PCA(8).fit(digits)
    error = ((pca.inverse_transform(pca.transform(digits)) - digits) ** 2).mean()
    assert -autoencoder.score(digits) == pytest.approx(error, rel=0.01)


def test_pretraining_learns_each_layer(digits):
    """Every layer has a history that falls, and the network starts from them."""
    plain = small(epochs=1).fit(digits)
    pretrained = small(epochs=1, pretraining="greedy", pretraining_epochs=5).fit(digits)
    histories = pretrained.pretraining_history_
    assert [len(history["loss"]) for history in histories] == [5, 5, 5]
    assert all(history["loss"][-1] < history["loss"][0] for history in histories)
    assert plain.pretraining_history_ == []
    assert pretrained.history_["loss"][0] < 0.7 * plain.history_["loss"][0]
    assert pretrained.n_iter_ == 1


def test_pretraining_is_reproducible(digits):
    """Equal seeds give equal bits, with sample weights and early stopping too."""
    weights = np.random.default_rng(0).integers(1, 3, len(digits))
    autoencoder = small(pretraining="greedy", pretraining_epochs=2, early_stopping=True)
    first, second = (
        clone(autoencoder).fit(digits, sample_weight=weights) for _ in range(2)
    )
    for one, other in zip(first.weights_, second.weights_, strict=True):
        np.testing.assert_array_equal(one, other)
    assert set(first.pretraining_history_[0]) == {"loss", "val_loss"}
    unweighted = clone(autoencoder).fit(digits)
    assert (unweighted.weights_[0] != first.weights_[0]).any()


def test_going_on_does_not_pretrain_again(digits):
    """Only the first fit pretrains; what follows goes on from where it stands."""
    autoencoder = small(pretraining="greedy", pretraining_epochs=2, warm_start=True)
    history = autoencoder.fit(digits).pretraining_history_
    loss = autoencoder.history_["loss"][-1]
    autoencoder.fit(digits)
    assert autoencoder.pretraining_history_ is history
    assert len(autoencoder.history_["loss"]) == 6
    assert autoencoder.history_["loss"][-1] < loss


def test_partial_fit_pretrains_once_and_goes_on(digits):
    """The first call pretrains on its rows; fit equals pretraining and passes."""
    whole = small(pretraining="greedy", learning_rate_schedule="constant").fit(digits)
    by_parts = small(pretraining="greedy")
    for _ in range(3):
        by_parts.partial_fit(digits)
    for one, other in zip(whole.weights_, by_parts.weights_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_progress_of_pretraining_is_written(digits, capsys):
    """With verbose there is a line for each epoch of each layer."""
    small(pretraining="greedy", pretraining_epochs=2, epochs=1, verbose=1).fit(digits)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(", loss")[0] for line in lines] == [
        "StackedAutoencoderTransformer, layer 1: epoch 1/2",
        "StackedAutoencoderTransformer, layer 1: epoch 2/2",
        "StackedAutoencoderTransformer, layer 2: epoch 1/2",
        "StackedAutoencoderTransformer, layer 2: epoch 2/2",
        "StackedAutoencoderTransformer, layer 3: epoch 1/2",
        "StackedAutoencoderTransformer, layer 3: epoch 2/2",
        "StackedAutoencoderTransformer: epoch 1/1",
    ]


@pytest.mark.parametrize("target", [0.1, 0.3])
def test_divergence_penalty_reaches_the_target(digits, target):
    """Mean activations end within .02 of the target, those of every unit."""
    sparse = small(
        hidden_layer_sizes=(50,),
        n_components=60,
        sparsity="kl",
        sparsity_weight=0.01,
        sparsity_target=target,
        epochs=40,
    ).fit(digits)
    codes = sparse.transform(digits)
    assert codes.min() >= 0
    assert codes.max() <= 1
    np.testing.assert_allclose(codes.mean(axis=0), target, atol=0.02)


def test_l1_penalty_makes_the_code_sparse(digits):
    """With it, more activations are next to nothing."""
    settings = {"hidden_layer_sizes": (50,), "n_components": 60, "epochs": 30}
    plain = small(**settings).fit(digits)
    sparse = small(sparsity="l1", sparsity_weight=1e-2, **settings).fit(digits)
    shares = [np.mean(np.abs(a.transform(digits)) < 0.01) for a in (plain, sparse)]
    assert shares[1] > 3 * shares[0]


def test_contractive_penalty_is_part_of_the_loss(digits):
    """The history counts it with the Jacobian that finite differences find."""
    settings = {
        "hidden_layer_sizes": (),
        "code_activation": "sigmoid",
        "optimizer": "sgd",
        "optimizer__learning_rate": 1e-30,
        "epochs": 1,
        "precision": "float64",
    }
    rows = digits[:40].astype(np.float64)
    plain = small(**settings).fit(rows)
    penalised = small(contractive=0.5, **settings).fit(rows)
    difference = penalised.history_["loss"][0] - plain.history_["loss"][0]
    wanted = 0.5 * squared_norms(penalised, rows).mean()
    assert difference == pytest.approx(wanted, rel=1e-5)


def test_contractive_penalty_flattens_the_code(digits):
    """With it, the code moves less when the sample does."""
    plain = small(epochs=10).fit(digits)
    contracted = small(epochs=10, contractive=1e-2).fit(digits)
    norms = [squared_norms(a, digits[:50]).mean() for a in (plain, contracted)]
    assert norms[1] < 0.5 * norms[0]


def test_an_over_complete_code_copies(digits):
    """A code longer than the sample reconstructs it all but perfectly."""
    autoencoder = small(
        hidden_layer_sizes=(), n_components=100, epochs=30, batch_size=20
    ).fit(digits)
    assert autoencoder.transform(digits[:2]).shape == (2, 100)
    assert -autoencoder.score(digits) < 1e-3


def test_sigmoid_output_stays_between_zero_and_one(digits):
    """Whatever the code, no reconstruction leaves the range."""
    autoencoder = small(output_activation="sigmoid").fit(digits)
    codes = 100 * np.random.default_rng(0).normal(size=(20, 8))
    rebuilt = autoencoder.inverse_transform(codes)
    assert rebuilt.min() >= 0
    assert rebuilt.max() <= 1


def test_images_of_bytes_come_back_in_their_shape_and_unit():
    """uint8 pixels need no scaling, and come back as 0 to 255."""
    images = (load_digits().images[:200] * 15).astype(np.uint8)
    autoencoder = small(
        hidden_layer_sizes=(),
        n_components=20,
        output_activation="sigmoid",
        epochs=30,
        learning_rate=0.05,
    ).fit(images)
    rebuilt = autoencoder.inverse_transform(autoencoder.transform(images))
    assert rebuilt.shape == (200, 8, 8)
    assert 200 < rebuilt.max() <= 255
    assert np.abs(rebuilt - images).mean() < 30


@pytest.mark.parametrize("X", [-1.0, 16.0])
def test_sigmoid_output_refuses_other_numbers(X):
    """Numbers that could never be reconstructed are named before training."""
    rows = np.linspace(0, X, 40).reshape(10, 4)
    with pytest.raises(ValueError, match=r"numbers from 0 to 1, but X goes from"):
        small(output_activation="sigmoid").fit(rows)


@pytest.mark.parametrize("way", ["fit", "partial_fit"])
def test_sigmoid_output_refuses_other_numbers_when_going_on(digits, way):
    """As in the first call; what is only transformed may leave the range."""
    autoencoder = small(output_activation="sigmoid", warm_start=True).fit(digits)
    before = vars(autoencoder).copy()
    with pytest.raises(ValueError, match="from 0 to 1, but X goes from 0 to 255"):
        getattr(autoencoder, way)(digits * 255)
    assert vars(autoencoder) == before
    assert np.isfinite(autoencoder.transform(digits * 255)).all()
    getattr(autoencoder, way)(digits)


@pytest.mark.parametrize("way", ["fit", "partial_fit"])
def test_sigmoid_output_after_bytes(way):
    """Floats that follow bytes are of their unit, from 0 to 255."""
    images = (load_digits().images[:100] * 15).astype(np.uint8)
    autoencoder = small(output_activation="sigmoid", warm_start=True).fit(images)
    getattr(autoencoder, way)(images)
    getattr(autoencoder, way)(images.astype(np.float64))
    with pytest.raises(ValueError, match="from 0 to 255, but X goes from 0 to 480"):
        getattr(autoencoder, way)(images * 2.0)


def validation_rows(monkeypatch):
    """Return a list of the rows that each training watches, filled in as it runs."""
    watched, split = [], training.validation_split

    def noted(*arguments):
        rows = split(*arguments)
        watched.append(rows[1].tolist())
        return rows

    monkeypatch.setattr(training, "validation_split", noted)
    return watched


@pytest.mark.parametrize(
    "seed", [None, 0, np.random.RandomState(0)], ids=["none", "integer", "generator"]
)
def test_rows_left_out_in_pretraining_are_watched(digits, monkeypatch, seed):
    """What early stopping watches was trained on by no layer."""
    watched = validation_rows(monkeypatch)
    small(
        pretraining="greedy",
        pretraining_epochs=1,
        early_stopping=True,
        random_state=seed,
    ).fit(digits)
    assert len(watched) == 4
    assert all(rows == watched[0] for rows in watched)


@pytest.mark.parametrize("changes", [{"early_stopping": True}, {"checkpoint": "file"}])
def test_partial_fit_refuses_before_it_pretrains(digits, monkeypatch, changes):
    """Nothing is learnt by a call that is refused."""
    monkeypatch.setattr(_stacked, "pretrain_greedily", None)
    with pytest.raises(ValueError, match="partial_fit does not support"):
        small(pretraining="greedy", **changes).partial_fit(digits)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sparsity": "kl", "code_activation": "tanh"}, "lie between 0 and 1"),
        ({"contractive": 1.0, "activation": "relu6"}, "derivative of the activation"),
        ({"hidden_layer_sizes": (10, 0)}, "'hidden_layer_sizes' parameter"),
        ({"pretraining": "layerwise"}, "'pretraining' parameter"),
        ({"sparsity_target": 1.0}, "'sparsity_target' parameter"),
    ],
)
def test_wrong_parameters_are_named(digits, changes, message):
    """A parameter that makes no sense is refused in fit."""
    with pytest.raises(ValueError, match=message):
        small(**changes).fit(digits)
