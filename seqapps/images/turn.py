"""The turn that a camera notes in a picture's file, read and followed in the graph."""

from __future__ import annotations

from functools import partial

import tensorflow as tf

MARK = b"Exif\x00\x00"
READ = 1 << 13  # bytes of a file in which the note is looked for: cameras write it first
ENTRIES = 100  # tags of a picture that are looked through
ORIENTATION = 0x0112  # the tag (Exif 3.0, 4.6.5.1.1)
SHORT = 3  # the type of its value


def turn_of(image: tf.Tensor) -> tf.Tensor:
    """The orientation that Exif data note in a file, 1 to 8: int32 []; 1 where they note none.

    What is damaged or out of its bounds counts as no note.
    """
    read = tf.io.decode_raw(tf.strings.substr(image, 0, READ), tf.uint8)
    count = tf.size(read)
    length = tf.maximum(count - len(MARK) + 1, 0)
    found = tf.fill([length], True)
    for place, byte in enumerate(MARK):
        found &= read[place : place + length] == byte

    def noted() -> tf.Tensor:
        start = tf.argmax(found, output_type=tf.int32)  # of the first mark
        return _noted(tf.cast(read[start + len(MARK) :], tf.int32))

    return tf.cond(tf.reduce_any(found), noted, lambda: tf.constant(1))


def turned(pixels: tf.Tensor, turn: tf.Tensor) -> tf.Tensor:
    """The picture as it was seen: [height, width, channels], for 5 to 8 the sides change places."""
    flips = (
        lambda values: values,
        lambda values: values[:, ::-1],
        lambda values: values[::-1, ::-1],
        lambda values: values[::-1],
    )

    def sides_changed() -> tf.Tensor:
        return tf.transpose(pixels, [1, 0, 2])

    as_it_lies = [partial(flip, pixels) for flip in flips]
    on_its_side = [lambda flip=flip: flip(sides_changed()) for flip in flips]
    return tf.switch_case(turn - 1, [*as_it_lies, *on_its_side])


def _noted(data: tf.Tensor) -> tf.Tensor:
    """The orientation in the bytes that follow the mark: the form of a TIFF file."""
    padded = tf.concat([data, tf.zeros([12 * ENTRIES + 10], tf.int32)], axis=0)
    little = padded[0] == ord("I")

    def number(places: tf.Tensor, size: int) -> tf.Tensor:
        """Whole numbers of `size` bytes from these places on."""
        order = tf.where(little, tf.range(size), tf.range(size)[::-1])
        each = tf.gather(padded, places[..., None] + order)
        return tf.reduce_sum(each * 256 ** tf.range(size), axis=-1)

    first = number(tf.constant(4), 4)
    inside = (first >= 8) & (first < tf.size(data))
    first = tf.where(inside, first, tf.size(data))  # zeros are there
    entries = first + 2 + 12 * tf.range(ENTRIES)
    there = tf.range(ENTRIES) < number(first, 2)
    is_tag = there & (number(entries, 2) == ORIENTATION) & (number(entries + 2, 2) == SHORT)
    value = tf.reduce_max(tf.where(is_tag, number(entries + 8, 2), 0))
    return tf.where((value >= 1) & (value <= 8), value, 1)
