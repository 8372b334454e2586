"""Pictures in, captions out: signatures agree with each other and with the model in training."""

from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from drawn_pictures import CELLS, CHANNELS, ROWS, drawn, save
from seqapps.tasks.captioning.network import Closed, Open
from seqapps.tasks.captioning.task import TASK

from seqapps import runner
from seqapps.data.batching import batch_of
from seqapps.errors import UserError
from seqapps.images.decode import pixels
from seqapps.images.encoders import digest_of
from seqapps.runner import Request
from seqapps.settings import replace
from seqapps.text.token_ids import BOUNDARY, PADDING, UNKNOWN

KINDS = [{}]
MORE = [
    {"looks": "before", "coverage": 0.3},
    {"decoder": "gru", "layers": 2, "attention": "additive", "tied": True},
    {"image_encoder": "saved", "attention": "general"},
    {"image_encoder": "deep", "image_map": "finer"},
]
PICTURES = [row["image_bytes"] for row in ROWS[:4]] + [drawn("red", size=(31, 97), kind="JPEG")]


@pytest.fixture(
    params=[*KINDS, *(pytest.param(options, marks=pytest.mark.long) for options in MORE)],
    ids=lambda options: "-".join(map(str, options.values())) or "default",
)
def captioner(request, made, encoder, deep_encoder):
    options = {**request.param}
    if "image_encoder" in options:
        files = {"saved": encoder, "deep": deep_encoder}
        options["image_encoder"] = files[options["image_encoder"]]
    return made(**options)


def rows(*pictures, **more):
    return [{"image_bytes": picture, **more} for picture in pictures]


def test_a_hand_written_row_becomes_these_tensors(made):
    """BOUNDARY + caption is read, caption + BOUNDARY is told; captions stand side by side."""
    features = made().features
    case = {"image_bytes": drawn("red"), "captions": "A red\nred square red red", "scene": ""}
    inputs, targets = features.pair(batch_of([case], TASK.columns))
    first, second = (
        ids.tolist() for ids in features.codec.encode(["a red", "red square red red"]).numpy()
    )
    assert targets.numpy()[0].T.tolist() == [
        [*first, BOUNDARY, 0, 0],
        [*second, BOUNDARY],
        [0, 0, 0, 0, 0],
    ]
    assert inputs["before"].numpy()[0].T.tolist() == [
        [BOUNDARY, *first, 0, 0],
        [BOUNDARY, *second],
        [0, 0, 0, 0, 0],
    ]
    picture = inputs["image"].numpy()
    assert (picture.dtype, picture.shape) == ("uint8", (1, 32, 32, 3))
    np.testing.assert_array_equal(picture[0, 10, 6], [255, 0, 0])


def test_a_caption_is_scored_as_it_was_found(captioner):
    """Beam search sums what the teacher-forced pass says of the same tokens."""
    compared = 0
    for picture, found in zip(PICTURES, captioner.ask("n_best", rows(*PICTURES)), strict=True):
        for text, score in zip(found["captions"], found["scores"], strict=True):
            (ids,) = captioner.features.codec.encode([text]).numpy()
            if UNKNOWN in ids or len(ids) > captioner.settings.max_tokens - 1:
                continue  # words that run together are others when they are read again
            (told,) = captioner.ask("score", rows(picture, caption=text))
            normalised = told["log_probability"] / ((5 + told["tokens"]) / 6) ** 0.7
            assert score == pytest.approx(normalised, abs=2e-3)
            compared += 1
    assert compared > 2


def test_the_scores_are_the_training_loss(captioner):
    model, features = captioner.built
    batch = batch_of(ROWS[:5], TASK.columns)
    inputs, targets = features.pair(batch)
    loss = float(model.compute_loss(inputs, targets, model(inputs)))
    told = [
        one
        for row in ROWS[:5]
        for one in captioner.ask(
            "score",
            [
                {"image_bytes": row["image_bytes"], "caption": caption}
                for caption in row["captions"].split("\n")
            ],
        )
    ]
    total = sum(one["log_probability"] for one in told)
    assert loss == pytest.approx(-total / sum(one["tokens"] for one in told), rel=1e-4)


