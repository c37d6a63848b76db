import keras
import numpy as np
import pytest

from skdeep.networks.character_cnn import (
    character_cnn_classifier,
    expose_classifier,
    kim_classifier,
)

KIM = {"vocabulary_size": 20, "n_outputs": 1, "embedding_size": 3, "filters": 4}
OWN = {**KIM, "ngram_range": (1, 1), "kernel_sizes": (3, 5, 7), "pooling": "max"}
SMALL_EXPOSE = {"vocabulary_size": 20, "length": 8, "filters": 4, "hidden_units": (6,)}
# Keras 3.15 turns its variables into arrays in a way that NumPy 2.4 deprecates.
KERAS_SAVES_WITH_A_WARNING = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
TOKEN_IDS = np.array([[2, 3, 4, 5, 6], [7, 1, 0, 0, 0]], dtype=np.int32)

SMALL_NETWORKS = [
    (character_cnn_classifier, OWN),
    (character_cnn_classifier, {**OWN, "pooling": "max_mean"}),
    (character_cnn_classifier, {**OWN, "architecture": "stacked"}),
    (character_cnn_classifier, {**OWN, "hidden_units": 5}),
    (character_cnn_classifier, {**OWN, "ngram_range": (1, 3), "n_buckets": 11}),
    (kim_classifier, KIM),
    (kim_classifier, {**KIM, "kernel_sizes": (2,)}),
    (expose_classifier, SMALL_EXPOSE),
]


@pytest.mark.parametrize(
    ("builder", "sizes", "output_size", "n_parameters"),
    [
        # Embedding 60; per width w: (w * 3 + 1) * 4 parameters.
        (character_cnn_classifier, OWN, 1, 60 + (40 + 64 + 88) + 13),
        (
            character_cnn_classifier,
            {**OWN, "pooling": "max_mean", "n_outputs": 3},
            3,
            60 + (40 + 64 + 88) + 75,
        ),
        (
            character_cnn_classifier,
            {**OWN, "architecture": "stacked", "kernel_sizes": (3, 5)},
            1,
            60 + 40 + (5 * 4 + 1) * 4 + 5,
        ),
        (
            character_cnn_classifier,
            {**OWN, "hidden_units": 5},
            1,
            60 + (40 + 64 + 88) + 65 + 6,
        ),
        # Two more tables of 11 rows.
        (
            character_cnn_classifier,
            {**OWN, "ngram_range": (1, 3), "n_buckets": 11},
            1,
            60 + 2 * 11 * 3 + (40 + 64 + 88) + 13,
        ),
        # Kim (2014), table 1: 300 features, on a vocabulary of 1,000 words.
        (
            kim_classifier,
            {"vocabulary_size": 1_000, "n_outputs": 2},
            2,
            300_000 + (3 + 4 + 5) * 300 * 100 + 300 + 602,
        ),
        (expose_classifier, {}, 1, 2_219_137),
    ],
)
def test_sizes(builder, sizes, output_size, n_parameters):
    """Output shape and number of parameters follow from the sizes."""
    model = builder(**sizes)
    assert model.output_shape == (None, output_size)
    assert model.count_params() == n_parameters
    assert model.input.name == "token_ids"
    assert model.input.dtype == "int32"


