"""Images are found where a table names them, and only what TensorFlow reads is let through."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seqapps.data.images import MOST_BYTES, MOST_PIXELS, ImageFile, ImageFolder, problem_of

NOISE = np.random.default_rng(7).integers(0, 255, (23, 29, 3), "uint8")
RGB = Image.fromarray(NOISE)
GREY16 = Image.fromarray(NOISE[..., 0].astype("uint16") * 257)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def animated(kind: str) -> bytes:
    others = [Image.fromarray(255 - NOISE), Image.fromarray(NOISE[::-1].copy())]
    return encoded(RGB, kind, save_all=True, append_images=others, duration=100)


def header_only(width: int, height: int) -> bytes:
    """A PNG file that says how large it is and holds no pixels."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = {b"IHDR": size, b"IDAT": b"", b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks.items()
    )  # fmt: skip


READ = {
    "jpeg": encoded(RGB, "JPEG"),
    "progressive jpeg": encoded(RGB, "JPEG", progressive=True),
    "grey jpeg": encoded(RGB.convert("L"), "JPEG"),
    "cmyk jpeg": encoded(RGB.convert("CMYK"), "JPEG"),
    "jpeg without chroma": encoded(RGB, "JPEG", keep_rgb=True),
    "two pictures in one jpeg": encoded(RGB, "MPO", save_all=True, append_images=[RGB]),
    "jpeg of one pixel": encoded(RGB.resize((1, 1)), "JPEG"),
    "png": encoded(RGB, "PNG"),
    "png of 16 bits": encoded(GREY16, "PNG"),
    "png of one bit": encoded(RGB.convert("1"), "PNG"),
    "png with a palette": encoded(RGB.convert("P"), "PNG"),
    "png with a transparent colour": encoded(RGB.convert("P"), "PNG", transparency=3),
    "grey png with alpha": encoded(RGB.convert("LA"), "PNG"),
    "png with alpha": encoded(RGB.convert("RGBA"), "PNG"),
    "png of one pixel": encoded(RGB.resize((1, 1)), "PNG"),
    "animated png": animated("PNG"),
    "gif": encoded(RGB, "GIF"),
    "animated gif": animated("GIF"),
    "gif with padding behind it": encoded(RGB, "GIF") + b"\0\0\n",
    "bmp": encoded(RGB, "BMP"),
    "grey bmp": encoded(RGB.convert("L"), "BMP"),
    "bmp with alpha": encoded(RGB.convert("RGBA"), "BMP"),
    "bmp with a palette": encoded(RGB.convert("P"), "BMP"),
    "followed by something": encoded(RGB, "JPEG") + b"more" * 7,
}
NOT_READ = {
    "bmp of one bit": encoded(RGB.convert("1"), "BMP"),
    "bmp followed by something": encoded(RGB, "BMP") + b"more",
    "webp": encoded(RGB, "WEBP"),
    "animated webp": animated("WEBP"),
    "tiff": encoded(RGB, "TIFF"),
    "avif": encoded(RGB, "AVIF"),
    "jpeg 2000": encoded(RGB, "JPEG2000"),
    "text": b"no image at all",
    "html": b"<!DOCTYPE html><title>404</title>",
    "nothing": b"\0" * 100,
    "only a header": header_only(29, 23),
    "a wrong checksum": READ["grey png with alpha"].replace(b"IDAT", b"IDAT\0", 1),
    **{
        f"{name} without its last {cut} bytes": READ[name][:-cut]
        for name in (
            "jpeg", "progressive jpeg", "grey jpeg", "png", "gif", "animated gif", "bmp", "grey bmp"
        )
        for cut in (2, 11, 61, 331)
    },
}  # fmt: skip


def tensorflow_reads(image: bytes) -> bool:
    import tensorflow as tf

    from seqapps.images.decode import pixels

    try:
        pixels(tf.constant([image]), 11)
    except tf.errors.InvalidArgumentError:
        return False
    return True


@pytest.mark.parametrize("name", READ)
def test_what_tensorflow_reads_is_taken(name):
    assert tensorflow_reads(READ[name])
    assert problem_of(READ[name]) is None


