"""Requests and the answers that TF Serving documents, or that its source writes.

Sources: tensorflow.org/tfx/serving/api_rest, and of tensorflow/serving `json_tensor.cc`,
`http_rest_api_handler.cc`, `classifier.cc`, `regressor.cc`, `http_rest_api_util.cc`.
"""

import json
import math

import pytest

TWO = "/v1/models/half_plus_two:predict"
ZOO = "/v1/models/zoo:predict"
A = [1.0, 2.0, 3.0]

# what, address, body, answer
ANSWERED = [
    ("rows of plain values", TWO, {"instances": [1.0, 2.0, 5.0]}, {"predictions": [2.5, 3.0, 4.5]}),
    ("rows of objects", TWO, {"instances": [{"x": 1.0}]}, {"predictions": [2.5]}),
    ("columns", TWO, {"inputs": [1.0, 2.0]}, {"outputs": [2.5, 3.0]}),
    ("columns by name", TWO, {"inputs": {"x": [1.0, 2.0]}}, {"outputs": [2.5, 3.0]}),
    ("no row in columns", TWO, {"inputs": []}, {"outputs": []}),
    ("whole numbers for decimals", TWO, {"instances": [1, 2]}, {"predictions": [2.5, 3.0]}),
    ("a signature by name", TWO, {"signature_name": "serving_default", "instances": [1.0]},
     {"predictions": [2.5]}),
    ("an empty name is the default", TWO, {"signature_name": "", "instances": [1.0]},
     {"predictions": [2.5]}),
    ("other keys are ignored", TWO, {"instances": [1.0], "more": {"x": 1}}, {"predictions": [2.5]}),
    ("a version", "/v1/models/half_plus_two/versions/123:predict", {"instances": [1.0]},
     {"predictions": [2.5]}),
    ("letters of any case", "/V1/Models/half_plus_two/Versions/0123:predict", {"instances": [1.0]},
     {"predictions": [2.5]}),
    ("another model", "/v1/models/half_plus_three:predict", {"instances": [1.0]},
     {"predictions": [3.5]}),
    ("two inputs and two outputs by row", ZOO,
     {"instances": [{"a": A, "b": 1}, {"b": 5, "a": [0, 0, 0]}]},
     {"predictions": [{"total": 7.0, "twice": 2}, {"total": 5.0, "twice": 10}]}),
    ("two inputs and two outputs by column", ZOO, {"inputs": {"a": [A, A], "b": [1, 2]}},
     {"outputs": {"total": [7.0, 8.0], "twice": [2, 4]}}),
    ("further inputs by column are ignored", ZOO, {"inputs": {"a": [A], "b": [1], "c": [1]}},
     {"outputs": {"total": [7.0], "twice": [2]}}),
    ("text, and bytes where the name ends so", ZOO,
     {"signature_name": "text", "instances": ["ä", {"b64": "aGk="}]},
     {"predictions": [{"echo": "ä", "echo_bytes": {"b64": "w6Q="}, "length": 2},
                      {"echo": "hi", "echo_bytes": {"b64": "aGk="}, "length": 2}]}),
    ("bytes in an object", ZOO,
     {"signature_name": "echo", "instances": [{"text": {"b64": "aGk="}}]}, {"predictions": ["hi"]}),
    ("bytes as an only output", ZOO, {"signature_name": "raw", "inputs": ["hi"]},
     {"outputs": [{"b64": "aGk="}]}),
    ("bytes that are no text", ZOO, {"signature_name": "raw", "inputs": [{"b64": "/wA="}]},
     {"outputs": [{"b64": "/wA="}]}),
    ("nested lists", ZOO, {"signature_name": "grid", "instances": [[[1, 2, 3], [4, 5, 6]]]},
     {"predictions": [[6.0, 15.0]]}),
    ("empty lists inside", ZOO, {"signature_name": "grid", "instances": [[[], []]]},
     {"predictions": [[0.0, 0.0]]}),
    ("large whole numbers", ZOO, {"signature_name": "whole", "instances": [2**62]},
     {"predictions": [2**62 + 1]}),
    ("true and false", ZOO, {"signature_name": "yes", "instances": [True, False]},
     {"predictions": [False, True]}),
    ("doubles keep their digits", ZOO, {"signature_name": "double", "instances": [0.1, 1e300]},
     {"predictions": [0.1, 1e300]}),
    ("columns of different length", ZOO, {"signature_name": "vocabulary", "inputs": [1.0, 2.0]},
     {"outputs": {"x": [1.0, 2.0], "words": ["a", "b", "c", "d", "e"]}}),
    ("a single value by column", ZOO, {"signature_name": "scalar", "inputs": [1.0, 2.0]},
     {"outputs": 3.0}),
    ("regress", "/v1/models/half_plus_two:regress",
     {"signature_name": "regress_x_to_y", "examples": [{"x": 1.0}, {"x": [2.0]}]},
     {"results": [2.5, 3.0]}),
    ("regress with a context", "/v1/models/half_plus_two:regress",
     {"signature_name": "regress_x_to_y", "context": {"x": 1.0}, "examples": [{}, {"x": 2.0}]},
     {"results": [2.5, 3.0]}),
    ("classify by scores alone", "/v1/models/half_plus_two:classify",
     {"signature_name": "classify_x_to_y", "examples": [{"x": 1.0}]}, {"results": [[["", 2.5]]]}),
    ("classify", "/v1/models/zoo:classify",
     {"signature_name": "classify",
      "examples": [{"word": "a", "count": 3, "weights": A}, {"word": {"b64": "w6Q="}}]},
     {"results": [[["a", 3.0], ["A", 6.0]], [["ä", 0.0], ["ä", 0.0]]]}),
    ("true is 1 in an example", "/v1/models/zoo:classify",
     {"signature_name": "classify", "examples": [{"count": True}]},
     {"results": [[["", 1.0], ["", 0.0]]]}),
]  # fmt: skip