@pytest.mark.parametrize(("builder", "sizes"), SMALL_NETWORKS)
def test_padding_does_not_change_the_logits(builder, sizes):
    """A row gives the same logits alone as in a wider batch."""
    model = builder(**sizes)
    # Biases start at zero, where a mask that leaks padding would not show.
    generator = np.random.default_rng(0)
    model.set_weights([generator.normal(size=w.shape) for w in model.get_weights()])
    together = np.asarray(model(TOKEN_IDS))
    wider = np.asarray(model(np.pad(TOKEN_IDS, ((0, 0), (0, 6)))))
    alone = np.asarray(model(TOKEN_IDS[1:, :2]))
    np.testing.assert_allclose(wider, together, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(alone, together[1:], rtol=1e-5, atol=1e-5)
    assert together[0] != together[1]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("float64", "float64"), ("mixed_bfloat16", "float32")],
)
@pytest.mark.parametrize(
    ("builder", "sizes"),
    [
        (character_cnn_classifier, OWN),
        (kim_classifier, KIM),
        (expose_classifier, SMALL_EXPOSE),
    ],
)
def test_precision_of_the_logits(builder, sizes, policy, expected):
    """They are as precise as the weights, whatever is computed with before."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = builder(**sizes)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.output.dtype == expected
    assert {v.dtype for v in model.weights} == {expected}


@KERAS_SAVES_WITH_A_WARNING
@pytest.mark.parametrize(("builder", "sizes"), SMALL_NETWORKS)
def test_model_survives_its_configuration(builder, sizes, tmp_path):
    """A model rebuilt from its configuration or its file computes the same."""
    model = builder(**sizes)
    rebuilt = keras.Model.from_config(model.get_config())
    rebuilt.set_weights(model.get_weights())
    np.testing.assert_array_equal(rebuilt(TOKEN_IDS), model(TOKEN_IDS))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(TOKEN_IDS), model(TOKEN_IDS))


@pytest.mark.parametrize(
    ("builder", "sizes", "names"),
    [
        (
            character_cnn_classifier,
            OWN,
            "token_ids token_dropout embedding embedding_dropout padding_mask "
            "masked_embedding convolution_1 convolution_2 convolution_3 filters "
            "pooling pooled_dropout logits",
        ),
        (
            kim_classifier,
            KIM,
            "token_ids embedding padding_mask masked_embedding margin convolution_3 "
            "convolution_4 convolution_5 maximum_3 maximum_4 maximum_5 features "
            "features_dropout logits",
        ),
        (
            expose_classifier,
            {**SMALL_EXPOSE, "kernel_sizes": (2, 3)},
            "token_ids last_characters embedding convolution_2 convolution_3 sum_2 "
            "sum_3 sum_2_dropout sum_3_dropout features hidden_1 hidden_1_dropout "
            "logits",
        ),
    ],
)
def test_every_layer_is_named(builder, sizes, names):
    """Names are ours, not counters that depend on what was built before."""
    assert sorted(layer.name for layer in builder(**sizes).layers) == sorted(
        names.split()
    )


@pytest.mark.parametrize(
    ("builder", "sizes"), [(kim_classifier, KIM), (expose_classifier, SMALL_EXPOSE)]
)
def test_widths_may_be_repeated(builder, sizes):
    """Only the second convolution of a width has a name that says so."""
    model = builder(**{**sizes, "kernel_sizes": (3, 2, 3)})
    convolutions = [layer for layer in model.layers if "convolution" in layer.name]
    assert {layer.name: layer.kernel_size for layer in convolutions} == {
        "convolution_3": (3,),
        "convolution_2": (2,),
        "convolution_3_2": (3,),
    }
    assert model.output_shape == (None, 1)


@pytest.mark.parametrize(
    ("builder", "sizes"),
    [
        (character_cnn_classifier, OWN),
        (kim_classifier, KIM),
        (expose_classifier, SMALL_EXPOSE),
    ],
)
def test_no_widths_at_all_are_refused(builder, sizes):
    """Without a convolution there is nothing to join."""
    with pytest.raises(ValueError, match=r"kernel_sizes is empty.*Pass"):
        builder(**{**sizes, "kernel_sizes": ()})


def test_kim_constrains_the_output_layer_only():
    """The norm of the weights into an output unit is limited after each step."""
    model = kim_classifier(**KIM)
    constrained = [w.path for w in model.weights if w.constraint is not None]
    assert [path.rsplit("/", 2)[-2:] for path in constrained] == [["logits", "kernel"]]
    kernel = model.get_layer("logits").kernel
    limited = kernel.constraint(np.full(kernel.shape, 7.0, dtype=np.float32))
    np.testing.assert_allclose(np.linalg.norm(limited, axis=0), 3.0, rtol=1e-5)


def test_expose_reads_the_last_characters():
    """Characters before the last `length` ones make no difference."""
    model = expose_classifier(**SMALL_EXPOSE)
    tail = np.arange(2, 10, dtype=np.int32)
    long = np.concatenate([[11, 12, 13], tail]).astype(np.int32)
    np.testing.assert_array_equal(model(long[None]), model(tail[None]))


def test_unknown_architecture_and_pooling_are_refused():
    """The message lists what exists."""
    with pytest.raises(ValueError, match=r"architecture must be one of \('parallel'"):
        character_cnn_classifier(**OWN, architecture="deep")
    with pytest.raises(ValueError, match="pooling must be one of"):
        character_cnn_classifier(**{**OWN, "pooling": "sum"})
