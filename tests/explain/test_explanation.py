"""What is told where an export says less than those of today."""

import tensorflow as tf

from seqapps.explain.explanation import _recorded_ids, explain, explaining
from seqapps.explain.steps import Recording


def test_ids_are_those_that_the_model_takes_where_the_export_tells_none():
    vector, ids = tf.zeros([2, 5]), tf.constant([[3, 4, 0], [7, 1, 5]])
    recording = Recording({}, [vector, ids], [])
    assert _recorded_ids(recording, 1, ["a", "zyzzyva", "film"]) == [7, 1, 5]
    assert _recorded_ids(recording, 0, ["a", "film"]) == [3, 4]
    assert _recorded_ids(Recording({}, [vector], []), 0, ["a"]) == []


def test_the_explaining_signature_is_known_by_its_outputs():
    def declared(*kinds):
        answer = {f"its {kind}": {"kind": kind, "meaning": ""} for kind in kinds}
        return {"inputs": {}, "answer": answer, "meaning": ""}

    bundle = {"signatures": {"a": declared("label"), "b": declared("weights", "tokens")}}
    found = explaining(bundle)
    assert found is not None
    assert found[0] == "b"
    assert explaining({"signatures": {"a": declared("label", "tokens")}}) is None


def test_an_export_that_notes_no_run_is_told_without_layers(bundle, tmp_path):
    found = explain(bundle, [{"text": "A lovely film"}], runs=tmp_path)
    assert found.steps == []
    assert "(sentiment/not noted) is not under" in found.unknown
    assert found.examples[0].tokens == ["a", "lovely", "film"]