ROW = "Failed to process element: {} of 'instances' list. Error: INVALID_ARGUMENT: "
KEY = "Failed to process element: {} key: {} of 'instances' list. Error: INVALID_ARGUMENT: "

# what, address, body, status, the whole message
REFUSED = [
    ("no JSON", TWO, b'{"instances": [1.0', 400,
     "JSON Parse error: Expecting ',' delimiter at offset: 18"),
    ("an empty body", TWO, b"", 400, "JSON Parse error: The document is empty"),
    ("no object", TWO, [1.0], 400, "JSON Value: [\n    1.0\n] Is not object"),
    ("neither key", TWO, {}, 400, "Missing 'inputs' or 'instances' key"),
    ("both keys", TWO, {"instances": [1], "inputs": [1]}, 400,
     'JSON Value: {\n    "instances": [\n        1\n    ],\n    "inputs": [\n        1\n    ]\n} '
     "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "),
    ("no list", TWO, {"instances": 1.0}, 400,
     'JSON Value: {\n    "instances": 1.0\n} Excepting \'instances\' to be an list/array'),
    ("an empty list", TWO, {"instances": []}, 400,
     "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array"),
    ("a text for a number", TWO, {"instances": ["one"]}, 400,
     ROW.format(0) + 'JSON Value: "one" Type: String is not of expected type: float'),
    ("null", TWO, {"instances": [1.0, None]}, 400,
     ROW.format(1) + "JSON Value: null Type: Null is not of expected type: float"),
    ("true for a number", TWO, {"instances": [True]}, 400,
     ROW.format(0) + "JSON Value: true Type: True is not of expected type: float"),
    ("a number that 32 bits cannot hold", TWO, {"instances": [1e39]}, 400,
     ROW.format(0) + "Cannot convert JSON value: 1e+39 to float without loss of precision."),
    ("a whole number that a float rounds", TWO, {"instances": [2**24 + 1]}, 400,
     ROW.format(0) + "Cannot convert JSON value: 16777217 to float without loss of precision."),
    ("1.0 for a whole number", ZOO, {"signature_name": "whole", "instances": [1.0]}, 400,
     ROW.format(0) + "JSON Value: 1.0 Type: Number is not of expected type: int64"),
    ("a whole number too large", ZOO, {"signature_name": "small", "instances": [256]}, 400,
     ROW.format(0) + "JSON Value: 256 Type: Number is not of expected type: uint8"),
    ("1 for true", ZOO, {"signature_name": "yes", "instances": [1]}, 400,
     ROW.format(0) + "JSON Value: 1 Type: Number is not of expected type: bool"),
    ("a number for a text", ZOO, {"signature_name": "echo", "instances": ["a", 1]}, 400,
     ROW.format(1) + "JSON Value: 1 Type: Number is not of expected type: string"),
    ("bytes for a number", TWO, {"instances": [{"b64": "aGk="}]}, 400,
     ROW.format(0) + 'JSON Value: {\n    "b64": "aGk="\n} Type: Object is not of expected type: '
     "float"),
    ("no base64", ZOO, {"signature_name": "echo", "instances": [{"b64": "%"}]}, 400,
     ROW.format(0) + "Unable to base64 decode"),
    ("ragged rows", ZOO, {"signature_name": "grid", "instances": [[[1], [2]], [[1, 2], [3, 4]]]},
     400, ROW.format(1) + "Expecting tensor size: 2 but got: 4"),
    ("ragged inside of a row", ZOO, {"signature_name": "grid", "instances": [[[1, 2], [3]]]}, 400,
     ROW.format(0) + "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
    ("a list too deep", ZOO, {"signature_name": "grid", "instances": [[[1, 2], [3, [4]]]]}, 400,
     ROW.format(0) + "Encountered list at unexpected level: 2 expected < 2"),
    ("a value too high", ZOO, {"signature_name": "grid", "instances": [[[1, 2], 3]]}, 400,
     ROW.format(0) + "JSON Value: 3 found at incorrect level: 2 in the JSON DOM. "
     "Expected at level: 2"),
    ("rows of another shape", ZOO,
     {"signature_name": "grid", "instances": [[[1, 2], [3, 4]], [[1], [2], [3], [4]]]}, 400,
     ROW.format(1) + "Expecting shape [2,2] but got: [4,1]"),
    ("a shape that the signature does not take", ZOO,
     {"inputs": {"a": [[1.0, 2.0]], "b": [1]}}, 400,
     "Input 'a' has the shape [1,2], the signature takes [?,3]."),
    ("plain rows for two inputs", ZOO, {"instances": [1.0]}, 400,
     "instances is a plain list, but expecting list of objects as multiple input tensors required "
     "as per tensorinfo_map"),
    ("a plain column for two inputs", ZOO, {"inputs": [1.0]}, 400,
     "inputs is a plain value/list, but expecting an object as multiple input tensors required "
     "as per tensorinfo_map"),
    ("a missing input by column", ZOO, {"inputs": {"a": [A]}}, 400,
     "Missing named input: b in 'inputs' object."),
    ("a missing input by row", ZOO, {"instances": [{"a": A}]}, 400,
     "Failed to process element: 0 of 'instances' list. JSON object: {\n    \"a\": [\n"
     "        1.0,\n        2.0,\n        3.0\n    ]\n} must only have keys: a,b"),
    ("a further input by row", ZOO, {"instances": [{"a": A, "b": 1, "c": 1}]}, 400,
     KEY.format(0, "c") + "JSON object: does not have named input: c"),
    ("a wrong value by name", ZOO, {"instances": [{"a": A, "b": 1}, {"a": A, "b": 1.5}]}, 400,
     KEY.format(1, "b") + "JSON Value: 1.5 Type: Number is not of expected type: int32"),
    ("objects, then a value", TWO, {"instances": [{"x": 1.0}, 1.0]}, 400,
     "Expecting object but got list at item 1 of input list"),
    ("a value, then an object", TWO, {"instances": [1.0, {"x": 1.0}]}, 400,
     "Expecting value/list but got object at item 1 of input list"),
    ("no such signature", TWO, {"signature_name": "no", "instances": [1.0]}, 400,
     'Serving signature name: "no" not found in signature def'),
    ("a signature's name that is none", TWO, {"signature_name": 1, "instances": [1.0]}, 400,
     'JSON Value: {\n    "signature_name": 1,\n    "instances": [\n        1.0\n    ]\n} not '
     "formatted correctly. 'signature_name' key must be a string value."),
    ("outputs of different length by row", ZOO,
     {"signature_name": "vocabulary", "instances": [1.0]}, 400,
     "Tensor name: x has inconsistent batch size: 1 expecting: 5"),
    ("a single value by row", ZOO, {"signature_name": "scalar", "instances": [1.0]}, 400,
     "Tensor name: x has no shape information "),
    ("half precision out", ZOO, {"signature_name": "half", "instances": [1.0]}, 400,
     "Failed to write JSON value for tensor type: half"),
    ("half precision in", ZOO, {"signature_name": "into_half", "instances": [1.0]}, 501,
     "Failed to process element: 0 of 'instances' list. Error: UNIMPLEMENTED: "
     "Conversion of JSON Value: 1.0 to type: half"),
    ("what the graph refuses", ZOO, {"signature_name": "strict", "instances": [-1.0]}, 400, None),
    ("no such model", "/v1/models/none:predict", {"instances": [1.0]}, 404,
     "Servable not found for request: Latest(none)"),
    ("no such version", "/v1/models/half_plus_two/versions/5:predict", {"instances": [1.0]}, 404,
     "Servable not found for request: Specific(half_plus_two, 5)"),
    ("no such label", "/v1/models/half_plus_two/labels/stable:predict", {"instances": [1.0]}, 400,
     "Unrecognized servable version label: stable"),
    ("a version and a label", "/v1/models/half_plus_two/versions/123/labels/stable:predict",
     {"instances": [1.0]}, 400, "Malformed request: POST "
     "/v1/models/half_plus_two/versions/123/labels/stable:predict"),
    ("a version beyond 64 bits", f"/v1/models/half_plus_two/versions/{2**63}:predict",
     {"instances": [1.0]}, 400, f"Failed to convert version: {2**63} to numeric."),
    ("another verb", "/v1/models/half_plus_two:train", {}, 400,
     "Malformed request: POST /v1/models/half_plus_two:train"),
    ("a verb without a model", "/v1/models:predict", {}, 400,
     "Malformed request: POST /v1/models:predict"),
    ("no examples", "/v1/models/zoo:classify", {"signature_name": "classify"}, 400,
     'JSON Value: {\n    "signature_name": "classify"\n} When method is classify, key \'examples\' '
     "is expected and was not found"),
    ("an example that is no object", "/v1/models/zoo:classify",
     {"signature_name": "classify", "examples": [1]}, 400,
     "Example must be JSON object but got JSON Number"),
    ("a list in a list of an example", "/v1/models/zoo:classify",
     {"signature_name": "classify", "examples": [{"weights": [[1.0]]}]}, 400,
     "Feature: weights has element with unexpected JSON type: Array"),
    ("kinds that are mixed in a list", "/v1/models/zoo:classify",
     {"signature_name": "classify", "examples": [{"weights": [1.0, 2]}]}, 400,
     "Unexpected element type in feature: weights expecting type: float"),
    ("null in an example", "/v1/models/zoo:classify",
     {"signature_name": "classify", "examples": [{"word": None}]}, 400,
     "Feature: word has element with unexpected JSON type: Null"),
    ("classify by a signature without that input", "/v1/models/half_plus_two:classify",
     {"examples": [{"x": 1.0}]}, 400, "No classification inputs found in SignatureDef."),
    ("classify by no such signature", "/v1/models/zoo:classify",
     {"signature_name": "no", "examples": [{}]}, 400,
     "No signature was found with the name: no"),
    ("regress by five values", "/v1/models/zoo:regress",
     {"signature_name": "wide", "examples": [{}]}, 400,
     "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [1,5]"),
    ("regress by two outputs", "/v1/models/zoo:regress",
     {"signature_name": "classify", "examples": [{}]}, 400, "Expected one output Tensor."),
]  # fmt: skip


def names(table):
    return [row[0] for row in table]


def asked(client, address, body):
    content = body if isinstance(body, bytes) else json.dumps(body)
    return client.post(address, content=content)


@pytest.mark.parametrize(("what", "address", "body", "answer"), ANSWERED, ids=names(ANSWERED))
def test_answers(client, what, address, body, answer):
    response = asked(client, address, body)
    assert (response.status_code, response.json()) == (200, answer)
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("what", "address", "body", "status", "message"), REFUSED, ids=names(REFUSED)
)
def test_refuses(client, what, address, body, status, message):
    response = asked(client, address, body)
    told = response.json()
    assert (response.status_code, told.keys()) == (status, {"error"})
    assert response.headers["content-type"] == "application/json"
    assert message in (None, told["error"])