def test_a_row_s_caption_does_not_depend_on_its_batch(captioner):
    together = captioner.ask("serving_default", rows(*PICTURES))
    for picture, found in zip(PICTURES, together, strict=True):
        (alone,) = captioner.ask("serving_default", rows(picture))
        assert alone["caption"] == found["caption"]
        assert alone["score"] == pytest.approx(found["score"], abs=1e-4)


def test_where_it_looks_is_a_map_of_the_picture_for_every_token(captioner):
    told = captioner.ask(
        "explain", [*rows(*PICTURES[:2], caption=""), *rows(PICTURES[2], caption="A red square")]
    )
    assert told[2]["tokens"][:4] == ["a", " red", " square", "</s>"]
    for one in told:
        real = np.array(one["tokens"]) != ""
        maps = np.array(one["attention"])
        side = 2 * CELLS if captioner.settings.image_map == "finer" else CELLS
        assert maps.shape[1:] == (side, side)
        np.testing.assert_allclose(maps[real].sum(axis=(1, 2)), 1, atol=1e-5)
        assert np.all(maps[~real] == 0)
    best = captioner.ask("serving_default", rows(*PICTURES[:2]))
    own = ["".join(token for token in one["tokens"] if token != "</s>") for one in told[:2]]
    for written, one in zip(own, best, strict=True):
        assert one["caption"].startswith(written)
    assert any(own)


def test_a_picture_is_read_and_encoded_once_for_its_caption_and_its_looks(made):
    captioner = made()
    captioner.ask("explain", rows(PICTURES[0], caption=""))
    graph = captioner._serves["explain"].get_concrete_function().graph.as_graph_def()
    parts = (graph.node, *(function.node_def for function in graph.library.function))
    operations = [node.op for nodes in parts for node in nodes]
    assert operations.count("DecodePng") == 1
    assert operations.count("Conv2D") == 6  # of `small`


def test_a_space_before_a_word_that_is_not_known_is_not_written(made):
    """It is learnt together with the unknown token, which is not written either."""
    captioner = made()
    model, features = captioner.built
    bias = model.get_layer("logits").bias
    before = bias.numpy()
    try:
        bias.assign(before + 30 * tf.one_hot(features.codec.space, len(before)).numpy())
        (caption,) = features.greedy(model, tf.constant(PICTURES[:1])).numpy()
    finally:
        bias.assign(before)
    assert caption and b"  " not in caption and not caption.endswith(b" ")


def test_opened_layers_say_what_the_whole_model_says(captioner):
    """A model on another backend is asked as a whole, caption so far by caption so far."""
    model, features = captioner.built
    image = features._image(tf.constant(PICTURES))
    before = tf.constant([[BOUNDARY, 5, 4, 6]] * len(PICTURES))
    targets = tf.constant([[5, 4, 6, BOUNDARY]] * len(PICTURES))
    opened, whole = Open(model, captioner.settings), Closed(model)
    one, other = (each.told(image, before, targets) for each in (opened, whole))
    np.testing.assert_allclose(one.log_probabilities, other.log_probabilities, atol=1e-4)
    states = [each.start(image) for each in (opened, whole)]
    for place in range(3):
        ids = before[:, place : place + 1]
        (first, states[0], _), (second, states[1], _) = (
            each.step(ids, state) for each, state in zip((opened, whole), states, strict=True)
        )
        np.testing.assert_allclose(first, second, atol=1e-3)


def test_captions_beyond_those_that_are_learnt_are_left_out(made):
    features = made(captions=2).features
    _, targets = features.pair(batch_of(ROWS[:3], TASK.columns))
    assert targets.shape[2] == 2
    assert np.all(targets.numpy()[:, 0] != PADDING)


