"""First-layer filters as images."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from skdeep import ConvAutoencoderTransformer, DenoisingAutoencoderTransformer
from skdeep.inspection import first_layer_filters


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("convolutional", (3, 3, 3, 1)),
        ("denoising", (6, 8, 8, 1)),
        ("variational", (6, 8, 8, 1)),
        ("hashing", (6, 8, 8, 1)),
        ("stacked", (6, 8, 8, 1)),
        ("bits", (3, 3, 3, 1)),
        ("classifier", (6, 8, 8, 1)),
    ],
)
def test_shapes(fitted, name, shape):
    """Kernels of a convolution, weights of a dense layer in the shape of the image."""
    assert first_layer_filters(fitted(name)).shape == shape


def test_filters_are_the_weights(fitted, images):
    """The first layer computes the products of image and filters."""
    estimator = fitted("stacked")
    filters, bias = first_layer_filters(estimator), estimator.weights_[1]
    expected = np.tensordot(images[:5], filters[..., 0], ((1, 2), (1, 2))) + bias
    found = estimator.model_.get_layer("encoder").get_layer("hidden_1")(
        images[:5].reshape(5, -1)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_colours_stay_together():
    """Channels are the last axis; a dense layer reads pixels in reading order."""
    images = np.random.default_rng(0).random((20, 4, 5, 3)).astype("float32")
    convolutions = ConvAutoencoderTransformer(2, filters=(4,), epochs=1).fit(images)
    found = first_layer_filters(convolutions)
    assert found.shape == (4, 3, 3, 3)
    np.testing.assert_array_equal(found[1], convolutions.weights_[0][..., 1])
    dense = DenoisingAutoencoderTransformer(2, hidden_layer_sizes=(), epochs=1)
    found = first_layer_filters(dense.fit(images))
    assert found.shape == (2, 4, 5, 3)
    assert found[1, 2, 3, 1] == dense.weights_[0][(2 * 5 + 3) * 3 + 1, 1]


def test_refusals(text_classifier):
    """What has no network, no fit or no images is named."""
    with pytest.raises(TypeError, match="no network"):
        first_layer_filters(PCA())
    with pytest.raises(TypeError, match="no network"):
        first_layer_filters(ConvAutoencoderTransformer)
    with pytest.raises(NotFittedError):
        first_layer_filters(ConvAutoencoderTransformer())
    with pytest.raises(ValueError, match="RNNClassifier does not take images"):
        first_layer_filters(text_classifier)
