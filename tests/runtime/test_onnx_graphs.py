"""Networks say the same as ONNX graphs."""

import keras
import numpy as np
import pytest

onnxruntime = pytest.importorskip("onnxruntime", reason="the extra `onnx` is missing")
pytest.importorskip("tf2onnx", reason="the extra `onnx` is missing")

from skdeep.networks import resnet20  # noqa: E402
from skdeep.runtime.onnx_graphs import network_graph  # noqa: E402

IMAGES = np.random.default_rng(0).random((5, 7, 6, 2), dtype=np.float32)


def compare(network, X=IMAGES):
    """Compare the outputs of a network and of its graph."""
    model = network_graph(network, 17)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(None, {session.get_inputs()[0].name: X})
    expected = np.asarray(network(X, training=False))
    np.testing.assert_allclose(found, expected, atol=2e-6, rtol=1e-6)


def functional(function, shape=(7, 6, 2)):
    """Return a network of one function."""
    inputs = keras.Input(shape)
    return keras.Model(inputs, function(inputs))


@pytest.mark.parametrize("activation", ["gelu", "elu", "silu", "softplus"])
def test_activations(activation):
    """GELU, too, of whose complementary error function ONNX knows nothing."""
    compare(functional(keras.layers.Activation(activation)), (IMAGES - 0.5) * 8)


def test_residual_networks():
    """Shortcuts that widen, and normalised convolutions."""
    network = resnet20(image_shape=(7, 6, 2), n_outputs=3, width=0.25)
    numbers = np.random.default_rng(1)
    weights = network.get_weights()
    network.set_weights([w * numbers.uniform(0.9, 1.1, w.shape) for w in weights])
    compare(network)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("size", [(3, 4), (3, 12)])
def test_resizing(size, antialias):
    """Images that shrink are smoothed in the same way."""
    compare(functional(lambda x: keras.ops.image.resize(x, size, antialias=antialias)))


def test_same_network_gives_same_graph():
    """Names do not count how many graphs were made before."""
    network = functional(keras.layers.Conv2D(3, 2, activation="gelu"))
    first, second = (network_graph(network, 17) for _ in range(2))
    names = [[node.name for node in model.graph.node] for model in (first, second)]
    assert names[0] == names[1]


def test_operators_without_counterpart_are_named():
    """What ONNX has no operator for is refused by name."""
    network = functional(keras.ops.erfinv)
    with pytest.raises(ValueError, match="nothing like TensorFlow's Erfinv"):
        network_graph(network, 17)


def test_several_inputs_are_refused():
    """A file has one input."""
    inputs = [keras.Input((2,)), keras.Input((2,))]
    network = keras.Model(inputs, keras.layers.add(inputs))
    with pytest.raises(ValueError, match="2 inputs and 1 outputs"):
        network_graph(network, 17)