def test_what_the_graph_refuses_is_told_without_its_nodes_and_files(client):
    told = asked(client, ZOO, {"signature_name": "strict", "instances": [-1.0]}).json()["error"]
    assert "x must be positive" in told
    assert "node" not in told and ".py" not in told and "/" not in told


def test_numbers_that_are_none_are_taken_and_written(client):
    response = client.post(TWO, content=b'{"instances": [NaN, Infinity, -Infinity, 1.0]}')
    assert response.text == '{"predictions":[NaN,Infinity,-Infinity,2.5]}'
    rows = asked(client, ZOO, {"signature_name": "odd", "instances": [0.0, -1.0]}).json()
    assert rows["predictions"][0] == -math.inf and math.isnan(rows["predictions"][1])


def test_decimals_are_as_short_as_they_are_exact_and_have_a_point(client):
    """A float of 32 bits is not written with the digits of its neighbour of 64 bits."""
    body = {"inputs": [0.2, 1e10, 3.0, 1e-7]}
    text = asked(client, TWO, {"inputs": [-3.6, 0.0]}).text
    assert text == '{"outputs":[0.20000005,2.0]}'
    assert asked(client, ZOO, {**body, "signature_name": "double"}).text in (
        '{"outputs":[0.2,10000000000.0,3.0,1e-7]}',
        '{"outputs":[0.2,1e10,3.0,1e-7]}',
    )


