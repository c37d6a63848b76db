"""Single image files: what is decoded, and what is refused first."""

import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skdeep.datasets.image_files import (
    LARGEST_IMAGE,
    check_image_shape,
    decode_image,
    natural_shape,
)


def test_pixels_come_back(tmp_path, write_image):
    """Pixels of a PNG file in its own size are those that were written."""
    pixels = write_image(tmp_path / "a.png", size=(8, 6))
    image = decode_image(tmp_path / "a.png", (6, 8, 3))
    np.testing.assert_array_equal(image, pixels)
    assert image.dtype == np.uint8
    assert image.flags.writeable


@pytest.mark.parametrize(
    ("mode", "n_channels"),
    [("1", 1), ("L", 1), ("I;16", 1), ("P", 3), ("RGB", 3), ("LA", 4), ("RGBA", 4)],
)
def test_natural_shape(tmp_path, mode, n_channels):
    """Grey files have one channel, those with transparency four, others three."""
    path = tmp_path / "a.png"
    Image.new(mode, (8, 6)).save(path)
    assert natural_shape(path) == (6, 8, n_channels)


def test_palette_with_transparency(tmp_path):
    """A palette with a transparent colour has four channels."""
    path = tmp_path / "a.png"
    Image.new("P", (8, 6)).save(path, transparency=0)
    assert natural_shape(path) == (6, 8, 4)


def test_grey_to_colour(tmp_path, write_image):
    """Grey is repeated in every colour."""
    pixels = write_image(tmp_path / "a.png", mode="L")
    image = decode_image(tmp_path / "a.png", (6, 8, 3))
    np.testing.assert_array_equal(image, np.repeat(pixels, 3, axis=2))


@pytest.mark.parametrize("image_shape", [(6, 8), (6, 8, 1)])
def test_colour_to_grey(tmp_path, write_image, image_shape):
    """Colours are weighted to grey, with or without an axis of channels."""
    pixels = write_image(tmp_path / "a.png").astype(float)
    image = decode_image(tmp_path / "a.png", image_shape)
    assert image.shape == image_shape
    expected = pixels @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(image.reshape(6, 8), expected, atol=1)


def test_transparency_is_dropped_or_kept(tmp_path, write_image):
    """Transparency is the fourth channel, and goes when there is none."""
    pixels = write_image(tmp_path / "a.png", mode="RGBA")
    image = decode_image(tmp_path / "a.png", (6, 8, 3))
    np.testing.assert_array_equal(image, pixels[:, :, :3])
    image = decode_image(tmp_path / "a.png", (6, 8, 4))
    np.testing.assert_array_equal(image, pixels)


def test_sixteen_bits(tmp_path):
    """Of 16-bit grey the high byte is kept, not clipped."""
    grey = np.array([[0, 255, 256, 40_000, 65_535]], dtype=np.uint16)
    Image.fromarray(grey).save(tmp_path / "a.png")
    image = decode_image(tmp_path / "a.png", (1, 5))
    assert image.tolist() == [[0, 0, 1, 156, 255]]


def test_resizing_is_bilinear(tmp_path):
    """Halving the size averages neighbours; a plain image stays plain."""
    ramp = np.repeat(np.arange(0, 160, 10, dtype=np.uint8)[np.newaxis], 16, axis=0)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    image = decode_image(tmp_path / "ramp.png", (8, 8)).astype(float)
    means = ramp.reshape(8, 2, 8, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(image[:, 1:-1], means[:, 1:-1], atol=1)
    Image.new("RGB", (40, 30), (10, 20, 30)).save(tmp_path / "plain.jpg", quality=95)
    image = decode_image(tmp_path / "plain.jpg", (7, 5, 3)).astype(float)
    np.testing.assert_allclose(image, np.broadcast_to([10, 20, 30], (7, 5, 3)), atol=3)


def test_palette_is_resized_by_colour(tmp_path):
    """Colours of a palette are mixed, not their numbers in it."""
    image = Image.new("P", (2, 1))
    image.putpalette([200, 0, 0, 0, 255, 255, 100, 0, 0])
    image.putpixel((1, 0), 2)
    image.save(tmp_path / "a.png")
    pixel = decode_image(tmp_path / "a.png", (1, 1, 3))[0, 0]
    np.testing.assert_allclose(pixel, [150, 0, 0], atol=1)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0, 0.02, 0.5])
