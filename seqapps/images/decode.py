"""Encoded pictures to pixels, in the graph: for training and for serving alike."""

from __future__ import annotations

import tensorflow as tf

from seqapps.images.turn import turn_of, turned

PREPARED = 1  # raised when `pixels` makes others of the same pictures
MOST_PIXELS = 50_000_000  # of a picture before it is made smaller; looked up before memory is spent
AT_ONCE = 2  # pictures that are decoded side by side: of each all pixels are in memory
LOOKED_AT = 1 << 20  # bytes at the end of a file, in which the mark of the end is looked for
PADDING = b"\x00\t\n\r "  # bytes that may follow the end of a GIF
START_OF = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n", "gif": b"GIF8", "bmp": b"BM"}
LEAST_BYTES = (0, 26, 26, 30)  # of these kinds, that hold the size; of JPEG TensorFlow finds it
WHITE = 255


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
        parallel_iterations=AT_ONCE,
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
    image = _if(_has_pixels(image, kind, count), image, row, "is cut off")
    small = tf.switch_case(
        kind,
        [
            lambda: _resized(_jpeg(image), size),
            lambda: _on_white(tf.io.decode_png(image, channels=4), size),
            lambda: _resized(_gif(image), size),
            lambda: _resized(_bmp(image), size),
        ],
    )
    return tf.cast(tf.clip_by_value(tf.round(small), 0, 255), tf.uint8)


def _resized(pixels: tf.Tensor, size: int) -> tf.Tensor:
    """Whole numbers [height, width, n] -> float [size, size, n].

    The kernel takes them as they are: a copy as floats would have four times their size.
    """
    return tf.cast(tf.image.resize(pixels, [size, size], antialias=True), tf.float32)


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
    """Whether the mark that ends such a file is there, near its end; BMP has none."""
    length = tf.strings.length(image)
    start = tf.maximum(length // 2, length - LOOKED_AT)
    end = tf.io.decode_raw(tf.strings.substr(image, start, length), tf.uint8)
    found = tf.switch_case(
        kind,
        [
            lambda: _contains(end, b"\xff\xd9"),
            lambda: _contains(end, b"IEND"),
            lambda: _ends_as_gif(end),
            lambda: tf.constant(True),
        ],
    )
    return found & (length >= tf.gather(LEAST_BYTES, tf.maximum(kind, 0)))


def _ends_as_gif(values: tf.Tensor) -> tf.Tensor:
    """Whether the last block ends and the trailer follows; both bytes are in pixels, too."""
    padding = tf.reduce_any(values[:, None] == tf.constant([*PADDING], tf.uint8), axis=1)
    last = tf.reduce_max(tf.where(padding, -1, tf.range(tf.size(values))))
    two = values[tf.maximum(last - 1, 0) : last + 1]
    return tf.reduce_all(tf.concat([two, [0]], 0)[:2] == tf.constant([0x00, 0x3B], tf.uint8))


def _has_pixels(image: tf.Tensor, kind: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Whether a BMP file is as long as its pixels take; of others the mark at the end tells."""

    def bmp() -> tf.Tensor:
        start, width = _number(image, 13, 12, 11, 10), _number(image, 21, 20, 19, 18)
        start, width, bits, length = (
            tf.cast(each, tf.int64)
            for each in (start, width, _number(image, 29, 28), tf.strings.length(image))
        )
        row = (bits * width + 31) // 32 * 4  # bytes
        return length >= start + row * (count // width)

    return tf.cond(kind == list(START_OF).index("bmp"), bmp, lambda: tf.constant(True))


def _contains(values: tf.Tensor, mark: bytes) -> tf.Tensor:
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
    return tf.ensure_shape(found, [None, None, 3])


def _gif(image: tf.Tensor) -> tf.Tensor:
    first = tf.io.decode_image(image, channels=3, expand_animations=False)
    return tf.ensure_shape(first, [None, None, 3])


def _bmp(image: tf.Tensor) -> tf.Tensor:
    """Three or four channels, or numbers of colours."""
    found = tf.io.decode_bmp(image)
    one = tf.shape(found)[2] == 1
    colours = tf.cond(one, lambda: _by_palette(image, found), lambda: found[:, :, :3])
    return tf.ensure_shape(colours, [None, None, 3])


def _by_palette(image: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """TensorFlow gives the numbers as if they were grey: uint8 [height, width, 1] -> [..., 3]."""
    start = 14 + _number(image, 17, 16, 15, 14)
    count = _number(image, 13, 12, 11, 10) - start  # bytes up to the pixels: blue, green, red, 0
    palette = tf.io.decode_raw(tf.strings.substr(image, start, count), tf.uint8)
    palette = tf.reshape(palette, [-1, 4])[:, 2::-1]
    return tf.gather(palette, tf.cast(numbers[:, :, 0], tf.int32))


def _on_white(image: tf.Tensor, size: int) -> tf.Tensor:
    """uint8 [height, width, 4] -> float [size, size, 3].

    What can be seen through is put on white while it is made smaller, a colour at a time: with c a
    colour and a what it covers, the mean of c a / 255 + 255 - a is that of c a / 255 + 255 - that
    of a. The products are whole numbers of 16 bits.
    """

    def seen_through() -> tf.Tensor:
        cover = tf.cast(image[:, :, 3:], tf.uint16)

        def colour(place: tf.Tensor) -> tf.Tensor:
            one = tf.cast(image[:, :, place : place + 1], tf.uint16)
            return _resized(one * cover, size)[:, :, 0]

        colours = tf.map_fn(
            colour,
            tf.range(3),
            parallel_iterations=1,
            fn_output_signature=tf.TensorSpec([size, size], tf.float32),
        )
        covered = _resized(cover, size)
        return tf.transpose(colours, [1, 2, 0]) / WHITE + WHITE - covered

    whole = tf.reduce_all(image[:, :, 3] == WHITE)
    return tf.cond(whole, lambda: _resized(image, size)[:, :, :3], seen_through)
