"""Features of a frozen encoder are kept for later runs, and change nothing that is learnt."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from drawn_pictures import CELLS, CHANNELS, ROWS, drawn, save
from seqapps.tasks.captioning.task import TASK
from seqapps.tasks.captioning.vectors import vectors_of
from told import Told

from seqapps.data import feature_store
from seqapps.data.batching import plan
from seqapps.data.paired import source_of
from seqapps.settings import replace
from seqapps.training.train import train

KNOWN = [row["image_bytes"] for row in ROWS]


@pytest.fixture
def settings(made, encoder):
    more = {"epochs": 2, "batch_tokens": 30, "image_encoder": encoder}
    return replace(made().settings, more, where="test")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """`place(name)` is the cache from then on; "none" cannot be written."""
    (tmp_path / "none").write_text("a file where the folder should be")

    def place(name):
        monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / name))

    place("mine")
    return place


@pytest.fixture
def read(tmp_path, settings):
    """Makes training's tensors: (those of a round, what was said)."""

    def read(cases=ROWS, **more):
        values, told = replace(settings, more, where="test"), Told()
        features = TASK.features(values, TASK.fit(iter(ROWS), values))
        source = source_of(TASK, values, features, cases, folder=tmp_path, progress=told)
        batches = plan(cases, TASK.batching, values)
        pairs = [tf.nest.flatten(pair) for pair in source(lambda: batches)]
        return [each.numpy() for pair in pairs for each in pair], told.lines

    return read


def kept():
    return [entry.rows for entry in feature_store.entries()]


def test_training_reads_the_same_bits_with_and_without_what_runs_before_have_read(place, read):
    place("none")
    fresh, (said,) = read()
    assert "features are not kept for later runs" in said
    place("mine")
    _, said = read(ROWS[::-1][:7], batch_tokens=17)  # other pictures, in other batches
    assert (kept(), said) == ([7], [])
    partly, (said,) = read()
    assert kept() == [12]
    assert said == (
        "training: 7 of 12 training cases came from the cache, as encoder.keras, 32 pixels read "
        "them before"
    )
    wholly, (said,) = read()
    assert said.startswith("training: 12 of 12 training cases")
    assert {each.dtype.name for each in fresh} == {"float16", "int32"}
    for others in (partly, wholly):
        for one, two in zip(fresh, others, strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.long
def test_training_learns_the_same_bits_from_kept_features(place, tmp_path, settings):
    def weights(run):
        model, _ = train(
            TASK, settings, TASK.fit(iter(ROWS), settings), cases=ROWS, valid=ROWS[:3], seed=0,
            folder=tmp_path / run / "checkpoints", history=tmp_path / run / "history.csv",
        )  # fmt: skip
        return model.get_weights()

    place("none")
    fresh = weights("fresh")
    place("mine")
    made = weights("first")
    assert kept() == [12]
    for one, two, three in zip(fresh, made, weights("second"), strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


@pytest.mark.parametrize("more", [{"fine_tune": True, "augment": True}, {"image_encoder": "small"}])
def test_an_encoder_that_is_trained_has_no_kept_features(place, read, more):
    tensors, _ = read(**more)
    assert kept() == []
    assert tensors[1].dtype == "uint8"


def test_the_nearest_picture_is_found_by_the_features_that_training_has_kept(place, read, settings):
    read()
    vectors = vectors_of(settings)
    known = vectors(KNOWN)
    assert kept() == [12]
    new = vectors([drawn("yellow"), KNOWN[5]])
    assert kept() == [13]
    np.testing.assert_array_equal(new[1], known[5])
    features = TASK.features(settings, TASK.fit(iter(ROWS), settings))
    cells, _ = features.parts(features.once({"image_bytes": tf.constant(KNOWN)})["image_bytes"])
    assert cells.shape[1:] == [CELLS * CELLS, CHANNELS]
    wanted = cells.numpy().astype("float32").mean(axis=1)
    np.testing.assert_allclose(known, wanted, rtol=1e-6)


def test_where_a_finer_map_is_looked_at_pictures_are_compared_by_the_last_one(
    place, settings, deep_encoder
):
    values = {"image_encoder": deep_encoder, "image_map": "finer"}
    found = vectors_of(replace(settings, values, where="test"))(KNOWN)
    last = vectors_of(replace(settings, {"image_encoder": deep_encoder}, where="test"))(KNOWN)
    assert found.shape == (len(KNOWN), CHANNELS + 1)
    np.testing.assert_allclose(found, last, atol=1e-3)


def test_the_nearest_picture_is_found_alike_where_the_encoder_is_trained_on(place, settings):
    tuned = vectors_of(replace(settings, {"fine_tune": True}, where="test"))(KNOWN)
    assert kept() == []
    np.testing.assert_array_equal(tuned, vectors_of(settings)(KNOWN))


def test_another_size_or_encoder_has_features_of_its_own(read, place, tmp_path, encoder):
    other = keras.saving.load_model(encoder)
    other.layers[-1].bias.assign_add([1.0] * CHANNELS)
    save(other, tmp_path / "encoder.keras")
    read()
    read(image_size=40)
    read(image_encoder=str(tmp_path / "encoder.keras"))
    assert kept() == [12, 12, 12]
