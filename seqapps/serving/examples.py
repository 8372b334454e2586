"""Classify and regress: serialized examples in, labels with scores or values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqapps.serving.errors import Refused, invalid
from seqapps.serving.loaded import Loaded, Signature
from seqapps.serving.running import Answer

INPUTS, CLASSES, SCORES, OUTPUTS = "inputs", "classes", "scores", "outputs"


@dataclass(frozen=True)
class Classes:
    """The labels [examples, labels] and their scores [examples, labels]; one may be missing."""

    labels: np.ndarray | None
    scores: np.ndarray | None

    def rows(self) -> list[list[tuple[bytes, np.float32]]]:
        """Pairs of label and score for each example; what is missing is empty or 0."""
        shape = (self.scores if self.labels is None else self.labels).shape  # type: ignore[union-attr]
        labels = np.full(shape, b"", object) if self.labels is None else self.labels
        scores = np.zeros(shape, np.float32) if self.scores is None else self.scores
        return [list(zip(*pair, strict=True)) for pair in zip(labels, scores, strict=True)]


def classifier(loaded: Loaded, name: str) -> Signature:
    """A signature that classifies. Raises Refused where it cannot."""
    signature = _signature(loaded, name)
    _check_input(signature, "classification")
    if len(signature.outputs) > 2:
        raise invalid(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    if not {CLASSES, SCORES} & signature.outputs.keys():
        raise Refused(
            "FAILED_PRECONDITION",
            f"Expected classification signature outputs to contain at least one of "
            f'"{CLASSES}" or "{SCORES}".',
        )
    return signature


def regressor(loaded: Loaded, name: str) -> Signature:
    """A signature that regresses. Raises Refused where it cannot."""
    signature = _signature(loaded, name)
    _check_input(signature, "regression")
    if len(signature.outputs) != 1:
        raise invalid("Expected one output Tensor.")
    if OUTPUTS not in signature.outputs:
        raise Refused("FAILED_PRECONDITION", "No regression outputs found in SignatureDef.")
    return signature


def tensor(serialized: Sequence[bytes]) -> dict[str, np.ndarray]:
    """Serialized examples as the input of such a signature."""
    if not serialized:
        raise invalid("Input is empty.")
    found = np.empty(len(serialized), object)
    found[:] = serialized
    return {INPUTS: found}


def classes_of(answer: Answer, examples: int) -> Classes:
    """What a classifier answered. Raises Refused where that is no classification."""
    labels, scores = answer.get(CLASSES), answer.get(SCORES)
    for name, array, dtype, called in (
        (CLASSES, labels, object, "DT_STRING"),
        (SCORES, scores, np.float32, "DT_FLOAT"),
    ):
        if array is None:
            continue
        if array.ndim != 2:
            raise invalid(
                "Expected Tensor shape: [batch_size num_classes] but got "
                f"[{','.join(map(str, array.shape))}]"
            )
        if array.dtype != dtype:
            raise invalid(f"Expected {name} Tensor of {called}. Got: {array.dtype}")
        if len(array) != examples:
            raise invalid(f"Expected {name} output batch size of {examples}. Got: {len(array)}")
    if labels is not None and scores is not None and labels.shape != scores.shape:
        raise invalid(
            "Tensors class and score should match in dim_size(1). Got "
            f"{labels.shape[1]} vs. {scores.shape[1]}"
        )
    return Classes(labels, scores)


def values_of(answer: Answer, examples: int) -> np.ndarray:
    """What a regressor answered, float [examples]. Raises Refused where that is no regression."""
    values = answer[OUTPUTS]
    if not (values.ndim == 1 or (values.ndim == 2 and values.shape[1] == 1)):
        raise invalid(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got "
            f"[{','.join(map(str, values.shape))}]"
        )
    if len(values) != examples:
        raise invalid(
            f"Input batch size did not match output batch size: {examples} vs. {len(values)}"
        )
    if values.dtype != np.float32:
        raise invalid(f"Expected output Tensor of DT_FLOAT.  Got: {values.dtype}")
    return values.reshape(-1)


def _signature(loaded: Loaded, name: str) -> Signature:
    if name not in loaded.signatures:
        raise invalid(f"No signature was found with the name: {name}")
    return loaded.signatures[name]


def _check_input(signature: Signature, what: str) -> None:
    if len(signature.inputs) != 1:
        raise invalid("Expected one input Tensor.")
    if INPUTS not in signature.inputs:
        raise Refused("FAILED_PRECONDITION", f"No {what} inputs found in SignatureDef.")
