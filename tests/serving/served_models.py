"""Models whose answers can be worked out by hand, saved as TF Serving takes them; a client."""

import asyncio
from pathlib import Path

import httpx

from seqapps import files


def spec(*shape, dtype="float32", name):
    import tensorflow as tf

    return tf.TensorSpec([None, *shape], dtype, name=name)


def function(*specs):
    import tensorflow as tf

    return tf.function(input_signature=list(specs))


def half_plus(addend):
    """TF Serving's own example: y = x / 2 + addend, also from serialized examples."""
    import tensorflow as tf

    module = tf.Module()
    module.addend = tf.Variable(float(addend))
    examples = spec(dtype="string", name="inputs")

    def parsed(inputs):
        fields = {"x": tf.io.FixedLenFeature([], "float32")}
        return tf.io.parse_example(inputs, fields)["x"] / 2 + module.addend

    module.predict = function(spec(name="x"))(lambda x: {"y": x / 2 + module.addend})
    module.regress = function(examples)(lambda inputs: {"outputs": parsed(inputs)[:, None]})
    module.score = function(examples)(lambda inputs: {"scores": parsed(inputs)[:, None]})
    signatures = {
        "serving_default": module.predict,
        "regress_x_to_y": module.regress,
        "classify_x_to_y": module.score,
    }
    return module, signatures


def zoo():
    """Signatures with more inputs, outputs and types than one."""
    import tensorflow as tf

    module = tf.Module()

    def classify(inputs):
        fields = {
            "word": tf.io.FixedLenFeature([], "string", ""),
            "count": tf.io.FixedLenFeature([], "int64", 0),
            "weights": tf.io.FixedLenFeature([3], "float32", [0.0] * 3),
        }
        found = tf.io.parse_example(inputs, fields)
        count = tf.cast(found["count"], "float32")
        return {
            "classes": tf.stack([found["word"], tf.strings.upper(found["word"])], 1),
            "scores": tf.stack([count, tf.reduce_sum(found["weights"], 1)], 1),
        }

    signatures = {
        "serving_default": function(spec(3, name="a"), spec(dtype="int32", name="b"))(
            lambda a, b: {"total": tf.reduce_sum(a, 1) + tf.cast(b, "float32"), "twice": 2 * b}
        ),
        "text": function(spec(dtype="string", name="text"))(
            lambda text: {"echo": text, "echo_bytes": text, "length": tf.strings.length(text)}
        ),
        "echo": function(spec(dtype="string", name="text"))(lambda text: {"echo": text}),
        "raw": function(spec(dtype="string", name="text"))(lambda text: {"raw_bytes": text}),
        "grid": function(spec(2, None, name="grid"))(lambda grid: {"sum": tf.reduce_sum(grid, 2)}),
        "whole": function(spec(dtype="int64", name="n"))(lambda n: {"n": n + 1}),
        "small": function(spec(dtype="uint8", name="n"))(lambda n: {"n": n}),
        "yes": function(spec(dtype="bool", name="yes"))(lambda yes: {"no": ~yes}),
        "double": function(spec(dtype="float64", name="x"))(lambda x: {"x": x}),
        "half": function(spec(name="x"))(lambda x: {"x": tf.cast(x, "float16")}),
        "into_half": function(spec(dtype="float16", name="x"))(
            lambda x: {"x": tf.cast(x, "float32")}
        ),
        "vocabulary": function(spec(name="x"))(
            lambda x: {"x": x, "words": tf.constant(["a", "b", "c", "d", "e"])}
        ),
        "scalar": function(spec(name="x"))(lambda x: {"x": tf.reduce_sum(x)}),
        "odd": function(spec(name="x"))(lambda x: {"x": tf.math.log(x)}),
        "slow": function(spec(dtype="int64", name="turns"))(slow),
        "strict": function(spec(name="x"))(strict),
        "classify": function(spec(dtype="string", name="inputs"))(classify),
        "wide": function(spec(dtype="string", name="inputs"))(
            lambda inputs: {"outputs": tf.zeros([tf.shape(inputs)[0], 5])}
        ),
    }  # fmt: skip
    module.functions = signatures
    return module, signatures


def strict(x):
    import tensorflow as tf

    with tf.control_dependencies([tf.debugging.assert_positive(x, message="x must be positive")]):
        return {"root": tf.sqrt(x)}


def slow(turns):
    """Counts to the first number, which takes about a second for each million."""
    import tensorflow as tf

    counted = tf.while_loop(lambda i: i < turns[0], lambda i: [i + 1], [tf.zeros([], "int64")])
    return {"turns": tf.fill(tf.shape(turns), counted[0])}


def save(made, folder: Path):
    """A module with its signatures as a SavedModel."""
    import tensorflow as tf

    module, signatures = made
    tf.saved_model.save(module, str(folder), signatures=signatures)


def golden(wanted):
    """Writes a bundle's golden request of half-plus-two, with 2.5 or another answer."""

    def write(folder):
        column = {"kind": "number", "meaning": "", "shape": [], "default": None}
        answer = {"y": {"kind": "number", "meaning": ""}}
        signatures = {"serving_default": {"inputs": {"x": column}, "answer": answer, "meaning": ""}}
        files.write_json(folder / "assets.extra" / "bundle.json", {"signatures": signatures})
        record = {
            "signature": "serving_default",
            "inputs": {"x": [1.0]},
            "outputs": {"y": [wanted]},
        }
        files.write_json(folder / "assets.extra" / "golden.json", [record])

    return write


class Asking:
    """A client of an application in this process; each request ends before the next begins."""

    def __init__(self, app, **options):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://here", **options)
        self._runner = asyncio.Runner()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._runner.run(self._client.aclose())
        self._runner.close()

    def get(self, address, **given):
        return self._runner.run(self._client.get(address, **given))

    def post(self, address, **given):
        return self._runner.run(self._client.post(address, **given))
