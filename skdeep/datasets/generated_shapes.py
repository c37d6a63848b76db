"""Generated images of simple shapes."""

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skdeep.datasets.image_files import check_image_shape

_TARGET_NAMES = ("circle", "cross", "square", "triangle")

# Below this, the shapes cannot be told apart.
_SMALLEST_SIDE = 8
# Every pixel is the mean of this many points squared, which smooths the edges.
_POINTS_PER_SIDE = 2
# Half of a shape's size, relative to the shorter side of the image.
_RADII = (0.26, 0.42)
# Shapes lean by up to this angle, in radians: 20 degrees.
_LARGEST_ANGLE = 0.35
# Smallest difference of brightness between a shape and its background.
_SMALLEST_CONTRAST = 0.25

_DESCRIPTION = """\
Generated images of shapes
--------------------------

{n_samples} generated images of shape {image_shape}, drawn by make_shapes and not
photographed. Each shows one filled shape: circle, cross, square or triangle, in random
position, size, inclination and colour on a darker background of random colour that
changes gradually across the image, with Gaussian noise of standard deviation {noise}
(of the range from black to white) on every pixel. The classes are equally frequent and
their order is random.
"""


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "image_shape": [tuple, list],
        "noise": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_shapes(
    n_samples: int = 500,
    *,
    image_shape: Sequence[int] = (32, 32, 3),
    noise: float = 0.05,
    random_state: int | np.random.RandomState | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Generate images of circles, crosses, squares and triangles.

    A small problem of image classification that needs no download: what tells the
    classes apart is the outline, while position, size, inclination, colour and
    background say nothing. Shapes are lighter than what surrounds them.

    Parameters
    ----------
    n_samples : int, default=500
        Number of images.

    image_shape : tuple of int, default=(32, 32, 3)
        ``(height, width)`` or ``(height, width, channels)`` with 1 channel (grey) or
        3 (RGB); height and width are at least 8 pixels.

    noise : float, default=0.05
        Standard deviation of the Gaussian noise added to every pixel and channel,
        relative to the range from black to white. From about 0.3 on, shapes are hard
        to see.

    random_state : int, RandomState instance or None, default=None
        Determines the images. Pass an int for the same images in every call.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of uint8 of shape (n_samples, *image_shape)
            The images.
        target : ndarray of int64 of shape (n_samples,)
            The classes. Their frequencies differ by one at most.
        target_names : list of str
            ``["circle", "cross", "square", "triangle"]``.
        DESCR : str
            Description of the images.

    (data, target) : tuple if `return_X_y` is True
        The two arrays.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> from skdeep.datasets import make_shapes
    >>> X, y = make_shapes(20, image_shape=(16, 16, 1), random_state=0, return_X_y=True)
    >>> X.shape, X.dtype, y.shape
    ((20, 16, 16, 1), dtype('uint8'), (20,))
    """
    shape = check_image_shape(image_shape, channels=(1, 3), smallest=_SMALLEST_SIDE)
    generator = check_random_state(random_state)
    target = generator.permutation(np.arange(n_samples) % len(_TARGET_NAMES))
    target = target.astype(np.int64)
    n_channels = shape[2] if len(shape) == 3 else 1
    images = np.empty((n_samples, shape[0], shape[1], n_channels), dtype=np.uint8)
    colours = _light_and_dark(n_samples, n_channels, generator)
    for image, label, pair in zip(images, target, colours, strict=True):
        image[...] = _draw(_TARGET_NAMES[label], image.shape, pair, noise, generator)
    images = images.reshape((n_samples, *shape))
    if return_X_y:
        return images, target
    return Bunch(
        data=images,
        target=target,
        target_names=list(_TARGET_NAMES),
        DESCR=_DESCRIPTION.format(n_samples=n_samples, image_shape=shape, noise=noise),
    )


def _draw(
    name: str,
    image_shape: tuple[int, ...],
    colours: NDArray[np.float64],
    noise: float,
    generator: np.random.RandomState,
) -> NDArray[np.uint8]:
    """Draw one image of shape (height, width, channels) in two colours."""
    height, width, _ = image_shape
    coverage = _coverage(name, height, width, generator)[:, :, np.newaxis]
    # The background gets gradually lighter or darker from one side to the other.
    slope = generator.uniform(-0.2, 0.2, size=2)
    vertical = np.linspace(-0.5, 0.5, height)[:, np.newaxis, np.newaxis]
    horizontal = np.linspace(-0.5, 0.5, width)[np.newaxis, :, np.newaxis]
    ground = colours[1] + slope[0] * vertical + slope[1] * horizontal
    pixels = coverage * colours[0] + (1 - coverage) * ground
    pixels = pixels + noise * generator.standard_normal(size=pixels.shape)
    levels: NDArray[np.uint8] = np.rint(255 * pixels.clip(0, 1)).astype(np.uint8)
    return levels


def _light_and_dark(
    n_pairs: int, n_channels: int, generator: np.random.RandomState
) -> NDArray[np.float64]:
    """Draw pairs of a light and a dark colour, of shape (n_pairs, 2, n_channels)."""
    pairs = generator.uniform(size=(n_pairs, 2, n_channels))
    while True:
        brightness = pairs.mean(axis=2)
        is_flat = brightness[:, 0] - brightness[:, 1] < _SMALLEST_CONTRAST
        if not is_flat.any():
            return pairs
        pairs[is_flat] = generator.uniform(size=(is_flat.sum(), 2, n_channels))


def _coverage(
    name: str, height: int, width: int, generator: np.random.RandomState
) -> NDArray[np.float64]:
    """Return how much of each pixel a shape covers, at a random place in the image."""
    radius = generator.uniform(*_RADII) * min(height, width)
    # The whole shape is inside of the image.
    centre_y = generator.uniform(radius, height - radius)
    centre_x = generator.uniform(radius, width - radius)
    angle = generator.uniform(-_LARGEST_ANGLE, _LARGEST_ANGLE)
    n_points = _POINTS_PER_SIDE
    points_y = (np.arange(height * n_points) + 0.5) / n_points - centre_y
    points_x = (np.arange(width * n_points) + 0.5) / n_points - centre_x
    y, x = points_y[:, np.newaxis] / radius, points_x[np.newaxis, :] / radius
    inside = _is_inside(
        name,
        x * np.cos(angle) + y * np.sin(angle),
        y * np.cos(angle) - x * np.sin(angle),
    )
    points = inside.reshape(height, n_points, width, n_points)
    share: NDArray[np.float64] = points.mean(axis=(1, 3))
    return share


def _is_inside(
    name: str, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which points lie in a shape within the unit circle; y points down."""
    if name == "circle":
        # Its area is then about that of the others.
        return x**2 + y**2 <= 0.8**2
    if name == "square":
        return np.maximum(abs(x), abs(y)) <= 1 / np.sqrt(2)
    if name == "triangle":
        # Equilateral, one corner up: three half-planes at distance 1/2.
        return (y <= 0.5) & (np.sqrt(3) * abs(x) <= y + 1)
    long, short = np.maximum(abs(x), abs(y)), np.minimum(abs(x), abs(y))
    return (long <= 0.95) & (short <= 0.3)
