"""Encoded pictures to pixels, in the graph: for training and for serving alike."""

from __future__ import annotations

import tensorflow as tf

from seqapps.images.turn import turn_of, turned

MOST_PIXELS = 50_000_000  # of a picture before it is made smaller; looked up before memory is spent
LEAST_BYTES = 26  # that hold the size, of every kind but JPEG
START_OF = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n", "gif": b"GIF8", "bmp": b"BM"}
WHITE = 255.0


def pixels(images: tf.Tensor, size: int) -> tf.Tensor:
    """Encoded pictures, string [batch] -> uint8 [batch, size, size, 3], red, green and blue.

    JPEG, turned as the camera notes, PNG, BMP, and a GIF's first frame. Grey ones and palettes
    become colours, 16 bits 8; what can be seen through stands on white. The whole picture is made a
    square, whatever its sides were, with antialiasing: places keep their share of width and height.

    Raises InvalidArgumentError with the row of a picture that is of no such kind, is cut off, or
    has more than 50 million pixels. One that is damaged inside raises it without the row.
    """
    rows = tf.range(tf.shape(images)[0])
    return tf.map_fn(
        lambda item: _one(item[0], item[1], size),
        (rows, images),
        fn_output_signature=tf.TensorSpec([size, size, 3], tf.uint8),
    )


def _one(row: tf.Tensor, image: tf.Tensor, size: int) -> tf.Tensor:
    kind = _kind(image)
    image = _if(kind >= 0, image, row, "no picture: expected JPEG, PNG, BMP or GIF")
    image = _if(_is_whole(image, kind), image, row, "is cut off")
    sides = _sides(image, kind)
    count = tf.reduce_prod(tf.cast(sides, tf.int64))
    problem = f"has more than {MOST_PIXELS:,} pixels, or none; height and width:"
    image = _if((count > 0) & (count <= MOST_PIXELS), image, row, problem, sides)
    decoded = tf.switch_case(
        kind, [lambda: _jpeg(image), lambda: _png(image), lambda: _gif(image), lambda: _bmp(image)]
    )
    resized = tf.image.resize(decoded, [size, size], antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)


def _if(
    condition: tf.Tensor, image: tf.Tensor, row: tf.Tensor, problem: str, *values: tf.Tensor
) -> tf.Tensor:
    """The picture, of which nothing is looked at before the condition is known to hold."""
    told = tf.debugging.Assert(condition, ["image_bytes, row", row, problem, *values])
    with tf.control_dependencies([told]):
        return tf.identity(image)


def _kind(image: tf.Tensor) -> tf.Tensor:
    """The place in `START_OF`, or -1."""
    found = tf.stack(
        [tf.strings.substr(image, 0, len(start)) == start for start in START_OF.values()]
    )
    return tf.where(tf.reduce_any(found), tf.argmax(found, output_type=tf.int32), -1)


def _is_whole(image: tf.Tensor, kind: tf.Tensor) -> tf.Tensor:
    """Whether the mark that ends such a file is there, in its last half; BMP has none."""
    length = tf.strings.length(image)
    end = tf.strings.substr(image, length // 2, length)
    marks = [b"\xff\xd9", b"IEND", b"\x3b", b""]
    found = tf.stack([_contains(end, mark) for mark in marks])
    return tf.gather(found, tf.maximum(kind, 0)) & ((kind == 0) | (length >= LEAST_BYTES))


def _contains(text: tf.Tensor, mark: bytes) -> tf.Tensor:
    values = tf.io.decode_raw(text, tf.uint8)
    length = tf.size(values) - len(mark) + 1
    found = tf.fill([tf.maximum(length, 0)], True)
    for place, byte in enumerate(mark):
        found &= values[place : place + tf.maximum(length, 0)] == byte
    return tf.reduce_any(found)


def _sides(image: tf.Tensor, kind: tf.Tensor) -> tf.Tensor:
    """[height, width] as the file's beginning tells them."""

    def jpeg() -> tf.Tensor:
        return tf.io.extract_jpeg_shape(image)[:2]

    def png() -> tf.Tensor:
        return tf.stack([_number(image, 20, 21, 22, 23), _number(image, 16, 17, 18, 19)])

    def gif() -> tf.Tensor:
        return tf.stack([_number(image, 9, 8), _number(image, 7, 6)])

    def bmp() -> tf.Tensor:  # one that is stored from the top has a negative height
        return tf.stack([tf.abs(_number(image, 25, 24, 23, 22)), _number(image, 21, 20, 19, 18)])

    return tf.switch_case(kind, [jpeg, png, gif, bmp])


def _number(image: tf.Tensor, *places: int) -> tf.Tensor:
    """Of the bytes at these places, the most significant first."""
    found = tf.constant(0)
    for place in places:
        (byte,) = tf.unstack(tf.io.decode_raw(tf.strings.substr(image, place, 1), tf.uint8), 1)
        found = found * 256 + tf.cast(byte, tf.int32)
    return found


def _jpeg(image: tf.Tensor) -> tf.Tensor:
    found = turned(tf.io.decode_jpeg(image, channels=3), turn_of(image))
    return tf.cast(tf.ensure_shape(found, [None, None, 3]), tf.float32)


def _png(image: tf.Tensor) -> tf.Tensor:
    return _on_white(tf.cast(tf.io.decode_png(image, channels=4), tf.float32))


def _gif(image: tf.Tensor) -> tf.Tensor:
    first = tf.io.decode_image(image, channels=3, expand_animations=False)
    return tf.cast(tf.ensure_shape(first, [None, None, 3]), tf.float32)


def _bmp(image: tf.Tensor) -> tf.Tensor:
    """Three or four channels, or numbers of colours."""
    found = tf.io.decode_bmp(image)
    one = tf.shape(found)[2] == 1
    colours = tf.cond(one, lambda: _by_palette(image, found), lambda: found[:, :, :3])
    return tf.ensure_shape(tf.cast(colours, tf.float32), [None, None, 3])


def _by_palette(image: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """TensorFlow gives the numbers as if they were grey: uint8 [height, width, 1] -> [..., 3]."""
    start = 14 + _number(image, 17, 16, 15, 14)
    count = _number(image, 13, 12, 11, 10) - start  # bytes up to the pixels: blue, green, red, 0
    palette = tf.io.decode_raw(tf.strings.substr(image, start, count), tf.uint8)
    palette = tf.reshape(palette, [-1, 4])[:, 2::-1]
    return tf.gather(palette, tf.cast(numbers[:, :, 0], tf.int32))


def _on_white(image: tf.Tensor) -> tf.Tensor:
    """[height, width, 4] -> [height, width, 3]."""
    share = image[:, :, 3:] / WHITE
    return image[:, :, :3] * share + WHITE * (1 - share)
