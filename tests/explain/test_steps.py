"""What every layer makes of an example, for models of several shapes, untrained."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqapps.errors import UserError
from seqapps.explain.steps import Recorder, input_of, record
from seqapps.features import Features
from seqapps.settings import replace
from seqapps.training.train import build

TEXTS = {"text": tf.constant(["The cast is not dull", "lovely"])}


@pytest.fixture(scope="module")
def recorded(sentiment, toy, tiny):
    """Build a model with other settings and send two texts through it."""

    def run(**values):
        settings = replace(tiny, values, where="tests")
        state = sentiment.fit(toy.splits["train"], settings)
        model, features = build(sentiment, settings, state, seed=0)
        return model, features, record(model, features, TEXTS)

    return run


def test_a_recorder_is_the_model_and_remembers_what_it_is_called_with():
    model = keras.Sequential([keras.layers.Dense(3)])
    recorder = Recorder(model)
    inputs = np.ones([2, 5], "float32")
    np.testing.assert_array_equal(recorder(inputs, training=False), model(inputs))
    assert recorder.calls == [inputs] or recorder.calls[0] is inputs
    assert recorder.layers == model.layers


def test_the_last_step_gives_the_scores_that_are_answered(recorded):
    model, _, recording = recorded(wide=False)
    scores = model(recording.inputs[0])
    np.testing.assert_allclose(recording.answer["scores"], scores, atol=1e-6)
    assert recording.steps[-1].shape == [2, 2]


def test_parameters_are_those_of_the_model(recorded):
    model, _, recording = recorded()
    assert sum(step.parameters for step in recording.steps) == model.count_params()


def test_an_ensemble_is_told_branch_by_branch(recorded):
    model, features, recording = recorded(ensemble=True)
    names = [step.layer for step in recording.steps]
    kinds = [step.kind for step in recording.steps]
    assert sorted(names) == sorted(layer.name for layer in model.layers)
    assert names[0] == "naive_bayes_terms"
    assert kinds[:4] == ["InputLayer", "InputLayer", "Rescaling", "ScaledBagDense"]
    for step in recording.steps:
        assert all(names.index(read) < names.index(step.layer) for read in step.reads)
    assert len(recording.inputs) == 5
    known = features.entries(TEXTS)
    assert list(known) == ["naive_bayes_terms", "characters_terms"]
    assert list(known["naive_bayes_terms"][1]) == ["lovely"]


def test_linear_layers_beside_the_reader_are_told_with_their_ngrams(recorded):
    _, features, recording = recorded()
    kinds = [step.kind for step in recording.steps]
    assert kinds.count("ScaledBagDense") == 2
    assert kinds.count("Add") == 1
    assert list(features.entries(TEXTS)) == ["words_terms", "characters_terms"]


def test_attention_layers_are_told_too(recorded):
    _, _, recording = recorded(encoder="attention", layers=2, wide=False)
    kinds = [step.kind for step in recording.steps]
    assert kinds.count("MultiHeadAttention") == 2
    pooling = kinds.index("MaxPooling")
    for step in recording.steps[1:pooling]:
        assert step.mask == [[1] * 5, [1, 0, 0, 0, 0]], step.layer
    assert [step.mask for step in recording.steps[pooling:]] == [None] * (len(kinds) - pooling)


def test_what_a_layer_reads_comes_with_its_mask(recorded):
    model, _, recording = recorded(layers=2, wide=False)
    second = [step.layer for step in recording.steps if step.kind == "Bidirectional"][1]
    value, mask = input_of(recording, model, second)
    assert tuple(value.shape) == (2, 5, 26)  # two directions of 13 units
    assert np.asarray(mask).astype(int).tolist() == [[1] * 5, [1, 0, 0, 0, 0]]


class Untold(Features):
    """Answers without calling the model as a whole."""

    def respond(self, model, raw):
        return {"answer": raw["text"]}


def test_a_model_that_is_not_called_has_no_steps():
    inputs = keras.Input([3])
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    with pytest.raises(UserError, match="does not tell its steps"):
        record(model, Untold(), TEXTS)
