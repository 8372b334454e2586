"""The encoder of our own, the colours that it is shown, and maps inside of others."""

import keras
import numpy as np
import pytest

from seqapps.errors import UserError
from seqapps.images.encoders import pretrained, small
from seqapps.images.finer_map import with_finer_map
from seqapps.images.shuffled_channels import ShuffledChannels

# Keras saves weights in a way that a newer NumPy warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
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


EDGE = ((0, 1), (0, 1))  # as networks for phones pad before a stride of 2
FINE = keras.layers.Conv2D(5, 4, strides=4, padding="same", name="fine")
DEEPER = keras.layers.Conv2D(5, 3, padding="same", name="deeper")
LAST = keras.layers.Conv2D(7, 2, strides=2, name="last")


def flat():
    pictures = keras.Input([None, None, 3])
    before = DEEPER(FINE(keras.layers.Rescaling(1 / 255)(pictures)))
    return keras.Model(pictures, LAST(keras.layers.ZeroPadding2D(EDGE)(before)))


def nested():
    """As who prepares pictures before a network of keras.applications saves it."""
    pictures, scaled = keras.Input([None, None, 3]), keras.Input([None, None, 3])
    padded = keras.layers.ZeroPadding2D(EDGE)(DEEPER(FINE(scaled)))
    network = keras.Model(scaled, LAST(padded), name="network")
    return keras.Model(pictures, network(keras.layers.Rescaling(1 / 255)(pictures)))


def sequential():
    scaled = keras.layers.Rescaling(1 / 255)
    inside = keras.Sequential([FINE, DEEPER, keras.layers.ZeroPadding2D(EDGE)])
    return keras.Sequential([keras.Input([None, None, 3]), scaled, inside, LAST])


@pytest.mark.parametrize("made", [flat, nested, sequential])
def test_the_finer_map_is_the_last_of_twice_as_many_cells(made, tmp_path):
    """8 x 8 cells of 32 pixels, then 9 x 9 with an edge of zeros, of which 4 x 4 are made."""
    made().save(tmp_path / "encoder.keras")
    pictures = np.random.default_rng(0).uniform(0, 255, [2, 32, 32, 3]).astype("float32")
    cells, overview = pretrained(f"{tmp_path / 'encoder.keras'}", 32, finer=True)(pictures)
    fine = DEEPER(FINE(pictures / 255))
    last = LAST(keras.layers.ZeroPadding2D(EDGE)(fine))
    np.testing.assert_allclose(cells, fine, atol=1e-5)
    np.testing.assert_allclose(overview, np.mean(last, axis=(1, 2)), atol=1e-5)


class Closed(keras.Model):
    """Its call is Python code, which Keras does not open."""

    def call(self, pictures):
        return LAST(FINE(pictures))


def test_an_encoder_that_cannot_be_opened_is_told():
    with pytest.raises(UserError, match=r"'closed' has no map inside.* 4 x 4 "):
        with_finer_map(Closed(), "closed", 32)


def test_an_encoder_without_a_finer_map_is_told(tmp_path):
    keras.Sequential([keras.Input([None, None, 3]), FINE]).save(tmp_path / "encoder.keras")
    with pytest.raises(UserError, match=r"has no map inside.* 8 x 8 .*image_map = 'last'"):
        pretrained(f"{tmp_path / 'encoder.keras'}", 32, finer=True)
