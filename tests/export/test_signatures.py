"""Raw inputs in, the task's answer out: what a client of the export may rely on."""

import numpy as np
import pytest
import tensorflow as tf

from seqapps.export.compare import compare
from seqapps.export.signatures import declared
from seqapps.predict import split_batch
from seqapps.settings import replace

SIGNATURES = ("serving_default", "explain", "classify")
# Two, three, five and seven words, so that every row is padded differently.
TEXTS = (
    "Lovely film",
    "A dull story",
    "The cast is never cold",
    "Its mood felt warm and not stale",
)


def example(text):
    """A serialized tf.train.Example with one text."""
    value = tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()]))
    features = tf.train.Features(feature={"text": value})
    return tf.train.Example(features=features).SerializeToString()


def ask(loaded, signature, texts):
    """The outputs of a signature for texts: a dict of tensors, each [texts, ...]."""
    if signature == "classify":
        return loaded.signatures[signature](inputs=tf.constant([example(text) for text in texts]))
    return loaded.signatures[signature](text=tf.constant(list(texts)))


def test_explain_is_declared_where_there_are_steps_to_show(sentiment, tiny):
    assert set(declared(sentiment, tiny)) == {"serving_default", "explain", "classify"}


def test_explain_is_not_declared_where_there_are_none(sentiment, tiny):
    counts = replace(tiny, {"representation": "counts"}, where="tests")
    assert set(declared(sentiment, counts)) == {"serving_default", "classify"}


def test_the_export_has_the_declared_signatures(loaded, sentiment, tiny):
    assert set(loaded.signatures) == set(declared(sentiment, tiny))


@pytest.mark.parametrize("name", SIGNATURES)
def test_inputs_are_named_typed_and_shaped_as_declared(meta_graph, sentiment, tiny, name):
    inputs = meta_graph.signature_def[name].inputs
    told = {
        key: (tf.as_dtype(value.dtype).name, tuple(dim.size for dim in value.tensor_shape.dim))
        for key, value in inputs.items()
    }
    assert told == {
        key: (column.dtype, (-1, *column.shape))
        for key, column in declared(sentiment, tiny)[name].inputs.items()
    }


@pytest.mark.parametrize("name", SIGNATURES)
def test_outputs_are_named_as_declared(meta_graph, sentiment, tiny, name):
    assert set(meta_graph.signature_def[name].outputs) == set(
        declared(sentiment, tiny)[name].answer
    )


@pytest.mark.parametrize("name", SIGNATURES)
def test_outputs_are_two_at_least(meta_graph, name):
    """TF Serving drops the name of an only output; a second one would then break every client."""
    assert len(meta_graph.signature_def[name].outputs) >= 2


@pytest.mark.parametrize("name", SIGNATURES)
@pytest.mark.parametrize("batch", [1, 3])
def test_every_output_has_one_row_a_request(loaded, name, batch):
    outputs = ask(loaded, name, TEXTS[:batch])
    assert {key: tensor.shape[0] for key, tensor in outputs.items()} == dict.fromkeys(
        outputs, batch
    )


def test_numbers_leave_the_export_as_float32_or_whole(meta_graph):
    """JSON cannot carry half precision, and TF Serving answers such an output with an error."""
    types = {
        tf.as_dtype(output.dtype).name
        for name in SIGNATURES
        for output in meta_graph.signature_def[name].outputs.values()
    }
    assert types == {"float32", "string", "int64"}


def test_classify_gives_the_scores_and_labels_of_the_default_signature(loaded):
    default, classified = (
        ask(loaded, "serving_default", TEXTS), ask(loaded, "classify", TEXTS)
    )  # fmt: skip
    np.testing.assert_array_equal(classified["classes"].numpy(), default["labels"].numpy())
    np.testing.assert_allclose(classified["scores"], default["scores"], rtol=0, atol=1e-6)


def test_classify_without_the_text_is_refused(loaded):
    empty = tf.train.Example().SerializeToString()
    with pytest.raises(tf.errors.InvalidArgumentError, match="text"):
        loaded.signatures["classify"](inputs=tf.constant([empty]))


def test_the_label_is_the_one_with_the_highest_score(loaded):
    for row in split_batch(ask(loaded, "serving_default", TEXTS)):
        assert row["label"] == row["labels"][int(np.argmax(row["scores"]))]


def test_explain_gives_each_word_of_the_text_in_order(loaded):
    tokens = ask(loaded, "explain", ["A DULL story!", "Lovely"])["tokens"]
    assert tokens.numpy().tolist() == [[b"a", b"dull", b"story", b"!"], [b"lovely", b"", b"", b""]]


def test_ids_tell_unknown_words_and_padding(loaded):
    ids = ask(loaded, "explain", ["Lovely zyzzyva film", "film"])["ids"].numpy()
    assert ids[0, 1] == 1
    assert ids[1].tolist() == [ids[0, 2], 0, 0]
    assert (ids[0, [0, 2]] > 1).all()


def test_weights_sum_to_one_over_the_words_of_a_text(loaded):
    explained = ask(loaded, "explain", TEXTS)
    words = explained["tokens"].numpy() != b""  # [batch, time]
    sums = np.where(words, explained["weights"].numpy(), 0.0).sum(axis=1)  # [batch]
    np.testing.assert_allclose(sums, np.ones(len(TEXTS)), atol=1e-5)


def test_weights_are_zero_on_padding(loaded):
    explained = ask(loaded, "explain", TEXTS)
    padding = explained["tokens"].numpy() == b""  # [batch, time]
    assert padding.sum() == (7 - 2) + (7 - 3) + (7 - 5)
    assert not explained["weights"].numpy()[padding].any()


@pytest.mark.parametrize("texts", [[""], ["...", "  "], ["", "A dull story"]])
def test_a_text_without_words_is_answered_with_probabilities(loaded, texts):
    scores = ask(loaded, "serving_default", texts)["scores"].numpy()  # [batch, labels]
    np.testing.assert_allclose(scores.sum(axis=1), np.ones(len(texts)), atol=1e-5)


def test_a_text_without_words_weighs_nothing(loaded):
    assert ask(loaded, "explain", [""])["weights"].numpy().tolist() == [[0.0]]


@pytest.mark.parametrize("name", SIGNATURES)
def test_an_answer_does_not_depend_on_who_shares_the_batch(loaded, sentiment, tiny, name):
    together = split_batch(ask(loaded, name, TEXTS))
    alone = [row for text in TEXTS for row in split_batch(ask(loaded, name, [text]))]
    assert compare(together, alone, declared(sentiment, tiny)[name].answer).differences == []


def test_no_operation_of_the_graph_needs_cudnn(meta_graph):
    """A server without GPU lacks cuDNN's operations and could not load the export."""
    nodes = [*meta_graph.graph_def.node]
    for function in meta_graph.graph_def.library.function:
        nodes.extend(function.node_def)
    operations = {node.op for node in nodes}
    # The LSTM's loop, deep inside: the search reaches it.
    assert {"While", "StatelessWhile"} & operations
    assert not [name for name in operations if "cudnn" in name.lower()]


def test_recurrent_layers_are_told_to_leave_cudnn_alone(trained, bundle):
    """Told while exporting. Without a GPU here the graph alone could not show the mistake."""
    model, _, _ = trained
    choices = [layer.use_cudnn for layer in model._flatten_layers() if hasattr(layer, "use_cudnn")]
    assert choices == [False, False]  # forward and backward
