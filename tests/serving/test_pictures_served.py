"""Pictures over REST: a bad one is told with its row, and serving goes on."""

import base64
import io

import pytest
from PIL import Image
from served_models import Asking, function, save, spec

from seqapps import start
from seqapps.serving.app import application
from seqapps.serving.models import Models

ADDRESS = "/v1/models/colours:predict"


def encoded(colour, kind):
    file = io.BytesIO()
    Image.new("RGB", (37, 23), colour).save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Asks a model that decodes pictures in its graph as captioners do, and tells their colour."""
    start.tensorflow()
    import tensorflow as tf

    from seqapps.images.decode import pixels

    module, folder = tf.Module(), tmp_path_factory.mktemp("pictures")

    @function(spec(dtype="string", name="image_bytes"))
    def colours(image_bytes):
        return {"colour": tf.reduce_mean(tf.cast(pixels(image_bytes, 5), tf.float32), axis=[1, 2])}

    module.colours = colours
    save((module, {"serving_default": colours}), folder / "colours" / "1")
    models = Models(folder)
    models.refresh()
    with Asking(application(models)) as client:

        def ask(*files):
            rows = [{"image_bytes": {"b64": base64.b64encode(file).decode()}} for file in files]
            return client.post(ADDRESS, json={"instances": rows})

        yield ask
    models.close()


def test_a_picture_is_answered_a_bad_row_is_told_and_serving_goes_on(ask):
    red, blue = encoded((250, 0, 0), "PNG"), encoded((0, 0, 250), "BMP")
    wanted = [[250.0, 0.0, 0.0], [0.0, 0.0, 250.0]]
    assert ask(red, blue).json() == {"predictions": wanted}
    for bad, problem in {
        b"no picture": "no picture: expected JPEG, PNG, BMP or GIF",
        blue[:-9]: "is cut off",
        encoded((1, 2, 3), "GIF")[:-1]: "is cut off",
        red[:40] + red[60:]: "",  # damaged inside: told without its row
        b"": "no picture",
    }.items():
        response = ask(red, bad)
        told = response.json()["error"]
        assert response.status_code == 400
        assert problem in told and "/" not in told
        if problem:
            assert "[image_bytes, row] [1]" in told
        assert ask(blue, red).json() == {"predictions": wanted[::-1]}
