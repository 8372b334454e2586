"""The loader of TF Serving answers as the trained model did: C interface, no Python objects."""

from in_c import NORMALIZE, assert_alike, told_in_c

from seqapps.export.golden import rows_of
from seqapps.export.signatures import declared


def test_the_bare_c_runtime_answers_as_the_trained_model_did(bundle, golden, sentiment, tiny):
    asked = golden["serving_default"]
    told = told_in_c(bundle, {"text": asked["inputs"]["text"]}, NORMALIZE)
    answer = declared(sentiment, tiny)["serving_default"].answer
    assert_alike(told, rows_of(asked["outputs"]), answer)


def test_every_variable_that_a_signature_reads_is_restored_from_the_checkpoint(meta_graph):
    """Python's loader finds a variable by its object, TF Serving only by this restore operation.

    Keras variables are saved as copies (keras-team/keras issue 20095); a signature that reads
    the original then answers in Python, and fails in TF Serving with "Could not find variable".
    """
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    restored = set(nodes[meta_graph.saver_def.restore_op_name].input)
    calls = {
        output.name.partition(":")[0]
        for name, signature in meta_graph.signature_def.items()
        if name != "__saved_model_init_op"
        for output in signature.outputs.values()
    }
    read = {
        source
        for call in calls
        for source in nodes[call].input
        if nodes[source].op == "VarHandleOp"
    }
    assert read
    assert read <= restored
