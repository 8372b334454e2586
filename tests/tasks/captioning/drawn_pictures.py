"""Pictures of one square, with captions, for the tests of captioning."""

import io
import warnings

from PIL import Image, ImageDraw

WORDS = ("red", "green", "blue", "white", "black", "grey")
CHANNELS, CELLS = 13, 4  # of the encoder that is saved: features of each cell, cells to a side


def drawn(colour, *, place=5, size=(53, 37), kind="PNG"):
    """An encoded picture of a square on grey."""
    picture = Image.new("RGB", size, (90, 90, 90))
    ImageDraw.Draw(picture).rectangle((place, place, place + 15, place + 15), fill=colour)
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


ROWS = [
    {
        "image_bytes": drawn(colour, place=place),
        "captions": f"A {colour} square .\na square that is {colour}\n{colour}",
        "scene": "",
    }
    for colour in WORDS
    for place in (2, 19)
]


def save(model, file):
    """Save a Keras model; h5py and NumPy 2 have words with each other there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        model.save(file)