def test_a_body_may_be_packed(client):
    import gzip

    body = gzip.compress(b'{"instances": [1.0]}')
    response = client.post(TWO, content=body, headers={"content-encoding": "gzip"})
    assert response.json() == {"predictions": [2.5]}
    response = client.post(TWO, content=b"{}", headers={"content-encoding": "gzip"})
    assert response.status_code == 400


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"instances": ' + b"[" * 5000 + b"]" * 5000 + b"}",
     b'{"instances": ["\\ud800"]}', b'{"instances": ["\xff"]}', b'{"a": ' + b"9" * 5000 + b"}",
     b'{"instances": [' + b"9" * 400 + b"]}", b'{"instances": [1.0]} {}', b"\xef\xbb\xbf",
     b'{"instances": [-' + b"9" * 30 + b"]}"],
    ids=["open lists", "deep lists", "half a surrogate", "no UTF-8", "long number", "infinite",
         "two documents", "byte order mark", "beyond 64 bits"],
)  # fmt: skip
@pytest.mark.parametrize("signature", ["echo", "whole"])
def test_odd_documents_are_a_clients_mistake(client, body, signature):
    body = body.replace(b'{"ins', b'{"signature_name": "%s", "ins' % signature.encode(), 1)
    response = client.post(ZOO, content=body)
    assert response.status_code == 400 and response.json().keys() == {"error"}


