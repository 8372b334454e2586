"""What tests of data share: small images, and a task of images with captions."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from seqapps.task import Column, Fixed


def _png(number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (2, 3), (number % 256, number // 256, 7)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def png():
    """A function from a number to a PNG file, another one for each number below 65,536."""
    return _png


@pytest.fixture(scope="session")
def pictures(sentiment):
    """A task whose rows are images with their captions."""
    names = ("image", "file_name", "filename", "path")
    captions = Column("text", "a line each", several=True, called=("caption", "text", "comment"))
    return replace(
        sentiment,
        name="pictures",
        inputs={"image_bytes": Column("image", "a picture", called=names)},
        targets={"captions": captions, "scene": Column("text", "what is drawn", default="")},
        refusals=(),
        batching=Fixed(),
        samples={},
    )
