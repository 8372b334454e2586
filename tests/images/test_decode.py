"""Pictures of every kind beside Pillow's reading of them; and what is none, with its row."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from seqapps.images.decode import pixels

HEIGHT, WIDTH, SIZE = 37, 53, 11


@pytest.fixture(scope="module")
def picture():
    """Soft enough that two ways to make it smaller agree."""
    across, down = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    colours = np.stack([across, down, 1 - across * down], axis=-1)
    return Image.fromarray((255 * colours).astype("uint8"))


@pytest.fixture(scope="module")
def read():
    return tf.function(
        lambda images: pixels(images, SIZE), input_signature=[tf.TensorSpec([None], tf.string)]
    )


def encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def palette(picture):
    return picture.quantize(64)


def as_16_bits(picture):
    return Image.fromarray(np.asarray(picture.convert("L")).astype("uint16") * 257)


def frames(picture):
    return encoded(picture, "GIF", save_all=True, append_images=[Image.new("RGB", picture.size)])


KINDS = {
    "JPEG": lambda p: encoded(p, "JPEG", quality=95),
    "JPEG, progressive": lambda p: encoded(p, "JPEG", progressive=True, quality=95),
    "JPEG, grey": lambda p: encoded(p.convert("L"), "JPEG", quality=95),
    "JPEG, CMYK": lambda p: encoded(p.convert("CMYK"), "JPEG", quality=95),
    "PNG": lambda p: encoded(p, "PNG"),
    "PNG, grey": lambda p: encoded(p.convert("L"), "PNG"),
    "PNG, palette": lambda p: encoded(palette(p), "PNG"),
    "PNG, grey and alpha": lambda p: encoded(p.convert("LA"), "PNG"),
    "PNG, alpha": lambda p: encoded(p.convert("RGBA"), "PNG"),
    "PNG, 16 bits": lambda p: encoded(as_16_bits(p), "PNG"),
    "BMP": lambda p: encoded(p, "BMP"),
    "BMP, grey": lambda p: encoded(p.convert("L"), "BMP"),
    "BMP, palette": lambda p: encoded(palette(p), "BMP"),
    "GIF": lambda p: encoded(palette(p), "GIF"),
    "GIF, several frames": lambda p: frames(palette(p)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_what_pillow_makes_of_it(kind, picture, read):
    file = KINDS[kind](picture)
    (found,) = read(tf.constant([file])).numpy()
    opened = Image.open(io.BytesIO(file))
    if "16" in kind:
        opened = picture.convert("L")
    wanted = opened.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    assert found.shape == (SIZE, SIZE, 3)
    assert np.abs(found.astype(int) - np.asarray(wanted).astype(int)).mean() < 3


def test_what_can_be_seen_through_stands_on_white(read):
    clear = encoded(Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0)), "PNG")
    half = encoded(Image.new("RGBA", (WIDTH, HEIGHT), (255, 0, 0, 51)), "PNG")
    found = read(tf.constant([clear, half])).numpy()
    assert np.all(found[0] == 255)
    assert np.all(found[1] == [255, 204, 204])


def test_pictures_of_different_sizes_share_a_batch_and_change_nothing(picture, read):
    files = [encoded(picture, "PNG"), encoded(Image.new("RGB", (1, 1), (9, 99, 199)), "PNG")]
    both = read(tf.constant(files)).numpy()
    np.testing.assert_array_equal(both[0], read(tf.constant(files[:1]))[0])
    assert np.all(both[1] == [9, 99, 199])
    assert read(tf.constant([], tf.string)).shape == (0, SIZE, SIZE, 3)


def test_a_small_picture_is_smoothed_not_picked(read):
    """Every second column is white: nearly grey all over, not the columns that happen to be met."""
    stripes = np.zeros([88, 88, 3], "uint8")
    stripes[:, ::2] = 255
    (found,) = read(tf.constant([encoded(Image.fromarray(stripes), "PNG")])).numpy()
    assert np.abs(found.astype(int) - 127).max() < 30


BROKEN = {
    "nothing": (b"", "no picture: expected JPEG, PNG, BMP or GIF"),
    "text": (b"a red circle beside a blue square", "no picture"),
    "WebP": (b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(30), "no picture"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_picture_is_told_with_its_row(name, picture, read):
    file, problem = BROKEN[name]
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"row\] \[1\] \[{problem}"):
        read(tf.constant([encoded(picture, "PNG"), file]))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("share", [0.1, 0.7])
def test_a_file_that_is_cut_off_is_told_with_its_row(kind, share, picture, read):
    file = KINDS[kind](picture)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"row\] \[0\] \[is cut off"):
        read(tf.constant([file[: int(share * len(file))]]))


@pytest.mark.parametrize("kind", ["BMP", "BMP, grey"])
def test_a_bmp_that_is_a_byte_short_is_told_with_its_row(kind, picture, read):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"row\] \[1\] \[is cut off"):
        read(tf.constant([encoded(picture, "PNG"), KINDS[kind](picture)[:-1]]))


def test_a_gif_ends_with_its_trailer_and_perhaps_padding(read):
    """Of noise, whose pixels hold the byte of the trailer: it was taken for the end of the file."""
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), "uint8")
    file = encoded(Image.fromarray(noise), "GIF")
    cuts = [place + 1 for place in range(len(file) // 2, len(file) - 1) if file[place] == 0x3B]
    for cut in (*cuts[:2], len(file) - 1):
        with pytest.raises(tf.errors.InvalidArgumentError, match="is cut off"):
            read(tf.constant([file[:cut]]))
    plain, padded = read(tf.constant([file, file + b"\0\0\r\n"])).numpy()
    assert cuts
    np.testing.assert_array_equal(plain, padded)


def test_what_is_seen_through_in_part_is_the_mean_of_what_is_seen(read):
    """Black of any cover, in stripes of a pixel, beside the same on white made by Pillow."""
    cover = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), "uint8")
    colours = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), "uint8")
    clear = Image.fromarray(np.dstack([colours, cover]))
    white = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    found = read(tf.constant([encoded(clear, "PNG"), encoded(white, "PNG")])).numpy().astype(int)
    assert np.abs(found[0] - found[1]).max() <= 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_too_large_is_refused_before_it_is_decoded(kind, read):
    """20,000 x 20,000 in colour would take 1.2 GB."""
    large = encoded(Image.new("L", (20_000, 20_000)), kind)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"50,000,000 pixels.*20000 20000"):
        read(tf.constant([large]))


def test_a_gif_and_a_bmp_tell_their_size_too(read):
    gif = b"GIF89a" + bytes([0x20, 0x4E, 0x20, 0x4E]) + bytes(30) + b"\x3b"
    bmp = bytearray(encoded(Image.new("RGB", (3, 2)), "BMP"))
    bmp[18:26] = (20_000).to_bytes(4, "little") + (-20_000).to_bytes(4, "little", signed=True)
    for file in (gif, bytes(bmp)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="50,000,000 pixels"):
            read(tf.constant([file]))
