"""Where memory is short, the error says how short and what to do."""

import keras
import pytest
import tensorflow as tf
from keras import layers

from skdeep import runtime
from skdeep.runtime import memory
from tests.runtime.networks import dense_network, fit, options

# Two layers of 10 and 1 float32 outputs.
BYTES_OF_ROW = 44


def free(monkeypatch, n_bytes):
    """Let the system say that so much memory is free."""
    monkeypatch.setattr(memory, "free_memory", lambda: n_bytes)


def test_need_and_advice(monkeypatch):
    """The message has the need, what is free, and a batch size that leaves room."""
    free(monkeypatch, 10 * BYTES_OF_ROW)
    model = dense_network(units=10)
    memory.check_batch_memory(model, 10)
    words = r"size=11 needs at least 484 bytes .* 440 bytes are free.*batch_size=2\.$"
    with pytest.raises(MemoryError, match=words):
        memory.check_batch_memory(model, 11)


def test_nothing_fits(monkeypatch):
    """Where not even one row fits, a smaller batch is no advice."""
    free(monkeypatch, 3)
    with pytest.raises(MemoryError, match="network or the samples smaller"):
        memory.check_batch_memory(dense_network(units=10), 1)


def test_lower_bound():
    """Only what must be kept is counted, of parts of networks too, in its type."""
    image = keras.Input((4, 4, 2))
    maps = layers.Conv2D(3, 3, dtype="bfloat16")(image)
    inner = keras.Model(image, layers.Flatten()(layers.ReLU()(maps)))
    model = keras.Sequential([keras.Input((4, 4, 2)), inner, layers.Dense(5)])
    assert memory._bytes_of_row(model) == 2 * (2 * 2 * 3) + 4 * 5


def test_frozen_layers():
    """What is not trained need not be kept."""
    model = dense_network(units=10)
    model.get_layer("hidden").trainable = False
    assert memory._bytes_of_row(model) == 4


def test_unknown_lengths():
    """Texts are taken to have one character: nothing is refused that could work."""
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(ids, layers.Embedding(9, 7)(ids))
    assert memory._bytes_of_row(model) == 4 * 7


def test_limit_of_process(monkeypatch):
    """A limit of the process counts like the memory of the machine."""
    process = memory.psutil.Process()
    if not hasattr(process, "rlimit"):
        pytest.skip("This system has no limits of processes.")
    machine = memory.free_memory()
    room = 10_000_000
    limit = process.memory_info().vms + room
    monkeypatch.setattr(
        memory.psutil.Process, "rlimit", lambda self, kind: (limit, limit)
    )
    assert memory.free_memory() <= min(machine, room) + 5_000_000


@pytest.mark.parametrize(
    ("n_bytes", "text"), [(12, "12 bytes"), (4e3, "4 kB"), (1.2345e9, "1.23 GB")]
)
def test_readable(n_bytes, text):
    """Sizes have three digits and a unit."""
    assert memory.readable(n_bytes) == text


def test_error_of_tensorflow():
    """Its error becomes a `MemoryError` with the size that was refused."""
    message = "OOM when allocating tensor with shape[1000,500] and type float on CPU"
    words = "^Training ran out of memory: .* 2 MB for one array.* batch_size=16.$"
    with (
        pytest.raises(MemoryError, match=words) as caught,
        memory.shortage_explained("Training", 64),
    ):
        raise tf.errors.ResourceExhaustedError(None, None, message)
    assert isinstance(caught.value.__cause__, tf.errors.ResourceExhaustedError)
    with (
        pytest.raises(MemoryError, match=r"Inference .* fewer rows at a time"),
        memory.shortage_explained("Inference"),
    ):
        raise tf.errors.ResourceExhaustedError(None, None, "no details")


def test_other_errors_pass():
    """Errors about anything else stay what they are."""
    with pytest.raises(ZeroDivisionError), memory.shortage_explained("Training"):
        raise ZeroDivisionError


def test_fit_is_refused(monkeypatch):
    """A fit of a batch too large ends before it begins."""
    free(monkeypatch, 50)
    with pytest.raises(MemoryError, match="batch_size=8 needs at least"):
        fit(runtime.NetworkSpec(dense_network), options=options(batch_size=8))