def test_torn_files(tmp_path, write_image, suffix, share):
    """A file that ends too early is named."""
    path = tmp_path / f"a{suffix}"
    write_image(path, size=(64, 64))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="Repair the file") as raised:
        decode_image(path, (64, 64, 3))
    assert str(path) in str(raised.value)


def test_other_formats_are_refused(tmp_path):
    """A file is judged by its content: other formats are not decoded."""
    path = tmp_path / "a.png"
    Image.new("RGB", (8, 6)).save(path, format="BMP")
    with pytest.raises(ValueError, match=r"a\.png cannot be read"):
        natural_shape(path)


def test_missing_file(tmp_path):
    """A file that is gone is reported as such."""
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        decode_image(tmp_path / "gone.png", (4, 4))


def png_that_claims(path, width, height):
    """Write a PNG file of a few bytes whose header promises many pixels."""

    def chunk(kind, content):
        check = zlib.crc32(kind + content)
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )
    return path


# Above our limit; above that of Pillow's warning; above that of Pillow's error.
@pytest.mark.parametrize("side", [7_100, 10_000, 30_000])
@pytest.mark.parametrize(
    "look", [natural_shape, lambda path: decode_image(path, (4, 4))]
)
def test_decompression_bombs(tmp_path, side, look):
    """Too many pixels are refused by the header, whatever Pillow thinks of them."""
    path = png_that_claims(tmp_path / "bomb.png", side, side)
    assert side**2 > LARGEST_IMAGE
    limit = Image.MAX_IMAGE_PIXELS
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"bomb\.png cannot be read.*pixels"):
            look(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * 2**20
    assert limit == Image.MAX_IMAGE_PIXELS


def test_image_at_the_limit_is_looked_at(tmp_path):
    """As many pixels as are allowed are no reason to refuse."""
    path = png_that_claims(tmp_path / "large.png", LARGEST_IMAGE // 5000, 5000)
    assert natural_shape(path) == (5000, LARGEST_IMAGE // 5000, 3)


@pytest.mark.parametrize("shape", [(4, 5), [4, 5, 1], (4, 5, 3), np.array([4, 5, 4])])
def test_good_image_shapes(shape):
    """Two or three sizes in any sequence become a tuple of int."""
    if isinstance(shape, np.ndarray):
        shape = tuple(shape)
    checked = check_image_shape(shape)
    assert checked == tuple(shape)
    assert all(type(size) is int for size in checked)


@pytest.mark.parametrize(
    "shape",
    [4, "45", (4,), (4, 5, 3, 1), (0, 5), (4, -1), (4, 5, 2), (4.0, 5), (4, None), ()],
)
def test_bad_image_shapes(shape):
    """Anything else is refused, with what was got."""
    with pytest.raises(ValueError, match="image_shape must be") as raised:
        check_image_shape(shape)
    assert repr(shape) in str(raised.value)


def test_smallest_and_channels_of_image_shapes():
    """A caller may ask for a smallest size and for certain channels."""
    assert check_image_shape((8, 8, 3), channels=(1, 3), smallest=8) == (8, 8, 3)
    with pytest.raises(ValueError, match="at least 8"):
        check_image_shape((8, 7), smallest=8)
    with pytest.raises(ValueError, match=r"\(1, 3\)"):
        check_image_shape((8, 8, 4), channels=(1, 3))


def test_names_in_messages_are_paths(tmp_path):
    """A path given as Path is written as a path in the message."""
    path = Path(tmp_path, "broken.jpg")
    path.write_bytes(b"\xff\xd8\xff")
    with pytest.raises(ValueError) as raised:
        natural_shape(path)
    assert str(raised.value).startswith(str(path))
