"""The bundle of `tests/conftest.py` as several tests look at it; loaded once."""

import pytest

from seqapps import files


@pytest.fixture(scope="session")
def golden(bundle):
    """Golden record by name of the signature."""
    records = files.read_json(bundle / "assets.extra" / "golden.json")
    return {record["signature"]: record for record in records}


@pytest.fixture(scope="session")
def meta_graph(bundle):
    """What `saved_model.pb` says, without TensorFlow's loader in between."""
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString((bundle / "saved_model.pb").read_bytes())
    (graph,) = saved.meta_graphs
    return graph


@pytest.fixture(scope="session")
def loaded(bundle):
    """The export as Python loads it; `.signatures` are its functions."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  # registers the operations that the export uses

    return tf.saved_model.load(str(bundle))