@pytest.mark.parametrize("name", NOT_READ)
def test_what_tensorflow_does_not_read_is_refused(name):
    assert not tensorflow_reads(NOT_READ[name])
    assert problem_of(NOT_READ[name]) is not None


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("tiff", "is a TIFF image; JPEG, PNG, GIF and BMP are read"),
        ("avif", "is an HEIC or AVIF image, or a film; JPEG"),
        ("animated webp", "is a WebP image; JPEG, PNG, GIF and BMP are read"),
        ("html", "is HTML, XML or SVG; JPEG"),
        ("text", "is no image, or a damaged one; JPEG"),
        ("jpeg without its last 61 bytes", "is an image that is cut off or damaged"),
        ("png without its last 2 bytes", "is an image that is cut off"),
    ],
)
def test_what_is_wrong_is_said(name, what):
    assert problem_of(NOT_READ[name]).startswith(what)


@pytest.mark.parametrize(
    ("size", "said"), [((10_007, 10_007), " (10,007 x 10,007)"), ((20_000, 20_000), "")]
)
def test_an_image_is_too_large_by_its_header(size, said):
    """Below and above the size at which Pillow itself refuses."""
    what = f"is an image of more than {MOST_PIXELS:,} pixels{said}; make it smaller"
    assert problem_of(header_only(*size)) == what


# where they are


@pytest.fixture
def folder(tmp_path):
    base = tmp_path / "set"
    base.mkdir()
    return base


def put(file: Path, content: bytes = b"here") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def found(folder, name, split=None):
    return ImageFolder(folder, split).file_of(name)


@pytest.mark.parametrize(
    "place", ["a.jpg", "images/a.jpg", "Images/a.jpg", "Flickr8k/Flicker8k_Dataset/a.jpg",
              "images/train2017/a.jpg", "one/two/three/a.jpg"],
)  # fmt: skip
def test_an_image_is_found_in_or_below_the_folder(place, folder):
    file = put(folder / place)
    assert found(folder, "a.jpg") == (file, None)


def test_a_name_may_hold_folders(folder):
    file = put(folder / "images" / "train" / "a.jpg")
    assert found(folder, "train/a.jpg") == (file, None)


def test_of_two_images_of_one_name_that_of_the_split_is_meant(folder):
    train, val = (put(folder / name / "a.jpg") for name in ("train2017", "val2017"))
    assert found(folder, "a.jpg", "train") == (train, None)
    assert found(folder, "a.jpg", "valid") == (val, None)
    why = f"names 'a.jpg', which lies in {folder / 'train2017'} and {folder / 'val2017'}"
    assert found(folder, "a.jpg") == (None, why)


def test_an_image_of_another_split_is_taken_where_it_is_the_only_one(folder):
    file = put(folder / "val2014" / "a.jpg")
    assert found(folder, "a.jpg", "train") == (file, None)


def test_an_image_that_is_not_there(folder):
    put(folder / "b.jpg")
    why = f"names 'a.jpg', which is no file in or below {folder}"
    assert found(folder, "a.jpg") == (None, why)


@pytest.mark.parametrize("how", ["..", "absolute", "link", "linked folder"])
def test_a_path_that_leads_out_of_the_folder_is_refused(how, folder, tmp_path):
    secret = put(tmp_path / "other" / "a.jpg")
    (folder / "a.jpg").symlink_to(secret)
    (folder / "inner").symlink_to(secret.parent)
    name = {"..": "../other/a.jpg", "absolute": str(secret), "link": "a.jpg",
            "linked folder": "inner/a.jpg"}[how]  # fmt: skip
    why = f"names {name!r}, which leads out of {folder}; copy the images into it"
    assert found(folder, name) == (None, why)


def test_a_link_to_a_file_in_the_folder_and_a_link_to_the_folder_are_fine(folder, tmp_path):
    put(folder / "images" / "a.jpg")
    (folder / "b.jpg").symlink_to(folder / "images" / "a.jpg")
    (tmp_path / "link").symlink_to(folder)
    assert found(tmp_path / "link", "b.jpg")[1] is None


@pytest.mark.parametrize("name", ["x" * 3_001, "a\0.jpg", "a/" * 2_001])
def test_what_cannot_be_a_name_is_refused(name, folder):
    assert "names" in str(found(folder, name)[1])


def test_a_folder_is_no_image(folder):
    (folder / "a.jpg").mkdir()
    assert "is no file" in str(found(folder, "a.jpg")[1])


def test_a_file_is_too_large_before_it_is_read(folder):
    with put(folder / "a.jpg").open("r+b") as file:
        file.truncate(MOST_BYTES + 1)
    content, why = ImageFile("a.jpg", ImageFolder(folder)).read()
    assert content is None
    assert why == "names 'a.jpg', a file of 200,000,001 bytes; the limit is 200,000,000"
