"""The signatures of an export: raw inputs in, the task's answer out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from seqapps.export.manifest import CLASSIFY as CLASSIFY
from seqapps.features import Features
from seqapps.predict import traced
from seqapps.task import Column, Output, Signature, Task


def declared(task: Task, settings: Any) -> dict[str, Signature]:
    """Every signature of the export by name; `classify` where the answer has labels and scores."""
    found = task.declared(settings)
    if _named(task.answer, "labels") and _named(task.answer, "scores"):
        found[CLASSIFY] = Signature(
            {"inputs": Column("text", "a serialized tf.train.Example")},
            {
                "classes": Output("labels", "the labels' names"),
                "scores": Output("scores", "probability of each label"),
            },
            "the same answer in TF Serving's classification format",
        )
    return found


def module_of(
    task: Task, settings: Any, model: Any, features: Features
) -> tuple[tf.Module, dict[str, Any]]:
    """(what to save, its signatures by name).

    The features are an attribute of the module, so that their tables are tracked. The model is
    not: Keras saves its variables as copies and TF Serving's loader restores only those
    (keras-team/keras issue 20095), so the variables that the signatures read are tracked
    themselves. Recurrent layers are told to leave cuDNN alone: a CPU server lacks its operations.
    """
    for layer in model._flatten_layers():
        if hasattr(layer, "use_cudnn"):
            layer.use_cudnn = False
    module = tf.Module()
    module.features = features
    functions = {
        name: traced(features, model, method=method_of(task, name), inputs=signature.inputs)
        for name, signature in declared(task, settings).items()
        if name != CLASSIFY
    }
    if CLASSIFY in declared(task, settings):
        functions[CLASSIFY] = _classify(task, features, model)
    module.signature_functions = functions
    module.variables_read = _variables_read(functions.values())
    return module, functions


def method_of(task: Task, name: str) -> str:
    """The method of the task's features that answers the signature `name`."""
    return "respond" if name == task.exported_as else name


def _variables_read(functions: Iterable[Any]) -> list[tf.Variable]:
    found = {
        id(variable): variable
        for function in functions
        for variable in function.get_concrete_function().graph.variables
    }
    return list(found.values())


def _classify(task: Task, features: Features, model: Any) -> Any:
    """TF Serving's classification: one string input `inputs`, outputs `classes` and `scores`."""
    labels, scores = _named(task.answer, "labels"), _named(task.answer, "scores")
    fields = {
        name: tf.io.FixedLenFeature(column.shape, column.dtype)
        for name, column in task.inputs.items()
    }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def classify(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        answer = features.respond(model, tf.io.parse_example(inputs, fields))
        return {"classes": answer[labels], "scores": answer[scores]}  # each [batch, labels]

    return classify


def _named(answer: Mapping[str, Output], kind: str) -> str:
    return next((name for name, output in answer.items() if output.kind == kind), "")
