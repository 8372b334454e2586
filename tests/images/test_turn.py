"""The turn that a camera notes, beside Pillow's; and notes that are damaged."""

import io
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from seqapps.images.decode import pixels
from seqapps.images.turn import MARK, turn_of, turned
from seqapps.report.heat_maps import opened

HEIGHT, WIDTH = 5, 7
ORIENTATION = 0x0112


@pytest.fixture(scope="module")
def picture():
    values = np.random.default_rng(0).integers(0, 256, [HEIGHT, WIDTH, 3])
    return Image.fromarray(values.astype("uint8"))


def noted(picture, turn):
    """A JPEG file whose Exif data have a tag before the one of the turn, and one after it."""
    exif = Image.Exif()
    exif[0x010F], exif[ORIENTATION], exif[0x0131] = "a maker", turn, "a program"
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif, quality=95)
    return file.getvalue()


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_is_turned_as_pillow_turns_it(turn, picture):
    file = noted(picture, turn)
    found = turn_of(tf.constant(file))
    assert found == turn
    raw = tf.io.decode_jpeg(file, dct_method="INTEGER_ACCURATE")
    wanted = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
    np.testing.assert_array_equal(turned(raw, found), np.asarray(wanted))


def test_a_batch_holds_turned_pictures_and_others(picture):
    files = [noted(picture, turn) for turn in (6, 1)]
    on_its_side, as_it_lies = pixels(tf.constant(files), HEIGHT).numpy().astype(int)
    np.testing.assert_allclose(on_its_side, np.rot90(as_it_lies, -1), atol=1)


def test_a_report_shows_the_picture_turned(picture):
    assert opened(noted(picture, 8)).size == (HEIGHT, WIDTH)


def big_endian(turn):
    """Exif data as other cameras write them: one tag, the most significant byte first."""
    return MARK + b"MM\x00*" + struct.pack(">IHHHIHH", 8, 1, ORIENTATION, 3, 1, turn, 0)


def test_the_most_significant_byte_may_come_first():
    assert turn_of(tf.constant(b"\xff\xd8" + big_endian(5))) == 5


@pytest.mark.parametrize(
    "file",
    {
        "nothing": b"",
        "no note": b"\xff\xd8\xff\xe0",
        "the mark alone": MARK,
        "cut off": big_endian(5)[:-9],
        "a turn of 9": big_endian(9),
        "a turn of 0": big_endian(0),
        "tags that lie outside": MARK + b"MM\x00*" + struct.pack(">I", 10**6) + bytes(20),
        "tags that lie before": MARK + b"MM\x00*" + struct.pack(">I", 2**32 - 4) + bytes(20),
        "another type": big_endian(5).replace(b"\x00\x03", b"\x00\x04", 1),
    }.items(),
    ids=lambda item: item[0],
)
def test_a_note_that_says_nothing_turns_nothing(file):
    assert turn_of(tf.constant(file[1])) == 1