def test_no_more_captions_are_padded_than_a_training_picture_has(made, caplog):
    """Three here; those beyond the setting are told."""
    settings = made(captions=5).settings
    features = TASK.features(settings, TASK.fit(iter(ROWS), settings))
    _, targets = features.pair(batch_of(ROWS[:2], TASK.columns))
    assert targets.shape[2] == 3
    assert not caplog.records
    assert TASK.fit(iter(ROWS), replace(settings, {"captions": 2}, where="test"))["captions"] == 2
    (record,) = caplog.records
    assert record.getMessage().startswith("captions = 2: 12 of 36 training captions are further")


def test_a_frozen_encoder_s_features_are_the_input_in_half_precision(made, encoder):
    captioner = made(image_encoder=encoder)
    inputs, _ = captioner.features.pair(batch_of(ROWS[:3], TASK.columns))
    assert inputs["image"].dtype == "float16"
    pictures = tf.cast(pixels(tf.constant([row["image_bytes"] for row in ROWS[:3]]), 32), "float32")
    maps = keras.saving.load_model(encoder)(pictures)
    wanted = np.reshape(maps, [3, CELLS * CELLS, CHANNELS]).astype("float16")
    cells, overview = captioner.features.parts(inputs["image"])
    np.testing.assert_array_equal(cells, wanted)
    assert overview is None
    assert not any("conv2d" in variable.path for variable in captioner.model.variables)


def test_of_a_finer_map_the_overview_stands_behind_the_cells(made, deep_encoder):
    features = made(image_encoder=deep_encoder, image_map="finer").features
    inputs, _ = features.pair(batch_of(ROWS[:3], TASK.columns))
    pictures = tf.cast(pixels(tf.constant([row["image_bytes"] for row in ROWS[:3]]), 32), "float32")
    scaled, fine, last = keras.saving.load_model(deep_encoder).layers
    maps = fine(scaled(pictures))
    cells, overview = features.parts(inputs["image"])
    np.testing.assert_array_equal(
        cells, np.reshape(maps, [3, 4 * CELLS * CELLS, CHANNELS]).astype("float16")
    )
    means = np.mean(last(maps), axis=(1, 2))
    np.testing.assert_allclose(overview, means.astype("float16"), atol=1e-3)


def test_a_finer_map_is_trained_on_with_its_encoder(made, deep_encoder):
    captioner = made(image_encoder=deep_encoder, image_map="finer", fine_tune=True)
    trained = {variable.path for variable in captioner.model.trainable_variables}
    assert sum("conv2d" in path for path in trained) == 4  # both layers: the last one's mean counts
    told = captioner.ask("explain", rows(PICTURES[0], caption=""))[0]
    assert np.shape(told["attention"])[1:] == (2 * CELLS, 2 * CELLS)


def test_a_picture_that_was_read_before_is_answered_alike(made, encoder):
    captioner = made(image_encoder=encoder)
    model, features = captioner.built
    serve = tf.function(lambda raw: features.respond(model, raw))
    raw = {"image_bytes": tf.constant(PICTURES)}
    once, plain = serve(tf.function(features.once)(raw)), serve(raw)
    assert len(set(plain["score"].numpy())) > 1
    for name, values in plain.items():
        np.testing.assert_array_equal(once[name], values)


def test_an_encoder_that_is_trained_on_is_part_of_the_model(made, encoder):
    captioner = made(image_encoder=encoder, fine_tune=True)
    inputs, _ = captioner.features.pair(batch_of(ROWS[:2], TASK.columns))
    assert inputs["image"].dtype == "uint8"
    assert any("conv2d" in variable.path for variable in captioner.model.trainable_variables)