def test_status(client):
    ok = {"error_code": "OK", "error_message": ""}
    wanted = {"model_version_status": [{"version": "123", "state": "AVAILABLE", "status": ok}]}
    for address in ("/v1/models/half_plus_two", "/v1/models/half_plus_two/versions/123"):
        response = client.get(address)
        assert (response.status_code, response.json()) == (200, wanted)


@pytest.mark.parametrize(
    ("address", "status", "message"),
    [
        ("/v1/models/none", 404, "Could not find any versions of model none"),
        ("/v1/models/zoo/versions/5", 404, "Could not find version 5 of model zoo"),
        ("/v1/models/none/metadata", 404, "Servable not found for request: Latest(none)"),
        ("/v1/models", 400, "Missing model name in request."),
        ("/v1/models/zoo:predict", 400, "Malformed request: GET /v1/models/zoo:predict"),
        ("/v1/nothing", 400, "Malformed request: GET /v1/nothing"),
        ("/", 404, "Not found: /"),
        ("/v2/models/zoo", 404, "Not found: /v2/models/zoo"),
    ],
)
def test_looking_is_refused(client, address, status, message):
    response = client.get(address)
    assert (response.status_code, response.json()) == (status, {"error": message})


def test_metadata(client):
    response = client.get("/v1/models/half_plus_two/metadata").json()
    assert response["model_spec"] == {
        "name": "half_plus_two", "signature_name": "", "version": "123",
    }  # fmt: skip
    signatures = response["metadata"]["signature_def"]["signature_def"]
    predict = signatures["serving_default"]
    assert predict["inputs"] == {
        "x": {
            "dtype": "DT_FLOAT",
            "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
            "name": "serving_default_x:0",
        }
    }
    assert predict["method_name"] == "tensorflow/serving/predict" and predict["defaults"] == {}
    assert signatures["regress_x_to_y"]["inputs"]["inputs"]["dtype"] == "DT_STRING"
