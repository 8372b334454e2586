"""Golden requests: raw examples with the trained model's answers, as TF Serving takes them."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import tensorflow as tf

from seqapps.data.batching import batch_of
from seqapps.export.manifest import ODD_TEXTS as ODD_TEXTS
from seqapps.export.signatures import CLASSIFY, declared, method_of
from seqapps.features import Features
from seqapps.predict import plain
from seqapps.task import Case, Fixed, Response, Signature, Task

CASES = 16
Record = dict[str, Any]  # {"signature", "inputs": by column, "outputs": by name}


def records(
    task: Task, settings: Any, model: Any, features: Features, cases: Sequence[Case]
) -> list[Record]:
    """One record per signature, answered by the trained model itself, op by op, not by a trace."""
    chosen = choose(task, settings, cases)
    found = []
    for name, signature in declared(task, settings).items():
        if name == CLASSIFY:
            inputs: dict[str, Any] = {"inputs": [_example(task, case) for case in chosen]}
            answer = features.respond(model, batch_of(chosen, task.inputs))
            kinds = {output.kind: key for key, output in task.answer.items()}
            outputs = {"classes": answer[kinds["labels"]], "scores": answer[kinds["scores"]]}
        else:
            usable = _with_examples(signature, chosen)
            inputs = {key: [case[key] for case in usable] for key in signature.inputs}
            method = getattr(features, method_of(task, name))
            outputs = method(model, batch_of(usable, signature.inputs))
        found.append(
            {
                "signature": name,
                "inputs": {
                    key: [_json(value) for value in column] for key, column in inputs.items()
                },
                "outputs": {key: plain(tensor.numpy()) for key, tensor in outputs.items()},
            }
        )
    return found


def _with_examples(signature: Signature, cases: Sequence[Case]) -> list[Case]:
    """The cases that hold what this signature takes, with its examples in turn."""
    examples = signature.examples or ({},)
    pairs = zip(cases, cycle(examples), strict=False)
    found = [{**case, **example} for case, example in pairs]
    return [case for case in found if signature.inputs.keys() <= case.keys()]


def choose(task: Task, settings: Any, cases: Sequence[Case]) -> list[Case]:
    """Some cases: shortest and longest, others evenly between, and odd texts."""
    ordered, batching = list(cases), task.batching
    if not isinstance(batching, Fixed):
        ordered.sort(key=lambda case: batching.length(case, settings))
    count = min(CASES, len(ordered))
    places = {round(i * (len(ordered) - 1) / max(1, count - 1)) for i in range(count)}
    chosen = [ordered[place] for place in sorted(places)]
    if all(column.kind == "text" for column in task.inputs.values()):
        chosen += [dict.fromkeys(task.inputs, text) for text in ODD_TEXTS]
    return chosen


def rows_of(columns: Mapping[str, Any]) -> list[Response]:
    """Outputs by name as one dict per row."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def tensors_of(columns: Mapping[str, Any], signature: Signature) -> dict[str, tf.Tensor]:
    """The inputs of a record as the tensors that the signature takes."""
    return {
        name: tf.constant([_value(item) for item in column], signature.inputs[name].dtype)
        for name, column in columns.items()
    }


def _example(task: Task, case: Case) -> bytes:
    fields = {}
    for name, column in task.inputs.items():
        if column.dtype == "string":
            value = case[name] if isinstance(case[name], bytes) else case[name].encode()
            fields[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        else:
            flat = tf.reshape(case[name], [-1]).numpy()
            fields[name] = tf.train.Feature(float_list=tf.train.FloatList(value=flat))
    example = tf.train.Example(features=tf.train.Features(feature=fields))
    return bytes(example.SerializeToString())


def _json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return value.tolist() if hasattr(value, "tolist") else value


def _value(item: Any) -> Any:
    if isinstance(item, dict) and item.keys() == {"b64"}:
        return base64.b64decode(item["b64"])
    return item
