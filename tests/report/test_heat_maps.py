"""A picture once for every word, in its own proportions and no larger than it is looked at."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from seqapps.explain.explanation import Looked
from seqapps.explain.overlay import overlay
from seqapps.report import heat_maps


def encoded(width, height, **options):
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 100, 50)).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize(("width", "height"), [(60, 20), (20, 60), (30, 30)])
def test_a_picture_keeps_its_proportions_in_a_panel_of_width_1(width, height):
    picture = heat_maps.opened(encoded(width, height))
    axes = Figure().add_subplot()
    heat_maps.draw(axes, picture, ["a", "cat"] * 4, np.full([8, 4, 4], 1 / 16))
    assert len(axes.images) == 9
    for panel in axes.images:
        left, right, bottom, top = panel.get_extent()
        assert (right - left) / (bottom - top) == pytest.approx(width / height)
        assert max(right - left, bottom - top) == pytest.approx(1)
    rows = {round(panel.get_extent()[2], 6) for panel in axes.images}
    assert len(rows) == 2
    assert axes.get_ylim()[0] == pytest.approx(max(rows), abs=1e-5)


def test_no_more_pixels_are_held_than_are_shown():
    file = encoded(1500, 500, exif=b"Exif\0\0MM\0*" + bytes.fromhex(
        "00000008 0001 0112 0003 00000001 0006 0000 00000000".replace(" ", "")))  # fmt: skip
    assert heat_maps.opened(file, 90).size == (30, 90)  # turned, as the camera notes
    assert heat_maps.opened(encoded(40, 20), 90).size == (40, 20)


def test_an_overlay_is_as_wide_as_its_panels():
    looked = Looked(["a", " cat", "</s>"], np.full([3, 4, 4], 1 / 16).tolist())
    with Image.open(io.BytesIO(overlay(encoded(900, 300), looked, "png"))) as drawn:
        assert 2.5 < drawn.width / drawn.height < 12
        assert drawn.width < 1200
