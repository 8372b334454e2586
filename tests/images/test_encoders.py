"""The encoder of our own, and the colours that it is shown."""

import numpy as np
import pytest

from seqapps.images.encoders import small
from seqapps.images.shuffled_channels import ShuffledChannels

# Of each picture two pixels: (1, 2, 3) and (4, 6, 5).
PICTURES = np.tile(np.array([[[[1, 2, 3], [4, 6, 5]]]], "float32"), (600, 1, 1, 1))


def test_a_picture_in_training_has_one_of_six_orders_of_its_channels():
    found = np.asarray(ShuffledChannels()(PICTURES, training=True))[:, 0]
    orders, counts = np.unique(found[:, 0], axis=0, return_counts=True)
    assert len(orders) == 6 and counts.min() > 60
    second = dict(zip((1, 2, 3), (4, 6, 5), strict=True))
    assert all([second[value] for value in one] == list(two) for one, two in found)


def test_answers_are_of_the_picture_as_it_is():
    np.testing.assert_array_equal(ShuffledChannels()(PICTURES), PICTURES)


@pytest.mark.parametrize("size", [8, 20, 64])
def test_both_paths_lead_to_cells_of_eight_pixels(size):
    assert small(size, channels=8).output_shape == (None, -(-size // 8), -(-size // 8), 8 + 2)