def test_an_encoder_that_has_changed_is_refused(encoder, tmp_path):
    file = tmp_path / "mine.keras"
    model = keras.saving.load_model(encoder)
    save(model, file)
    settings = replace(TASK.tiny, {"image_encoder": str(file)}, where="test")
    state = TASK.fit(iter(ROWS), settings)
    TASK.features(settings, state)
    model.layers[-1].bias.assign_add([1.0] * CHANNELS)
    save(model, file)
    with pytest.raises(UserError, match=r"mine\.keras': the file has changed"):
        TASK.features(settings, state)


def broken(kind, tmp_path):
    """A path that names no encoder."""
    file = tmp_path / f"{kind}.keras"
    if kind == "damaged":
        file.write_bytes(b"PK nothing")
    if kind == "pooled":
        pictures = keras.Input([None, None, 3])
        save(keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(pictures)), file)
    if kind == "fixed":
        pictures = keras.Input([224, 224, 3])
        save(keras.Model(pictures, keras.layers.Conv2D(3, 8, strides=8)(pictures)), file)
    if kind == "oblong":
        pictures = keras.Input([None, None, 3])
        save(keras.Model(pictures, keras.layers.Conv2D(3, 8, strides=(6, 8))(pictures)), file)
    return str(file)


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("missing", "no such file"),
        ("damaged", "not a Keras model that loads"),
        ("pooled", "expected a map of features"),
        ("fixed", "does not take pictures of 32 x 32"),
        ("oblong", "makes 5 x 4 cells of a picture of 32 x 32"),
    ],
)
def test_what_is_no_encoder_is_told(kind, problem, tmp_path):
    settings = replace(TASK.tiny, {"image_encoder": broken(kind, tmp_path)}, where="test")
    with pytest.raises(UserError, match=problem):
        TASK.features(settings, TASK.fit(iter(ROWS), settings))


def test_a_size_that_a_network_does_not_take_is_not_a_lack_of_weights():
    settings = replace(TASK.tiny, {"image_encoder": "InceptionV3"}, where="test")
    with pytest.raises(UserError, match=r"does not take pictures of 32 x 32: .*75x75.*image_size"):
        TASK.features(settings, TASK.fit(iter(ROWS), settings))


def test_an_encoder_s_file_is_found_from_any_folder(encoder, tmp_path, monkeypatch):
    file = Path(encoder)
    monkeypatch.chdir(file.parent)
    values = replace(TASK.tiny, {"image_encoder": file.name}, where="test")
    data = SimpleNamespace(splits={"train": ROWS}, sample=None)
    kept = runner._settled(Request(task=TASK, settings=values, code=file.parent), data).settings
    monkeypatch.chdir(tmp_path)
    assert TASK.fit(iter(ROWS), kept)["image_encoder"] == digest_of(encoder)


def test_an_unknown_name_is_told_with_the_nearest():
    settings = replace(TASK.tiny, {"image_encoder": "MobileNetV22"}, where="test")
    with pytest.raises(UserError, match=r"neither 'small'.*MobileNetV2"):
        TASK.features(settings, TASK.fit(iter(ROWS), settings))


def test_weights_that_cannot_be_downloaded_are_told_with_the_ways_out(monkeypatch):
    def no_network(*args, **kwargs):
        raise Exception("URL fetch failure on https://...: None -- nodename nor servname provided")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", no_network)
    monkeypatch.setattr("keras.src.applications.mobilenet_v2.file_utils.get_file", no_network)
    settings = replace(TASK.tiny, {"image_encoder": "MobileNetV2"}, where="test")
    with pytest.raises(UserError, match=r"could not load its ImageNet weights \(URL fetch failure"):
        TASK.features(settings, TASK.fit(iter(ROWS), settings))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"looks": "before", "layers": 2}, "takes|one decoder"),
        ({"image_encoder": "MobileNetV2", "augment": True}, "frozen encoder"),
        ({"image_map": "finer"}, "small has one map"),
    ],
)
def test_settings_that_do_not_go_together_are_told(changes, problem):
    with pytest.raises(UserError, match=problem):
        replace(TASK.tiny, changes, where="test")
